// Routes found by their group, beside a Map that finds them by a text.

import { assertEquals } from "@std/assert";
import { RouteIndex } from "../../../../lib/rtnetlink/monitor/route_index.ts";
import type { Route } from "../../../../lib/rtnetlink/route.ts";

/** A generator of the same numbers each time, below a bound. */
function numbers(seed: number): (bound: number) => number {
  return (bound) => {
    seed = Math.imul(seed, 1664525) + 1013904223 | 0;
    return (seed >>> 8) % bound;
  };
}

/** A route of one of a few thousand groups, those alike in all but one thing. */
function route(below: (bound: number) => number): Route {
  const net = below(800);
  const destination = net === 0 ? undefined : `10.${net >> 8}.${net & 255}.0`;
  return {
    family: net === 0 && below(2) === 0 ? "inet6" : "inet",
    type: 1,
    destination,
    prefixLength: destination === undefined ? 0 : 24 + below(2),
    table: 254 + below(2),
    protocol: 3,
    scope: 0,
    flags: 0,
    ifindex: 1 + below(9),
    gateway: undefined,
    metric: below(2) === 0 ? undefined : 100,
    ...(below(8) === 0 ? { tos: 8 } : {}),
    ...(below(8) === 0 ? { source: "192.0.2.0", sourceLength: 24 } : {}),
  };
}

function text(one: Route): string {
  const { family, destination, prefixLength, table, metric } = one;
  const { tos, source, sourceLength } = one;
  return JSON.stringify([
    ...[destination ?? family, prefixLength, table, metric ?? null],
    ...[tos ?? null, source ?? null, sourceLength ?? null],
  ]);
}

const sorted = (routes: Iterable<Route>) =>
  [...routes].toSorted((a, b) => text(a) < text(b) ? -1 : 1);

Deno.test("routes come and go as in a Map, up to thousands and down to none", () => {
  const below = numbers(7);
  const index = new RouteIndex();
  const map = new Map<string, Route>();
  for (let round = 0; round < 6; round++) {
    for (let step = 0; step < 6_000; step++) {
      const one = route(below);
      const key = text(one);
      assertEquals(index.get(one), map.get(key));
      // Every other round, more go than come.
      if (below(8) < (round % 2 === 0 ? 6 : 1)) {
        if (map.has(key)) index.set(one);
        else index.add(one);
        map.set(key, one);
      } else {
        index.delete(one);
        map.delete(key);
      }
      assertEquals(index.size, map.size);
    }
    assertEquals(sorted(index), sorted(map.values()));
  }
  for (const one of [...index]) index.delete(one);
  assertEquals([index.size, [...index]], [0, []]);
});
