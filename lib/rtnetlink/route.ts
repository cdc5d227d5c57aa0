// Routes: RTM_NEWROUTE and RTM_DELROUTE. The hottest decoder of all: one pass,
// one object with the same fields in the same order for all common routes. It
// has no more of them than most routes need: half of a dump's time beyond the
// kernel is memory.

import { NLA_HDRLEN, NLA_TYPE_MASK } from "../../ffi/uapi/linux_netlink.ts";
import {
  RTA_CACHEINFO,
  rta_cacheinfo,
  RTA_DST,
  RTA_ENCAP,
  RTA_ENCAP_TYPE,
  RTA_FLOW,
  RTA_GATEWAY,
  RTA_IIF,
  RTA_MARK,
  RTA_METRICS,
  RTA_MULTIPATH,
  RTA_NEWDST,
  RTA_NH_ID,
  RTA_OIF,
  RTA_PREF,
  RTA_PREFSRC,
  RTA_PRIORITY,
  RTA_SRC,
  RTA_TABLE,
  RTA_TTL_PROPAGATE,
  RTA_UID,
  RTA_VIA,
  rtmsg,
  rtnexthop,
  rtvia,
} from "../../ffi/uapi/linux_rtnetlink.ts";
import type {
  AttributeReader,
  UnknownAttribute,
} from "../netlink/attribute.ts";
import type { MessageReader } from "../netlink/message.ts";
import {
  type AddressFamily,
  addressText,
  familyName,
  rememberedAddressText,
} from "./family.ts";
import { decodeMetrics, type RouteMetrics } from "./metrics.ts";

/** A gateway of another family than the route's. */
export interface RouteVia {
  /** Of the gateway. */
  readonly family: AddressFamily;
  /** The gateway's address. */
  readonly address: string;
}

/** An encapsulation, as the kernel gave it. */
export interface RouteEncapsulation {
  /** LWTUNNEL_ENCAP_*, for example 1 for MPLS. Source: linux/lwtunnel.h. */
  readonly type: number;
  /** Its attributes. */
  readonly attributes: Uint8Array<ArrayBuffer>;
}

/** One way of a multipath route. */
export interface RouteNexthop {
  /** The link packets leave by, 0 where there is none. */
  ifindex: number;
  /** Its share of the packets, 1 to 256. */
  weight: number;
  /** RTNH_F_* bits. Source: linux/rtnetlink.h. */
  flags: number;
  /** The next hop's address. */
  gateway?: string | undefined;
  /** A gateway of another family. */
  via?: RouteVia;
  /** Routing realms, from << 16 | to. */
  realms?: number;
  /** The labels MPLS puts in place of those that came. */
  newDestination?: string;
  /** What packets are wrapped in. */
  encapsulation?: RouteEncapsulation;
}

/** Times and counts the kernel keeps beside a route. */
export interface RouteCache {
  /** References. */
  readonly references: number;
  /** USER_HZ since the last use. */
  readonly lastUse: number;
  /** USER_HZ until it expires, negative once it has. */
  readonly expires: number;
  /** An error number for who uses it. */
  readonly error: number;
  /** How often it was used. */
  readonly used: number;
  /** An identification for packets, of old kernels. */
  readonly id: number;
  /** A TCP timestamp, of old kernels. */
  readonly timestamp: number;
  /** Its age, of old kernels. */
  readonly timestampAge: number;
}

/**
 * A route of the kernel's. Numbers are those of linux/rtnetlink.h; `ipRoute()`
 * gives them their names. Source: rtnetlink(7), ip-route(8).
 */
