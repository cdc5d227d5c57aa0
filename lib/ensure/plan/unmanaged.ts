// Unmanaged objects, which `exclusive` removes; objects of the kernel itself
// stay.

import {
  IFA_F_MANAGETEMPADDR,
  IFA_F_TEMPORARY,
} from "../../../ffi/uapi/linux_if_addr.ts";
import { NUD_PERMANENT } from "../../../ffi/uapi/linux_neighbour.ts";
import {
  RT_SCOPE_LINK,
  RT_TABLE_DEFAULT,
  RT_TABLE_LOCAL,
  RT_TABLE_MAIN,
  RTPROT_BOOT,
  RTPROT_KERNEL,
  RTPROT_STATIC,
  RTPROT_UNSPEC,
} from "../../../ffi/uapi/linux_rtnetlink.ts";
import { IFF_LOOPBACK } from "../../../ffi/uapi/net_if.ts";
import { tryParseIPv4, tryParseIPv6 } from "../../net/ip_address.ts";
import type { Cidr } from "../../net/prefix.ts";
import {
  type Address,
  addressSpecOf,
  deleteAddress,
} from "../../rtnetlink/address.ts";
import {
  type BridgeVlan,
  vlanRange,
  vlanRanges,
} from "../../rtnetlink/bridge_vlan.ts";
import type { Change } from "../../rtnetlink/changes/change.ts";
import { deleteLink } from "../../rtnetlink/changes/link.ts";
import { deleteFdb } from "../../rtnetlink/fdb.ts";
import type { MdbEntry } from "../../rtnetlink/mdb.ts";
import { deleteNeighbour, type Neighbour } from "../../rtnetlink/neighbour.ts";
import { deleteNexthop, type Nexthop } from "../../rtnetlink/nexthop.ts";
import {
  deleteRoute,
  type Route,
  type RouteSpec,
  type RouteType,
} from "../../rtnetlink/route.ts";
import {
  deleteRule,
  RULE,
  type Rule,
  type RuleSpec,
} from "../../rtnetlink/rule.ts";
import type { Link } from "../../rtnetlink/link/link.ts";
import {
  addressIdentity,
  classIdentity,
  neighbourIdentity,
  nexthopIdentity,
  qdiscIdentity,
} from "../../rtnetlink/monitor/identities.ts";
import type { Qdisc } from "../../rtnetlink/qdisc.ts";
import { groupKey } from "../../rtnetlink/monitor/route_group.ts";
import { routeTypeName } from "../../rtnetlink/names/iproute2.ts";
import type { ExclusiveKind } from "../parse/configuration.ts";
import type { DesiredNamespace } from "../parse/desired.ts";
import type { AbsentRoutes } from "../parse/selection.ts";
import { Order } from "./action.ts";
import type { LinkContext } from "./link_planner.ts";
import { alikeFdb, fdbKey, fdbSpec, isOwnFdb } from "./fdb.ts";
import { deleteEntry, isOwnMdb, mdbName } from "./mdb.ts";
import { deleteVlans, vlansOf } from "./vlan.ts";
import { routeName } from "./desired_object.ts";
import { selectorOf } from "./rule_table.ts";
import { mdbKey, type State } from "./state.ts";

/** The context of the decision whether to remove an object. */
export interface UnmanagedContext extends LinkContext {
  readonly namespace: DesiredNamespace;
  readonly state: State;
}

/** How to remove an object. */
export interface Removal {
  readonly name: string;
  readonly changes: readonly Change[];
}

/** A type of object, with lookup by key. */
export interface ManagedType<T> {
  /** The key of `exclusive`; undefined if none is removed. */
  readonly exclusive: ExclusiveKind | undefined;
  /** The position of removals: one of Order. */
  readonly order: number;
  key(object: T): string | number;
  all(state: State): Iterable<T>;
  /** The objects of a state with the same key. */
  alike(state: State, object: T): readonly (T | undefined)[];
  /** How to remove an object; undefined if it stays. */
  removal(object: T, context: UnmanagedContext): Removal | undefined;
  /** The same for several objects with the same key, which are removed as one. */
  removals?(objects: readonly T[], context: UnmanagedContext): Removal[];
}

const FOREVER = 0xffff_ffff;

