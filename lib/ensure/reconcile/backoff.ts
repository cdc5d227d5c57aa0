// Backoff of corrections: at once at first, later and later where another
// program keeps undoing them or the kernel keeps refusing them.

/** What was done about one subject. */
interface Attempts {
  /** When it was corrected recently, in milliseconds of performance.now(). */
  times: number[];
  /** How many pauses there were in a row. */
  rounds: number;
  /** The end of the pause. */
  until: number;
  contested: boolean;
}

/** Corrections within this time, in milliseconds, are counted together. */
const WINDOW = 10_000;
/** How many of them are made at once. */
const AT_ONCE = 6;
/** The first pause, and the longest, in milliseconds. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 30_000;
/** Pauses end at multiples of this part of the longest, many of them together. */
const STEPS = 16;

/** Pauses between corrections of the same subject. */
export class Backoff {
  /** When subjects were corrected that were only once, the oldest first. */
  readonly #once = new Map<string, number>();
  readonly #attempts = new Map<string, Attempts>();
  readonly #random: () => number;

  /** @param random For jitter, from 0 to 1. */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Milliseconds until a subject may be corrected, 0 for now. */
  wait(subject: string, now: number): number {
    return Math.max(0, (this.#attempts.get(subject)?.until ?? 0) - now);
  }

  /**
   * Notes a correction.
   *
   * @returns The pause from here on, if something keeps undoing it.
   */
  corrected(subject: string, now: number): number | undefined {
    let attempts = this.#attempts.get(subject);
    if (attempts === undefined) {
      const before = this.#once.get(subject);
      if (before === undefined) {
        this.#once.set(subject, now);
        return undefined;
      }
      attempts = this.#of(subject);
    }
    attempts.times = attempts.times.filter((time) => now - time < WINDOW);
    attempts.times.push(now);
    if (!attempts.contested && attempts.times.length < AT_ONCE) {
      attempts.rounds = 0;
      attempts.until = 0;
      return undefined;
    }
    attempts.contested = true;
    return this.#pause(attempts, now);
  }

  /** Notes a refusal. @returns The pause until it may be tried again. */
  refused(subject: string, now: number): number {
    return this.#pause(this.#of(subject), now);
  }

  /**
   * Forgets what has been quiet for long enough.
   *
   * @param wrong The subjects that differ now.
   * @returns Those that were contested.
   */
  settled(wrong: ReadonlySet<string>, now: number): string[] {
    for (const [subject, time] of this.#once) {
      if (now - time < WINDOW) break;
      this.#once.delete(subject);
    }
    const over: string[] = [];
    for (const [subject, attempts] of this.#attempts) {
      if (wrong.has(subject) || now < endOf(attempts)) continue;
      this.#attempts.delete(subject);
      if (attempts.contested) over.push(subject);
    }
    return over;
  }

  /** Milliseconds until something may be forgotten; undefined if nothing. */
  next(now: number): number | undefined {
    let next = Infinity;
    for (const time of this.#once.values()) {
      next = time + WINDOW;
      break;
    }
    for (const attempts of this.#attempts.values()) {
      next = Math.min(next, endOf(attempts));
    }
    return next === Infinity ? undefined : Math.max(0, next - now);
  }

  #of(subject: string): Attempts {
    let attempts = this.#attempts.get(subject);
    if (attempts === undefined) {
      const time = this.#once.get(subject);
      this.#once.delete(subject);
      const times = time === undefined ? [] : [time];
      attempts = { times, rounds: 0, until: 0, contested: false };
      this.#attempts.set(subject, attempts);
    }
    return attempts;
  }

  #pause(attempts: Attempts, now: number): number {
    const longest = Math.min(FIRST_PAUSE * 2 ** attempts.rounds, LONGEST_PAUSE);
    attempts.rounds = Math.min(attempts.rounds + 1, 16);
    // Two that correct each other must not do so in step for ever.
    const until = now + longest * (0.5 + this.#random() / 2);
    const grid = longest / STEPS;
    attempts.until = Math.max(
      Math.floor(until / grid) * grid,
      now + longest / 4,
    );
    return attempts.until - now;
  }
}

/** From when on a subject is forgotten, unless something happens. */
function endOf({ until, times, contested, rounds }: Attempts): number {
  const quiet = contested ? Math.min(2 ** rounds * 1000, WINDOW) : WINDOW;
  return Math.max(until, times.at(-1) ?? 0) + quiet;
}
