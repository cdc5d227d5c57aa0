// The judge of the soak: it sees what grows, and not what only moves.

import { assert, assertEquals } from "@std/assert";
import { growth, lows, type Point, slope } from "./flat.ts";
import { random } from "../support/random.ts";

const MiB = 1 << 20;
/** Half an hour, a sample every five seconds. */
const times = Array.from({ length: 360 }, (_, index) => index * 5);

/** Memory that is collected now and then, above `base(seconds)`. */
function sawtooth(base: (seconds: number) => number): Point[] {
  const below = random(1);
  return times.map((seconds) => [
    seconds,
    base(seconds) + (seconds % 45) * MiB / 4 + below(MiB),
  ]);
}

Deno.test("soak: a slope is that of most points, regardless of outliers", () => {
  const points = times.map((x): Point => [x, x % 250 === 0 ? 1e9 : 2 * x]);
  assertEquals(slope(points), 2);
  assertEquals(slope([]), 0);
  assertEquals(lows([[0, 5], [30, 3], [61, 9]]), [[30, 3], [61, 9]]);
});

Deno.test("soak: rubbish and a warm-up are no growth, a leak is", () => {
  const flat = sawtooth((seconds) => 80 * MiB + (seconds < 120 ? 0 : 9 * MiB));
  assert(Math.abs(growth(flat, 300)) < MiB, `${growth(flat, 300)}`);
  // A byte a datagram, at a fifth of what echo answers.
  const leak = sawtooth((seconds) => 80 * MiB + seconds * 40_000);
  assert(growth(leak, 300) > 100 * MiB, `${growth(leak, 300)}`);
});
