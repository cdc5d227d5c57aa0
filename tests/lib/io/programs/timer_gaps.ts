// How late the timers of this thread are.

/** Measures the longest time between two runs of a timer that is always armed. */
export class TimerGaps {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last = 0;
  #longest = 0;
  #count = 0;

  /** Begins; the first gap begins now. */
  constructor() {
    this.#last = performance.now();
    this.#arm();
  }

  #arm(): void {
    this.#timer = setTimeout(() => {
      this.#note();
      this.#count++;
      this.#arm();
    }, 1);
  }

  #note(): void {
    const now = performance.now();
    this.#longest = Math.max(this.#longest, now - this.#last);
    this.#last = now;
  }

  /** Ends; the last gap ends now. Milliseconds of the longest, and all runs. */
  end(): { longest: number; count: number } {
    this.#note();
    clearTimeout(this.#timer);
    return { longest: this.#longest, count: this.#count };
  }
}

/** Keeps this thread busy, as a handler does that computes. */
export function compute(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}
