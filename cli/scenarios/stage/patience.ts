// "Never" cannot be waited for: a call that goes on this long goes on.

import { TimeoutError } from "../../../lib/errors.ts";

/** Milliseconds after which what has not ended is taken to go on. */
export const PATIENCE = 150;

/** Milliseconds within which what is to happen at once must have. */
export const AT_ONCE = 1000;

/** Milliseconds in which what is to happen does, however busy the machine. */
export const AMPLE = 10_000;

/** Whether `look` sees it within some time; for what nothing can tell of. */
export async function seen(
  look: () => boolean,
  limit: number = AT_ONCE,
): Promise<boolean> {
  const end = performance.now() + limit;
  while (!look()) {
    if (performance.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return true;
}

/** Resolves once `look` sees it. @throws {TimeoutError} */
export async function until(what: string, look: () => boolean): Promise<void> {
  if (!await seen(look, AMPLE)) throw new TimeoutError(what, AMPLE);
}

/** What became of a promise within some time. */
export type Within<T> =
  | { readonly ended: true; readonly value: T; readonly milliseconds: number }
  | { readonly ended: false };

/** Waits for a promise, but not longer than some milliseconds. */
export async function within<T>(
  promise: Promise<T>,
  limit: number = PATIENCE,
): Promise<Within<T>> {
  const started = performance.now();
  const late = Promise.withResolvers<Within<T>>();
  const timer = setTimeout(() => late.resolve({ ended: false }), limit);
  try {
    return await Promise.race([
      promise.then((value): Within<T> => ({
        ended: true,
        value,
        milliseconds: Number((performance.now() - started).toFixed(2)),
      })),
      late.promise,
    ]);
  } finally {
    clearTimeout(timer);
  }
}
