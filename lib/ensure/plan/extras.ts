// What is there and not described, where a description wants nothing else. What
// the kernel makes by itself is never taken away.

import {
  IFA_F_MANAGETEMPADDR,
  IFA_F_TEMPORARY,
} from "../../../ffi/uapi/linux_if_addr.ts";
import { NUD_PERMANENT } from "../../../ffi/uapi/linux_neighbour.ts";
import {
  RT_SCOPE_LINK,
  RT_TABLE_LOCAL,
  RTPROT_DHCP,
  RTPROT_KERNEL,
  RTPROT_RA,
} from "../../../ffi/uapi/linux_rtnetlink.ts";
import { IFF_LOOPBACK } from "../../../ffi/uapi/net_if.ts";
import type { Address } from "../../rtnetlink/address.ts";
import { deleteAddress } from "../../rtnetlink/changes/address.ts";
import type { Change } from "../../rtnetlink/changes/change.ts";
import { deleteLink } from "../../rtnetlink/changes/link.ts";
import { deleteNeighbour } from "../../rtnetlink/changes/neighbour.ts";
import { deleteNexthop } from "../../rtnetlink/changes/nexthop.ts";
import { deleteRoute } from "../../rtnetlink/changes/route.ts";
import { deleteRule } from "../../rtnetlink/changes/rule.ts";
import type { Link } from "../../rtnetlink/link/link.ts";
import { routeTypeName } from "../../rtnetlink/names/iproute2.ts";
import type { Neighbour } from "../../rtnetlink/neighbour.ts";
import type { Nexthop } from "../../rtnetlink/nexthop.ts";
import type { Route } from "../../rtnetlink/route.ts";
import type { Rule } from "../../rtnetlink/rule.ts";
import type { ExclusiveKind } from "../parse/description.ts";
import type { DesiredLink, DesiredNamespace } from "../parse/desired.ts";
import { routeName } from "./names.ts";
import { routeSpecOf, ruleSpecOf } from "./specs.ts";
import type { State } from "./state.ts";
import { Order, type Step, type StepObject } from "./step.ts";

const FOREVER = 0xffff_ffff;

/** Tunnels that come with their module, and stay as long as it does. */
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

/** Rules that every namespace begins with. */
const FIRST_RULES: ReadonlySet<number> = new Set([0, 32766, 32767]);

/** Types of objects that `exclusive` removes. */
export const EXTRA_KINDS = [
  "links",
  "addresses",
  "routes",
  "neighbours",
  "rules",
  "nexthops",
] as const;

/** One of them. */
export type ExtraKind = typeof EXTRA_KINDS[number];

/** What decides whether an object of a namespace goes. */
export interface ExtraContext {
  readonly namespace: DesiredNamespace;
  readonly state: State;
  /** The desired links that are there, by index. */
  readonly described: ReadonlyMap<number, DesiredLink>;
}

/** Whether `exclusive` names a type of object, for the namespace or a link. */
export function isExclusive(
  { exclusive, links }: DesiredNamespace,
  kind: ExclusiveKind,
): boolean {
  return exclusive.has(kind) ||
    links.some((link) => link.exclusive.has(kind));
}

/** Whether no other objects of a type may be there, on a link if it is given. */
function excludes(
  { namespace, described }: ExtraContext,
  kind: ExclusiveKind,
  ifindex?: number,
): boolean {
  return namespace.exclusive.has(kind) ||
    (ifindex !== undefined &&
      (described.get(ifindex)?.exclusive.has(kind) ?? false));
}

function removal(
  { namespace: { name: where } }: ExtraContext,
  object: StepObject,
  order: number,
  name: string,
  change: Change,
): Step {
  return {
    action: "remove",
    object,
    namespace: where,
    name,
    what: `delete ${object} ${name}`,
    reasons: [],
    parts: [{ order, where, changes: [change] }],
    undo: [],
  };
}

/** The step that removes a link, unless it stays. */
export function extraLink(context: ExtraContext, link: Link): Step | undefined {
  const { name, kind, ifindex } = link;
  return !excludes(context, "links") || context.described.has(ifindex) ||
      kind === undefined || FALLBACKS.has(name)
    ? undefined
    : removal(context, "link", Order.removeLink, name, deleteLink(name));
}

