// `ip address`. Source: ip-address(8).

import * as ifa from "../../ffi/uapi/linux_if_addr.ts";
import { IFF_UP } from "../../ffi/uapi/net_if.ts";
import { ipAddress } from "../../lib/iproute2/address.ts";
import { ipLink } from "../../lib/iproute2/link.ts";
import { ipLinkStatistics } from "../../lib/iproute2/link_statistics.ts";
import { tryParseIPv4, tryParseIPv6 } from "../../lib/net/ip_address.ts";
import {
  ADDRESS,
  type Address,
  type AddressSpec,
  addressSpecOf,
  deleteAddress,
} from "../../lib/rtnetlink/address.ts";
import { bpfProgram } from "../../lib/rtnetlink/bpf_program.ts";
import type { Verb } from "../../lib/rtnetlink/changes/change.ts";
import type { Link } from "../../lib/rtnetlink/link/link.ts";
import { LinkNames } from "../../lib/rtnetlink/link/names.ts";
import {
  linkGroupNumber,
  scopeNumber,
} from "../../lib/rtnetlink/names/iproute2.ts";
import { origin } from "../../lib/rtnetlink/spec/named_number.ts";
import { nameNamespaces } from "../show/namespace_names.ts";
import type { Json } from "../show/shown.ts";
import { readFilters } from "./filter.ts";
import { linkLines, shownLinks } from "./link_text.ts";
import type { IpObject } from "./object.ts";
import { type Prefix, readAddress, readPrefix, startsAlike } from "./prefix.ts";
import { say, type Session } from "./session.ts";
import {
  Failure,
  type Grammar,
  IpExit,
  read,
  readAll,
  usageError,
  type Values,
  type Words,
  wrong,
} from "./words.ts";

const { options } = ADDRESS;
/** Flags that only IPv6 addresses have. */
const IPV6_FLAGS = ["nodad", "optimistic", "home", "mngtmpaddr"];
/** Flags that the kernel sets. */
const READ_ONLY = [
  "primary",
  "secondary",
  "temporary",
  "dynamic",
  "permanent",
  "deprecated",
  "tentative",
  "dadfailed",
  "stable-privacy",
];

function grammar(session: Session): Grammar {
  const network =
    (name: "address" | "peer") => (words: Words, values: Values) => {
      const prefix = readPrefix(words.value(name), session.family);
      session.family = prefix.family;
      values[name] = prefix.text;
    };
  const address = (words: Words, values: Values, name: string) => {
    values[name] = readAddress(words.value(name), session.family);
  };
  return {
    options,
    aliases: {
      local: "address",
      remote: "peer",
      brd: "broadcast",
      proto: "protocol",
      priority: "metric",
      preference: "metric",
    },
    abbreviated: [
      "broadcast",
      "metric",
      "priority",
      "preference",
      "valid_lft",
      "preferred_lft",
    ],
    special: {
      address: network("address"),
      peer: network("peer"),
      broadcast(words, values) {
        const { next } = words;
        if (next === "+" || next === "-") values.broadcast = words.take();
        else address(words, values, "broadcast");
      },
      anycast: address,
      ...Object.fromEntries(
        READ_ONLY.map((flag) => [flag, () => {
          say(`Warning: ${flag} option is not mutable from userspace`);
        }]),
      ),
    },
    other: network("address"),
  };
}

async function modify(
  session: Session,
  words: Words,
  verb: Verb,
): Promise<void> {
  const values = readAll(words, grammar(session));
  const { dev } = values;
  if (typeof dev !== "string") {
    throw new Failure(
      'Not enough information: "dev" argument is required.',
      IpExit.refused,
    );
  }
  if (session.family !== "inet6") {
    for (const flag of IPV6_FLAGS) {
      if (values[flag] === undefined) continue;
      say(`Warning: ${flag} option can be set only for IPv6 addresses`);
      delete values[flag];
    }
  }
  values.dev = await session.index(dev);
  await session.apply(ADDRESS.change(verb, values as unknown as AddressSpec));
}

/** Which links and addresses are shown. */
interface Filter {
  dev?: string;
  to?: Prefix;
  scope?: number;
  up?: boolean;
  down?: boolean;
  label?: string;
  group?: number;
  master?: number;
  kind?: string;
  portKind?: string;
  protocol?: number;
  /** IFA_F_* bits that an address must have, or must not have. */
  readonly set: number[];
  readonly clear: number[];
}

