// The options of `link add` and `link set` that every kind of link understands.

import { SETTINGS } from "../../lib/rtnetlink/settings.ts";
import { namespaceOrProcess } from "../namespace.ts";
import { reads } from "./make.ts";
import type { SpecGroups } from "./spec_options.ts";

/** All settings but the name and `up`, which the two commands say otherwise. */
export const SETTING_OPTIONS: SpecGroups = [
  ["What it is like", {
    mtu: ["bytes", "Its longest packet."],
    address: ["address", "Its link-layer address."],
    broadcast: ["address", "Its broadcast address."],
    txqueuelen: ["packets", "The length of its queue."],
    alias: ["text", "A text for people."],
    group: ["group", "The group it is in."],
  }],
  ["Where it belongs", {
    master: ["link", "The bridge, bond or VRF it belongs to."],
    netns: ["netns", "The namespace to put it in: a name, or a process."],
  }],
  ["Fine tuning", {
    arp: ["on|off", "Whether addresses are resolved on it."],
    multicast: ["on|off", "Whether it carries multicast."],
    allmulticast: ["on|off", "Whether it takes all multicast."],
    promisc: ["on|off", "Whether it takes all packets."],
    dynamic: ["on|off", "Whether its address changes when it comes and goes."],
    trailers: ["on|off", "Whether it uses trailers."],
    carrier: ["on|off", "Whether it has a carrier, of kinds that can be told."],
    protodown: ["on|off", "Whether a protocol keeps it down."],
    mode: ["mode", "How its state goes up."],
    state: ["state", "Its state, of links that wait to be allowed."],
    addrgenmode: ["mode", "How it makes its link-local IPv6 address."],
    gso_max_size: ["bytes", "The longest packet it is given to segment."],
    gso_max_segs: ["number", "The most segments of such a packet."],
    gro_max_size: ["bytes", "The longest packet put together on arrival."],
  }],
];

/** Those that a command line says in another way than a program. */
export const SETTING_TYPES = {
  netns: reads({
    ...SETTINGS.netns,
    read: (given) =>
      typeof given === "string" ? namespaceOrProcess(given) : undefined,
  }),
};
