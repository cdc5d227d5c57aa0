// One abort signal and one timeout for an operation with several waits.

import type { Descriptor } from "./descriptor.ts";
import { TimeoutError } from "../errors.ts";
import { checkTimeout, type WaitOptions } from "./reactor.ts";

export class Deadline {
  readonly #target: string | { readonly what: string };
  readonly #signal: AbortSignal | undefined;
  readonly #timeout: number;
  readonly #end: number;

  /**
   * Starts the timeout.
   *
   * @param target The name in a TimeoutError.
   * @throws {ArgumentError} For an invalid timeout.
   */
  constructor(
    target: string | { readonly what: string },
    options: WaitOptions = {},
  ) {
    this.#target = target;
    this.#signal = options.signal;
    this.#timeout = options.timeout ?? Infinity;
    checkTimeout(this.#timeout);
    this.#end = this.#timeout === Infinity
      ? Infinity
      : performance.now() + this.#timeout;
  }

  /** The target, as errors name it. */
  get what(): string {
    const target = this.#target;
    return typeof target === "string" ? target : target.what;
  }

  /** Throws if the operation was aborted or has timed out. */
  check(): void {
    this.#signal?.throwIfAborted();
    if (this.#end !== Infinity && performance.now() >= this.#end) {
      throw this.#over();
    }
  }

  /** The remaining time, for a wait of the caller. */
  bounds(): WaitOptions {
    return this.#end === Infinity
      ? { signal: this.#signal }
      : { signal: this.#signal, timeout: this.#remaining() };
  }

  /** Waits until the descriptor may be readable. */
  async readable(descriptor: Descriptor): Promise<void> {
    this.check();
    try {
      await descriptor.readable(this.bounds());
    } catch (error) {
      throw this.own(error);
    }
  }

  /** The error of a wait within `bounds()`, with the full timeout instead of the remaining time. */
  own(error: unknown): unknown {
    return error instanceof TimeoutError ? this.#over() : error;
  }

  /** Waits for a promise that does not know the deadline. */
  async bound<T>(promise: Promise<T>): Promise<T> {
    this.check();
    if (this.#signal === undefined && this.#end === Infinity) return promise;
    const { promise: ended, reject } = Promise.withResolvers<never>();
    const abort = () => reject(this.#signal!.reason);
    this.#signal?.addEventListener("abort", abort, { once: true });
    const timer = this.#end === Infinity
      ? undefined
      : setTimeout(() => reject(this.#over()), this.#remaining());
    try {
      return await Promise.race([promise, ended]);
    } finally {
      clearTimeout(timer);
      this.#signal?.removeEventListener("abort", abort);
    }
  }

  /** Yields to the event loop for at least this many milliseconds. */
  async pause(milliseconds = 0): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      await this.bound(
        new Promise((resolve) => timer = setTimeout(resolve, milliseconds)),
      );
    } finally {
      clearTimeout(timer);
    }
    this.check();
  }

  #remaining(): number {
    return Math.max(0, this.#end - performance.now());
  }

  #over(): TimeoutError {
    return new TimeoutError(this.what, this.#timeout);
  }
}