/** IFA_F_* of the words of a filter. */
const FLAGS: Readonly<Record<string, number>> = {
  secondary: ifa.IFA_F_SECONDARY,
  temporary: ifa.IFA_F_SECONDARY,
  nodad: ifa.IFA_F_NODAD,
  optimistic: ifa.IFA_F_OPTIMISTIC,
  dadfailed: ifa.IFA_F_DADFAILED,
  home: ifa.IFA_F_HOMEADDRESS,
  deprecated: ifa.IFA_F_DEPRECATED,
  tentative: ifa.IFA_F_TENTATIVE,
  permanent: ifa.IFA_F_PERMANENT,
  mngtmpaddr: ifa.IFA_F_MANAGETEMPADDR,
  noprefixroute: ifa.IFA_F_NOPREFIXROUTE,
  autojoin: ifa.IFA_F_MCAUTOJOIN,
  "stable-privacy": ifa.IFA_F_STABLE_PRIVACY,
};
/** Words for the lack of a flag. */
const LACKS: Readonly<Record<string, number>> = {
  primary: ifa.IFA_F_SECONDARY,
  dynamic: ifa.IFA_F_PERMANENT,
};

/** Whether a word is a flag, which joins the filter. */
function readFlag(filter: Filter, word: string): boolean {
  const isNot = word.startsWith("-");
  const name = isNot ? word.slice(1) : word;
  const bit = FLAGS[name] ?? LACKS[name];
  if (bit === undefined) return false;
  (isNot !== Object.hasOwn(LACKS, name) ? filter.clear : filter.set).push(bit);
  return true;
}

async function readFilter(session: Session, words: Words): Promise<Filter> {
  const filter: Filter = { set: [], clear: [] };
  await readFilters(words, "address", {
    to() {
      filter.to = readPrefix(words.value("to"), session.family);
      session.family ??= filter.to.family;
    },
    scope() {
      const word = words.value("scope");
      if (word === "all") return;
      filter.scope = scopeNumber(word);
      if (filter.scope === undefined) throw wrong("scope", word, "a scope");
    },
    up: () => filter.up = true,
    down: () => filter.down = true,
    label: () => filter.label = words.value("label"),
    group() {
      const word = words.value("group");
      filter.group = linkGroupNumber(word);
      if (filter.group === undefined) throw wrong("group", word, "a group");
    },
    async master() {
      filter.master = await session.index(words.value("master"), IpExit.usage);
    },
    async vrf() {
      filter.master = await session.vrf(words.value("vrf"));
    },
    nomaster: () => filter.master = 0,
    type() {
      const kind = words.value("type");
      if (kind.endsWith("_slave")) filter.portKind = kind.slice(0, -6);
      else filter.kind = kind;
    },
    proto() {
      const word = words.value("proto");
      filter.protocol = read("proto", word, origin);
    },
    // Virtual functions are not requested by default.
    novf() {},
    dev: () => filter.dev = words.value("dev"),
  }, (word) => {
    if (readFlag(filter, word)) return;
    if (filter.dev !== undefined) {
      throw usageError(
        `Error: either "dev" is duplicate, or ${
          JSON.stringify(word)
        } is a garbage.`,
      );
    }
    filter.dev = word;
  });
  return filter;
}

/** A pattern of fnmatch(3) with * and ?. */
function isLike(text: string, pattern: string): boolean {
  const expression = pattern.replace(/[.+^${}()|\\]/g, "\\$&")
    .replaceAll("*", ".*").replaceAll("?", ".");
  return new RegExp(`^${expression}$`).test(text);
}

function isWantedLink(filter: Filter, link: Link): boolean {
  const isUp = (link.flags & IFF_UP) !== 0;
  const { group, master, kind, portKind } = filter;
  return (!filter.up || isUp) && (!filter.down || !isUp) &&
    (group === undefined || link.group === group) &&
    (master === undefined || link.master === master) &&
    (kind === undefined || link.kind === kind) &&
    (portKind === undefined || link.masterKind === portKind);
}

function isWantedAddress(
  { to, scope, label, protocol, set, clear }: Filter,
  address: Address,
  linkName: string,
): boolean {
  if (to !== undefined) {
    if (to.family !== address.family) return false;
    const bytes = tryParseIPv4(address.address) ??
      tryParseIPv6(address.address);
    if (
      to.address !== undefined &&
      (bytes === undefined || !startsAlike(bytes, to.address, to.length))
    ) return false;
  }
  return (scope === undefined || address.scope === scope) &&
    (label === undefined || isLike(address.label ?? linkName, label)) &&
    // As with `ip`, an address without an origin is of any.
    (protocol === undefined || (address.protocol ?? protocol) === protocol) &&
    set.every((bit) => (address.flags & bit) !== 0) &&
    clear.every((bit) => (address.flags & bit) === 0);
}

/** Whether a filter is about addresses, so that links without any are left out. */
function isAboutAddresses(filter: Filter): boolean {
  const { to, scope, label, protocol, set, clear } = filter;
  return (to ?? scope ?? label ?? protocol) !== undefined ||
    set.length + clear.length > 0;
}

