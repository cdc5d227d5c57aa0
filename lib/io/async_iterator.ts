// Async iterators whose return() ends a pending next() immediately.

import { addAbortListener, removeAbortListener } from "./abort_signal.ts";

/** The source of an async iterator; its items are never `undefined`. */
export interface AsyncSource<T> {
  /**
   * Returns the next item if one is available now. With `undefined` the iterator
   * calls wait(), so a source may also return it to let the event loop run.
   */
  take(): T | undefined;
  /**
   * Resolves to true when take() is worth another call, to false at the end of
   * the iteration. Settles as soon as `signal` is aborted. Items that it has
   * received stay available to take() and end().
   *
   * @param signal Aborted by return() and, with its reason, by the caller's
   * signal. It is the same object in every call.
   */
  wait(signal: AbortSignal): Promise<boolean>;
  /**
   * Releases the resources of the iteration. Called once, after the last wait()
   * has settled; also if the iteration ends before its first item.
   */
  end?(): void | Promise<void>;
}

/**
 * Returns an iterator over a source. As with an async generator, calls of next()
 * are served in order, and an error or the end of the source ends the iteration.
 * Two things are different:
 *
 * - return() resolves every pending next() immediately, with `done`. An async
 *   generator queues return() after them.
 * - An aborted signal makes the pending or the following next() reject with the
 *   signal's reason, even if items are available.
 *
 * @param source The source of the items.
 * @param signal The caller's signal.
 */
export function asyncIterator<T>(
  source: AsyncSource<T>,
  signal?: AbortSignal,
): AsyncGenerator<T, void, void> {
  return new SourceIterator(source, signal);
}

/** A pending call of next(); they form a list. */
interface PendingNext<T> {
  resolve(result: IteratorResult<T, void>): void;
  reject(reason: unknown): void;
  following: PendingNext<T> | undefined;
}

class SourceIterator<T> implements AsyncGenerator<T, void, void> {
  readonly #source: AsyncSource<T>;
  readonly #caller: AbortSignal | undefined;
  #controller: AbortController | undefined;
  #first: PendingNext<T> | undefined;
  #last: PendingNext<T> | undefined;
  /** Set while calls of next() are pending. */
  #serving: Promise<void> | undefined;
  /** Set when the iteration ends; resolves when the source is released. */
  #ending: Promise<void> | undefined;

  constructor(source: AsyncSource<T>, signal: AbortSignal | undefined) {
    this.#source = source;
    this.#caller = signal;
  }

  next(): Promise<IteratorResult<T, void>> {
    if (this.#first === undefined) {
      if (this.#ending !== undefined) return this.#ending.then(done, done);
      if (this.#caller?.aborted) return this.throw(this.#caller.reason);
      try {
        const value = this.#source.take();
        if (value !== undefined) return Promise.resolve({ value, done: false });
      } catch (error) {
        return this.throw(error);
      }
    }
    return new Promise((resolve, reject) => {
      const pending = { resolve, reject, following: undefined };
      if (this.#first === undefined) this.#first = pending;
      else this.#last!.following = pending;
      this.#last = pending;
      this.#serving ??= this.#serve();
    });
  }

  async return(): Promise<IteratorReturnResult<void>> {
    await this.#stop();
    return done();
  }

  async throw(reason: unknown): Promise<IteratorReturnResult<void>> {
    await this.#stop();
    throw reason;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }

  /** Serves pending calls of next() until none is left or the iteration ends. */
  async #serve(): Promise<void> {
    const caller = this.#caller;
    const controller = this.#controller ??= new AbortController();
    const abort = () => controller.abort(caller!.reason);
    // Removed afterwards: the signal must not keep an abandoned iterator alive.
    if (caller !== undefined) addAbortListener(caller, abort);
    try {
      while (this.#first !== undefined) {
        const more = await this.#source.wait(controller.signal);
        if (this.#ending !== undefined) return;
        caller?.throwIfAborted();
        if (!more) break;
        this.#deliver();
      }
      if (this.#first !== undefined) await this.#release();
      this.#resolveAll();
    } catch (error) {
      // An error that follows return() has no receiver.
      if (this.#first !== undefined) {
        await this.#fail(caller?.aborted ? caller.reason : error);
      }
    } finally {
      if (caller !== undefined) removeAbortListener(caller, abort);
      this.#serving = undefined;
    }
  }

  #deliver(): void {
    while (this.#first !== undefined) {
      const value = this.#source.take();
      if (value === undefined) return;
      this.#shift()!.resolve({ value, done: false });
    }
  }

  async #fail(reason: unknown): Promise<void> {
    try {
      await this.#release();
    } catch (error) {
      reason = error;
    }
    this.#shift()!.reject(reason);
    this.#resolveAll();
  }

  /** Ends the iteration, from outside of #serve(). */
  #stop(): Promise<void> {
    if (this.#ending !== undefined) return this.#ending;
    this.#resolveAll();
    this.#controller?.abort();
    const serving = this.#serving;
    return this.#ending = serving === undefined
      ? this.#release()
      : serving.then(() => this.#source.end?.());
  }

  /** Ends the iteration while wait() is not running. */
  #release(): Promise<void> {
    return this.#ending ??= (async () => await this.#source.end?.())();
  }

  #shift(): PendingNext<T> | undefined {
    const pending = this.#first;
    this.#first = pending?.following;
    return pending;
  }

  #resolveAll(): void {
    for (let next = this.#shift(); next !== undefined; next = this.#shift()) {
      next.resolve(done());
    }
  }
}

function done(): IteratorReturnResult<void> {
  return { value: undefined, done: true };
}
