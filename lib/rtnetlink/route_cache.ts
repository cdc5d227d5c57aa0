// RTA_CACHEINFO: ages and counters of a route. Source: ip-route(8),
// linux/rtnetlink.h.

import * as rtcf from "../../ffi/uapi/linux_in_route.ts";
import { rta_cacheinfo, RTM_F_CLONED } from "../../ffi/uapi/linux_rtnetlink.ts";
import type { AttributeReader } from "../netlink/attribute.ts";
import type { AddressFamily } from "./family.ts";
import { hex } from "./spec/json.ts";
import type { JsonContext, JsonObject } from "./spec/object.ts";
import { USER_HZ } from "./user_hz.ts";

/** Ages and counters of a route. */
export interface RouteCache {
  /** The reference count. */
  readonly references: number;
  /** USER_HZ since the last use. */
  readonly lastUse: number;
  /** USER_HZ until it expires; negative once it has expired. */
  readonly expires: number;
  /** The errno that senders get. */
  readonly error: number;
  /** The number of uses. */
  readonly used: number;
  /** The IP identification, of old kernels. */
  readonly id: number;
  /** A TCP timestamp, of old kernels. */
  readonly timestamp: number;
  /** The age of the timestamp, of old kernels. */
  readonly timestampAge: number;
}

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

/** Adds the keys that iproute2 prints. */
export function printCache(
  json: JsonObject,
  { family, flags, cache }: {
    readonly family: AddressFamily;
    readonly flags: number;
    readonly cache?: RouteCache;
  },
  { statistics }: JsonContext,
): void {
  if (family === "inet" && (flags & RTM_F_CLONED) !== 0) {
    json.cache = CACHE_FLAGS.filter(([bit]) => (flags & bit) !== 0)
      .map(([, name]) => name);
  }
  if (cache === undefined || (family !== "inet" && family !== "inet6")) return;
  if (cache.expires !== 0) json.expires = Math.trunc(cache.expires / USER_HZ);
  if (cache.error !== 0) json.error = cache.error;
  if (statistics) {
    if (cache.references !== 0) json.users = cache.references;
    if (cache.used !== 0) json.used = cache.used;
    if (cache.lastUse !== 0) json.age = Math.trunc(cache.lastUse / USER_HZ);
  }
  if (cache.id !== 0) json.ipid = hex(cache.id);
  if (cache.timestamp !== 0 || cache.timestampAge !== 0) {
    json.ts = hex(cache.timestamp);
    json.tsage = cache.timestampAge;
  }
}

/** Decodes RTA_CACHEINFO; undefined if all fields are 0. */
export function decodeCache(
  { words, at, length }: AttributeReader,
): RouteCache | undefined {
  const word = at >> 2;
  if (
    length < rta_cacheinfo.size || isZero(words, word, rta_cacheinfo.size >> 2)
  ) return undefined;
  return {
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

/** Whether this number of 32-bit words is zero. */
export function isZero(
  words: Int32Array,
  from: number,
  count: number,
): boolean {
  let any = 0;
  for (let word = from; word < from + count; word++) any |= words[word]!;
  return any === 0;
}
