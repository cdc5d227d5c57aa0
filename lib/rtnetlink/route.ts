// Routes: RTM_NEWROUTE and RTM_DELROUTE. Source: rtnetlink(7), ip-route(8).
//
// decodeRoute() is the decoder that runs most often: one pass, and one object
// shape for all common routes. Uncommon attributes are not part of the shape,
// because memory is half of a dump's time beyond the kernel.

import { NLA_HDRLEN, NLA_TYPE_MASK } from "../../ffi/uapi/linux_netlink.ts";
import * as rt from "../../ffi/uapi/linux_rtnetlink.ts";
import { AF_INET, AF_INET6, AF_MPLS } from "../../ffi/uapi/sys_socket.ts";
import { ArgumentError } from "../errors.ts";
import { sharedCidr } from "../net/prefix.ts";
import type { UnknownAttribute } from "../netlink/attribute.ts";
import type { MessageReader } from "../netlink/message.ts";
import type { Change, Verb } from "./changes/change.ts";
import {
  encapsulationFields,
  type RouteEncapsulation,
} from "./encapsulation.ts";
import {
  type AddressFamily,
  addressText,
  cachedAddressText,
  familyName,
} from "./family.ts";
import {
  encodedMetrics,
  METRICS,
  type RouteMetrics,
  type RouteMetricsSpec,
} from "./metrics.ts";
import {
  protocolName,
  routeTypeName,
  scopeName,
  serviceName,
  tableName,
} from "./names/iproute2.ts";
import { type Nexthop, NEXTHOP_OBJECT } from "./nexthop.ts";
import {
  decodeCache,
  isZero,
  printCache,
  type RouteCache,
} from "./route_cache.ts";
import {
  decodeNexthops,
  gatewayFields,
  nexthopList,
  nexthopsJson,
  type NexthopSpec,
  nexthopsText,
  type RouteNexthop,
  type RouteVia,
  sameNexthops,
  writeNexthops,
} from "./route_nexthop.ts";
import { realmsJson, routeFlags } from "./route_parts.ts";
import { type OptionValues, toggleWord } from "./spec/attribute.ts";
import { i32, u32 as u32Codec, u8 } from "./spec/codec.ts";
import {
  protocol,
  realms,
  scope,
  table,
  tos,
  u32,
} from "./spec/named_number.ts";
import {
  comparedValue,
  device,
  fieldsOf,
  ip,
  type ObjectAttribute,
  ObjectTable,
} from "./spec/object.ts";
import { attributeNames } from "./spec/constants.ts";
import {
  cidr,
  ipAddress,
  labels,
  networkOrLabel,
  oneOf,
} from "./spec/value.ts";

/**
 * A route of the kernel. Numbers are those of linux/rtnetlink.h; `ipRoute()`
 * returns their names. Source: rtnetlink(7), ip-route(8).
 */
export interface Route {
  /** "inet", "inet6", "mpls", or "ipmr" and "ip6mr" for multicast routing. */
  readonly family: AddressFamily;
  /** RTN_*, 1 for an ordinary route. */
  type: number;
  /** The destination's address; undefined for a default route. */
  destination: string | undefined;
  /** The prefix length of the destination, in bits. */
  prefixLength: number;
  /** The routing table, 254 for main. */
  table: number;
  /** The origin, RTPROT_*: 2 for the kernel. */
  protocol: number;
  /** RT_SCOPE_*, 0 for global. */
  scope: number;
  /** RTM_F_* and RTNH_F_* bits. */
  flags: number;
  /** The outgoing interface, 0 for none. */
  ifindex: number;
  /** The next hop's address. */
  gateway: string | undefined;
  /** The metric: lower is preferred; undefined for 0. */
  metric: number | undefined;
  /** The source address of local packets. */
  preferredSource?: string;
  /** ICMPv6 router preference: 0 medium, 1 high, 3 low. Source: RFC 4191. */
  preference?: number;
  /** The source prefix that it applies to. */
  source?: string;
  /** The prefix length of the source, in bits. */
  sourceLength?: number;
  /** The type of service that it applies to. */
  tos?: number;
  /** A gateway of another family. */
  via?: RouteVia;
  /** The incoming interface. */
  inputIfindex?: number;
  /** The id of its nexthop object. */
  nexthopId?: number;
  /** The nexthops of a multipath route. */
  nexthops?: RouteNexthop[];
  /** The properties of the path. */
  metrics?: RouteMetrics;
  /** The packet mark that it applies to. */
  mark?: number;
  /** Routing realms, from << 16 | to. */
  realms?: number;
  /** The user that it applies to. */
  uid?: number;
  /** Whether MPLS propagates the TTL of the packets. */
  ttlPropagate?: number;
  /** The outgoing MPLS labels. */
  newDestination?: string;
  /** The encapsulation of packets. */
  encapsulation?: RouteEncapsulation;
  /** Ages and counters, if one of them is not 0. */
  cache?: RouteCache;
  /** Unknown attributes. */
  unknown?: UnknownAttribute[];
}

