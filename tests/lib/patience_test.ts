// When looking is worth it: it must be learned, and unlearned faster.

import { assertEquals } from "@std/assert";
import { Patience } from "../../lib/patience.ts";

const LIMIT = 0.04;
const WAKE = 0.03;
const SHORT = 0.06;
const LONG = 1;

/** A patience after so many sleeps of one length. */
function after(sleeps: number, time: number): Patience {
  const patience = new Patience(LIMIT, WAKE);
  for (let i = 0; i < sleeps; i++) patience.slept(time);
  return patience;
}

Deno.test("patience: it has none before it knows anything", () => {
  assertEquals(after(0, SHORT).pays, false);
});

Deno.test("patience: short sleeps bring it up, long ones never", () => {
  assertEquals(after(3, SHORT).pays, false);
  assertEquals(after(4, SHORT).pays, true);
  assertEquals(after(1000, LONG).pays, false);
});

Deno.test("patience: a few long sleeps end the longest", () => {
  const patience = after(1000, SHORT);
  let sleeps = 0;
  for (; patience.pays; sleeps++) patience.slept(LONG);
  assertEquals(sleeps, 3);
});

Deno.test("patience: looking must pay four times of five", () => {
  for (const [found, pays] of [[5, true], [4, true], [3, false]] as const) {
    const patience = after(1000, SHORT);
    for (let round = 0; round < 100 && patience.pays; round++) {
      for (let i = 0; i < found; i++) patience.found();
      patience.missed();
    }
    assertEquals(patience.pays, pays, `${found} found for one in vain`);
  }
});
