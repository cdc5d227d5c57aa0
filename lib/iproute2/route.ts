// A route as `ip -j route` tells of it. Source: ip-route(8) of iproute2 6.1.

import {
  RT_SCOPE_UNIVERSE,
  RT_TABLE_MAIN,
  RTAX_CC_ALGO,
  RTAX_FEATURE_ECN,
  RTAX_FEATURES,
  RTAX_HOPLIMIT,
  RTAX_RTT,
  RTAX_RTTVAR,
  RTM_F_CLONED,
  RTN_UNICAST,
  RTPROT_BOOT,
} from "../../ffi/uapi/linux_rtnetlink.ts";
import * as rtcf from "../../ffi/uapi/linux_in_route.ts";
import type { AddressFamily } from "../rtnetlink/family.ts";
import { hex, type JsonValue } from "../rtnetlink/spec/json.ts";
import { METRIC_NAMES, type RouteMetrics } from "../rtnetlink/metrics.ts";
import {
  protocolName,
  routeTypeName,
  scopeName,
  serviceName,
  tableName,
} from "../rtnetlink/names/iproute2.ts";
import type {
  Route,
  RouteCache,
  RouteNexthop,
  RouteVia,
} from "../rtnetlink/route.ts";
import { USER_HZ } from "../rtnetlink/user_hz.ts";
import { ipEncapsulation } from "./encapsulation.ts";
import { type IpNexthop, ipNexthop } from "./nexthop.ts";
import { type IpJsonOptions, NO_NAMES } from "./options.ts";
import { realmsJson, routeFlags } from "./route_parts.ts";

/** What `ip -j route` prints alike for a route and each way of a multipath one. */
export type IpRouteHop = {
  /**
   * What packets are wrapped in: "mpls", "ip6" ... What else is known of it
   * stands beside, under iproute2's keys.
   */
  encap?: string;
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
  /** The word of its RTPROT_ number. */
  protocol?: string;
  /** The word of its RT_SCOPE_ number. */
  scope?: string;
  /** The source address for packets of this machine. */
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
  /** The ways of a multipath route. */
  nexthops?: IpRouteHop[];
};

/** How many bits an address of the family has, or -1. */
function hostLength(family: AddressFamily): number {
  switch (family) {
    case "inet":
      return 32;
    case "inet6":
      return 128;
    case "mpls":
      return 20;
    case "link":
      return 48;
    default:
      return -1;
  }
}

const PREFERENCES = ["medium", "high", undefined, "low"];

const CACHE_FLAGS = [
  [rtcf.RTCF_LOCAL, "local"],
  [rtcf.RTCF_REJECT, "reject"],
  [rtcf.RTCF_MULTICAST, "mc"],
  [rtcf.RTCF_BROADCAST, "brd"],
  [rtcf.RTCF_DNAT, "dst-nat"],
  [rtcf.RTCF_SNAT, "src-nat"],
  [rtcf.RTCF_MASQ, "masq"],
  [rtcf.RTCF_DIRECTDST, "dst-direct"],
  [rtcf.RTCF_DIRECTSRC, "src-direct"],
  [rtcf.RTCF_REDIRECTED, "redirected"],
  [rtcf.RTCF_DOREDIRECT, "redirect"],
  [rtcf.RTCF_FAST, "fastroute"],
  [rtcf.RTCF_NOTIFY, "notify"],
  [rtcf.RTCF_TPROXY, "proxy"],
] as const;

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
  const { names = NO_NAMES, details = false } = options;
  // Keys are added in iproute2's order.
  const json = {} as IpRoute;
  if (route.type !== RTN_UNICAST || details) {
    json.type = routeTypeName(route.type);
  }
  const host = hostLength(route.family);
  json.dst = network(route.destination, route.prefixLength, host, "default");
  if (route.source !== undefined) {
    json.from = network(route.source, route.sourceLength ?? 0, host, "");
  } else if (route.sourceLength) {
    json.src = `0/${route.sourceLength}`;
  }
  if (route.nexthopId !== undefined) json.nhid = route.nexthopId;
  if (route.newDestination !== undefined) json.to = route.newDestination;
  if (route.encapsulation !== undefined) {
    Object.assign(json, ipEncapsulation(route.encapsulation));
  }
  if (route.tos) json.tos = serviceName(route.tos);
  if (route.gateway !== undefined) json.gateway = route.gateway;
  if (route.via !== undefined) json.via = viaJson(route.via);
  if (route.ifindex !== 0 && !options.oneDevice) {
    json.dev = names.name(route.ifindex);
  }
  if (
    route.table !== 0 && (route.table !== RT_TABLE_MAIN || details) &&
    !options.oneTable
  ) json.table = tableName(route.table);
  if ((route.flags & RTM_F_CLONED) === 0) {
    if ((route.protocol !== RTPROT_BOOT || details) && !options.oneProtocol) {
      json.protocol = protocolName(route.protocol);
    }
    if ((route.scope !== RT_SCOPE_UNIVERSE || details) && !options.oneScope) {
      json.scope = scopeName(route.scope);
    }
  }
  if (route.preferredSource !== undefined) json.prefsrc = route.preferredSource;
  if (route.metric !== undefined) json.metric = route.metric;
  json.flags = routeFlags(route.flags);
  if (route.mark) json.mark = route.mark;
  if (route.realms !== undefined) json.flow = realmsJson(route.realms);
  if (route.uid !== undefined) json.uid = route.uid;
  cache(json, route, options);
  if (route.metrics !== undefined) {
    json.metrics = [metricsJson(route.metrics)];
  }
  if (route.inputIfindex !== undefined) {
    json.iif = names.name(route.inputIfindex);
  }
  if (route.preference !== undefined) {
    json.pref = PREFERENCES[route.preference] ?? route.preference;
  }
  if (route.ttlPropagate !== undefined) {
    // Spelled so by iproute2.
    json["ttl-propogate"] = route.ttlPropagate !== 0;
  }
  if (route.nexthopId !== undefined && details) {
    const nexthop = options.nexthops?.get(route.nexthopId);
    if (nexthop !== undefined) json.nh_info = ipNexthop(nexthop, options);
  }
  if (route.nexthops !== undefined) {
    json.nexthops = route.nexthops.map((hop) => hopJson(hop, route, options));
  }
  return json;
}

