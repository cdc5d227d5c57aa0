// Adaptive busy polling: whether to poll for a short while before sleeping.
// Waking a sleeping thread costs far more than a poll, so a thread whose next
// event is usually near polls; one whose events are far apart sleeps at once.

/** Confidence from which on polling is tried, and its upper bound. */
const THRESHOLD = 4;
const LIMIT = 16;
/** Confidence that a poll without an event costs: one miss for this many hits pays. */
const MISS_COST = 4;

/**
 * Learns from the outcome of the last waits whether busy polling pays.
 *
 * The full budget is spent or none of it: an event is either near or not.
 */
export class AdaptiveBusyPolling {
  #confidence = 0;
  /** A sleep shorter than this would have been better spent polling. */
  readonly #shortSleep: number;

  /**
   * @param budget Milliseconds to poll at most: about the cost of a sleep.
   * @param wakeUpCost Milliseconds from an event to the thread that slept.
   */
  constructor(readonly budget: number, wakeUpCost: number) {
    this.#shortSleep = budget + wakeUpCost;
  }

  /** Whether polling has paid recently. */
  get pays(): boolean {
    return this.#confidence >= THRESHOLD;
  }

  /** An event came within the budget. */
  recordHit(): void {
    if (this.#confidence < LIMIT) this.#confidence++;
  }

  /** No event came within the budget. */
  recordMiss(): void {
    this.#confidence = Math.max(0, this.#confidence - MISS_COST);
  }

  /** The thread slept until an event, for so many milliseconds. */
  recordSleep(time: number): void {
    if (time < this.#shortSleep) this.recordHit();
    else this.#confidence >>= 1;
  }
}