/** Options of a route, with the keys of iproute2. Source: ip-route(8). */
export interface RouteSpec extends RouteMetricsSpec {
  /** The destination: a network, an address, "default", or an MPLS label. */
  readonly to: string;
  /** The type; default: "unicast". */
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
  /** The next hop's address; may be of the other family. */
  readonly via?: string;
  /** The outgoing interface. */
  readonly dev?: string | number;
  /** The nexthops of a multipath route. */
  readonly nexthops?: readonly NexthopSpec[];
  /** The id of a nexthop object. */
  readonly nhid?: number;
  /** The encapsulation, in the words of ip-route(8): "mpls 100/200 ttl 5". */
  readonly encap?: string;
  /** The labels that replace the one of an MPLS route: "200/300". */
  readonly as?: string;
  /** The routing table; default: main. */
  readonly table?: number | string;
  /** The metric: lower is preferred. */
  readonly metric?: number;
  /** The source address of local packets. */
  readonly src?: string;
  /** The source prefix; IPv6 only. */
  readonly from?: string;
  /** The type of service of packets: a number, hexadecimal text or a name. */
  readonly tos?: number | string;
  /** The scope. */
  readonly scope?: number | string;
  /** The origin; default: "boot". */
  readonly protocol?: number | string;
  /** Treat the next hop as directly reachable, regardless of addresses. */
  readonly onlink?: boolean;
  /** The router's preference; IPv6 only. */
  readonly pref?: "low" | "medium" | "high";
  /** Seconds until it expires; IPv6 only. */
  readonly expires?: number;
  /** Realms, as "FROM/TO" or "TO"; IPv4 only. */
  readonly realms?: string | number;
  /** Whether the TTL of packets is copied into the labels; MPLS only. */
  readonly "ttl-propagate"?: "enabled" | "disabled";
  /**
   * "mpls" for a label, or the family of a default route without an address.
   */
  readonly family?: "inet" | "inet6" | "mpls";
}

/** The type of a route. */
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
type Preference = keyof typeof PREFERENCES;

const field = fieldsOf<Route>();
const gateway = gatewayFields<Route>();

/** The metrics as options of a route. */
const metricOptions = Object.fromEntries(
  Object.entries(METRICS.entries).map(([word, metric]) => {
    const { expected, schema, read, same, text } = metric;
    const valueOf = comparedValue(metric);
    const of = ({ metrics = {} }: Route) => valueOf(metrics);
    return [word, { expected, schema, read, same, text, of }];
  }),
) as unknown as {
  readonly [Word in keyof RouteMetricsSpec]-?: ObjectAttribute<Route>;
};

const encapsulation = encapsulationFields<Route>(
  rt.RTA_ENCAP_TYPE,
  rt.RTA_ENCAP,
);