/** Fallback tunnels, which exist as long as their module is loaded. */
const FALLBACKS: ReadonlySet<string> = new Set([
  "tunl0",
  "gre0",
  "gretap0",
  "erspan0",
  "sit0",
  "ip6tnl0",
  "ip6gre0",
  "ip_vti0",
  "ip6_vti0",
]);

/** Whether unmanaged objects of the namespace or the link are removed. */
function isExclusive(
  { namespace, described }: UnmanagedContext,
  kind: ExclusiveKind,
  ifindex?: number,
): boolean {
  return namespace.exclusive.has(kind) || ifindex !== undefined &&
      described.get(ifindex)?.exclusive.has(kind) === true;
}

/** The same for objects of a bridge: those of links that list them. */
function isExclusiveTable(
  context: UnmanagedContext,
  kind: ExclusiveKind,
  ifindex: number,
): boolean {
  return context.described.get(ifindex)?.listed.has(kind) === true &&
    isExclusive(context, kind, ifindex) &&
    !isIgnored(context, { links: [context.state.nameOf(ifindex)] });
}

const links: ManagedType<Link> = {
  exclusive: "links",
  order: Order.removeLink,
  key: ({ ifindex }) => ifindex,
  all: (state) => state.links,
  alike: (state, { ifindex }) => [state.link(ifindex)],
  removal({ name, altNames, kind, ifindex }, context) {
    const stays = kind === undefined || FALLBACKS.has(name) ||
      context.described.has(ifindex);
    if (stays) return undefined;
    const isAbsent = context.namespace.absentLinks.some(({ names }) =>
      names.test(name) || altNames.some((one) => names.test(one))
    );
    const isUnmanaged = isExclusive(context, "links") &&
      !isIgnored(context, { links: [name] });
    return isAbsent || isUnmanaged
      ? { name, changes: [deleteLink(name)] }
      : undefined;
  },
};

/** The values of an object that `ignore` can have. */
interface Traits {
  /** The names of its links. */
  readonly links?: readonly string[];
  /** Its address, or its destination. */
  readonly address?: string | undefined;
  readonly prefixLength?: number | undefined;
  readonly protocol?: number | undefined;
}

/** Whether another program manages an object. */
function isIgnored(
  { namespace: { ignored } }: UnmanagedContext,
  { links = [], address, prefixLength, protocol }: Traits,
): boolean {
  return ignored.some((one) =>
    (one.names === undefined ||
      links.some((name) => one.names!.test(name))) &&
    (one.protocol === undefined || one.protocol === protocol) &&
    (one.prefix === undefined ||
      isWithin(address, prefixLength, one.prefix))
  );
}

/** Whether an address or a network is in another network. */
function isWithin(
  text: string | undefined,
  prefixLength: number | undefined,
  { address, prefix }: Cidr,
): boolean {
  const bytes = text === undefined ? undefined : bytesOf(text);
  if (bytes?.length !== address.length) return false;
  if ((prefixLength ?? 8 * bytes.length) < prefix) return false;
  return address.every((byte, at) => {
    const bits = Math.min(8, Math.max(0, prefix - 8 * at));
    return (byte ^ bytes[at]!) >> (8 - bits) === 0;
  });
}

function bytesOf(address: string): Uint8Array | undefined {
  return tryParseIPv4(address) ?? tryParseIPv6(address);
}

function isSame(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a?.length === b.length && b.every((byte, at) => byte === a[at]);
}

/** Whether a configuration removes objects of a type that it selects. */
export function hasAbsent(
  kind: ExclusiveKind,
  { links, absentLinks, absentRoutes }: DesiredNamespace,
): boolean {
  switch (kind) {
    case "links":
      return absentLinks.length > 0;
    case "addresses":
      return links.some(({ absentAddresses }) => absentAddresses.length > 0);
    case "routes":
      return absentRoutes.length > 0;
    case "vlans":
      return links.some(({ absentVlans }) => absentVlans.length > 0);
    default:
      return false;
  }
}

const addresses: ManagedType<Address> = {
  exclusive: "addresses",
  order: Order.removeAddress,
  key: addressIdentity.key,
  all: (state) => state.addresses,
  alike: (state, one) => [state.addresses.get(addressIdentity.key(one))],
  removal(one, context) {
    const { ifindex, address, prefixLength } = one;
    const link = context.state.link(ifindex);
    if (link === undefined) return undefined;
    const absent = context.described.get(ifindex)?.absentAddresses ?? [];
    const isAbsent = absent.some((wanted) =>
      wanted.prefix === prefixLength &&
      isSame(bytesOf(address), wanted.address)
    );
    if (!isAbsent && !isUnmanagedAddress(one, link, context)) return undefined;
    const name = `${address}/${prefixLength} of ${link.name}`;
    return { name, changes: [deleteAddress(addressSpecOf(one))] };
  },
};

