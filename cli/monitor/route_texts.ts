// Cached texts of route events. Most routes differ from a previous one only in the
// destination: the text around it is formatted once.

import type { AnyObjectEvent } from "../../lib/rtnetlink/monitor/event.ts";
import type { LinkNames } from "../../lib/rtnetlink/link/names.ts";
import type { Route } from "../../lib/rtnetlink/route.ts";

type RouteEvent = Extract<AnyObjectEvent, { object: "route" }>;

/** A previous event, and its text before and after the destination. */
interface CachedText {
  readonly event: RouteEvent["event"];
  readonly origin: RouteEvent["origin"];
  readonly names: LinkNames;
  readonly route: Route;
  readonly before: string;
  readonly after: string;
}

const SLOTS = 256;
/** Occurs in no address and hardly in a link name. */
const PLACEHOLDER = "<destination>";

/** Formats route events. */
export class RouteTexts {
  readonly #slots = new Array<CachedText | undefined>(SLOTS).fill(undefined);

  /**
   * The text of an event.
   *
   * @param format Formats an event that is not cached.
   */
  text(event: RouteEvent, format: (event: RouteEvent) => string): string {
    const { data } = event;
    // The text of a change includes the previous values.
    if (event.event === "change" || data.destination === undefined) {
      return format(event);
    }
    const slot = hash(event);
    const cached = this.#slots[slot];
    if (
      cached !== undefined && cached.event === event.event &&
      cached.origin === event.origin && cached.names === event.names &&
      isLike(data, cached.route)
    ) return cached.before + data.destination + cached.after;
    const fresh = isCommon(data) ? cache(event, format) : undefined;
    if (fresh === undefined) return format(event);
    this.#slots[slot] = fresh;
    return fresh.before + data.destination + fresh.after;
  }
}

function hash({ event, data }: RouteEvent): number {
  const { gateway, ifindex, metric = 0, prefixLength } = data;
  let hash = ifindex * 31 + prefixLength + metric * 7;
  if (gateway !== undefined) {
    // Gateways differ in their last digits.
    for (let at = Math.max(0, gateway.length - 3); at < gateway.length; at++) {
      hash = hash * 11 + gateway.charCodeAt(at);
    }
  }
  return (event === "new" ? hash : hash + 128) & (SLOTS - 1);
}

/** Whether a route equals a common route except for the destination. */
function isLike(route: Route, common: Route): boolean {
  return route.family === common.family &&
    route.type === common.type &&
    route.prefixLength === common.prefixLength &&
    route.table === common.table &&
    route.protocol === common.protocol &&
    route.scope === common.scope &&
    route.flags === common.flags &&
    route.ifindex === common.ifindex &&
    route.gateway === common.gateway &&
    route.metric === common.metric &&
    route.preferredSource === common.preferredSource &&
    route.preference === common.preference &&
    isCommon(route);
}

/** Whether a route has no uncommon attributes. */
function isCommon(route: Route): boolean {
  return (route.family === "inet" || route.family === "inet6") &&
    route.source === undefined &&
    route.sourceLength === undefined &&
    route.tos === undefined &&
    route.via === undefined &&
    route.inputIfindex === undefined &&
    route.nexthopId === undefined &&
    route.nexthops === undefined &&
    route.metrics === undefined &&
    route.mark === undefined &&
    route.realms === undefined &&
    route.uid === undefined &&
    route.ttlPropagate === undefined &&
    route.newDestination === undefined &&
    route.encapsulation === undefined &&
    route.cache === undefined &&
    route.unknown === undefined;
}

function cache(
  routeEvent: RouteEvent,
  format: (event: RouteEvent) => string,
): CachedText | undefined {
  const { event, origin, names, data } = routeEvent;
  const placed = format({
    ...routeEvent,
    data: { ...data, destination: PLACEHOLDER },
  });
  const [before, after, ...more] = placed.split(PLACEHOLDER);
  if (after === undefined || more.length > 0) return undefined;
  return { event, origin, names, route: data, before, after };
}