/** The attributes of routes, in iproute2's order. */
export const ROUTE: ObjectTable<Route, RouteSpec> = new ObjectTable({
  name: "route",
  message: rt.RTM_NEWROUTE,
  struct: rt.rtmsg,
  constants: {
    of: rt,
    prefix: "RTA_",
    inside: {
      [rt.RTA_METRICS]: () =>
        attributeNames(
          { of: rt, prefix: "RTAX_", but: ["RTAX_FEATURE_"] },
          METRICS.entries,
        ),
    },
  },
  required: ["to"],
  initial: {
    destination: undefined,
    ifindex: 0,
    gateway: undefined,
    metric: undefined,
  },
  title: ({ to }) => to,
  familyOf,
  prepare,
  finish(route) {
    if (!route.tos) delete route.tos;
    if (!route.sourceLength) delete route.sourceLength;
  },
}, {
  family: { ...oneOf(["inet", "inet6", "mpls"]), compare: false },
  type: field.header("type", "rtm_type", {
    ...oneOf(Object.keys(TYPES) as RouteType[]),
    toRaw: (type) => TYPES[type],
    compare: true,
    text: routeTypeName,
    key: "type",
    json: (type, _, { details }) =>
      type === rt.RTN_UNICAST && !details ? undefined : routeTypeName(type),
  }),
  to: field.attribute("destination", rt.RTA_DST, ip, {
    ...networkOrLabel,
    common: true,
    compare: false,
    print(json, { destination, prefixLength, family }) {
      const host = hostLength(family);
      json.dst = networkText(destination, prefixLength, host, "default");
    },
  }),
  prefixLength: field.header("prefixLength", "rtm_dst_len"),
  from: field.attribute("source", rt.RTA_SRC, ip, {
    ...cidr,
    compare: false,
    print(json, { source, sourceLength = 0, family }) {
      if (source !== undefined) {
        const host = hostLength(family);
        json.from = networkText(source, sourceLength, host, "");
      } else if (sourceLength) json.src = `0/${sourceLength}`;
    },
  }),
  sourceLength: field.header("sourceLength", "rtm_src_len"),
  nhid: field.attribute("nexthopId", rt.RTA_NH_ID, u32Codec, {
    ...u32,
    key: "nhid",
  }),
  as: field.attribute("newDestination", rt.RTA_NEWDST, ip, {
    ...labels,
    key: "to",
  }),
  encap: {
    ...encapsulation.encap,
    // The kernel reports the gateway of a nexthop object with the route.
    compare: ({ nhid }) => nhid === undefined,
  },
  encapType: encapsulation.encapType,
  tos: field.header("tos", "rtm_tos", {
    ...tos,
    compare: false,
    key: "tos",
    json: (tos) => tos === 0 ? undefined : serviceName(tos),
  }),
  via: {
    ...gateway.via,
    compare: ({ via, type, nhid, nexthops }) =>
      nhid === undefined && nexthops === undefined &&
      (via !== undefined || type === undefined || type === "unicast"),
    // A multipath route reports all its nexthops.
    of: ({ gateway, via, nexthops }) =>
      nexthops?.map((hop) => hop.gateway ?? hop.via?.address ?? "") ??
        gateway ?? via?.address,
  },
  otherVia: gateway.otherVia,
  dev: field.attribute("ifindex", rt.RTA_OIF, i32, {
    ...device,
    common: true,
    key: "dev",
    json: (ifindex, _, { names, oneDevice }) =>
      ifindex === 0 || oneDevice ? undefined : names.name(ifindex),
  }),
  table: field("table", {
    ...table,
    common: true,
    header: "rtm_table",
    number: rt.RTA_TABLE,
    codec: u32Codec,
    compare: false,
    key: "table",
    json: (table, _, { details, oneTable }) =>
      table === 0 || (table === rt.RT_TABLE_MAIN && !details) || oneTable
        ? undefined
        : tableName(table),
  }),
  protocol: field.header("protocol", "rtm_protocol", {
    ...protocol,
    key: "protocol",
    json: (protocol, { flags }, { details, oneProtocol }) =>
      (protocol === rt.RTPROT_BOOT && !details) || oneProtocol ||
        (flags & rt.RTM_F_CLONED) !== 0
        ? undefined
        : protocolName(protocol),
  }),
  scope: field.header("scope", "rtm_scope", {
    ...scope,
    key: "scope",
    json: (scope, { flags }, { details, oneScope }) =>
      (scope === rt.RT_SCOPE_UNIVERSE && !details) || oneScope ||
        (flags & rt.RTM_F_CLONED) !== 0
        ? undefined
        : scopeName(scope),
  }),
  src: field.attribute("preferredSource", rt.RTA_PREFSRC, ip, {
    ...ipAddress,
    common: true,
    key: "prefsrc",
  }),
  metric: field.attribute("metric", rt.RTA_PRIORITY, u32Codec, {
    ...u32,
    common: true,
    compare: false,
    key: "metric",
  }),
  flags: field.header("flags", "rtm_flags", {
    key: "flags",
    json: routeFlags,
  }),
  onlink: field.bit("flags", rt.RTNH_F_ONLINK, { ...toggleWord }),
  mark: field.attribute("mark", rt.RTA_MARK, u32Codec, {
    key: "mark",
    json: (mark) => mark === 0 ? undefined : mark,
  }),
  realms: field.attribute("realms", rt.RTA_FLOW, u32Codec, {
    ...realms,
    key: "flow",
    json: realmsJson,
  }),
  uid: field.attribute("uid", rt.RTA_UID, u32Codec, { key: "uid" }),
  cache: field("cache", {
    number: rt.RTA_CACHEINFO,
    codec: { read: decodeCache },
    print: printCache,
  }),
  // Reported in RTA_CACHEINFO.
  expires: {
    ...u32,
    number: rt.RTA_EXPIRES,
    codec: { write: u32Codec.write },
    compare: false,
  },
  metrics: field("metrics", {
    number: rt.RTA_METRICS,
    decode(route, value, family) {
      METRICS.decodeAttributes(route.metrics = {}, value.enter(), family);
    },
    encode(body, spec, encoding) {
      const metrics = encodedMetrics(spec, encoding);
      if (metrics !== undefined) body.bytes(rt.RTA_METRICS, metrics);
    },
    key: "metrics",
    json: (metrics, _, context) => [METRICS.json(metrics, context)],
  }),
  ...metricOptions,
  iif: field.attribute("inputIfindex", rt.RTA_IIF, i32, {
    key: "iif",
    json: (ifindex, _, { names }) => names.name(ifindex),
  }),
  pref: field.attribute("preference", rt.RTA_PREF, u8, {
    ...oneOf(Object.keys(PREFERENCES) as Preference[]),
    common: true,
    toRaw: (name) => PREFERENCES[name],
    text: (preference) => `${preferenceName(preference)}`,
    key: "pref",
    json: preferenceName,
  }),
  "ttl-propagate": field.attribute("ttlPropagate", rt.RTA_TTL_PROPAGATE, u8, {
    ...oneOf(["enabled", "disabled"]),
    toRaw: (word) => word === "enabled" ? 1 : 0,
    text: (isOn) => isOn ? "enabled" : "disabled",
    // iproute2's spelling.
    key: "ttl-propogate",
    json: (isOn) => isOn !== 0,
  }),
  nexthopObject: {
    print(json, { nexthopId }, context) {
      if (nexthopId === undefined || !context.details) return;
      const nexthop = context.nexthops?.get(nexthopId) as Nexthop | undefined;
      if (nexthop !== undefined) {
        json.nh_info = NEXTHOP_OBJECT.json(nexthop, context);
      }
    },
  },
  nexthops: field<"nexthops", readonly NexthopSpec[]>("nexthops", {
    ...nexthopList,
    number: rt.RTA_MULTIPATH,
    codec: { read: decodeNexthops },
    encode: writeNexthops,
    of: ({ nexthops, ...route }) => nexthops ?? [{ ...route, weight: 1 }],
    same: sameNexthops,
    text: nexthopsText,
    key: "nexthops",
    json: (nexthops, { family }, context) =>
      nexthopsJson(nexthops, family, context),
  }),
});