function isUnmanagedAddress(
  one: Address,
  link: Link,
  context: UnmanagedContext,
): boolean {
  const { ifindex, address, prefixLength } = one;
  return isExclusive(context, "addresses", ifindex) &&
    !isKernelAddress(one, link) &&
    (!isDynamicAddress(one) || isExclusive(context, "dynamic", ifindex)) &&
    !isIgnored(context, { links: [link.name], address, prefixLength });
}

/** Whether the kernel added the address by itself. */
function isKernelAddress(
  { family, address, scope }: Address,
  { flags }: Link,
): boolean {
  return (flags & IFF_LOOPBACK) !== 0 &&
      (address.startsWith("127.") || address === "::1") ||
    family === "inet6" && scope === RT_SCOPE_LINK;
}

function isDynamicAddress({ family, lifetime, flags }: Address): boolean {
  return (lifetime?.valid ?? FOREVER) !== FOREVER ||
    family === "inet6" &&
      (flags & (IFA_F_TEMPORARY | IFA_F_MANAGETEMPADDR)) !== 0;
}

const routes: ManagedType<Route> = {
  exclusive: "routes",
  order: Order.removeRoute,
  key: groupKey,
  all: (state) => state.routes,
  alike: (state, route) => state.routes.group(route),
  removal(route, context) {
    if (isKernelRoute(route)) return undefined;
    const isAbsent = context.namespace.absentRoutes.some((wanted) =>
      isRouteOf(route, wanted, context.state)
    );
    if (!isAbsent && !isUnmanagedRoute(route, context)) return undefined;
    const spec = routeSpec(route);
    return spec && { name: routeName(spec), changes: [deleteRoute(spec)] };
  },
};

function isUnmanagedRoute(route: Route, context: UnmanagedContext): boolean {
  const hops = route.nexthops ?? [route];
  const isRemoved = (kind: ExclusiveKind) =>
    hops.some(({ ifindex }) => isExclusive(context, kind, ifindex));
  if (!isRemoved("routes")) return false;
  if (isDynamicRoute(route) && !isRemoved("dynamic")) return false;
  const { destination, prefixLength, protocol, family } = route;
  return !isIgnored(context, {
    links: hops.map(({ ifindex }) => context.state.nameOf(ifindex)),
    address: destination ?? (family === "inet" ? "0.0.0.0" : "::"),
    prefixLength,
    protocol,
  });
}

/** Whether a route has the values of one that is to be absent. */
function isRouteOf(route: Route, wanted: AbsentRoutes, state: State): boolean {
  const { to, via, dev, table, metric, protocol } = wanted;
  const { destination, prefixLength, nexthops } = route;
  const hops = nexthops ?? [route];
  return route.table === table &&
    (to === undefined || to.prefix === 0
      ? destination === undefined || prefixLength === 0
      : prefixLength === to.prefix && destination !== undefined &&
        isSame(bytesOf(destination), to.address)) &&
    (metric === undefined || route.metric === metric) &&
    (protocol === undefined || route.protocol === protocol) &&
    (dev === undefined ||
      hops.some(({ ifindex }) => state.named(dev)?.ifindex === ifindex)) &&
    (via === undefined ||
      hops.some(({ gateway }) =>
        gateway !== undefined && isSame(bytesOf(gateway), via.address)
      ));
}

function isKernelRoute({ protocol, table, type }: Route): boolean {
  return protocol === RTPROT_KERNEL || table === RT_TABLE_LOCAL ||
    ["local", "broadcast", "multicast", "anycast"].includes(
      routeTypeName(type),
    );
}

function isDynamicRoute({ protocol, cache }: Route): boolean {
  return isDynamicProtocol(protocol) || (cache?.expires ?? 0) !== 0;
}

/** Protocols of administrators and scripts; the others belong to programs. */
const STATIC: readonly number[] = [RTPROT_UNSPEC, RTPROT_BOOT, RTPROT_STATIC];

function isDynamicProtocol(protocol: number | undefined): boolean {
  return !STATIC.includes(protocol ?? RTPROT_UNSPEC);
}

