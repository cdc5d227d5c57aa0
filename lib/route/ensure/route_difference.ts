// A route as it is to be, beside those there are.

import { RTNH_F_ONLINK } from "../../../ffi/layout/linux_rtnetlink.ts";
import {
  addRoute,
  deleteRoute,
  replaceRoute,
  type RouteSpec,
} from "../change/route.ts";
import { ROUTE_METRICS } from "../change/route_metrics.ts";
import { same } from "../monitor/differences.ts";
import { protocolName, routeTypeName, scopeName } from "../names/iproute2.ts";
import { decodeRoute, type Route, type RouteNexthop } from "../route.ts";
import { type Correction, decoded, differs } from "./decoded.ts";
import type { State } from "./state.ts";

/** What the kernel gives an IPv6 route that has no metric. */
const IPV6_METRIC = 1024;

/** A route that is wanted, as the kernel would tell of it. */
function wantedRoute(spec: RouteSpec, state: State): Route {
  const route = decoded(addRoute(spec), state.numbers, decodeRoute);
  if (route.prefixLength === 0) route.destination = undefined;
  if (route.family === "inet6") route.metric ||= IPV6_METRIC;
  else if (route.metric === 0) route.metric = undefined;
  return route;
}

/** Those of a state that stand where a route is to be, the best match first. */
export function findRoutes(spec: RouteSpec, state: State): Route[] {
  const wanted = wantedRoute(spec, state);
  return state.routesLike(wanted).toSorted((a, b) =>
    reasonsOf(spec, wanted, a, state).length -
    reasonsOf(spec, wanted, b, state).length
  );
}

/** What a route lacks; undefined if nothing. */
export function routeCorrection(
  spec: RouteSpec,
  state: State,
): Correction | undefined {
  const [is] = findRoutes(spec, state);
  if (is === undefined) {
    return {
      action: "add",
      reasons: [],
      changes: [addRoute(spec)],
      undo: [deleteRoute(spec)],
    };
  }
  const reasons = reasonsOf(spec, wantedRoute(spec, state), is, state);
  return reasons.length === 0
    ? undefined
    : { action: "change", reasons, changes: [replaceRoute(spec)], undo: [] };
}

function reasonsOf(
  spec: RouteSpec,
  wanted: Route,
  is: Route,
  state: State,
): string[] {
  const reasons: string[] = [];
  if (is.type !== wanted.type) {
    reasons.push(
      differs("type", routeTypeName(is.type), routeTypeName(wanted.type)),
    );
  }
  const way = wayReason(spec, wanted, is, state);
  if (way !== undefined) reasons.push(way);
  if (spec.src !== undefined && is.preferredSource !== wanted.preferredSource) {
    reasons.push(differs("src", is.preferredSource, wanted.preferredSource));
  }
  if (spec.scope !== undefined && is.scope !== wanted.scope) {
    reasons.push(
      differs("scope", scopeName(is.scope), scopeName(wanted.scope)),
    );
  }
  if (spec.protocol !== undefined && is.protocol !== wanted.protocol) {
    const told = protocolName(is.protocol);
    reasons.push(differs("protocol", told, protocolName(wanted.protocol)));
  }
  if (spec.realms !== undefined && is.realms !== wanted.realms) {
    reasons.push(differs("realms", is.realms, wanted.realms));
  }
  if (spec.pref !== undefined && is.preference !== wanted.preference) {
    reasons.push(differs("pref", is.preference, spec.pref));
  }
  for (const word of Object.keys(ROUTE_METRICS)) {
    const asked = spec[word as keyof typeof ROUTE_METRICS];
    const metrics = is.metrics as Readonly<Record<string, unknown>> | undefined;
    const other = wanted.metrics as typeof metrics;
    if (asked === undefined || word === "lock") continue;
    if (!same(metrics?.[word], other?.[word])) {
      reasons.push(differs(word, metrics?.[word], other?.[word]));
    }
  }
  return reasons;
}

/** Where packets go next. */
function wayReason(
  spec: RouteSpec,
  wanted: Route,
  is: Route,
  state: State,
): string | undefined {
  if (spec.nhid !== undefined) {
    return is.nexthopId === spec.nhid
      ? undefined
      : differs("nhid", is.nexthopId, spec.nhid);
  }
  if (spec.nexthops !== undefined) {
    return sameWays(spec, wanted.nexthops ?? [], is.nexthops ?? [])
      ? undefined
      : differs("way", waysText(is, state), waysText(wanted, state));
  }
  const onward = spec.via !== undefined ||
    spec.type === undefined || spec.type === "unicast";
  const gateway = is.gateway ?? is.via?.address;
  const differ = is.nexthops !== undefined ||
    onward && gateway !== (wanted.gateway ?? wanted.via?.address) ||
    spec.dev !== undefined && is.ifindex !== wanted.ifindex ||
    spec.onlink !== undefined &&
      (is.flags & RTNH_F_ONLINK) !== (wanted.flags & RTNH_F_ONLINK);
  return differ
    ? differs("way", waysText(is, state), waysText(wanted, state))
    : undefined;
}

function sameWays(
  { nexthops = [] }: RouteSpec,
  wanted: readonly RouteNexthop[],
  found: readonly RouteNexthop[],
): boolean {
  const rest = [...found];
  return wanted.length === found.length && wanted.every((way, at) => {
    const { dev, onlink } = nexthops[at];
    const index = rest.findIndex((is) =>
      is.weight === way.weight && is.gateway === way.gateway &&
      is.via?.address === way.via?.address &&
      (dev === undefined || is.ifindex === way.ifindex) &&
      (onlink === undefined ||
        (is.flags & RTNH_F_ONLINK) === (way.flags & RTNH_F_ONLINK))
    );
    if (index < 0) return false;
    rest.splice(index, 1);
    return true;
  });
}

function waysText(route: Route, state: State): string {
  const one = (
    { gateway, via, ifindex, weight }: Partial<RouteNexthop>,
  ): string =>
    [
      gateway === undefined && via === undefined
        ? []
        : [`via ${gateway ?? via?.address}`],
      ifindex ? [`dev ${state.nameOf(ifindex)}`] : [],
      (weight ?? 1) === 1 ? [] : [`weight ${weight}`],
    ].flat().join(" ");
  return route.nexthops === undefined
    ? one(route) || "nowhere"
    : `(${route.nexthops.map(one).join(", ")})`;
}
