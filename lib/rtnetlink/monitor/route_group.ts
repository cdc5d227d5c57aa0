// Groups of routes with the same destination, type of service, metric and
// table: key, comparison and hash.

import {
  RTPROT_RA,
  RTPROT_REDIRECT,
} from "../../../ffi/uapi/linux_rtnetlink.ts";
import type { Route } from "../route.ts";

/** A key for the group of a route. */
export function groupKey(route: Route): string {
  const { destination, prefixLength, table, metric } = route;
  let key = `${destination ?? route.family}/${prefixLength}`;
  if (table !== 254) key += ` t${table}`;
  if (metric !== undefined) key += ` m${metric}`;
  if (route.tos !== undefined) key += ` s${route.tos}`;
  if (route.sourceLength !== undefined) {
    key += ` f${route.source}/${route.sourceLength}`;
  }
  return key;
}

/** Whether two routes are in the same group. */
export function isOfGroup(a: Route, b: Route): boolean {
  return a.destination === b.destination &&
    a.prefixLength === b.prefixLength && a.metric === b.metric &&
    a.table === b.table && a.tos === b.tos &&
    a.sourceLength === b.sourceLength && a.source === b.source &&
    (a.destination !== undefined || a.family === b.family);
}

/**
 * Whether the route is of a router advertisement or a redirect. The kernel does
 * not combine such a route with others, except one that a program added with the
 * same protocol.
 */
export function isLearned({ family, protocol }: Route): boolean {
  return family === "inet6" &&
    (protocol === RTPROT_RA || protocol === RTPROT_REDIRECT);
}

/** Random seed, against hash flooding by a routing peer. */
const SEED = Math.random() * 2 ** 32 | 0;

/** A hash of the group of a route. */
export function groupHash(
  { destination, prefixLength, table, metric }: Route,
): number {
  let hash = SEED + prefixLength + Math.imul(table, 0x85ebca6b);
  if (metric !== undefined) hash ^= Math.imul(metric, 0xc2b2ae35);
  if (destination !== undefined) {
    for (let at = 0; at < destination.length; at++) {
      hash = Math.imul(hash ^ destination.charCodeAt(at), 0x01000193);
    }
  }
  return hash ^ hash >>> 15;
}
