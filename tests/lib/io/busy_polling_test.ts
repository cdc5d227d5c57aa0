// When busy polling pays: learned slowly, unlearned faster.

import { assertEquals } from "@std/assert";
import { AdaptiveBusyPolling } from "../../../lib/io/busy_polling.ts";

const LIMIT = 0.04;
const WAKE = 0.03;
const SHORT = 0.06;
const LONG = 1;

/** The state after so many sleeps of one length. */
function after(sleeps: number, time: number): AdaptiveBusyPolling {
  const polling = new AdaptiveBusyPolling(LIMIT, WAKE);
  for (let i = 0; i < sleeps; i++) polling.recordSleep(time);
  return polling;
}

Deno.test("busy polling: does not pay before the first sleep", () => {
  assertEquals(after(0, SHORT).pays, false);
});

Deno.test("busy polling: pays after short sleeps, never after long ones", () => {
  assertEquals(after(3, SHORT).pays, false);
  assertEquals(after(4, SHORT).pays, true);
  assertEquals(after(1000, LONG).pays, false);
});

Deno.test("busy polling: a few long sleeps end it", () => {
  const polling = after(1000, SHORT);
  let sleeps = 0;
  for (; polling.pays; sleeps++) polling.recordSleep(LONG);
  assertEquals(sleeps, 3);
});

Deno.test("busy polling: ends unless four of five polls find an event", () => {
  for (const [found, pays] of [[5, true], [4, true], [3, false]] as const) {
    const polling = after(1000, SHORT);
    for (let round = 0; round < 100 && polling.pays; round++) {
      for (let i = 0; i < found; i++) polling.recordHit();
      polling.recordMiss();
    }
    assertEquals(polling.pays, pays, `${found} found for one in vain`);
  }
});

Deno.test("busy polling: does not pay while other code uses the event loop", () => {
  const polling = after(1000, SHORT);
  // HTTP requests in half of the turns, then none.
  for (let turn = 0; turn < 64; turn++) {
    polling.recordTurn(turn % 2 === 0 ? 0.05 : 0.008);
  }
  assertEquals(polling.pays, false);
  for (let turn = 0; turn < 64; turn++) polling.recordTurn(0.008);
  assertEquals(polling.pays, true);
});

Deno.test("busy polling: a rare long turn does not end it", () => {
  const polling = after(1000, SHORT);
  for (let turn = 0; turn < 1000; turn++) {
    polling.recordTurn(turn % 40 === 0 ? 1 : 0.008);
    assertEquals(polling.pays, true);
  }
});
