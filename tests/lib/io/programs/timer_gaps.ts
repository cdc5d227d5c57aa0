// How late the timers of this thread are.

/**
 * Milliseconds for which this thread was ready to run and had no processor; 0
 * where the kernel does not count it. A busy machine makes timers late, too.
 *
 * Source: Documentation/scheduler/sched-stats.rst.
 */
function runDelay(): number {
  try {
    const [, delay] = Deno.readTextFileSync("/proc/thread-self/schedstat")
      .split(" ");
    return Number(delay) / 1e6;
  } catch {
    return 0;
  }
}

/**
 * Measures the longest time between two runs of a timer that is always armed,
 * without what other programs took.
 */
export class TimerGaps {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last: number;
  #lastDelay: number;
  #longest = 0;

  /** Begins; the first gap begins now. */
  constructor() {
    this.#last = performance.now();
    this.#lastDelay = runDelay();
    this.#arm();
  }

  #arm(): void {
    this.#timer = setTimeout(() => {
      this.#note();
      this.#arm();
    }, 1);
  }

  #note(): void {
    const now = performance.now();
    const delay = runDelay();
    const gap = now - this.#last - (delay - this.#lastDelay);
    this.#longest = Math.max(this.#longest, gap);
    this.#last = now;
    this.#lastDelay = delay;
  }

  /** Ends; the last gap ends now. Gives the longest, in milliseconds. */
  end(): number {
    this.#note();
    clearTimeout(this.#timer);
    return this.#longest;
  }
}

/** Keeps this thread busy, as a handler does that computes. */
export function compute(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}
