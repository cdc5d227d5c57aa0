// Requests that add, replace, append and delete routes.

import {
  NLM_F_APPEND,
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLM_F_REPLACE,
} from "../../../ffi/uapi/linux_netlink.ts";
import * as rt from "../../../ffi/uapi/linux_rtnetlink.ts";
import { AF_INET, AF_INET6 } from "../../../ffi/uapi/sys_socket.ts";
import { parseAddress } from "../../net/ip_address.ts";
import { type Cidr, parseCidr } from "../../net/prefix.ts";
import { ArgumentError } from "../../errors.ts";
import { AttributeWriter } from "../../netlink/attribute_writer.ts";
import type { NameLookup } from "../spec/name_lookup.ts";
import { type Change, checked } from "./change.ts";
import { type OptionsOf, readSpec, toggleBit } from "./option.ts";
import {
  ROUTE_METRICS,
  type RouteMetricsSpec,
  writeMetrics,
} from "./route_metrics.ts";
import {
  cidr,
  ipAddress,
  linkName,
  network,
  oneOf,
  type Reader,
  wholeNumber,
} from "../spec/value.ts";
import { protocol, realms, scope, table, tos, u32 } from "./words.ts";

/** One way of a route with several. Source: ip-route(8). */
export interface NexthopSpec {
  /** The next hop's address. */
  readonly via?: string;
  /** The link packets leave by. */
  readonly dev?: string | number;
  /** Its share of the packets, 1 to 256. */
  readonly weight?: number;
  /** Whether the next hop is on the link, whatever the addresses say. */
  readonly onlink?: boolean;
  /** Realms, as "FROM/TO" or "TO". */
  readonly realms?: string | number;
}

/** A route, by iproute2's words. Source: ip-route(8). */
export interface RouteSpec extends RouteMetricsSpec {
  /** Where packets go: a network, an address, or "default". */
  readonly to: string;
  /** What is done with them; "unicast" if not given. */
  readonly type?:
    | "unicast"
    | "local"
    | "broadcast"
    | "anycast"
    | "multicast"
    | "blackhole"
    | "unreachable"
    | "prohibit"
    | "throw";
  /** The next hop's address; of the other family, too. */
  readonly via?: string;
  /** The link packets leave by. */
  readonly dev?: string | number;
  /** Several ways. */
  readonly nexthops?: readonly NexthopSpec[];
  /** The id of a nexthop object. */
  readonly nhid?: number;
  /** The routing table; main if not given. */
  readonly table?: number | string;
  /** The smaller, the more preferred. */
  readonly metric?: number;
  /** The source address of packets of this machine. */
  readonly src?: string;
  /** The network packets come from; IPv6 only. */
  readonly from?: string;
  /** The type of service of packets. */
  readonly tos?: number;
  /** How far it reaches. */
  readonly scope?: number | string;
  /** Who made it; "boot" if not given. */
  readonly protocol?: number | string;
  /** Whether the next hop is on the link, whatever the addresses say. */
  readonly onlink?: boolean;
  /** The router's preference; IPv6 only. */
  readonly pref?: "low" | "medium" | "high";
  /** Seconds until it goes; IPv6 only. */
  readonly expires?: number;
  /** Realms, as "FROM/TO" or "TO"; IPv4 only. */
  readonly realms?: string | number;
  /** Of a default route that has no address to tell: "inet6" for IPv6. */
  readonly family?: "inet" | "inet6";
}

/** What a route does with packets. */
export type RouteType = NonNullable<RouteSpec["type"]>;

const TYPES: { readonly [T in RouteType]: number } = {
  unicast: rt.RTN_UNICAST,
  local: rt.RTN_LOCAL,
  broadcast: rt.RTN_BROADCAST,
  anycast: rt.RTN_ANYCAST,
  multicast: rt.RTN_MULTICAST,
  blackhole: rt.RTN_BLACKHOLE,
  unreachable: rt.RTN_UNREACHABLE,
  prohibit: rt.RTN_PROHIBIT,
  throw: rt.RTN_THROW,
};

/** ICMPv6 router preferences. Source: RFC 4191. */
const PREFERENCES = { low: 3, medium: 0, high: 1 } as const;

/** How each word of a nexthop is read. */
export const NEXTHOP: OptionsOf<NexthopSpec> = {
  via: ipAddress,
  dev: linkName,
  weight: wholeNumber(1, 256),
  onlink: toggleBit,
  realms,
};

const nexthops: Reader<readonly NexthopSpec[]> = {
  expected: "a list of nexthops",
  schema: { type: "array", minItems: 1, items: { $ref: "#/$defs/nexthop" } },
  read: (given) =>
    Array.isArray(given) && given.length > 0
      ? given.map((one) => readSpec("nexthop", NEXTHOP, one))
      : undefined,
};

