// Closes many TUN devices at once and prints the longest time for which no timer
// ran meanwhile. Runs in a network namespace of its own.
//
//   close_devices.ts idle|waiting COUNT

import { ClosedError, Tun } from "../../../../mod.ts";
import { held } from "./resources.ts";
import { TimerGaps } from "./timer_gaps.ts";

const [state, count] = Deno.args;

export interface Closed {
  /** Milliseconds that closing one device takes. */
  readonly one: number;
  /** Milliseconds of the longest gap between two runs of a timer. */
  readonly longest: number;
  /** Reads that ended with ClosedError. */
  readonly ended: number;
  /** The links that are left. */
  readonly left: readonly string[];
}

let one = Infinity;
for (let n = 0; n < 3; n++) {
  const tun = Tun.open();
  tun.up();
  const start = performance.now();
  await tun.close();
  one = Math.min(one, performance.now() - start);
}
const tuns = Array.from({ length: Number(count) }, () => {
  const tun = Tun.open();
  tun.up();
  return tun;
});
let ended = 0;
if (state === "waiting") {
  for (const tun of tuns) {
    (async () => {
      // Packets of the kernel come first.
      for (;;) await tun.read();
    })().catch((error) => {
      if (error instanceof ClosedError) ended++;
    });
  }
}
await new Promise((resolve) => setTimeout(resolve, 100));
const gaps = new TimerGaps();
await Promise.all(tuns.map((tun) => tun.close()));
const longest = gaps.end();
await new Promise((resolve) => setTimeout(resolve, 0));
const closed: Closed = { one, longest, ended, left: held().links };
console.log(JSON.stringify(closed));
