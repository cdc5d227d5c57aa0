// Backoff of corrections: at once at first, then with growing pauses where
// another program keeps undoing them or the kernel keeps refusing them.

/** Corrections of one object that another program keeps undoing. */
interface Conflict {
  /** When it was corrected recently, in milliseconds of performance.now(). */
  times: number[];
  /** How many pauses there were in a row. */
  rounds: number;
  /** The end of the pause. */
  until: number;
  isReported: boolean;
}

/** Recreations of one link for the same reasons. */
interface Recreations {
  readonly reasons: string;
  readonly since: number;
  readonly count: number;
}

/** Refusals of one object in a row. */
interface Refusals {
  readonly since: number;
  rounds: number;
  until: number;
}

/** Corrections within this time, in milliseconds, are counted together. */
const WINDOW = 10_000;
/** How many of them are made without a pause. */
const AT_ONCE = 6;
/** Recreations of a link for the same reasons before it is left alone. */
const RECREATIONS = 3;
/** The first pause, and the longest, in milliseconds. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 30_000;
/** Pauses end at multiples of this part of the longest, many of them together. */
const GRID = 16;

/** Pauses between corrections of the same object. */
export class Backoff {
  /** When objects were corrected that were only once, the oldest first. */
  readonly #once = new Map<string, number>();
  readonly #conflicts = new Map<string, Conflict>();
  readonly #refusals = new Map<string, Refusals>();
  /** Links that were recreated for the same reasons: since when, how often. */
  readonly #recreated = new Map<string, Recreations>();
  readonly #random: () => number;

  /** @param random For jitter, from 0 to 1. */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Milliseconds until an object may be corrected, 0 for now. */
  wait(key: string, now: number): number {
    return Math.max(0, (this.#conflicts.get(key)?.until ?? 0) - now);
  }

  /**
   * Notes a correction.
   *
   * @returns The pause from here on, if something keeps undoing it.
   */
  corrected(key: string, now: number): number | undefined {
    this.#refusals.delete(key);
    let conflict = this.#conflicts.get(key);
    if (conflict === undefined) {
      const before = this.#once.get(key);
      if (before === undefined) {
        this.#once.set(key, now);
        return undefined;
      }
      this.#once.delete(key);
      conflict = { times: [before], rounds: 0, until: 0, isReported: false };
      this.#conflicts.set(key, conflict);
    }
    conflict.times = conflict.times.filter((time) => now - time < WINDOW);
    conflict.times.push(now);
    if (!conflict.isReported && conflict.times.length < AT_ONCE) {
      return undefined;
    }
    conflict.isReported = true;
    return this.#pause(conflict, now);
  }

  /**
   * Notes that a link was recreated; one that differs in the same way again and
   * again will not be as desired the next time either.
   *
   * @param reasons What differed.
   * @returns The pause from here on, if recreating it has no effect.
   */
  recreated(key: string, reasons: string, now: number): number | undefined {
    const before = this.#recreated.get(key);
    const again = before !== undefined && before.reasons === reasons &&
      now - before.since <= LONGEST_PAUSE + WINDOW;
    const count = again ? before.count + 1 : 1;
    this.#recreated.set(key, {
      reasons,
      since: again ? before.since : now,
      count,
    });
    if (count < RECREATIONS) return undefined;
    const until = now + LONGEST_PAUSE;
    const conflict = { times: [now], rounds: 0, until, isReported: true };
    this.#conflicts.set(key, conflict);
    return LONGEST_PAUSE;
  }

  /**
   * Notes a refusal.
   *
   * @returns The pause until it may be tried again, and whether it has been
   * refused for longer than a change that is under way takes.
   */
  refused(
    key: string,
    now: number,
  ): { readonly pause: number; readonly isPersistent: boolean } {
    let refusals = this.#refusals.get(key);
    if (refusals === undefined) {
      refusals = { since: now, rounds: 0, until: 0 };
      this.#refusals.set(key, refusals);
    }
    const isPersistent = now - refusals.since >= FIRST_PAUSE;
    return { pause: this.#pause(refusals, now), isPersistent };
  }

  /**
   * Forgets what has been quiet for long enough.
   *
   * @param different The objects that differ now.
   * @returns The objects whose conflict is resolved.
   */
  resolved(different: ReadonlySet<string>, now: number): string[] {
    for (const [key, time] of this.#once) {
      if (now - time < WINDOW) break;
      this.#once.delete(key);
    }
    for (const [key, { until }] of this.#refusals) {
      if (now - until >= WINDOW) this.#refusals.delete(key);
    }
    const resolved: string[] = [];
    for (const [key, conflict] of this.#conflicts) {
      if (different.has(key) || now < endOf(conflict)) continue;
      this.#conflicts.delete(key);
      if (conflict.isReported) resolved.push(key);
    }
    return resolved;
  }

  /** When something may be forgotten, in milliseconds of performance.now(). */
  get next(): number {
    let next = Infinity;
    for (const time of this.#once.values()) {
      next = time + WINDOW;
      break;
    }
    for (const conflict of this.#conflicts.values()) {
      next = Math.min(next, endOf(conflict));
    }
    return next;
  }

  #pause(
    attempts: { rounds: number; until: number },
    now: number,
  ): number {
    const longest = Math.min(FIRST_PAUSE * 2 ** attempts.rounds, LONGEST_PAUSE);
    attempts.rounds = Math.min(attempts.rounds + 1, 16);
    // Two that correct each other must not do so in step for ever.
    const until = now + longest * (0.5 + this.#random() / 2);
    const grid = longest / GRID;
    attempts.until = Math.max(
      Math.floor(until / grid) * grid,
      now + longest / 4,
    );
    return attempts.until - now;
  }
}

/** From when on a conflict is resolved, unless something happens. */
function endOf({ until, times, isReported, rounds }: Conflict): number {
  const quiet = isReported ? Math.min(2 ** rounds * 1000, WINDOW) : WINDOW;
  return Math.max(until, times.at(-1) ?? 0) + quiet;
}