/** The wanted links, each with its wanted addresses. */
async function select(session: Session, filter: Filter) {
  const { socket, signal, options: { statistics } } = session;
  const links = await socket.links({ signal, statistics: statistics > 0 });
  const names = new LinkNames(links);
  const dev = filter.dev === undefined
    ? undefined
    : await ifindexOf(session, names, filter.dev);
  const family = session.ipFamily;
  const addresses = session.family === "link"
    ? []
    : await socket.addresses({ signal, family });
  const byLink = Map.groupBy(addresses, ({ ifindex }) => ifindex);
  const selected = links.filter((link) =>
    (dev === undefined || link.ifindex === dev) && isWantedLink(filter, link)
  ).map((link) => {
    const all = byLink.get(link.ifindex) ?? [];
    return {
      link,
      hasAny: all.length > 0,
      addresses: all.filter((one) => isWantedAddress(filter, one, link.name)),
    };
  }).filter(({ hasAny, addresses }) =>
    addresses.length > 0 ||
    !hasAny && family === undefined && !isAboutAddresses(filter)
  );
  return { selected, names };
}

async function ifindexOf(
  session: Session,
  names: LinkNames,
  name: string,
): Promise<number> {
  const ifindex = names.index(name);
  if (ifindex !== undefined) return ifindex;
  try {
    return await session.index(name);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(`Device "${name}" does not exist.`, IpExit.refused);
  }
}

/** The text of -s has a counter that only the JSON of -s -s has. */
function levelOf({ options: { statistics, json } }: Session): boolean | 2 {
  return statistics > 1 || (statistics > 0 && !json) ? 2 : statistics > 0;
}

/** Names the namespaces of others, which JSON does not. */
async function nameIfText(
  { socket, signal, options: { json } }: Session,
  links: readonly Json[],
): Promise<void> {
  if (!json) await nameNamespaces(socket, links, signal);
}

/** `ip link show`: the same without addresses. */
export async function showLinks(
  session: Session,
  words: Words,
): Promise<void> {
  session.family = "link";
  const filter = await readFilter(session, words);
  const { details } = session.options;
  const { selected, names } = await select(session, filter);
  const how = {
    names,
    details,
    statistics: levelOf(session),
    program: bpfProgram,
  };
  const objects = selected.map(({ link }) => ipLink(link, how));
  await nameIfText(session, objects);
  await session.print(
    shownLinks(objects, session, "link"),
    (json) => linkLines(json, session, "link"),
  );
}

async function show(session: Session, words: Words): Promise<void> {
  const filter = await readFilter(session, words);
  const { signal, socket, options: { details, statistics, brief } } = session;
  const { selected, names } = await select(session, filter);
  const family = session.ipFamily;
  // `ip -6 address` prints only the IPv6 attributes of links.
  const ofIPv6 = family === "inet6" && filter.dev === undefined && !brief
    ? new LinkNames(await socket.links({ signal, family }))
    : undefined;
  const objects = selected.flatMap(({ link: one, addresses }): Json[] => {
    const link = ofIPv6 === undefined ? one : ofIPv6.get(one.ifindex);
    if (link === undefined) return [];
    return [{
      ...ipLink(link, {
        names,
        details,
        program: bpfProgram,
        forAddresses: true,
        withoutLinkLayer: family !== undefined,
        txqlen: one.txqlen,
      }),
      addr_info: addresses.map((address) => ipAddress(address)),
      ...(statistics > 0 ? ipLinkStatistics(link, levelOf(session)) : {}),
    }];
  });
  await nameIfText(session, objects);
  await session.print(
    shownLinks(objects, session, "address"),
    (json) => linkLines(json, session, "address"),
  );
}

async function flush(session: Session, words: Words): Promise<void> {
  if (words.done) {
    throw new Failure("Flush requires arguments.", IpExit.refused);
  }
  if (session.family === "link") {
    throw new Failure("Cannot flush link addresses.", IpExit.refused);
  }
  const filter = await readFilter(session, words);
  for (let round = 0; round < Math.max(1, session.options.loops); round++) {
    const { selected } = await select(session, filter);
    const changes = selected.flatMap(({ addresses }) =>
      addresses.map((one) => deleteAddress(addressSpecOf(one)))
    );
    if (changes.length === 0) return;
    await session.network.applyEach(changes, { signal: session.signal });
  }
}

export const address: IpObject = {
  words: "ip address { add | change | replace | delete | show | flush }",
  grammar: grammar,
  commands: [
    ["add", (session, words) => modify(session, words, "add")],
    ["change", (session, words) => modify(session, words, "change")],
    ["chg", (session, words) => modify(session, words, "change")],
    ["replace", (session, words) => modify(session, words, "replace")],
    ["delete", (session, words) => modify(session, words, "delete")],
    ["list", show],
    ["show", show],
    ["lst", show],
    ["flush", flush],
  ],
  otherwise: show,
};
