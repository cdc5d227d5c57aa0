// IPv6 keeps each way of a multipath route as a route of its own and tells of
// them so: one that joins with all there are then, in an order of its own; one
// that leaves by itself.

import type { Route } from "../route.ts";
import type { RouteNexthop } from "../route_nexthop.ts";
import { differences } from "./differences.ts";

const STATE: ReadonlySet<string> = new Set(["flags"]);
const WAYS: ReadonlySet<string> = new Set([
  "flags",
  "ifindex",
  "gateway",
  "nexthops",
  "cache",
]);

/** Whether two ways are the same, perhaps in another state. */
export function sameNexthop(a: RouteNexthop, b: RouteNexthop): boolean {
  return a.ifindex === b.ifindex && a.gateway === b.gateway &&
    differences(a, b, STATE).length === 0;
}

/** The ways of a route, also where there is but one. */
function ways(route: Route): readonly RouteNexthop[] {
  if (route.nexthops !== undefined) return route.nexthops;
  const { ifindex, gateway, flags } = route;
  return [{ ifindex, gateway, weight: 1, flags: flags & 0xff }];
}

function leadsThere(a: RouteNexthop, b: RouteNexthop): boolean {
  return a.ifindex === b.ifindex && a.gateway === b.gateway;
}

/**
 * What is known of a route brought up to date by a message that names all its
 * ways: those that were there keep their order, as they do in the kernel.
 */
export function joinNexthops(known: Route, told: Route): Route {
  if (told.nexthops === undefined) return told;
  const there = ways(known);
  const all = told.nexthops;
  const kept = there.flatMap((way) =>
    all.filter((one) => leadsThere(one, way)).slice(0, 1)
  );
  const added = all.filter((one) => !there.some((way) => leadsThere(one, way)));
  // A message says of the route what is said of the way that joined; a dump,
  // what is said of the first.
  return {
    ...(kept.length === 0 ? told : known),
    ifindex: 0,
    gateway: undefined,
    flags: told.flags,
    nexthops: [...kept, ...added],
  };
}

/** Whether more is said of a way that joined than the ways have in common. */
export function saysOtherwise(known: Route, told: Route): boolean {
  return differences(told, known, WAYS).length > 0;
}

/**
 * What is left of a multipath route when one way leaves it.
 *
 * @returns undefined if that was not one of several.
 */
export function leaveNexthop(known: Route, gone: Route): Route | undefined {
  if (known.nexthops === undefined || gone.nexthops !== undefined) {
    return undefined;
  }
  const way = ways(gone)[0]!;
  const at = known.nexthops.findIndex((one) => leadsThere(one, way));
  if (at < 0) return undefined;
  const nexthops = known.nexthops.toSpliced(at, 1);
  if (nexthops.length > 1) return { ...known, nexthops };
  const { nexthops: _, ...rest } = known;
  const { ifindex, gateway, flags } = nexthops[0]!;
  return { ...rest, ifindex, gateway, flags: known.flags & ~0xff | flags };
}

/** Whether a known route is what a message told of, perhaps in another order. */
export function joined(told: Route, known: Route): boolean {
  const [left, right] = [ways(told), ways(known)];
  return told.type === known.type && left.length === right.length &&
    left.every((way) => right.some((one) => leadsThere(one, way)));
}