function preferenceName(preference: number): string | number {
  return (Object.keys(PREFERENCES) as Preference[])
    .find((name) => PREFERENCES[name] === preference) ?? preference;
}

/** The number of bits of an address of the family, or -1. */
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

function networkText(
  address: string | undefined,
  length: number,
  host: number,
  any: string,
): string {
  if (address === undefined) return length === 0 ? any : `0/${length} `;
  return length === host ? address : `${address}/${length}`;
}

/** The family of a route: that of its first address. */
function familyOf(spec: RouteSpec): number {
  if (spec.family === "mpls") return AF_MPLS;
  const first = spec.to === "default" ? undefined : spec.to;
  const address = first ?? spec.src ?? spec.from ?? spec.via ??
    spec.nexthops?.find(({ via }) => via !== undefined)?.via;
  const length = address === undefined
    ? spec.family === "inet6" ? 16 : 4
    : sharedCidr(address).address.length;
  if (
    spec.family !== undefined && (spec.family === "inet6") !== (length === 16)
  ) throw new ArgumentError("family", spec.family, `that of ${address}`);
  return length === 16 ? AF_INET6 : AF_INET;
}

/** Checks the options and returns the values of the request. */
function prepare(spec: RouteSpec, verb: Verb): OptionValues {
  const deleting = verb === "delete";
  const family = familyOf(spec);
  const isIPv6 = family === AF_INET6;
  if (family === AF_MPLS) {
    return {
      type: "unicast",
      table: rt.RT_TABLE_MAIN,
      protocol: deleting ? undefined : rt.RTPROT_BOOT,
      scope: rt.RT_SCOPE_UNIVERSE,
      ...spec,
      prefixLength: hostLength("mpls"),
      metrics: spec,
    };
  }
  // As in ip(8), a default route has RTA_DST only if the family was given.
  const any = spec.family && (isIPv6 ? "::" : "0.0.0.0");
  const length = (text: string | undefined) =>
    text === undefined ? undefined : sharedCidr(text).prefix;
  return {
    ...spec,
    to: spec.to === "default" ? any : spec.to,
    prefixLength: spec.to === "default" ? 0 : length(spec.to),
    sourceLength: length(spec.from),
    type: spec.type ?? (deleting ? undefined : "unicast"),
    table: spec.table ?? defaultTable(spec),
    protocol: spec.protocol ?? (deleting ? undefined : rt.RTPROT_BOOT),
    scope: spec.scope ?? defaultScope(spec, family, deleting),
    metrics: spec,
  };
}