/**
 * The spec of a route with all that the kernel compares: with less, a deletion
 * may match another route. Undefined for an unsupported family.
 */
function routeSpec(route: Route): RouteSpec | undefined {
  const { family, destination, prefixLength, table, metric, tos } = route;
  if (family !== "inet" && family !== "inet6") return undefined;
  const { gateway, ifindex, nexthops, nexthopId, protocol } = route;
  const { preferredSource: src } = route;
  const way = nexthopId !== undefined
    ? { nhid: nexthopId }
    : nexthops !== undefined
    ? {}
    : {
      ...(gateway === undefined ? {} : { via: gateway }),
      ...(ifindex === 0 ? {} : { dev: ifindex }),
    };
  return {
    ...(destination === undefined
      ? { to: "default", family }
      : { to: `${destination}/${prefixLength}` }),
    type: routeTypeName(route.type) as RouteType,
    table,
    protocol,
    ...(metric === undefined ? {} : { metric }),
    ...(tos === undefined ? {} : { tos }),
    ...(src === undefined ? {} : { src }),
    ...way,
  };
}

const neighbours: ManagedType<Neighbour> = {
  exclusive: "neighbours",
  order: Order.removeNeighbour,
  key: neighbourIdentity.key,
  all: (state) => state.neighbours,
  alike: (state, one) => [state.neighbours.get(neighbourIdentity.key(one))],
  removal({ ifindex: dev, destination: to, state: nud }, context) {
    // Resolved neighbours are added and deleted by the kernel.
    if (to === undefined || (nud & NUD_PERMANENT) === 0) return undefined;
    if (!isExclusive(context, "neighbours", dev)) return undefined;
    const link = context.state.nameOf(dev);
    if (isIgnored(context, { links: [link], address: to })) return undefined;
    const name = `${to} of ${link}`;
    return { name, changes: [deleteNeighbour({ to, dev })] };
  },
};

const rules: ManagedType<Rule> = {
  exclusive: "rules",
  order: Order.removeRule,
  key: selectorOf,
  all: (state) => state.rules,
  alike: (state, rule) => state.ruleTable.alike(rule),
  removal(rule, context) {
    const spec = ruleSpec(rule);
    if (spec === undefined || isKernelRule(rule, spec)) return undefined;
    if (
      isDynamicProtocol(rule.protocol) && !isExclusive(context, "dynamic")
    ) return undefined;
    const { protocol } = rule;
    const ends = [spec.from, spec.to].map((one) => one?.split("/") ?? []);
    const ignored = ends.some(([address, length]) =>
      isIgnored(context, {
        links: [spec.iif, spec.oif].filter((one) => one !== undefined),
        address,
        prefixLength: length === undefined ? undefined : Number(length),
        protocol,
      })
    );
    if (ignored) return undefined;
    return { name: `priority ${rule.priority}`, changes: [deleteRule(spec)] };
  },
};

const FIRST_TABLES = [RT_TABLE_LOCAL, RT_TABLE_MAIN, RT_TABLE_DEFAULT];

/**
 * Whether it is a rule of the kernel, or a lookup of all packets in a kernel
 * table.
 */
function isKernelRule(
  { table, protocol }: Rule,
  { priority: _, protocol: __, action, table: ___, family: ____, ...rest }:
    RuleSpec,
): boolean {
  return protocol === RTPROT_KERNEL ||
    action === "table" && FIRST_TABLES.includes(table) &&
      Object.keys(rest).length === 0;
}

/**
 * The spec of a rule with all that the kernel compares: with less, a deletion
 * may match another rule. Undefined for an unsupported family or action.
 */
function ruleSpec(rule: Rule): RuleSpec | undefined {
  const spec = RULE.specOf(rule);
  return spec.family === undefined || spec.action === undefined
    ? undefined
    : spec;
}

const nexthops: ManagedType<Nexthop> = {
  exclusive: "nexthops",
  order: Order.removeNexthop,
  key: nexthopIdentity.key,
  all: (state) => state.nexthops,
  alike: (state, { id }) => [state.nexthops.get(id)],
  removal({ id, protocol, ifindex }, context) {
    const links = ifindex ? [context.state.nameOf(ifindex)] : [];
    const stays = isDynamicProtocol(protocol) &&
        !isExclusive(context, "dynamic") ||
      isIgnored(context, { links, protocol });
    return stays ? undefined : { name: `${id}`, changes: [deleteNexthop(id)] };
  },
};

