// A route as it is to be, beside those there are.

import { RTNH_F_ONLINK } from "../../../ffi/uapi/linux_rtnetlink.ts";
import {
  addRoute,
  deleteRoute,
  replaceRoute,
  type RouteSpec,
} from "../../rtnetlink/changes/route.ts";
import { ROUTE_METRICS } from "../../rtnetlink/changes/route_metrics.ts";
import type { MessageReader } from "../../netlink/message.ts";
import { same } from "../../rtnetlink/monitor/differences.ts";
import { groupKey } from "../../rtnetlink/monitor/route_group.ts";
import {
  protocolName,
  routeTypeName,
  scopeName,
} from "../../rtnetlink/names/iproute2.ts";
import {
  decodeRoute,
  type Route,
  type RouteNexthop,
} from "../../rtnetlink/route.ts";
import { changeOf } from "../parse/desired.ts";
import { Order } from "./action.ts";
import {
  type DesiredObject,
  deviceNames,
  differs,
  routeName,
  Wanted,
} from "./desired_object.ts";
import type { State } from "./state.ts";

/** What the kernel gives an IPv6 route that has no metric. */
const IPV6_METRIC = 1024;

const METRICS = Object.keys(
  ROUTE_METRICS,
) as readonly (keyof typeof ROUTE_METRICS)[];

/** A desired route as the kernel reports it, of one that is decoded. */
function asReported(message: MessageReader): Route | undefined {
  const route = decodeRoute(message);
  if (route === undefined) return undefined;
  if (route.prefixLength === 0) route.destination = undefined;
  if (route.family === "inet6") route.metric ||= IPV6_METRIC;
  else if (route.metric === 0) route.metric = undefined;
  return route;
}

/**
 * A desired route.
 *
 * @param level How many other desired routes it needs: see routeLevels().
 */
export function desiredRoute(spec: RouteSpec, level: number): DesiredObject {
  const { dev, nexthops = [] } = spec;
  const devices = deviceNames([dev, ...nexthops.map((hop) => hop.dev)]);
  const wanted = new Wanted<Route>({
    change: changeOf(spec, () => addRoute(spec)),
    devices,
    decode: asReported,
    key: groupKey,
  });
  const metrics = METRICS.filter((word) =>
    spec[word] !== undefined && word !== "lock"
  );
  const best = (state: State) => {
    const value = wanted.value(state);
    let match:
      | { readonly route: Route; readonly reasons: string[] }
      | undefined;
    for (const route of state.routes.group(value)) {
      const reasons = reasonsOf(spec, metrics, value, route, state);
      if (match === undefined || reasons.length < match.reasons.length) {
        match = { route, reasons };
      }
    }
    return match;
  };
  return {
    object: "route",
    order: Order.route + Math.min(99, level),
    name: routeName(spec),
    devices,
    key: (state) => wanted.key(state),
    find: (state) => best(state)?.route,
    correction(state) {
      const match = best(state);
      if (match === undefined) {
        return {
          action: "add",
          reasons: [],
          changes: [wanted.change],
          get undo() {
            return [deleteRoute(spec)];
          },
        };
      }
      const { reasons } = match;
      return reasons.length === 0 ? undefined : {
        action: "change",
        reasons,
        changes: [replaceRoute(spec)],
        undo: [],
      };
    },
  };
}

function reasonsOf(
  spec: RouteSpec,
  metrics: readonly (keyof typeof ROUTE_METRICS)[],
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
  const told = is.metrics as Readonly<Record<string, unknown>> | undefined;
  const asked = wanted.metrics as typeof told;
  for (const word of metrics) {
    if (same(told?.[word], asked?.[word])) continue;
    reasons.push(differs(word, told?.[word], asked?.[word]));
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
    const { dev, onlink } = nexthops[at]!;
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
    { gateway, via, ifindex, weight }:
      & Pick<RouteNexthop, "gateway" | "via" | "ifindex">
      & { readonly weight?: number },
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