/** The default scope of a route. */
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

// Local constants: V8 inlines them; an imported binding costs a load and a
// check.
const HEADER = NLA_HDRLEN;
const TYPE_MASK = NLA_TYPE_MASK;
const DST = rt.RTA_DST;
const GATEWAY = rt.RTA_GATEWAY;
const PREFSRC = rt.RTA_PREFSRC;
const OIF = rt.RTA_OIF;
const TABLE = rt.RTA_TABLE;
const PRIORITY = rt.RTA_PRIORITY;
const PREF = rt.RTA_PREF;
const CACHEINFO = rt.RTA_CACHEINFO;
const CACHEINFO_SIZE = rt.rta_cacheinfo.size;
const SIZE = rt.rtmsg.size;
const isUnset = isZero;

/**
 * Returns an object with the same shape as a literal. For a literal, V8 guesses
 * the lifetime of the objects, wrongly if a dump outlives several collections,
 * and compiles the function again.
 */
function fill(
  this: { -readonly [key in keyof Route]: Route[key] },
  family: AddressFamily,
  type: number,
  destination: string | undefined,
  prefixLength: number,
  table: number,
  protocol: number,
  scope: number,
  flags: number,
  ifindex: number,
  gateway: string | undefined,
  metric: number | undefined,
): void {
  this.family = family;
  this.type = type;
  this.destination = destination;
  this.prefixLength = prefixLength;
  this.table = table;
  this.protocol = protocol;
  this.scope = scope;
  this.flags = flags;
  this.ifindex = ifindex;
  this.gateway = gateway;
  this.metric = metric;
}
const Common = fill as unknown as new (
  ...fields: Parameters<typeof fill>
) => Route;
Common.prototype = Object.prototype;

/**
 * Decodes an RTM_NEWROUTE or RTM_DELROUTE message; undefined if it is
 * truncated.
 *
 * Source: rtnetlink(7).
 *
 * @param message The message, at the position of the reader.
 */
