// The options of `link add` and `link set` that every kind of link understands.

import type { Command } from "@cliffy/command";
import type { LinkSettings } from "../../lib/route/change/settings.ts";
import { SETTINGS } from "../../lib/route/change/settings.ts";
import { linkName } from "../arguments.ts";
import { namespaceOrProcess } from "../namespace.ts";
import type { Reader } from "../../lib/route/change/value.ts";
import { reads } from "./make.ts";

/** Of each setting but the name and `up`: the value's name, and what it is. */
const OPTIONS: readonly (readonly [
  group: string,
  settings: Partial<
    Record<keyof LinkSettings, readonly [value: string, about: string]>
  >,
])[] = [
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

/** Settings whose values have no fixed words of their own in --help. */
const SPECIAL = {
  master: linkName,
  netns: reads({
    ...SETTINGS.netns,
    read: (given) =>
      typeof given === "string" ? namespaceOrProcess(given) : undefined,
  }),
};

const flag = (setting: string) => setting.replaceAll("_", "-");

/** Adds them to a command. */
// deno-lint-ignore no-explicit-any -- any command, and options by the dozen
export function withSettings(command: Command<any>): Command<any> {
  for (const [group, settings] of OPTIONS) {
    command.group(group);
    for (const [setting, [value, about]] of Object.entries(settings)) {
      const type = `link-${flag(setting)}`;
      const reader: Reader<unknown> = SETTINGS[setting as keyof LinkSettings];
      const special = SPECIAL[setting as keyof typeof SPECIAL];
      command.type(type, special ?? reads(reader));
      command.option(`--${flag(setting)} <${value}:${type}>`, about);
    }
  }
  return command;
}

/** The settings among the options of a command line. */
export function settingsOf(
  options: Readonly<Record<string, unknown>>,
): LinkSettings {
  const settings: Record<string, unknown> = {};
  for (const [, group] of OPTIONS) {
    for (const setting of Object.keys(group)) {
      const property = setting.replace(
        /_([a-z])/g,
        (_, letter) => letter.toUpperCase(),
      );
      if (options[property] !== undefined) {
        settings[setting] = options[property];
      }
    }
  }
  return settings;
}
