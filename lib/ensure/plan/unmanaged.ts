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
import {
  type Address,
  addressSpecOf,
  deleteAddress,
} from "../../rtnetlink/address.ts";
import type { Change } from "../../rtnetlink/changes/change.ts";
import { deleteLink } from "../../rtnetlink/changes/link.ts";
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
import { Order } from "./action.ts";
import type { LinkContext } from "./link_planner.ts";
import { fdbKey } from "./fdb.ts";
import { routeName } from "./desired_object.ts";
import { selectorOf } from "./rule_table.ts";
import type { State } from "./state.ts";

/** The context of the decision whether to remove an object. */
export interface UnmanagedContext extends LinkContext {
  readonly namespace: DesiredNamespace;
  readonly state: State;
}

/** How to remove an object. */
export interface Removal {
  readonly name: string;
  readonly change: Change;
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

const links: ManagedType<Link> = {
  exclusive: "links",
  order: Order.removeLink,
  key: ({ ifindex }) => ifindex,
  all: (state) => state.links,
  alike: (state, { ifindex }) => [state.link(ifindex)],
  removal({ name, kind, ifindex }, context) {
    const stays = kind === undefined || FALLBACKS.has(name) ||
      context.described.has(ifindex);
    return stays ? undefined : { name, change: deleteLink(name) };
  },
};

const addresses: ManagedType<Address> = {
  exclusive: "addresses",
  order: Order.removeAddress,
  key: addressIdentity.key,
  all: (state) => state.addresses,
  alike: (state, one) => [state.addresses.get(addressIdentity.key(one))],
  removal(one, context) {
    const { ifindex, address, prefixLength } = one;
    if (!isExclusive(context, "addresses", ifindex)) return undefined;
    const link = context.state.link(ifindex);
    if (link === undefined || isKernelAddress(one, link)) return undefined;
    if (
      isDynamicAddress(one) && !isExclusive(context, "dynamic", ifindex)
    ) return undefined;
    const name = `${address}/${prefixLength} of ${link.name}`;
    return { name, change: deleteAddress(addressSpecOf(one)) };
  },
};

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
    const isRemoved = (kind: ExclusiveKind) =>
      (route.nexthops ?? [route]).some(({ ifindex }) =>
        isExclusive(context, kind, ifindex)
      );
    if (!isRemoved("routes")) return undefined;
    if (isDynamicRoute(route) && !isRemoved("dynamic")) return undefined;
    const spec = routeSpec(route);
    return spec && { name: routeName(spec), change: deleteRoute(spec) };
  },
};

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
    const name = `${to} of ${context.state.nameOf(dev)}`;
    return { name, change: deleteNeighbour({ to, dev }) };
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
    return { name: `priority ${rule.priority}`, change: deleteRule(spec) };
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
  removal({ id, protocol }, context) {
    const stays = isDynamicProtocol(protocol) &&
      !isExclusive(context, "dynamic");
    return stays ? undefined : { name: `${id}`, change: deleteNexthop(id) };
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

/** The entries of a link; many are learned. */
const fdb: ManagedType<Neighbour> = {
  exclusive: undefined,
  order: Order.fdb,
  key: fdbKey,
  all: () => [],
  alike: () => [],
  removal: () => undefined,
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
  const namespace = { exclusive: ALL } as DesiredNamespace;
  const context: UnmanagedContext = {
    namespace,
    state,
    described: new Map(),
    missing: new Set(),
    gone: new Set(),
  };
  return MANAGED_TYPES[type].removal(object as never, context) !== undefined;
}
