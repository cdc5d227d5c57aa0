// Adaptive busy polling: whether to poll for a short while before sleeping.
// Waking a sleeping thread costs far more than a poll, so a thread whose next
// event is usually near polls; one whose events are far apart sleeps at once.

/** Confidence from which on polling is tried, and its upper bound. */
const THRESHOLD = 4;
const LIMIT = 16;
/** Confidence that a poll without an event costs: one miss for this many hits pays. */
const MISS_COST = 4;
/** Processor time of a turn of the event loop in which other code ran, in milliseconds. */
const TURN_OF_OTHERS = 0.015;
/** Turns that the share of such turns is the average of, and the share that counts. */
const TURNS = 32;
const OTHERS_SHARE = 0.1;

/**
 * Learns from the outcome of the last waits whether busy polling pays.
 *
 * The full budget is spent or none of it: an event is either near or not.
 */
export class AdaptiveBusyPolling {
  #confidence = 0;
  /** Share of the last turns in which other code ran. */
  #others = 0;
  /** A sleep shorter than this would have been better spent polling. */
  readonly #shortSleep: number;

  /**
   * @param budget Milliseconds to poll at most: about the cost of a sleep.
   * @param wakeUpCost Milliseconds from an event to the thread that slept.
   */
  constructor(readonly budget: number, wakeUpCost: number) {
    this.#shortSleep = budget + wakeUpCost;
  }

  /**
   * Whether polling has paid recently. It does not where other code of this
   * thread, an HTTP server for example, waits for the event loop meanwhile.
   */
  get pays(): boolean {
    return this.#confidence >= THRESHOLD && this.#others < OTHERS_SHARE;
  }

  /**
   * A turn of the event loop is over.
   *
   * @param processorTime What this thread used for it, in milliseconds.
   */
  recordTurn(processorTime: number): void {
    const others = processorTime > TURN_OF_OTHERS ? 1 : 0;
    this.#others += (others - this.#others) / TURNS;
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
