// Options of `link add` and `link set` for all link kinds.

import { optionHelp } from "../../lib/rtnetlink/kinds/help.ts";
import { SETTINGS } from "../../lib/rtnetlink/settings.ts";
import { namespaceOrProcess } from "../namespace.ts";
import { reads } from "./make.ts";
import type { SpecGroups } from "./spec_options.ts";

/** A group of settings, each with the name of its value. */
function group(
  title: string,
  values: { readonly [word: string]: string },
): SpecGroups[number] {
  return [
    title,
    Object.fromEntries(
      Object.entries(values).map(([word, value]) =>
        [word, [value, optionHelp("link", word) ?? ""]] as const
      ),
    ),
  ];
}

/** All settings except the name and `up`, which the two commands define. */
export const SETTING_OPTIONS: SpecGroups = [
  group("Properties", {
    mtu: "bytes",
    address: "address",
    broadcast: "address",
    txqueuelen: "packets",
    alias: "text",
    group: "group",
  }),
  group("Location", { master: "link", netns: "netns" }),
  group("Advanced", {
    arp: "on|off",
    multicast: "on|off",
    allmulticast: "on|off",
    promisc: "on|off",
    dynamic: "on|off",
    trailers: "on|off",
    carrier: "on|off",
    protodown: "on|off",
    mode: "mode",
    state: "state",
    addrgenmode: "mode",
    gso_max_size: "bytes",
    gso_max_segs: "number",
    gro_max_size: "bytes",
  }),
];

/** Settings with a different syntax on the command line. */
export const SETTING_TYPES = {
  netns: reads({
    ...SETTINGS.netns,
    read: (given) =>
      typeof given === "string" ? namespaceOrProcess(given) : undefined,
  }),
};
