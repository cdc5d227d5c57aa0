// Sentences about routes. Of many routes that come and go most differ from one
// told of before in their destination alone: what is around it is made once.

import type { AnyObjectEvent } from "../../lib/rtnetlink/monitor/event.ts";
import type { LinkNames } from "../../lib/rtnetlink/link/names.ts";
import type { Route } from "../../lib/rtnetlink/route.ts";

type RouteEvent = Extract<AnyObjectEvent, { object: "route" }>;

/** An event that was told, and the text before and behind its destination. */
interface Sentence {
  readonly event: RouteEvent["event"];
  readonly origin: RouteEvent["origin"];
  readonly names: LinkNames;
  readonly route: Route;
  readonly before: string;
  readonly behind: string;
}

const SLOTS = 256;
/** In no address, and seldom in the name of a link. */
const PLACE = "<destination>";

/** Tells of routes, and remembers how. */
export class RouteTexts {
  readonly #slots = new Array<Sentence | undefined>(SLOTS).fill(undefined);

  /**
   * The sentence of an event.
   *
   * @param make Makes it anew.
   */
  text(event: RouteEvent, make: (event: RouteEvent) => string): string {
    const { data } = event;
    // Of a change, what it was before is told too.
    if (event.event === "change" || data.destination === undefined) {
      return make(event);
    }
    const slot = hash(event);
    const told = this.#slots[slot];
    if (
      told !== undefined && told.event === event.event &&
      told.origin === event.origin && told.names === event.names &&
      isLike(data, told.route)
    ) return told.before + data.destination + told.behind;
    const fresh = isCommon(data) ? remember(event, make) : undefined;
    if (fresh === undefined) return make(event);
    this.#slots[slot] = fresh;
    return fresh.before + data.destination + fresh.behind;
  }
}

function hash({ event, data }: RouteEvent): number {
  const { gateway, ifindex, metric = 0, prefixLength } = data;
  let hash = ifindex * 31 + prefixLength + metric * 7;
  if (gateway !== undefined) {
    // Neighbours differ in their last digits.
    for (let at = Math.max(0, gateway.length - 3); at < gateway.length; at++) {
      hash = hash * 11 + gateway.charCodeAt(at);
    }
  }
  return (event === "new" ? hash : hash + 128) & (SLOTS - 1);
}

/** Whether two routes, the second a common one, differ in the destination only. */
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

/** Whether a route has nothing that few routes have. */
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

function remember(
  told: RouteEvent,
  make: (event: RouteEvent) => string,
): Sentence | undefined {
  const { event, origin, names, data } = told;
  const placed = make({ ...told, data: { ...data, destination: PLACE } });
  const [before, behind, ...more] = placed.split(PLACE);
  if (behind === undefined || more.length > 0) return undefined;
  return { event, origin, names, route: data, before, behind };
}
