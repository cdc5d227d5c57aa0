// Adaptive busy polling: whether to poll for a short while before sleeping.
// Waking a sleeping thread costs far more than a poll, so a thread whose next
// event is usually near polls; one whose events are far apart sleeps at once.

/** Confidence from which on polling is tried, and its upper bound. */
const THRESHOLD = 4;
const LIMIT = 16;
/** Confidence that a poll without an event costs: one miss for this many hits pays. */
const MISS_COST = 4;
/** Processor time of a turn in which other code ran, in milliseconds. */
const TURN_OF_OTHERS = 0.015;
/**
 * The number of turns in the average, and the share of other code that matters.
 */
const TURNS = 32;
const OTHERS_SHARE = 0.1;

/**
 * Decides from the results of recent waits whether to busy-poll.
 *
 * It spends the full budget or nothing: an event is either near or not.
 */
export class AdaptiveBusyPolling {
  #confidence = 0;
  /** The share of recent turns in which other code ran. */
  #others = 0;
  /** A sleep below this duration should have been busy polling. */
  readonly #shortSleep: number;

  /**
   * @param budget Maximum milliseconds to poll: about the cost of a sleep.
   * @param wakeUpCost Milliseconds from an event until a sleeping thread runs.
   */
  constructor(readonly budget: number, wakeUpCost: number) {
    this.#shortSleep = budget + wakeUpCost;
  }

  /**
   * Whether polling has paid recently. It does not if other code of this
   * thread, such as an HTTP server, waits for the event loop.
   */
  get pays(): boolean {
    return this.#confidence >= THRESHOLD && this.#others < OTHERS_SHARE;
  }

  /**
   * Records the end of a turn of the event loop.
   *
   * @param processorTime The processor time of this thread in it, in
   *   milliseconds.
   */
  recordTurn(processorTime: number): void {
    const others = processorTime > TURN_OF_OTHERS ? 1 : 0;
    this.#others += (others - this.#others) / TURNS;
  }

  /** Records an event within the budget. */
  recordHit(): void {
    if (this.#confidence < LIMIT) this.#confidence++;
  }

  /** Records that no event arrived within the budget. */
  recordMiss(): void {
    this.#confidence = Math.max(0, this.#confidence - MISS_COST);
  }

  /** Records a sleep until an event, in milliseconds. */
  recordSleep(time: number): void {
    if (time < this.#shortSleep) this.recordHit();
    else this.#confidence >>= 1;
  }
}
