// Backoff of corrections: pauses of conflicts and of refusals.

import { assert, assertEquals } from "@std/assert";
import { Backoff } from "../../../../lib/ensure/reconcile/backoff.ts";

Deno.test("backoff: six corrections within ten seconds are made without a pause", () => {
  const backoff = new Backoff(() => 1);
  for (let at = 0; at < 5; at++) {
    assertEquals(backoff.corrected("a", at * 100), undefined);
  }
  assertEquals(backoff.corrected("a", 500), 50);
  assertEquals(backoff.wait("a", 500), 50);
  assertEquals(backoff.wait("b", 500), 0);
  assertEquals(backoff.wait("a", 550), 0);
});

Deno.test("backoff: pauses of a conflict double up to 30 s, and end when it is quiet", () => {
  const backoff = new Backoff(() => 1);
  let now = 0;
  for (let at = 0; at < 5; at++) backoff.corrected("a", now);
  const pauses: number[] = [];
  for (let at = 0; at < 12; at++) {
    const pause = backoff.corrected("a", now)!;
    pauses.push(pause);
    now += pause;
  }
  for (const [at, pause] of pauses.entries()) {
    const longest = Math.min(50 * 2 ** at, 30_000);
    // Pauses end on a grid, many of them together.
    assert(pause <= longest && pause > longest * 15 / 16 - 1, `${pause}`);
  }
  assertEquals(backoff.resolved(new Set(["a"]), now + 60_000), []);
  assertEquals(backoff.resolved(new Set(), now + 9_000), []);
  assertEquals(backoff.resolved(new Set(), now + 10_000), ["a"]);
  assertEquals(backoff.wait("a", now + 10_000), 0);
});

Deno.test("backoff: corrections now and then are no conflict", () => {
  const backoff = new Backoff(() => 1);
  for (let at = 0; at < 100; at++) {
    assertEquals(backoff.corrected("a", at * 2_001), undefined);
  }
});

Deno.test("backoff: refusals are persistent after 50 ms, and end with a correction", () => {
  const backoff = new Backoff(() => 1);
  assertEquals(backoff.refused("a", 0), { pause: 50, isPersistent: false });
  assertEquals(backoff.refused("a", 10).isPersistent, false);
  const { pause, isPersistent } = backoff.refused("a", 60);
  assert(isPersistent && pause > 150, `${pause}`);
  // Only a conflict delays corrections: events may end the wait of a refusal.
  assertEquals(backoff.wait("a", 60), 0);
  backoff.corrected("a", 100);
  assertEquals(backoff.refused("a", 200), { pause: 50, isPersistent: false });
});
