// Loops over packets: they end where others see an error that says that no more
// can come. No generators: their own promises would cost more than the packets.

import { ClosedError } from "../errors.ts";
import { DeviceGoneError } from "./errors.ts";

/** The end that `for await` and the streams see where others see an error. */
export function isEnd(error: unknown): boolean {
  return error instanceof ClosedError || error instanceof DeviceGoneError;
}

/**
 * What `for await` goes over.
 *
 * @param next Gives the next; what its promise is rejected with goes to
 * `failed`, which makes an end of what is one.
 */
export function loop<T>(
  next: (
    failed: (error: unknown) => IteratorReturnResult<void>,
  ) => Promise<IteratorResult<T, void>>,
): AsyncIterableIterator<T, void, void> {
  let ended = false;
  const end = () => {
    ended = true;
    return { done: true, value: undefined } as const;
  };
  const failed = (error: unknown) => {
    ended = true;
    if (isEnd(error)) return end();
    throw error;
  };
  const iterator = {
    next(): Promise<IteratorResult<T, void>> {
      if (ended) return Promise.resolve(end());
      try {
        return next(failed);
      } catch (error) {
        return Promise.reject(error).catch(failed);
      }
    },
    return: () => Promise.resolve(end()),
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}