/** How each word is read. */
export const ROUTE: OptionsOf<RouteSpec> = {
  to: network,
  type: oneOf(Object.keys(TYPES) as RouteType[]),
  via: ipAddress,
  dev: linkName,
  nexthops,
  nhid: u32,
  table,
  metric: u32,
  src: ipAddress,
  from: cidr,
  tos,
  scope,
  protocol,
  onlink: toggleBit,
  pref: oneOf(["low", "medium", "high"]),
  expires: u32,
  realms,
  family: oneOf(["inet", "inet6"]),
  ...ROUTE_METRICS,
};

/** The family of a route: the first of its addresses has it. */
function familyOf(spec: RouteSpec): number {
  const first = spec.to === "default" ? undefined : spec.to;
  const address = first ?? spec.src ?? spec.from ?? spec.via ??
    spec.nexthops?.find(({ via }) => via !== undefined)?.via;
  const length = address === undefined
    ? spec.family === "inet6" ? 16 : 4
    : parseCidr(address).address.length;
  if (
    spec.family !== undefined && (spec.family === "inet6") !== (length === 16)
  ) throw new ArgumentError("family", spec.family, `that of ${address}`);
  return length === 16 ? AF_INET6 : AF_INET;
}

/** The bytes of an address that must be of a family. */
function bytesOf(argument: string, text: string, family: number): Cidr {
  const parsed = parseCidr(text, argument);
  if (parsed.address.length === (family === AF_INET6 ? 16 : 4)) return parsed;
  throw new ArgumentError(argument, text, "of the route's family");
}

/** RTA_DST; a default route has one only if asked for by its family, as ip does. */
function destination(spec: RouteSpec, family: number): Cidr | undefined {
  if (spec.to !== "default") return bytesOf("to", spec.to, family);
  return spec.family === undefined ? undefined : {
    address: new Uint8Array(family === AF_INET6 ? 16 : 4),
    prefix: 0,
  };
}

/** Writes where to go next: RTA_GATEWAY, or RTA_VIA of the other family. */
function writeVia(body: AttributeWriter, via: string, family: number): void {
  const { address } = parseAddress(via, "via");
  const own = address.length === 16 ? AF_INET6 : AF_INET;
  if (own === family) {
    body.bytes(rt.RTA_GATEWAY, address);
    return;
  }
  const value = new Uint8Array(rt.rtvia.size + address.length);
  value.set(rt.rtvia.build({ rtvia_family: own }));
  value.set(address, rt.rtvia.size);
  body.bytes(rt.RTA_VIA, value);
}

function writeNexthops(
  body: AttributeWriter,
  nexthops: readonly NexthopSpec[],
  family: number,
  known: NameLookup,
): void {
  body.nest(rt.RTA_MULTIPATH, () => {
    for (const { via, dev, weight = 1, onlink, realms } of nexthops) {
      const attributes = new AttributeWriter();
      if (via !== undefined) writeVia(attributes, via, family);
      if (realms !== undefined) attributes.u32(rt.RTA_FLOW, Number(realms));
      body.raw(rt.rtnexthop.build({
        rtnh_len: rt.rtnexthop.size + attributes.length,
        rtnh_flags: onlink ? rt.RTNH_F_ONLINK : 0,
        rtnh_hops: weight - 1,
        rtnh_ifindex: dev === undefined ? 0 : known.index(dev),
      })).raw(attributes.finish());
    }
  }, true);
}

/** How far a route reaches if nobody says. */
function defaultScope(
  spec: RouteSpec,
  family: number,
  deleting: boolean,
): number {
  if (family === AF_INET6) return rt.RT_SCOPE_UNIVERSE;
  switch (spec.type) {
    case "local":
      return rt.RT_SCOPE_HOST;
    case "broadcast":
    case "multicast":
    case "anycast":
      return rt.RT_SCOPE_LINK;
    case undefined:
    case "unicast":
      if (deleting) return rt.RT_SCOPE_NOWHERE;
      return spec.via === undefined && spec.nexthops === undefined &&
          spec.nhid === undefined
        ? rt.RT_SCOPE_LINK
        : rt.RT_SCOPE_UNIVERSE;
  }
  return deleting ? rt.RT_SCOPE_NOWHERE : rt.RT_SCOPE_UNIVERSE;
}

function defaultTable({ type }: RouteSpec): number {
  return type === "local" || type === "broadcast" || type === "anycast"
    ? rt.RT_TABLE_LOCAL
    : rt.RT_TABLE_MAIN;
}

