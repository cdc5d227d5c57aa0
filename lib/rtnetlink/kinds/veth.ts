// veth pairs: what one end sends, the other receives. Source: veth(4).

import { ifinfomsg } from "../../../ffi/uapi/linux_rtnetlink.ts";
import * as veth_h from "../../../ffi/uapi/linux_veth.ts";
import { type LinkSettings, readSettings, writeSettings } from "../settings.ts";
import type { Attribute, OptionValues } from "../spec/attribute.ts";
import { type LinkKind, linkKind } from "./kind.ts";

/** Options of a veth pair. Source: veth(4), linux/veth.h. */
export interface VethOptions {
  /** Settings of the peer: its name, its namespace, and others. */
  readonly peer?: LinkSettings;
}

const peer: Attribute<LinkSettings> = {
  expected: "the settings of the other end",
  schema: { $ref: "#/$defs/settings" },
  number: veth_h.VETH_INFO_PEER,
  change: "at creation",
  read(given) {
    if (typeof given !== "object" || given === null) return undefined;
    readSettings(given as OptionValues);
    return given;
  },
  decode: () => undefined,
  encode(body, value, names) {
    // It cannot be up before its peer exists: see addLink().
    const { up: _, ...first } = value;
    const settings = readSettings(first);
    const { flags, change } = settings;
    const { name, netns } = value;
    const here = name !== undefined && netns === undefined;
    body.nest(veth_h.VETH_INFO_PEER, () => {
      body.raw(ifinfomsg.build({
        ifi_index: here ? names.creates(name) : 0,
        ifi_flags: flags,
        ifi_change: change,
      }));
      writeSettings(body, settings, names);
    }, true);
  },
  json: [],
};

export const veth: LinkKind<VethOptions> = linkKind<VethOptions>(
  "veth",
  () => ({
    peer,
  }),
  {
    constants: {
      of: veth_h,
      prefix: "VETH_INFO_",
      peer: veth_h.VETH_INFO_PEER,
    },
  },
);
