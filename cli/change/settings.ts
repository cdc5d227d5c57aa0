// The options of `link add` and `link set` that every kind of link understands.

import { optionHelp } from "../../lib/rtnetlink/kinds/help.ts";
import { SETTINGS } from "../../lib/rtnetlink/settings.ts";
import { namespaceOrProcess } from "../namespace.ts";
import { reads } from "./make.ts";
import type { SpecGroups } from "./spec_options.ts";

/** Settings in a group of --help, each with the name of its value. */
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

/** All settings but the name and `up`, which the two commands say otherwise. */
export const SETTING_OPTIONS: SpecGroups = [
  group("What it is like", {
    mtu: "bytes",
    address: "address",
    broadcast: "address",
    txqueuelen: "packets",
    alias: "text",
    group: "group",
  }),
  group("Where it belongs", { master: "link", netns: "netns" }),
  group("Fine tuning", {
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

/** Those that a command line says in another way than a program. */
export const SETTING_TYPES = {
  netns: reads({
    ...SETTINGS.netns,
    read: (given) =>
      typeof given === "string" ? namespaceOrProcess(given) : undefined,
  }),
};