function change(
  verb: string,
  type: number,
  flags: number,
  given: RouteSpec,
): Change {
  const spec = readSpec("route", ROUTE, given, "to");
  const what = `${verb} route ${given.to}`;
  const deleting = type === rt.RTM_DELROUTE;
  const family = familyOf(spec);
  const to = destination(spec, family);
  return checked({
    what,
    requests(known) {
      const number = Number(spec.table ?? defaultTable(spec));
      const kind = spec.type ?? (deleting ? undefined : "unicast");
      const from = spec.from && bytesOf("from", spec.from, family);
      const body = new AttributeWriter().raw(rt.rtmsg.build({
        rtm_family: family,
        rtm_dst_len: to?.prefix ?? 0,
        rtm_src_len: from ? from.prefix : 0,
        rtm_tos: spec.tos ?? 0,
        rtm_table: number < 256 ? number : rt.RT_TABLE_UNSPEC,
        rtm_protocol: Number(spec.protocol ?? (deleting ? 0 : rt.RTPROT_BOOT)),
        rtm_scope: Number(spec.scope ?? defaultScope(spec, family, deleting)),
        rtm_type: kind === undefined ? rt.RTN_UNSPEC : TYPES[kind],
        rtm_flags: spec.onlink ? rt.RTNH_F_ONLINK : 0,
      }));
      if (to !== undefined) body.bytes(rt.RTA_DST, to.address);
      if (from) body.bytes(rt.RTA_SRC, from.address);
      if (number >= 256) body.u32(rt.RTA_TABLE, number);
      if (spec.via !== undefined) writeVia(body, spec.via, family);
      if (spec.dev !== undefined) {
        body.u32(rt.RTA_OIF, known.index(spec.dev));
      }
      writeOthers(body, spec, family);
      writeMetrics(body, spec);
      if (spec.nexthops !== undefined) {
        writeNexthops(body, spec.nexthops, family, known);
      }
      return [{ type, flags, body: body.finish(), tried: what }];
    },
  });
}

function writeOthers(
  body: AttributeWriter,
  spec: RouteSpec,
  family: number,
): void {
  const { src, metric, expires, realms, nhid, pref } = spec;
  if (src !== undefined) {
    body.bytes(rt.RTA_PREFSRC, bytesOf("src", src, family).address);
  }
  if (metric !== undefined) body.u32(rt.RTA_PRIORITY, metric);
  if (expires !== undefined) body.u32(rt.RTA_EXPIRES, expires);
  if (realms !== undefined) body.u32(rt.RTA_FLOW, Number(realms));
  if (nhid !== undefined) body.u32(rt.RTA_NH_ID, nhid);
  if (pref !== undefined) body.u8(rt.RTA_PREF, PREFERENCES[pref]);
}

/**
 * A route to add; there must be none like it yet.
 *
 * Source: ip-route(8), rtnetlink(7).
 *
 * @param spec The route.
 * @throws {ArgumentError} If something in it cannot be right.
 *
 * @example
 * ```ts
 * import { addRoute } from "@netplumb/netplumb";
 *
 * addRoute({ to: "default", via: "192.0.2.254" });
 * addRoute({
 *   to: "198.51.100.0/24",
 *   nexthops: [
 *     { via: "192.0.2.2", weight: 2 },
 *     { via: "192.0.2.3", weight: 1 },
 *   ],
 *   mtu: 1400,
 * });
 * addRoute({ to: "203.0.113.0/24", type: "blackhole", table: 100 });
 * ```
 */
export function addRoute(spec: RouteSpec): Change {
  return change("add", rt.RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, spec);
}

/**
 * A route to add, or to put in the place of the one that is there.
 *
 * Source: ip-route(8), rtnetlink(7).
 *
 * @param spec The route.
 * @throws {ArgumentError} If something in it cannot be right.
 *
 * @example
 * ```ts
 * import { replaceRoute } from "@netplumb/netplumb";
 *
 * replaceRoute({ to: "default", via: "192.0.2.253" });
 * ```
 */
export function replaceRoute(spec: RouteSpec): Change {
  return change("replace", rt.RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, spec);
}

/**
 * A route to add behind those like it: of IPv6, a further way.
 *
 * Source: ip-route(8), rtnetlink(7).
 *
 * @param spec The route.
 * @throws {ArgumentError} If something in it cannot be right.
 *
 * @example
 * ```ts
 * import { appendRoute } from "@netplumb/netplumb";
 *
 * appendRoute({ to: "2001:db8:1::/48", via: "2001:db8::2" });
 * ```
 */
export function appendRoute(spec: RouteSpec): Change {
  return change("append", rt.RTM_NEWROUTE, NLM_F_CREATE | NLM_F_APPEND, spec);
}

/**
 * A route to delete: the first that is as the spec says.
 *
 * Source: ip-route(8), rtnetlink(7).
 *
 * @param spec The route, as much of it as tells it from others.
 * @throws {ArgumentError} If something in it cannot be right.
 *
 * @example
 * ```ts
 * import { deleteRoute } from "@netplumb/netplumb";
 *
 * deleteRoute({ to: "default" });
 * ```
 */
export function deleteRoute(spec: RouteSpec): Change {
  return change("delete", rt.RTM_DELROUTE, 0, spec);
}
