// Keys of a configuration and their parsers: those of rtnetlink's tables,
// without keys that are not a persistent state.

import { parseNetwork } from "../../net/prefix.ts";
import { ADDRESS } from "../../rtnetlink/address.ts";
import { ALT_NAMES } from "../../rtnetlink/changes/alt_name.ts";
import { BRIDGE_VLAN } from "../../rtnetlink/bridge_vlan.ts";
import { FDB } from "../../rtnetlink/fdb.ts";
import { MDB } from "../../rtnetlink/mdb.ts";
import { NEIGHBOUR } from "../../rtnetlink/neighbour.ts";
import { NEXTHOP_OBJECT } from "../../rtnetlink/nexthop.ts";
import { ROUTE } from "../../rtnetlink/route.ts";
import { NEXTHOP } from "../../rtnetlink/route_nexthop.ts";
import { RULE } from "../../rtnetlink/rule.ts";
import { SETTINGS } from "../../rtnetlink/settings.ts";
import type {
  Entries,
  OptionTable as Keys,
} from "../../rtnetlink/spec/table.ts";
import {
  bit,
  ethernetAddress,
  type Reader,
  text,
  wholeNumber,
} from "../../rtnetlink/spec/value.ts";
import type { ExclusiveKind } from "./configuration.ts";

export type { Keys };

/** A link by name: its ifindex differs after every boot. */
export const linkName: Reader<string> = {
  ...text(127),
  expected: "the name of a link, in quotes if it could be a number",
};

const master: Reader<string | null> = {
  expected: `${linkName.expected}, or null for none`,
  schema: { anyOf: [linkName.schema, { type: "null" }] },
  read: (given) => given === null ? null : linkName.read(given),
};

/** The kernel rejects host bits in IPv4 networks, and clears those of IPv6. */
const network: Reader<string> = {
  ...ROUTE.options.to,
  read(given) {
    const to = ROUTE.options.to.read(given);
    if (to !== undefined && to !== "default") parseNetwork(to, "to");
    return to;
  },
};

const netns: Reader<string> = {
  ...text(255),
  expected: "the name of a namespace of the configuration",
};

const absolutePath: Reader<string> = {
  expected: "an absolute path",
  schema: { type: "string", pattern: "^/" },
  read(given) {
    const path = text(4095).read(given);
    return path?.startsWith("/") ? path : undefined;
  },
};

function without(keys: Keys, ...left: string[]): Keys {
  return Object.fromEntries(
    Object.entries(keys).filter(([key]) => !left.includes(key)),
  );
}

/** The options that are a state. */
export function lasting(options: Entries): Keys {
  return Object.fromEntries(
    Object.entries(options).filter(([, { once }]) => !once),
  );
}

/** Persistent settings: protocols change `state`. */
const settings: Keys = { ...without(SETTINGS, "netns", "state"), master };

/** Keys of a link, without its options, its port and its addresses. */
export const LINK: Keys = {
  name: SETTINGS.name,
  kind: text(15),
  link: linkName,
  netns,
  altnames: ALT_NAMES,
  ...settings,
};

/** Keys that identify an existing device. */
export const IDENTITY_KEYS: Keys = {
  name: linkName,
  address: ethernetAddress,
  parent: text(127),
  bus: text(31),
};

const command: Reader<string> = {
  ...text(65535),
  expected: "a command of a shell",
};

/** Commands that run when a link is made. */
export const HOOK_KEYS: Keys = { before: command, after: command };

/** Keys of a namespace that another program creates. */
export const FOREIGN_KEYS: Keys = {
  path: absolutePath,
  pid: wholeNumber(1, 2 ** 22),
  create: bit,
};

/** Keys of a veth peer. */
export const PEER: Keys = { name: SETTINGS.name, netns, ...settings };

/** Keys of an address. */
export const LINK_ADDRESS: Keys & { readonly address: Reader<string> } = {
  ...without(ADDRESS.options, "dev"),
  address: ADDRESS.options.address,
};

/** Keys of a nexthop of a multipath route. */
export const ROUTE_NEXTHOP: Keys = { ...NEXTHOP.options, dev: linkName };

/** Keys of a route, without its nexthops. */
export const ROUTE_KEYS: Keys = {
  ...without(ROUTE.options, "nexthops"),
  to: network,
  dev: linkName,
};

/** Keys of a neighbour. */
export const NEIGHBOUR_KEYS: Keys = {
  ...without(NEIGHBOUR.options, "proxy", "use", "managed"),
  dev: linkName,
};

/** Keys of an entry of a forwarding table. */
export const FDB_KEYS: Keys = {
  ...without(FDB.options, "dev", "use"),
  via: linkName,
};

/** Keys of a VLAN of a bridge or of a port. */
export const VLAN_KEYS: Keys & { readonly vid: Reader<string> } = {
  ...without(BRIDGE_VLAN, "dev", "self", "master"),
  vid: BRIDGE_VLAN.vid as Reader<string>,
};

/** Keys of an entry of a multicast database: others expire. */
export const MDB_KEYS: Keys = {
  ...without(MDB.options, "dev", "port", "state"),
  via: linkName,
};

/** Keys of a policy routing rule. */
export const RULE_KEYS: Keys = RULE.options;

/** Keys of a nexthop object. */
export const NEXTHOP_KEYS: Keys = { ...NEXTHOP_OBJECT.options, dev: linkName };

/** The values of `exclusive` of a link. */
export const LINK_EXCLUSIVE: readonly ExclusiveKind[] = [
  "addresses",
  "routes",
  "neighbours",
  "vlans",
  "fdb",
  "mdb",
  "dynamic",
];

/** The values of `exclusive` of a namespace. */
export const EXCLUSIVE: readonly ExclusiveKind[] = [
  "links",
  "addresses",
  "routes",
  "neighbours",
  "rules",
  "nexthops",
  "vlans",
  "fdb",
  "mdb",
  "dynamic",
];
