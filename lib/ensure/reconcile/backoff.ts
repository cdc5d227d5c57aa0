// Backoff of corrections: immediate at first, then with growing pauses while
// another program undoes them or the kernel rejects them.

/** Corrections of one object that another program undoes. */
interface Conflict {
  /**
   * The times of its recent corrections, in milliseconds of performance.now().
   */
  times: number[];
  /** The number of consecutive pauses. */
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

/** Consecutive rejections of one object. */
interface Refusals {
  readonly since: number;
  rounds: number;
  until: number;
}

/** Corrections within this time, in milliseconds, are counted together. */
const WINDOW = 10_000;
/** The number of corrections without a pause. */
const AT_ONCE = 6;
/** The number of recreations of a link for the same reasons before backoff. */
const RECREATIONS = 3;
/** The first and the longest pause, in milliseconds. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 30_000;
/**
 * Pauses end at multiples of the longest pause divided by this, so that many
 * end together.
 */
const GRID = 16;

/** Pauses between corrections of the same object. */
export class Backoff {
  /** The time of the only correction of objects, oldest first. */
  readonly #once = new Map<string, number>();
  readonly #conflicts = new Map<string, Conflict>();
  readonly #refusals = new Map<string, Refusals>();
  /** Links that were recreated for the same reasons: start and count. */
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
   * Records a correction.
   *
   * @returns The pause from now on, if another program undoes it.
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
   * Records that a link was recreated. If it differs in the same way several
   * times, recreating it has no effect.
   *
   * @param reasons The differences.
   * @returns The pause from now on, if recreating it has no effect.
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
   * Records a rejection.
   *
   * @returns The pause until the next attempt, and whether it has been rejected
   *   for longer than a pending change takes.
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
   * Removes objects without recent corrections.
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

  /**
   * The next time that objects may be removed, in milliseconds of
   * performance.now().
   */
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
    // Jitter: two reconcilers of the same object must not stay in phase.
    const until = now + longest * (0.5 + this.#random() / 2);
    const grid = longest / GRID;
    attempts.until = Math.max(
      Math.floor(until / grid) * grid,
      now + longest / 4,
    );
    return attempts.until - now;
  }
}

/** When a conflict is resolved without further corrections. */
function endOf({ until, times, isReported, rounds }: Conflict): number {
  const quiet = isReported ? Math.min(2 ** rounds * 1000, WINDOW) : WINDOW;
  return Math.max(until, times.at(-1) ?? 0) + quiet;
}
