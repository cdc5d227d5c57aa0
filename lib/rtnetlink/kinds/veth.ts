// Pairs of links: what one end sends, the other receives. Source: veth(4).

import { ifinfomsg } from "../../../ffi/uapi/linux_rtnetlink.ts";
import * as veth_h from "../../../ffi/uapi/linux_veth.ts";
import { type LinkSettings, readSettings, writeSettings } from "../settings.ts";
import { type Reader, take, wholeNumber } from "../spec/value.ts";
import type { Attribute, OptionValues } from "../spec/attribute.ts";
import type { AttributeConstants } from "../spec/constants.ts";
import { type LinkKind, linkKind } from "./kind.ts";

/** Options of a veth pair. Source: veth(4), linux/veth.h. */
export interface VethOptions {
  /** Settings of the peer: its name, its namespace, and others. */
  readonly peer?: VethPeer;
}

/** The other end of a veth pair. */
export interface VethPeer extends LinkSettings {
  /** The requested ifindex. */
  readonly index?: number;
}

/** The requested ifindex of a new link. */
export const LINK_INDEX: Reader<number> = wholeNumber(1, 0x7fff_ffff);

const peer = (number: number): Attribute<VethPeer> => ({
  expected: "the settings of the other end",
  schema: { $ref: "#/$defs/settings" },
  number,
  change: "at creation",
  read(given) {
    if (typeof given !== "object" || given === null) return undefined;
    const { index, ...settings } = given as OptionValues;
    if (index !== undefined) take("peer index", index, LINK_INDEX);
    readSettings(settings);
    return given;
  },
  decode: () => undefined,
  encode(body, value, names) {
    // It cannot be up before its peer exists: see addLink().
    const { up: _, index, ...first } = value;
    const settings = readSettings(first);
    const { flags, change } = settings;
    const { name, netns } = value;
    const here = name !== undefined && netns === undefined;
    body.nest(number, () => {
      body.raw(ifinfomsg.build({
        ifi_index: index ?? (here ? names.creates(name) : 0),
        ifi_flags: flags,
        ifi_change: change,
      }));
      writeSettings(body, settings, names);
    }, true);
  },
  json: [],
});

/** A kind of link that comes in pairs. */
export function pairKind(
  name: string,
  number: number,
  constants: AttributeConstants,
): LinkKind<VethOptions> {
  return linkKind<VethOptions>(name, () => ({ peer: peer(number) }), {
    pair: true,
    constants: { ...constants, peer: number },
  });
}

export const veth: LinkKind<VethOptions> = pairKind(
  "veth",
  veth_h.VETH_INFO_PEER,
  { of: veth_h, prefix: "VETH_INFO_" },
);
