// What most routes do not have: the attributes that decodeRoute() leaves to
// others, so that the path of the common ones stays short.

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
  rtnexthop,
  rtvia,
} from "../../ffi/layout/linux_rtnetlink.ts";
import type { AttributeReader } from "../netlink/attribute.ts";
import { type AddressFamily, addressText, familyName } from "./family.ts";
import { decodeMetrics } from "./metrics.ts";
import type { Route, RouteCache, RouteNexthop, RouteVia } from "./route.ts";

/** Whether so many words are zero. */
export function isZero(
  words: Int32Array,
  from: number,
  count: number,
): boolean {
  let any = 0;
  for (let word = from; word < from + count; word++) any |= words[word];
  return any === 0;
}

/** Reads the attributes of a route that are not common. */
export function decodeRare(route: Route, attributes: AttributeReader): void {
  while (attributes.next()) decodeRareOne(route, attributes);
}

function decodeRareOne(route: Route, attributes: AttributeReader): void {
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
      route.cache = decodeCache(attributes);
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

function decodeCache(attributes: AttributeReader): RouteCache | undefined {
  if (attributes.length < rta_cacheinfo.size) return undefined;
  const { words } = attributes;
  const word = attributes.at >> 2;
  if (isZero(words, word, rta_cacheinfo.size >> 2)) return undefined;
  return {
    references: words[word] >>> 0,
    lastUse: words[word + 1] >>> 0,
    expires: words[word + 2],
    error: words[word + 3] >>> 0,
    used: words[word + 4] >>> 0,
    id: words[word + 5] >>> 0,
    timestamp: words[word + 6] >>> 0,
    timestampAge: words[word + 7] >>> 0,
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
    const head = words[at >> 2];
    const length = head & 0xffff;
    if (length < rtnexthop.size || length > end - at) {
      attributes.counters.malformed++;
      break;
    }
    const nexthop: RouteNexthop = {
      ifindex: words[(at >> 2) + 1],
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
