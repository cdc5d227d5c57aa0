// The words of a description: those of the library's own tables, less what
// makes no sense where something is to stay as it is.

import { parseNetwork } from "../../net/prefix.ts";
import { ADDRESS } from "../../rtnetlink/changes/address.ts";
import { ALT_NAMES } from "../../rtnetlink/changes/alt_name.ts";
import { NEIGHBOUR } from "../../rtnetlink/changes/neighbour.ts";
import { NEXTHOP_OBJECT } from "../../rtnetlink/changes/nexthop.ts";
import { NEXTHOP, ROUTE } from "../../rtnetlink/changes/route.ts";
import { RULE } from "../../rtnetlink/changes/rule.ts";
import { SETTINGS } from "../../rtnetlink/settings.ts";
import { type Reader, text } from "../../rtnetlink/spec/value.ts";
import type { ExclusiveKind } from "./description.ts";

/** How the values of some words are read. */
export interface Words {
  // deno-lint-ignore no-explicit-any -- each word has a value of its own type
  readonly [word: string]: Reader<any>;
}

/** A link by its name alone: an index is another one after every start. */
const linkName: Reader<string> = {
  ...text(127),
  expected: "the name of a link, in quotes if it could be a number",
};

const master: Reader<string | null> = {
  expected: `${linkName.expected}, or null for none`,
  schema: { anyOf: [linkName.schema, { type: "null" }] },
  read: (given) => given === null ? null : linkName.read(given),
};

/** The kernel takes no IPv4 network with bits of hosts, and cuts those of IPv6. */
const network: Reader<string> = {
  ...ROUTE.to,
  read(given) {
    const to = ROUTE.to.read(given);
    if (to !== undefined && to !== "default") parseNetwork(to, "to");
    return to;
  },
};

const netns: Reader<string> = {
  ...text(255),
  expected: "the name of a namespace that is described",
};

function without(words: Words, ...left: string[]): Words {
  return Object.fromEntries(
    Object.entries(words).filter(([word]) => !left.includes(word)),
  );
}

/** What can be set of a link, and stays: a state is told by a protocol. */
const settings: Words = { ...without(SETTINGS, "netns", "state"), master };

/** A link, but for its options, its port and its addresses. */
export const LINK: Words = {
  name: SETTINGS.name,
  kind: text(15),
  link: linkName,
  netns,
  altnames: ALT_NAMES,
  ...settings,
};

/** The other end of a veth. */
export const PEER: Words = { name: SETTINGS.name, netns, ...settings };

/** An address of a link. */
export const LINK_ADDRESS: Words & Pick<typeof ADDRESS, "address"> = {
  ...without(ADDRESS, "dev"),
  address: ADDRESS.address,
};

/** One way of a route. */
export const ROUTE_NEXTHOP: Words = { ...NEXTHOP, dev: linkName };

/** A route, but for its ways. */
export const ROUTE_WORDS: Words = {
  ...without(ROUTE, "nexthops"),
  to: network,
  dev: linkName,
};

/** A neighbour. */
export const NEIGHBOUR_WORDS: Words = {
  ...without(NEIGHBOUR, "proxy", "use", "managed"),
  dev: linkName,
};

/** A rule. */
export const RULE_WORDS: Words = RULE;

/** A nexthop object. */
export const NEXTHOP_WORDS: Words = { ...NEXTHOP_OBJECT, dev: linkName };

/** What a namespace may have none of but those described. */
export const EXCLUSIVE: readonly ExclusiveKind[] = [
  "links",
  "addresses",
  "routes",
  "neighbours",
  "rules",
  "nexthops",
  "dynamic",
];

/** The same of a link. */
export const LINK_EXCLUSIVE: readonly ExclusiveKind[] = [
  "addresses",
  "routes",
  "neighbours",
  "dynamic",
];