/** The step that removes an address that no desired one means. */
export function extraAddress(
  context: ExtraContext,
  address: Address,
): Step | undefined {
  const { ifindex, address: text, prefixLength, peer } = address;
  if (!excludes(context, "addresses", ifindex)) return undefined;
  const link = context.state.link(ifindex);
  if (link === undefined || isKernels(address, link)) return undefined;
  if (isDynamic(address) && !excludes(context, "dynamic", ifindex)) {
    return undefined;
  }
  return removal(
    context,
    "address",
    Order.removeAddress,
    `${text}/${prefixLength} of ${link.name}`,
    deleteAddress(
      peer === undefined
        ? { address: `${text}/${prefixLength}`, dev: ifindex }
        : { address: text, peer: `${peer}/${prefixLength}`, dev: ifindex },
    ),
  );
}

/** The step that removes a route that no desired one means. */
export function extraRoute(
  context: ExtraContext,
  route: Route,
): Step | undefined {
  if (isKernelRoute(route)) return undefined;
  const ways = route.nexthops ?? [route];
  const isExcluded = (kind: ExclusiveKind) =>
    ways.some(({ ifindex }) => excludes(context, kind, ifindex));
  if (!isExcluded("routes")) return undefined;
  if (isDynamicRoute(route) && !isExcluded("dynamic")) return undefined;
  const spec = routeSpecOf(route);
  return spec && removal(
    context,
    "route",
    Order.removeRoute,
    routeName(spec),
    deleteRoute(spec),
  );
}

/** The step that removes a neighbour that no desired one means. */
export function extraNeighbour(
  context: ExtraContext,
  { ifindex, destination: to, state: nud }: Neighbour,
): Step | undefined {
  if (to === undefined) return undefined;
  // Those that were found come and go by themselves.
  if ((nud & NUD_PERMANENT) === 0) return undefined;
  if (!excludes(context, "neighbours", ifindex)) return undefined;
  const name = `${to} of ${context.state.nameOf(ifindex)}`;
  const change = deleteNeighbour({ to, dev: ifindex });
  return removal(context, "neighbour", Order.removeNeighbour, name, change);
}

/** The step that removes a rule that no desired one means. */
export function extraRule(context: ExtraContext, rule: Rule): Step | undefined {
  if (!excludes(context, "rules") || isFirst(rule)) return undefined;
  const spec = ruleSpecOf(rule);
  const name = `priority ${rule.priority}`;
  return spec && removal(
    context,
    "rule",
    Order.removeRule,
    name,
    deleteRule(spec),
  );
}

/** The step that removes a nexthop object that no desired one means. */
export function extraNexthop(
  context: ExtraContext,
  { id }: Nexthop,
): Step | undefined {
  return !excludes(context, "nexthops") ? undefined : removal(
    context,
    "nexthop",
    Order.removeNexthop,
    `${id}`,
    deleteNexthop(id),
  );
}

/** Addresses that the kernel makes by itself. */
function isKernels({ family, address, scope }: Address, link: Link): boolean {
  return (link.flags & IFF_LOOPBACK) !== 0 &&
      (address.startsWith("127.") || address === "::1") ||
    family === "inet6" && scope === RT_SCOPE_LINK;
}

function isDynamic({ family, lifetime, flags }: Address): boolean {
  return (lifetime?.valid ?? FOREVER) !== FOREVER ||
    (family === "inet6" &&
      (flags & (IFA_F_TEMPORARY | IFA_F_MANAGETEMPADDR)) !== 0);
}

function isKernelRoute({ protocol, table, type }: Route): boolean {
  return protocol === RTPROT_KERNEL || table === RT_TABLE_LOCAL ||
    ["local", "broadcast", "multicast", "anycast"].includes(
      routeTypeName(type),
    );
}

function isDynamicRoute({ protocol, cache }: Route): boolean {
  return protocol === RTPROT_RA || protocol === RTPROT_DHCP ||
    (cache?.expires ?? 0) !== 0;
}

function isFirst({ protocol, priority }: Rule): boolean {
  return protocol === RTPROT_KERNEL && FIRST_RULES.has(priority);
}
