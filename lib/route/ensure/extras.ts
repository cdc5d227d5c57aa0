// What is there and not described, where a description wants nothing else. What
// the kernel makes by itself is never taken away.

import {
  IFA_F_MANAGETEMPADDR,
  IFA_F_TEMPORARY,
} from "../../../ffi/layout/linux_if_addr.ts";
import { NUD_PERMANENT } from "../../../ffi/layout/linux_neighbour.ts";
import {
  RT_SCOPE_LINK,
  RT_TABLE_LOCAL,
  RTPROT_DHCP,
  RTPROT_KERNEL,
  RTPROT_RA,
} from "../../../ffi/layout/linux_rtnetlink.ts";
import { IFF_LOOPBACK } from "../../../ffi/layout/net_if.ts";
import type { Address } from "../address.ts";
import { deleteAddress } from "../change/address.ts";
import type { Change } from "../change/change.ts";
import { deleteLink } from "../change/link.ts";
import { deleteNeighbour } from "../change/neighbour.ts";
import { deleteNexthop } from "../change/nexthop.ts";
import { deleteRoute } from "../change/route.ts";
import { deleteRule } from "../change/rule.ts";
import type { Link } from "../link/link.ts";
import { routeTypeName } from "../names/iproute2.ts";
import type { Route } from "../route.ts";
import type { Rule } from "../rule.ts";
import { findAddress } from "./address_difference.ts";
import type { ExclusiveKind } from "./description.ts";
import type { DesiredLink, DesiredNamespace } from "./desired.ts";
import { routeName } from "./names.ts";
import { findNeighbour, findRule } from "./other_differences.ts";
import { findRoutes } from "./route_difference.ts";
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

/** A namespace that is looked through for what is not described. */
class Search {
  readonly steps: Step[] = [];
  readonly #described: ReadonlyMap<number, DesiredLink>;

  constructor(
    readonly namespace: DesiredNamespace,
    readonly state: State,
    readonly links: ReadonlyMap<DesiredLink, Link>,
  ) {
    this.#described = new Map(
      [...links].map(([desired, { ifindex }]) => [ifindex, desired]),
    );
  }

  isDescribed({ ifindex }: Link): boolean {
    return this.#described.has(ifindex);
  }

  /** Whether no other objects of a kind may be there, on a link if it is given. */
  excludes(kind: ExclusiveKind, ifindex?: number): boolean {
    return this.namespace.exclusive.has(kind) ||
      (ifindex !== undefined &&
        (this.#described.get(ifindex)?.exclusive.has(kind) ?? false));
  }

  remove(object: StepObject, order: number, name: string, change: Change) {
    const { name: where } = this.namespace;
    this.steps.push({
      action: "remove",
      object,
      namespace: where,
      name,
      what: `delete ${object} ${name}`,
      reasons: [],
      parts: [{ order, where, changes: [change] }],
      undo: [],
    });
  }
}

/**
 * The steps that remove what is to go.
 *
 * @param links The links of the namespace that are described and there.
 */
export function extras(
  namespace: DesiredNamespace,
  state: State,
  links: ReadonlyMap<DesiredLink, Link>,
): Step[] {
  const search = new Search(namespace, state, links);
  removeLinks(search);
  removeAddresses(search);
  removeRoutes(search);
  removeNeighbours(search);
  if (search.excludes("rules")) removeRules(search);
  if (search.excludes("nexthops")) removeNexthops(search);
  return search.steps;
}

function removeLinks(search: Search): void {
  if (!search.excludes("links")) return;
  for (const link of search.state.links) {
    const { name, kind } = link;
    if (search.isDescribed(link) || kind === undefined) continue;
    if (FALLBACKS.has(name)) continue;
    search.remove("link", Order.removeLink, name, deleteLink(name));
  }
}

function removeAddresses(search: Search): void {
  const { state } = search;
  const wanted = new Set<unknown>();
  for (const [{ name, addresses }] of search.links) {
    for (const one of addresses) wanted.add(findAddress(name, one, state));
  }
  for (const address of state.addresses) {
    const { ifindex, address: text, prefixLength, peer } = address;
    if (wanted.has(address) || !search.excludes("addresses", ifindex)) continue;
    const link = state.link(ifindex);
    if (link === undefined || isKernels(address, link)) continue;
    if (isDynamic(address) && !search.excludes("dynamic", ifindex)) continue;
    search.remove(
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
}

function removeRoutes(search: Search): void {
  const { state, namespace } = search;
  // Of several in the same place, the first is the one that is described.
  const wanted = new Set(
    namespace.routes.map((spec) => findRoutes(spec, state)[0]),
  );
  for (const route of state.routes) {
    if (wanted.has(route) || isKernelRoute(route)) continue;
    const ways = route.nexthops ?? [route];
    const excludes = (kind: ExclusiveKind) =>
      ways.some(({ ifindex }) => search.excludes(kind, ifindex));
    if (!excludes("routes")) continue;
    if (isDynamicRoute(route) && !excludes("dynamic")) continue;
    const spec = routeSpecOf(route);
    if (spec === undefined) continue;
    search.remove(
      "route",
      Order.removeRoute,
      routeName(spec),
      deleteRoute(spec),
    );
  }
}

function removeNeighbours(search: Search): void {
  const { state, namespace } = search;
  const wanted = new Set(
    namespace.neighbours.map((spec) => findNeighbour(spec, state)),
  );
  for (const neighbour of state.neighbours) {
    const { ifindex, destination: to, state: nud } = neighbour;
    if (wanted.has(neighbour) || to === undefined) continue;
    // Those that were found come and go by themselves.
    if ((nud & NUD_PERMANENT) === 0) continue;
    if (!search.excludes("neighbours", ifindex)) continue;
    const name = `${to} of ${state.nameOf(ifindex)}`;
    const change = deleteNeighbour({ to, dev: ifindex });
    search.remove("neighbour", Order.removeNeighbour, name, change);
  }
}

function removeRules(search: Search): void {
  const { state, namespace } = search;
  const wanted = new Set(namespace.rules.map((spec) => findRule(spec, state)));
  for (const rule of state.rules) {
    if (wanted.has(rule) || isFirst(rule)) continue;
    const spec = ruleSpecOf(rule);
    if (spec === undefined) continue;
    const name = `priority ${rule.priority}`;
    search.remove("rule", Order.removeRule, name, deleteRule(spec));
  }
}

function removeNexthops(search: Search): void {
  const wanted = new Set(search.namespace.nexthops.map(({ id }) => id));
  for (const { id } of search.state.nexthops) {
    if (wanted.has(id)) continue;
    search.remove("nexthop", Order.removeNexthop, `${id}`, deleteNexthop(id));
  }
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
