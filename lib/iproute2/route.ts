// Routes in the format of `ip -j route`. Source: ip-route(8) of iproute2 6.1.

import { ROUTE, type Route } from "../rtnetlink/route.ts";
import type { JsonValue } from "../rtnetlink/spec/json.ts";
import type { IpEncapsulation, IpNexthop } from "./nexthop.ts";
import { type IpJsonOptions, jsonContext } from "./options.ts";

/** The common keys of a route and of the nexthops of a multipath route. */
export type IpRouteHop = {
  /** The encapsulation of packets, nested as in iproute2 7.1. */
  encap?: IpEncapsulation;
  /** The outgoing MPLS labels. */
  to?: string;
  /** The next hop's address. */
  gateway?: string;
  /** A gateway of another family. */
  via?: { readonly family: string; readonly host: string };
  /** Routing realms. */
  flow?: { readonly from?: string; readonly to: string };
  /** The name of the outgoing interface. */
  dev?: string;
  /** The weight, in a multipath route. */
  weight?: number;
  /** RTNH_F_* flags. */
  flags: string[];
};

/** A route with iproute2's keys. */
export type IpRoute = IpRouteHop & {
  /** The name of the RTN_ number; omitted for "unicast". */
  type?: string;
  /** The destination network, or "default". */
  dst: string;
  /** The source prefix that it applies to. */
  from?: string;
  /** The source, without an address. */
  src?: string;
  /** The id of its nexthop object. */
  nhid?: number;
  /** The name of the type of service. */
  tos?: string;
  /** The routing table; omitted for "main". */
  table?: string;
  /** The name of the RTPROT_ number. */
  protocol?: string;
  /** The name of the RT_SCOPE_ number. */
  scope?: string;
  /** The source address of local packets. */
  prefsrc?: string;
  /** The metric: lower is preferred. */
  metric?: number;
  /** The packet mark that it applies to. */
  mark?: number;
  /** The user that it applies to. */
  uid?: number;
  /** RTCF_* flags of a cached route. */
  cache?: string[];
  /** Seconds until it expires. */
  expires?: number;
  /** The errno that senders get. */
  error?: number;
  /** The reference count, with statistics. */
  users?: number;
  /** The number of uses, with statistics. */
  used?: number;
  /** Seconds since its last use, with statistics. */
  age?: number;
  /** The IP identification, of old kernels. */
  ipid?: string;
  /** A TCP timestamp, of old kernels. */
  ts?: string;
  /** The age of the timestamp, of old kernels. */
  tsage?: number;
  /** RTAX_* metrics, one object. */
  metrics?: JsonValue[];
  /** The name of the incoming interface. */
  iif?: string;
  /** The ICMPv6 router preference. */
  pref?: string | number;
  /** Whether MPLS propagates the TTL of the packets. */
  "ttl-propogate"?: boolean;
  /** Its nexthop object, with details. */
  nh_info?: IpNexthop;
  /** The nexthops of a multipath route. */
  nexthops?: IpRouteHop[];
};

/**
 * Returns a route in the format of `ip -j route`.
 *
 * Source: ip-route(8).
 *
 * @param route The route.
 * @param options The names of links, and what to print.
 *
 * @example
 * ```ts
 * import { ipRoute, LinkNames, RouteSocket } from "@netplumb/netplumb";
 *
 * await using route = RouteSocket.open();
 * const names = new LinkNames(await route.links());
 * const routes = await route.routes({ family: "inet", table: 254 });
 * const json = routes.map((one) => ipRoute(one, { names, oneTable: true }));
 * console.log(JSON.stringify(json));
 * ```
 */
export function ipRoute(route: Route, options: IpJsonOptions = {}): IpRoute {
  return ROUTE.json(route, jsonContext(options)) as unknown as IpRoute;
}
