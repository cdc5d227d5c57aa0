// The monotonic clock, read often: half the cost of performance.now().

import { libc } from "../../ffi/libc.ts";
import { CLOCK_MONOTONIC } from "../../ffi/uapi/time.ts";

const time = new Int32Array(4);
const bytes = new Uint8Array(time.buffer);
let read:
  | ((clock: number, time: Uint8Array<ArrayBuffer>) => number)
  | undefined;

/**
 * Milliseconds of the monotonic clock, from an arbitrary moment.
 *
 * Source: clock_gettime(2), CLOCK_MONOTONIC.
 */
export function monotonicTime(): number {
  (read ??= libc().clock_gettime)(CLOCK_MONOTONIC, bytes);
  // The low words of tv_sec and tv_nsec: 68 years are enough.
  return time[0]! * 1000 + time[2]! / 1e6;
}