export function decodeRoute(message: MessageReader): Route | undefined {
  if (!message.holds(SIZE)) return undefined;
  const { bytes, words, payload, end } = message;
  const word = payload >> 2;
  const head = words[word]!;
  const rest = words[word + 1]!;
  const family = familyName(head & 0xff);
  let table = rest & 0xff;
  let ifindex = 0;
  let destination: string | undefined;
  let gateway: string | undefined;
  let preferredSource: string | undefined;
  let metric: number | undefined;
  let preference: number | undefined;
  let uncommon = false;
  // AttributeReader.next() inlined, and each field written once: half the time.
  let at = payload + SIZE;
  while (end - at >= HEADER) {
    const header = words[at >> 2]!;
    const length = header & 0xffff;
    if (length < HEADER || length > end - at) break;
    const value = at + HEADER;
    switch (header >>> 16 & TYPE_MASK) {
      case DST:
        destination = addressText(family, bytes, value, length - HEADER);
        break;
      case GATEWAY:
        gateway = cachedAddressText(
          family,
          words,
          bytes,
          value,
          length - HEADER,
        );
        break;
      case PREFSRC:
        preferredSource = cachedAddressText(
          family,
          words,
          bytes,
          value,
          length - HEADER,
        );
        break;
      case OIF:
        if (length >= 8) ifindex = words[value >> 2]!;
        break;
      case TABLE:
        if (length >= 8) table = words[value >> 2]! >>> 0;
        break;
      case PRIORITY:
        if (length >= 8) metric = words[value >> 2]! >>> 0;
        break;
      case PREF:
        if (length >= 5) preference = bytes[value];
        break;
      case CACHEINFO:
        // Every IPv6 route has one; it is zero except for routes that expire.
        uncommon ||= length >= HEADER + CACHEINFO_SIZE &&
          !isUnset(words, value >> 2, CACHEINFO_SIZE >> 2);
        break;
      default:
        uncommon = true;
    }
    at += length + 3 & ~3;
  }
  if (at < end && !uncommon) message.counters.malformed++;
  const route = new Common(
    family,
    rest >>> 24,
    destination,
    head >> 8 & 0xff,
    table,
    rest >> 8 & 0xff,
    rest >> 16 & 0xff,
    words[word + 2]!,
    ifindex,
    gateway,
    metric,
  );
  if (preferredSource !== undefined) route.preferredSource = preferredSource;
  if (preference !== undefined) route.preference = preference;
  if (head >>> 16 !== 0) {
    if (head >>> 24 !== 0) route.tos = head >>> 24;
    if ((head >> 16 & 0xff) !== 0) route.sourceLength = head >> 16 & 0xff;
  }
  if (uncommon) {
    ROUTE.decodeAttributes(route, message.attributes(SIZE), family, true);
  }
  return route;
}

/**
 * Builds a change that adds a route; fails with EEXIST if it exists.
 *
 * Source: ip-route(8), rtnetlink(7).
 *
 * @param spec The options of the route.
 * @throws {ArgumentError} For an invalid value.
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
  return ROUTE.change("add", spec);
}

/**
 * Builds a change that adds a route or replaces an existing one.
 *
 * Source: ip-route(8), rtnetlink(7).
 *
 * @param spec The options of the route.
 * @throws {ArgumentError} For an invalid value.
 *
 * @example
 * ```ts
 * import { replaceRoute } from "@netplumb/netplumb";
 *
 * replaceRoute({ to: "default", via: "192.0.2.253" });
 * ```
 */
export function replaceRoute(spec: RouteSpec): Change {
  return ROUTE.change("replace", spec);
}

/**
 * Builds a change that appends a route after existing ones with the same
 * destination; for IPv6, another nexthop.
 *
 * Source: ip-route(8), rtnetlink(7).
 *
 * @param spec The options of the route.
 * @throws {ArgumentError} For an invalid value.
 *
 * @example
 * ```ts
 * import { appendRoute } from "@netplumb/netplumb";
 *
 * appendRoute({ to: "2001:db8:1::/48", via: "2001:db8::2" });
 * ```
 */
export function appendRoute(spec: RouteSpec): Change {
  return ROUTE.change("append", spec);
}

/**
 * Builds a change that deletes the first matching route.
 *
 * Source: ip-route(8), rtnetlink(7).
 *
 * @param spec The options that identify the route.
 * @throws {ArgumentError} For an invalid value.
 *
 * @example
 * ```ts
 * import { deleteRoute } from "@netplumb/netplumb";
 *
 * deleteRoute({ to: "default" });
 * ```
 */
export function deleteRoute(spec: RouteSpec): Change {
  return ROUTE.change("delete", spec);
}
