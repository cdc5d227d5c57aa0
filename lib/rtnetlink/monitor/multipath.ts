// Multipath routes of IPv6: the kernel has a route for each nexthop. It
// notifies an added nexthop with all nexthops of that moment, in another order
// than a dump, and a deleted one alone.

import type { Route } from "../route.ts";
import type { RouteNexthop } from "../route_nexthop.ts";
import { differences } from "./differences.ts";

const STATE: ReadonlySet<string> = new Set(["flags"]);
const NEXTHOP_FIELDS: ReadonlySet<string> = new Set([
  "flags",
  "ifindex",
  "gateway",
  "nexthops",
  "cache",
]);

/** Whether two nexthops are the same, regardless of their state. */
export function sameNexthop(a: RouteNexthop, b: RouteNexthop): boolean {
  return a.ifindex === b.ifindex && a.gateway === b.gateway &&
    differences(a, b, STATE).length === 0;
}

/** The nexthops of a route, also of a route with a single one. */
function nexthopsOf(route: Route): readonly RouteNexthop[] {
  if (route.nexthops !== undefined) return route.nexthops;
  const { ifindex, gateway, flags } = route;
  return [{ ifindex, gateway, weight: 1, flags: flags & 0xff }];
}

function sameGateway(a: RouteNexthop, b: RouteNexthop): boolean {
  return a.ifindex === b.ifindex && a.gateway === b.gateway;
}

/**
 * Applies a message that has all nexthops of a route: the previous ones keep
 * their order, as in the kernel.
 */
export function addNexthops(known: Route, reported: Route): Route {
  if (reported.nexthops === undefined) return reported;
  const there = nexthopsOf(known);
  const all = reported.nexthops;
  const kept = there.flatMap((nexthop) =>
    all.filter((one) => sameGateway(one, nexthop)).slice(0, 1)
  );
  const added = all.filter((one) =>
    !there.some((nexthop) => sameGateway(one, nexthop))
  );
  // The attributes of the message are those of the added nexthop; a dump
  // reports those of the first.
  return {
    ...(kept.length === 0 ? reported : known),
    ifindex: 0,
    gateway: undefined,
    flags: reported.flags,
    nexthops: [...kept, ...added],
  };
}

/** Whether the added nexthop has other attributes than the route. */
export function differsBeyondNexthops(known: Route, reported: Route): boolean {
  return differences(reported, known, NEXTHOP_FIELDS).length > 0;
}

/**
 * The route without one of its nexthops.
 *
 * @returns undefined if it is not one of several nexthops.
 */
export function removeNexthop(known: Route, gone: Route): Route | undefined {
  if (known.nexthops === undefined || gone.nexthops !== undefined) {
    return undefined;
  }
  const nexthop = nexthopsOf(gone)[0]!;
  const at = known.nexthops.findIndex((one) => sameGateway(one, nexthop));
  if (at < 0) return undefined;
  const nexthops = known.nexthops.toSpliced(at, 1);
  if (nexthops.length > 1) return { ...known, nexthops };
  const { nexthops: _, ...rest } = known;
  const { ifindex, gateway, flags } = nexthops[0]!;
  return { ...rest, ifindex, gateway, flags: known.flags & ~0xff | flags };
}

/** Whether a message has the same nexthops as a cached route, in any order. */
export function sameNexthopSet(reported: Route, known: Route): boolean {
  const [left, right] = [nexthopsOf(reported), nexthopsOf(known)];
  return reported.type === known.type && left.length === right.length &&
    left.every((nexthop) => right.some((one) => sameGateway(one, nexthop)));
}
