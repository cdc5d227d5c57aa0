// Clocks of the kernel. The monotonic clock is read often: at half the cost of
// performance.now().

import { libc } from "../../ffi/libc.ts";
import {
  CLOCK_MONOTONIC,
  CLOCK_THREAD_CPUTIME_ID,
} from "../../ffi/uapi/time.ts";

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
  return clock(CLOCK_MONOTONIC);
}

/**
 * Milliseconds of processor time that the calling thread has used.
 *
 * Source: clock_gettime(2), CLOCK_THREAD_CPUTIME_ID.
 */
export function threadProcessorTime(): number {
  return clock(CLOCK_THREAD_CPUTIME_ID);
}

function clock(id: number): number {
  (read ??= libc().clock_gettime)(id, bytes);
  // The low words of tv_sec and tv_nsec: sufficient for 68 years.
  return time[0]! * 1000 + time[2]! / 1e6;
}