function network(
  address: string | undefined,
  length: number,
  host: number,
  any: string,
): string {
  if (address === undefined) return length === 0 ? any : `0/${length} `;
  return length === host ? address : `${address}/${length}`;
}

function viaJson(via: RouteVia): { family: string; host: string } {
  return { family: via.family, host: via.address };
}

function cache(json: IpRoute, route: Route, options: IpJsonOptions): void {
  if (route.family === "inet" && (route.flags & RTM_F_CLONED) !== 0) {
    json.cache = CACHE_FLAGS.filter(([bit]) => (route.flags & bit) !== 0)
      .map(([, name]) => name);
  }
  if (route.cache === undefined) return;
  if (route.family !== "inet" && route.family !== "inet6") return;
  Object.assign(json, cacheJson(route.cache, options));
}

function cacheJson(
  cache: RouteCache,
  options: IpJsonOptions,
): Partial<IpRoute> {
  const json: Partial<IpRoute> = {};
  if (cache.expires !== 0) json.expires = Math.trunc(cache.expires / USER_HZ);
  if (cache.error !== 0) json.error = cache.error;
  if (options.statistics) {
    if (cache.references !== 0) json.users = cache.references;
    if (cache.used !== 0) json.used = cache.used;
    if (cache.lastUse !== 0) json.age = Math.trunc(cache.lastUse / USER_HZ);
  }
  if (cache.id !== 0) json.ipid = hex(cache.id);
  if (cache.timestamp !== 0 || cache.timestampAge !== 0) {
    json.ts = hex(cache.timestamp);
    json.tsage = cache.timestampAge;
  }
  return json;
}

/** A locked metric is told of even where it is not set. */
function metricsJson(metrics: RouteMetrics): JsonValue {
  const json: Record<string, JsonValue> = {};
  const lock = metrics.lock ?? 0;
  METRIC_NAMES.forEach((name, index) => {
    if (name === undefined || name === "lock") return;
    const value = metrics[name];
    if (value === undefined && (lock >>> index & 1) === 0) return;
    if (index === RTAX_CC_ALGO) {
      if (value !== undefined) json.congestion = value;
      return;
    }
    const number = typeof value === "number" ? value : 0;
    if (index === RTAX_HOPLIMIT && number === 0xffffffff) return;
    if (index === RTAX_FEATURES) {
      if (number & RTAX_FEATURE_ECN) json.ecn = null;
      if (number & ~RTAX_FEATURE_ECN) json.features = hex(number);
    } else if (index === RTAX_RTT) json[name] = Math.trunc(number / 8);
    else if (index === RTAX_RTTVAR) json[name] = Math.trunc(number / 4);
    else json[name] = number;
  });
  return json;
}

function hopJson(
  hop: RouteNexthop,
  route: Route,
  { names = NO_NAMES }: IpJsonOptions,
): IpRouteHop {
  const json = {} as IpRouteHop;
  if (hop.encapsulation !== undefined) {
    Object.assign(json, ipEncapsulation(hop.encapsulation));
  }
  if (hop.newDestination !== undefined) json.to = hop.newDestination;
  if (hop.gateway !== undefined) json.gateway = hop.gateway;
  if (hop.via !== undefined) json.via = viaJson(hop.via);
  if (hop.realms !== undefined) json.flow = realmsJson(hop.realms);
  json.dev = names.name(hop.ifindex);
  if (route.family !== "mpls") json.weight = hop.weight;
  json.flags = routeFlags(hop.flags);
  return json;
}