/** The kernel sets another queueing discipline in place of a deleted one. */
const qdiscs: ManagedType<Qdisc> = {
  exclusive: undefined,
  order: Order.qdisc,
  key: qdiscIdentity.key,
  all: () => [],
  alike: () => [],
  removal: () => undefined,
};

const fdb: ManagedType<Neighbour> = {
  exclusive: "fdb",
  order: Order.removeNeighbour,
  key: fdbKey,
  all: (state) => state.fdb,
  alike: alikeFdb,
  removal(entry, context) {
    const { state } = context;
    const { ifindex, linkAddress, destination } = entry;
    if (!isExclusiveTable(context, "fdb", ifindex)) return undefined;
    if (!isOwnFdb(entry, state)) return undefined;
    const dst = destination === undefined ? "" : `, dst ${destination}`;
    return {
      name: `${linkAddress} of ${state.nameOf(ifindex)}${dst}`,
      changes: [deleteFdb(fdbSpec(entry))],
    };
  },
};

/** VLANs by link: a desired range has one key. */
const vlans: ManagedType<BridgeVlan> = {
  exclusive: "vlans",
  order: Order.removeVlan,
  key: ({ ifindex }) => ifindex,
  all: (state) => state.vlans,
  alike: (state, { ifindex }) => vlansOf(state, ifindex),
  removal: () => undefined,
  removals(objects, context) {
    const { state, described } = context;
    const { ifindex = 0 } = objects[0] ?? {};
    const all = isExclusiveTable(context, "vlans", ifindex);
    const absent = new Set(
      described.get(ifindex)?.absentVlans.flatMap(vlanRange),
    );
    const vids = objects.map(({ vid }) => vid)
      .filter((vid) => all || absent.has(vid));
    return vlanRanges(vids).map((range) => ({
      name: `${range} of ${state.nameOf(ifindex)}`,
      changes: deleteVlans(state, ifindex, vlanRange(range)),
    }));
  },
};

const mdb: ManagedType<MdbEntry> = {
  exclusive: "mdb",
  order: Order.removeNeighbour,
  key: mdbKey,
  all: (state) => state.mdb,
  alike: (state, entry) => state.mdbAlike(mdbKey(entry)),
  removal(entry, context) {
    const { state } = context;
    const { port, group, source, vlan, destination } = entry;
    if (!isExclusiveTable(context, "mdb", port)) return undefined;
    if (context.gone.has(port) || !isOwnMdb(entry, state)) return undefined;
    const details = { src: source, vid: vlan, dst: destination };
    const name = mdbName(group, details, state.nameOf(port));
    return { name, changes: [deleteEntry(entry)] };
  },
};

const classes: ManagedType<Qdisc> = { ...qdiscs, key: classIdentity.key };

/** Sysctls are neither added nor removed. */
const sysctls: ManagedType<string> = {
  exclusive: undefined,
  order: Order.sysctl,
  key: (name) => name,
  all: () => [],
  alike: () => [],
  removal: () => undefined,
};

/** The types of objects, in the order of planning. */
export const MANAGED_TYPES = {
  link: links,
  address: addresses,
  route: routes,
  neighbour: neighbours,
  rule: rules,
  nexthop: nexthops,
  fdb,
  vlan: vlans,
  mdb,
  qdisc: qdiscs,
  class: classes,
  sysctl: sysctls,
} as const;

const ALL: ReadonlySet<ExclusiveKind> = new Set([
  "addresses",
  "routes",
  "neighbours",
  "rules",
  "nexthops",
]);

/**
 * Whether an object is one of an administrator, not of the kernel or of another
 * program.
 */
export function isOwnObject(
  type: Exclude<keyof typeof MANAGED_TYPES, "link">,
  object: unknown,
  state: State,
): boolean {
  const namespace = {
    exclusive: ALL,
    ignored: [] as DesiredNamespace["ignored"],
    absentRoutes: [] as DesiredNamespace["absentRoutes"],
  } as DesiredNamespace;
  const context: UnmanagedContext = {
    namespace,
    state,
    described: new Map(),
    missing: new Set(),
    gone: new Set(),
  };
  return MANAGED_TYPES[type].removal(object as never, context) !== undefined;
}
