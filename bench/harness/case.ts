// Cases of a topic, each with programs that do the same work.

import { quiet } from "./quiet.ts";

/** The result of one program in one round. */
export interface Sample {
  /** In the unit of the case. */
  readonly value: number;
  /** Processor time for one unit of work, user and system, in microseconds. */
  readonly cpu?: number;
  /** Resident memory afterwards, MiB. */
  readonly resident?: number;
  /** Lost units of work. */
  readonly lost?: number;
  /** Why the work failed; the value is the worst possible. */
  readonly failed?: string;
}

/** A program could not do the work of a case, which is a result too. */
export class WorkError extends Error {
  override readonly name = "WorkError";
}

/** A program in a case. */
export interface Contestant {
  readonly name: string;
  /** Does the work of one round. */
  measure(): Promise<Sample>;
}

/** The goal of one program, relative to another or absolute. */
export interface Goal {
  readonly ours: string;
  /** Optional if `limit` is the bound. */
  readonly against?: string;
  /** The compared value; default: the value of the case. */
  readonly by?: "value" | "cpu";
  /** Bounds of ours / theirs. */
  readonly least?: number;
  readonly most?: number;
  /** The upper bound of ours - theirs, or of ours - factor * theirs. */
  readonly above?: number;
  readonly factor?: number;
  /** The lower bound of theirs / ours, if less is better. */
  readonly faster?: number;
  /** The upper bound of ours alone, in the case's unit. */
  readonly limit?: number;
}

/** Programs that do the same work, and their goals. */
export interface Case {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  /** Whether more or less is better. */
  readonly better: "more" | "less";
  /** The unit of work for processor time: "datagram". */
  readonly work?: string;
  /** The number of rounds, for slow cases. */
  readonly rounds?: number;
  readonly contestants: readonly Contestant[];
  readonly goals: readonly Goal[];
}

/** The samples of a case, by round and program. */
export interface Measured {
  readonly of: Case;
  readonly samples: ReadonlyMap<string, readonly Sample[]>;
}

/**
 * Runs every program of a case once in each round, starting with another one
 * each time, so that none always follows the same.
 */
export async function measure(
  of: Case,
  rounds: number,
  onRound: (round: number) => void = () => {},
): Promise<Measured> {
  const { contestants } = of;
  const samples = new Map<string, Sample[]>(
    contestants.map(({ name }) => [name, []]),
  );
  for (let round = 0; round < rounds; round++) {
    onRound(round);
    await quiet();
    for (let turn = 0; turn < contestants.length; turn++) {
      const { name, measure } =
        contestants[(round + turn) % contestants.length];
      samples.get(name)!.push(await attempt(measure, of.better));
    }
  }
  return { of, samples };
}

async function attempt(
  measure: () => Promise<Sample>,
  better: Case["better"],
): Promise<Sample> {
  try {
    return await measure();
  } catch (error) {
    if (!(error instanceof WorkError)) throw error;
    return { value: better === "less" ? Infinity : 0, failed: error.message };
  }
}

/**
 * A run with several results, each the value of a case: the first case of a
 * round runs it.
 *
 * @param run Does the work of one round.
 */
export function shared<Result>(
  run: () => Promise<Result>,
): (sample: (result: Result) => Sample) => () => Promise<Sample> {
  const runs: Promise<Result>[] = [];
  return (sample) => {
    let round = 0;
    return async () => sample(await (runs[round++] ??= run()));
  };
}