export interface Route {
  /** "inet", "inet6", "mpls", or "ipmr" and "ip6mr" of multicast. */
  readonly family: AddressFamily;
  /** RTN_*, 1 for an ordinary route. */
  type: number;
  /** The destination's address; undefined for a default route. */
  destination: string | undefined;
  /** How many bits of it count. */
  prefixLength: number;
  /** The routing table, 254 for main. */
  table: number;
  /** RTPROT_*, who made it: 2 for the kernel. */
  protocol: number;
  /** RT_SCOPE_*, 0 for global. */
  scope: number;
  /** RTM_F_* and RTNH_F_* bits. */
  flags: number;
  /** The link packets leave by, 0 where there is none. */
  ifindex: number;
  /** The next hop's address. */
  gateway: string | undefined;
  /** The smaller, the more preferred; undefined for 0. */
  metric: number | undefined;
  /** The source address for packets of this machine. */
  preferredSource?: string;
  /** ICMPv6 router preference: 0 medium, 1 high, 3 low. Source: RFC 4191. */
  preference?: number;
  /** The source address it is for. */
  source?: string;
  /** How many bits of it count. */
  sourceLength?: number;
  /** The type of service it is for. */
  tos?: number;
  /** A gateway of another family. */
  via?: RouteVia;
  /** The link packets arrived by. */
  inputIfindex?: number;
  /** The id of its nexthop object. */
  nexthopId?: number;
  /** The ways of a multipath route. */
  nexthops?: RouteNexthop[];
  /** What is known of the path beyond it. */
  metrics?: RouteMetrics;
  /** The packet mark it is for. */
  mark?: number;
  /** Routing realms, from << 16 | to. */
  realms?: number;
  /** The user it is for. */
  uid?: number;
  /** Whether MPLS takes over the TTL of the packets. */
  ttlPropagate?: number;
  /** The labels MPLS puts in place of those that came. */
  newDestination?: string;
  /** What packets are wrapped in. */
  encapsulation?: RouteEncapsulation;
  /** Only where the kernel keeps something that is not 0. */
  cache?: RouteCache;
  /** Attributes nobody here knows. */
  unknown?: UnknownAttribute[];
}

// The module's own: what is imported is looked up at each use.
const HEADER = NLA_HDRLEN;
const TYPE_MASK = NLA_TYPE_MASK;
const DST = RTA_DST;
const GATEWAY = RTA_GATEWAY;
const PREFSRC = RTA_PREFSRC;
const OIF = RTA_OIF;
const TABLE = RTA_TABLE;
const PRIORITY = RTA_PRIORITY;
const PREF = RTA_PREF;
const CACHEINFO = RTA_CACHEINFO;
const CACHEINFO_SIZE = rta_cacheinfo.size;
const SIZE = rtmsg.size;

/**
 * Makes what a literal would make. Of a literal V8 guesses how long its objects
 * live, wrongly where a dump outlives a few collections, and compiles anew.
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
 * Reads an RTM_NEWROUTE or RTM_DELROUTE message; undefined if it is cut off.
 *
 * Source: rtnetlink(7).
 *
 * @param message The message, as a reader stands on it.
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
  // AttributeReader.next() by hand, and no field written twice: half the time.
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
        gateway = rememberedAddressText(
          family,
          words,
          bytes,
          value,
          length - HEADER,
        );
        break;
      case PREFSRC:
        preferredSource = rememberedAddressText(
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
        // Every IPv6 route has one, of zeroes but for those that expire.
        uncommon ||= length >= HEADER + CACHEINFO_SIZE &&
          !isZero(words, value >> 2, CACHEINFO_SIZE >> 2);
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
  if (uncommon) decodeUncommon(route, message.attributes(SIZE));
  return route;
}

/** Whether so many words are zero. */
function isZero(
  words: Int32Array,
  from: number,
  count: number,
): boolean {
  let any = 0;
  for (let word = from; word < from + count; word++) any |= words[word]!;
  return any === 0;
}

/** Reads the attributes of a route that are not common. */
function decodeUncommon(route: Route, attributes: AttributeReader): void {
  while (attributes.next()) decodeUncommonOne(route, attributes);
}

