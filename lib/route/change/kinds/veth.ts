// veth pairs: what goes in at one end comes out at the other.

import { ifinfomsg } from "../../../../ffi/layout/linux_rtnetlink.ts";
import { VETH_INFO_PEER } from "../../../../ffi/layout/linux_veth.ts";
import type { LinkKind } from "../kind.ts";
import type { Option, OptionsOf, OptionValues } from "../option.ts";
import { type LinkSettings, readSettings, writeSettings } from "../settings.ts";

/** The options of a veth pair. Source: veth(4), linux/veth.h. */
export interface VethOptions {
  /** The other end: its name, its namespace, and what else is to be set. */
  readonly peer?: LinkSettings;
}

const peer: Option<LinkSettings> = {
  expected: "the settings of the other end",
  schema: { $ref: "#/$defs/settings" },
  read(given) {
    if (typeof given !== "object" || given === null) return undefined;
    readSettings(given as OptionValues);
    return given;
  },
  write(body, value, names) {
    // It cannot be up before it has another end: see addLink().
    const { up: _, ...first } = value;
    const settings = readSettings(first);
    const { flags, change } = settings;
    const { name, netns } = value;
    const here = name !== undefined && netns === undefined;
    body.nest(VETH_INFO_PEER, () => {
      body.raw(ifinfomsg.build({
        ifi_index: here ? names.creates(name) : 0,
        ifi_flags: flags,
        ifi_change: change,
      }));
      writeSettings(body, settings, names);
    }, true);
  },
};

const options: OptionsOf<VethOptions> = { peer };

export const veth: LinkKind = { name: "veth", options };
