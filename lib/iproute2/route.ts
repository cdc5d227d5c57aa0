// A route as `ip -j route` tells of it. Source: ip-route(8) of iproute2 6.1.

import { ROUTE, type Route } from "../rtnetlink/route.ts";
import type { JsonValue } from "../rtnetlink/spec/json.ts";
import type { IpEncapsulation, IpNexthop } from "./nexthop.ts";
import { type IpJsonOptions, jsonContext } from "./options.ts";

/** What `ip -j route` prints alike for a route and each way of a multipath one. */
export type IpRouteHop = {
  /** What packets are wrapped in, nested as by iproute2 7.1. */
  encap?: IpEncapsulation;
  /** The labels MPLS puts in place of those that came. */
  to?: string;
  /** The next hop's address. */
  gateway?: string;
  /** A gateway of another family. */
  via?: { readonly family: string; readonly host: string };
  /** Routing realms. */
  flow?: { readonly from?: string; readonly to: string };
  /** The name of the link that packets leave by. */
  dev?: string;
  /** Its share of the packets, in a multipath route. */
  weight?: number;
  /** RTNH_F_* flags. */
  flags: string[];
};

/** A route under iproute2's keys. */
export type IpRoute = IpRouteHop & {
  /** The word of its RTN_ number; left out for "unicast". */
  type?: string;
  /** The network, or "default". */
  dst: string;
  /** The network of sources it is for. */
  from?: string;
  /** The same without an address. */
  src?: string;
  /** The id of its nexthop object. */
  nhid?: number;
  /** The word of the type of service. */
  tos?: string;
  /** The routing table; left out for "main". */
  table?: string;
  /** The name of the RTPROT_ number. */
  protocol?: string;
  /** The name of the RT_SCOPE_ number. */
  scope?: string;
  /** The source address of local packets. */
  prefsrc?: string;
  /** The smaller, the more preferred. */
  metric?: number;
  /** The packet mark it is for. */
  mark?: number;
  /** The user it is for. */
  uid?: number;
  /** RTCF_* flags of a cached route. */
  cache?: string[];
  /** Seconds until it expires. */
  expires?: number;
  /** An error number. */
  error?: number;
  /** References, with statistics. */
  users?: number;
  /** How often it was used, with statistics. */
  used?: number;
  /** Seconds since its last use, with statistics. */
  age?: number;
  /** An identification for packets, of old kernels. */
  ipid?: string;
  /** A TCP timestamp, of old kernels. */
  ts?: string;
  /** Its age, of old kernels. */
  tsage?: number;
  /** RTAX_* metrics, one object. */
  metrics?: JsonValue[];
  /** The name of the link packets arrived by. */
  iif?: string;
  /** The ICMPv6 router preference. */
  pref?: string | number;
  /** Whether MPLS takes over the TTL of the packets. */
  "ttl-propogate"?: boolean;
  /** Its nexthop object, with details. */
  nh_info?: IpNexthop;
  /** The nexthops of a multipath route. */
  nexthops?: IpRouteHop[];
};

/**
 * A route as `ip -j route` prints it.
 *
 * Source: ip-route(8).
 *
 * @param route The route.
 * @param options The names of links, and what the command asked for.
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
