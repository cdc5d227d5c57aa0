// netplumb show route: selects routes and prints them with iproute2's keys.

import { RT_TABLE_MAIN, RTN_LOCAL } from "../../ffi/uapi/linux_rtnetlink.ts";
import { ipRoute } from "../../lib/iproute2/route.ts";
import { decodeRoute, type Route } from "../../lib/rtnetlink/route.ts";
import type { RouteSocket } from "../../lib/rtnetlink/socket.ts";
import { printableJson } from "../output/printable.ts";
import { routeJson } from "./route_json.ts";
import {
  bounds,
  interrupted,
  linkNames,
  type Shown,
  type ShowOptions,
} from "./shown.ts";

/** Filters of routes. */
export interface ShowRouteOptions extends ShowOptions {
  /** Routes of this table; undefined for all tables. */
  readonly table?: number;
  /** Routes of this RTPROT_*. */
  readonly protocol?: number;
  /** Routes of this RTN_*. */
  readonly type?: number;
  /** Routes of this RT_SCOPE_*. */
  readonly scope?: number;
}

export async function showRoutes(
  route: RouteSocket,
  options: ShowRouteOptions,
): Promise<Shown> {
  const { details, statistics, table, protocol, type, scope } = options;
  const { names, ifindex } = await linkNames(route, options);
  const routes = await route.routes({
    ...bounds(options),
    // The default family of one table is IPv4, as with `ip`.
    family: options.family ?? (table === undefined ? undefined : "inet"),
    table,
    ifindex,
    protocol,
    type,
    lazy: true,
  });
  const nexthops =
    details && Iterator.from(routes).some((one) => one.nexthopId !== undefined)
      ? new Map(
        (await route.nexthops({ signal: options.signal })).map((
          nexthop,
        ) => [nexthop.id, nexthop]),
      )
      : undefined;
  const isShown = (one: Route) =>
    (scope === undefined || one.scope === scope) &&
    // Multipath routes have no output link; local routes are in the local table.
    (ifindex === undefined || one.ifindex === ifindex) &&
    (one.family !== "inet6" || table !== RT_TABLE_MAIN ||
      one.type !== RTN_LOCAL);
  const how = {
    names,
    details,
    statistics,
    nexthops,
    oneTable: table !== undefined,
    oneDevice: ifindex !== undefined,
    oneProtocol: protocol !== undefined,
    oneScope: scope !== undefined,
  };
  return {
    objects: Iterator.from(routes).filter(isShown)
      .map((one) => ipRoute(one, how)),
    json: routeJson(routes.messages(), (message) => {
      const one = decodeRoute(message)!;
      return isShown(one) ? printableJson(ipRoute(one, how)) : undefined;
    }),
    interrupted: interrupted(routes),
  };
}
