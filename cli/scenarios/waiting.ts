// Bounded waits. "Never" cannot be tested: a call that is still pending after
// PENDING counts as never ending.

import { TimeoutError } from "../../lib/errors.ts";

/** Milliseconds after which a call counts as never ending. */
export const PENDING = 150;

/** Milliseconds within which an immediate effect has to be seen. */
export const IMMEDIATE = 1000;

/** Milliseconds for what has to happen even on a busy machine. */
export const AMPLE = 10_000;

/** Polls a condition; for what no event reports. */
export async function seen(
  condition: () => boolean,
  limit: number = IMMEDIATE,
): Promise<boolean> {
  const end = performance.now() + limit;
  while (!condition()) {
    if (performance.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return true;
}

/** Resolves once a condition holds. @throws {TimeoutError} */
export async function until(
  what: string,
  condition: () => boolean,
): Promise<void> {
  if (!await seen(condition, AMPLE)) throw new TimeoutError(what, AMPLE);
}

/** Milliseconds until a promise resolves; null if it is pending after `limit`. */
export async function within(
  promise: Promise<unknown>,
  limit: number,
): Promise<number | null> {
  const started = performance.now();
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(() => late.resolve(null), limit);
  try {
    return await Promise.race([
      promise.then(() => Number((performance.now() - started).toFixed(2))),
      late.promise,
    ]);
  } finally {
    clearTimeout(timer);
  }
}
