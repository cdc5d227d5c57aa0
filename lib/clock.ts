// Time of day with nanoseconds, which Date does not have.

import { libc, unwrap } from "../ffi/libc.ts";
import { timespec } from "../ffi/uapi/sys_socket.ts";
import { CLOCK_REALTIME } from "../ffi/uapi/time.ts";

/** A time since 1970-01-01 UTC in two numbers, as clock_gettime(2) gives it. */
export interface Timestamp {
  /** Whole seconds. */
  readonly seconds: number;
  /** 0 to 999,999,999. */
  readonly nanoseconds: number;
}

const buffer = new Uint8Array(timespec.size);
const view = new DataView(buffer.buffer);

/**
 * The time since 1970-01-01 UTC, as PcapngWriter wants it.
 *
 * Source: clock_gettime(2), CLOCK_REALTIME.
 *
 * @example
 * ```ts
 * import { realTime } from "@netplumb/netplumb";
 *
 * const { seconds } = realTime();
 * console.log(Math.abs(seconds - Date.now() / 1000) < 10); // true
 * ```
 */
export function realTime(): Timestamp {
  unwrap(libc().clock_gettime(CLOCK_REALTIME, buffer), "clock_gettime");
  const { tv_sec, tv_nsec } = timespec.get(view, 0);
  return { seconds: Number(tv_sec), nanoseconds: Number(tv_nsec) };
}
