// The same keys in the same order with the same values, but for what moves by
// itself between two looks.

import { assert, assertEquals } from "@std/assert";

/** Counters and timers, and how far apart two looks may find them. */
const MOVING: Record<string, number> = {
  // Packets that IPv6 and bridges send by themselves.
  bytes: 20_000,
  packets: 200,
  multicast: 200,
  dropped: 200,
  errors: 200,
  // Seconds.
  valid_life_time: 3,
  preferred_life_time: 3,
  expires: 3,
  used: 3,
  confirmed: 3,
  updated: 3,
  age: 3,
  hello_timer: 3,
  tcn_timer: 3,
  topology_change_timer: 35,
  gc_timer: 400,
  hold_timer: 3,
  message_age_timer: 20,
  forward_delay_timer: 35,
  idle_time: 3,
  unbalanced_time: 3,
};

/** Keys of encapsulations, in a value of a kind that only they have. */
const ENCAPSULATION = [
  '"(dst|src|mode|tunsrc|nh4|nh6|iif|oif)":"[^"]*"',
  // A route has a table too.
  '"action":"[^"]*"(,"srh":\\{[^}]*\\})?(,"(vrf)?table":"[^"]*")*',
  '"(id|ttl|tos|hoplimit|tc|lblen|nflen)":\\d+',
  '"(key|csum|seq)":true',
  '"(segs|flavors)":\\[[^\\]]*\\]',
].join("|");

/**
 * Parses what `ip -j` of iproute2 6.1 prints. It mixes the keys of an
 * encapsulation with those of its route, some twice; 7.1 nests them.
 */
export function parseIpJson(text: string): Record<string, unknown>[] {
  if (text.trim() === "") return [];
  return JSON.parse(text.replaceAll(
    new RegExp(`"encap":("[^"]*")((?:,(?:${ENCAPSULATION}))*)`, "g"),
    '"encap":{"encap_type":$1$2}',
  ));
}

/** iproute2 has the locks of metrics in its text only. */
export function withoutLocks<T extends Record<string, unknown>>(
  routes: T[],
): T[] {
  for (const { metrics } of routes) {
    if (Array.isArray(metrics)) delete metrics[0]?.lock;
  }
  return routes;
}

/** Fails unless `ours` is `theirs`, apart from what moves. */
export function assertSameJson(
  ours: unknown,
  theirs: unknown,
  path = "$",
): void {
  if (Array.isArray(ours) && Array.isArray(theirs)) {
    assertEquals(ours.length, theirs.length, `${path}: how many`);
    theirs.forEach((one, index) =>
      assertSameJson(ours[index], one, `${path}[${index}]`)
    );
  } else if (isObject(ours) && isObject(theirs)) {
    // iproute2 6.1 does not print the origin of an address.
    const omitted = "prefixlen" in ours && !("protocol" in theirs)
      ? "protocol"
      : undefined;
    assertEquals(
      Object.keys(ours).filter((key) => key !== omitted),
      Object.keys(theirs),
      `${path}: keys`,
    );
    for (const [key, value] of Object.entries(theirs)) {
      const tolerance = MOVING[key];
      if (
        tolerance !== undefined && typeof value === "number" &&
        typeof ours[key] === "number"
      ) {
        const apart = Math.abs(ours[key] - value);
        assert(apart <= tolerance, `${path}.${key}: ${ours[key]}, ${value}`);
      } else {
        assertSameJson(ours[key], value, `${path}.${key}`);
      }
    }
  } else {
    assertEquals(ours, theirs, path);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
