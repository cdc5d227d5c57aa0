// How soon something may be corrected again: at once, unless somebody keeps
// undoing it, or the kernel keeps refusing it.

/** What is known of one subject. */
interface Fight {
  /** When it was corrected of late, in milliseconds of performance.now(). */
  times: number[];
  /** How often in a row it had to wait. */
  rounds: number;
  /** Until when it waits. */
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

/** Pauses between corrections of the same thing. */
export class Fights {
  readonly #fights = new Map<string, Fight>();
  readonly #random: () => number;

  /** @param random For jitter, from 0 to 1. */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Milliseconds until a subject may be corrected, 0 for now. */
  wait(subject: string, now: number): number {
    return Math.max(0, (this.#fights.get(subject)?.until ?? 0) - now);
  }

  /**
   * Notes a correction.
   *
   * @returns The pause from here on, if somebody keeps undoing it.
   */
  corrected(subject: string, now: number): number | undefined {
    const fight = this.#of(subject);
    fight.times = [...fight.times.filter((time) => now - time < WINDOW), now];
    if (!fight.contested && fight.times.length < AT_ONCE) {
      fight.rounds = 0;
      fight.until = 0;
      return undefined;
    }
    fight.contested = true;
    return this.#pause(fight, now);
  }

  /** Notes a refusal. @returns The pause until it may be tried again. */
  refused(subject: string, now: number): number {
    return this.#pause(this.#of(subject), now);
  }

  /** Notes which subjects are wrong now. @returns Those whose fight is over. */
  settled(wrong: ReadonlySet<string>, now: number): string[] {
    const over: string[] = [];
    for (const [subject, fight] of this.#fights) {
      const last = Math.max(fight.until, fight.times.at(-1) ?? 0);
      if (wrong.has(subject) || now - last < this.#quiet(fight)) continue;
      this.#fights.delete(subject);
      if (fight.contested) over.push(subject);
    }
    return over;
  }

  /** Milliseconds until something may be over, or undefined. */
  next(now: number): number | undefined {
    const waits = [...this.#fights.values()].map((fight) =>
      Math.max(fight.until, fight.times.at(-1) ?? 0) + this.#quiet(fight) - now
    );
    return waits.length === 0 ? undefined : Math.max(0, Math.min(...waits));
  }

  /** How long nothing has to happen for a fight to be over. */
  #quiet(fight: Fight): number {
    return fight.contested
      ? Math.min(2 ** fight.rounds * 1000, WINDOW)
      : WINDOW;
  }

  #of(subject: string): Fight {
    let fight = this.#fights.get(subject);
    if (fight === undefined) {
      fight = { times: [], rounds: 0, until: 0, contested: false };
      this.#fights.set(subject, fight);
    }
    return fight;
  }

  #pause(fight: Fight, now: number): number {
    const longest = Math.min(FIRST_PAUSE * 2 ** fight.rounds, LONGEST_PAUSE);
    fight.rounds = Math.min(fight.rounds + 1, 16);
    // Two that correct each other must not do so in step for ever.
    const pause = longest * (0.5 + this.#random() / 2);
    fight.until = now + pause;
    return pause;
  }
}
