// Timestamps as text.

import type { Timestamp } from "../../lib/clock.ts";

function digits(value: number, width: number): string {
  return String(value).padStart(width, "0");
}

/** As `tcpdump` prints it: the local time of day, with microseconds. */
export function timeOfDay({ seconds, nanoseconds }: Timestamp): string {
  const date = new Date(seconds * 1000);
  const [h, m, s] = [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => digits(part, 2));
  return `${h}:${m}:${s}.${digits(Math.floor(nanoseconds / 1000), 6)}`;
}

/** RFC 3339 in UTC, with nanoseconds. */
export function isoTime({ seconds, nanoseconds }: Timestamp): string {
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  return `${whole}.${digits(nanoseconds, 9)}Z`;
}