function decodeUncommonOne(route: Route, attributes: AttributeReader): void {
  const { bytes, at, length } = attributes;
  const { family } = route;
  switch (attributes.type) {
    case RTA_DST:
    case RTA_GATEWAY:
    case RTA_PREFSRC:
    case RTA_OIF:
    case RTA_TABLE:
    case RTA_PRIORITY:
    case RTA_PREF:
      break;
    case RTA_SRC:
      route.source = addressText(family, bytes, at, length);
      break;
    case RTA_IIF:
      route.inputIfindex = attributes.i32();
      break;
    case RTA_METRICS:
      route.metrics = decodeMetrics(attributes.enter());
      break;
    case RTA_MULTIPATH:
      route.nexthops = decodeMultipath(family, attributes);
      break;
    case RTA_FLOW:
      route.realms = attributes.u32();
      break;
    case RTA_CACHEINFO:
      decodeCache(route, attributes);
      break;
    case RTA_MARK:
      route.mark = attributes.u32();
      break;
    case RTA_VIA:
      route.via = decodeVia(attributes);
      break;
    case RTA_NEWDST:
      route.newDestination = addressText(family, bytes, at, length);
      break;
    case RTA_ENCAP_TYPE:
      route.encapsulation = {
        type: attributes.u16(),
        attributes: route.encapsulation?.attributes ?? NONE,
      };
      break;
    case RTA_ENCAP:
      route.encapsulation = {
        type: route.encapsulation?.type ?? 0,
        attributes: attributes.copy(),
      };
      break;
    case RTA_UID:
      route.uid = attributes.u32();
      break;
    case RTA_TTL_PROPAGATE:
      route.ttlPropagate = attributes.u8();
      break;
    case RTA_NH_ID:
      route.nexthopId = attributes.u32();
      break;
    default:
      (route.unknown ??= []).push(attributes.unknown());
  }
}

const NONE = new Uint8Array(0);

function decodeVia(attributes: AttributeReader): RouteVia {
  const family = familyName(attributes.u16());
  const { bytes, at, length } = attributes;
  return {
    family,
    address: addressText(
      family,
      bytes,
      at + rtvia.size,
      Math.max(0, length - rtvia.size),
    ),
  };
}

function decodeCache(route: Route, attributes: AttributeReader): void {
  if (attributes.length < rta_cacheinfo.size) return;
  const { words } = attributes;
  const word = attributes.at >> 2;
  if (isZero(words, word, rta_cacheinfo.size >> 2)) return;
  route.cache = {
    references: words[word]! >>> 0,
    lastUse: words[word + 1]! >>> 0,
    expires: words[word + 2]!,
    error: words[word + 3]! >>> 0,
    used: words[word + 4]! >>> 0,
    id: words[word + 5]! >>> 0,
    timestamp: words[word + 6]! >>> 0,
    timestampAge: words[word + 7]! >>> 0,
  };
}

/** The rtnexthop structs of RTA_MULTIPATH, each with attributes of its own. */
function decodeMultipath(
  family: AddressFamily,
  attributes: AttributeReader,
): RouteNexthop[] {
  const { words, bytes } = attributes;
  const nexthops: RouteNexthop[] = [];
  const end = attributes.at + attributes.length;
  let at = attributes.at;
  while (end - at >= rtnexthop.size) {
    const head = words[at >> 2]!;
    const length = head & 0xffff;
    if (length < rtnexthop.size || length > end - at) {
      attributes.counters.malformed++;
      break;
    }
    const nexthop: RouteNexthop = {
      ifindex: words[(at >> 2) + 1]!,
      weight: (head >>> 24) + 1,
      flags: head >> 16 & 0xff,
    };
    const inner = attributes.enter();
    inner.reset(at + rtnexthop.size, at + length);
    while (inner.next()) {
      switch (inner.type) {
        case RTA_GATEWAY:
          nexthop.gateway = addressText(family, bytes, inner.at, inner.length);
          break;
        case RTA_VIA:
          nexthop.via = decodeVia(inner);
          break;
        case RTA_FLOW:
          nexthop.realms = inner.u32();
          break;
        case RTA_NEWDST:
          nexthop.newDestination = addressText(
            family,
            bytes,
            inner.at,
            inner.length,
          );
          break;
        case RTA_ENCAP_TYPE:
          nexthop.encapsulation = {
            type: inner.u16(),
            attributes: nexthop.encapsulation?.attributes ?? NONE,
          };
          break;
        case RTA_ENCAP:
          nexthop.encapsulation = {
            type: nexthop.encapsulation?.type ?? 0,
            attributes: inner.copy(),
          };
          break;
      }
    }
    nexthops.push(nexthop);
    at += (length + 3) & ~3;
  }
  return nexthops;
}
