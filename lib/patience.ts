// Whether to look again before going to sleep. Being woken costs far more than
// a look, so a thread whose next piece of work is usually near had better wait
// for it awake; one whose work is far apart must not.

/** Confidence above which it looks, and how much of it there may be. */
const ENOUGH = 4;
const MOST = 16;
/** What looking in vain costs: one such look for this many that found pays. */
const IN_VAIN = 4;

/**
 * Learns from what became of the last waits how long to look before sleeping:
 * for the whole of a short while, or not at all.
 */
export class Patience {
  #confidence = 0;
  /** Sleeps shorter than this would have been better spent looking. */
  readonly #short: number;

  /**
   * @param limit Milliseconds to look at most: about what a sleep costs.
   * @param wake Milliseconds from the event to the thread that slept, about.
   */
  constructor(readonly limit: number, wake: number) {
    this.#short = limit + wake;
  }

  /** Whether looking has paid of late. */
  get pays(): boolean {
    return this.#confidence >= ENOUGH;
  }

  /** It looked and found. */
  found(): void {
    if (this.#confidence < MOST) this.#confidence++;
  }

  /** It looked in vain. */
  missed(): void {
    this.#confidence = Math.max(0, this.#confidence - IN_VAIN);
  }

  /** It slept for so many milliseconds. */
  slept(time: number): void {
    if (time < this.#short) this.found();
    else this.#confidence >>= 1;
  }
}
