// What a topic measures: cases, each with programs that do the same work.

import { quiet } from "./quiet.ts";

/** One program's result in one round. */
export interface Sample {
  /** In the case's unit. */
  readonly value: number;
  /** Microseconds of processor time, user and system, a unit of work. */
  readonly cpu?: number;
  /** Resident memory afterwards, MiB. */
  readonly resident?: number;
  /** Units of work that got lost. */
  readonly lost?: number;
  /** Why the work could not be done; the value is the worst there is. */
  readonly failed?: string;
}

/** A program could not do the work of a case, which is a result too. */
export class WorkError extends Error {
  override readonly name = "WorkError";
}

/** A program that takes part in a case. */
export interface Contestant {
  readonly name: string;
  /** Does the work for one round. */
  measure(): Promise<Sample>;
}

/** What one program has to reach, against another or by itself. */
export interface Goal {
  readonly ours: string;
  /** May be left out where `limit` is the bound. */
  readonly against?: string;
  /** What is compared; default: the value. */
  readonly by?: "value" | "cpu";
  /** Bounds of ours / theirs. */
  readonly least?: number;
  readonly most?: number;
  /** The bound of ours - theirs. */
  readonly above?: number;
  /** The bound of theirs / ours, where less is better. */
  readonly faster?: number;
  /** The upper bound of ours alone, in the case's unit. */
  readonly limit?: number;
}

/** Programs that do the same work, and what ours have to reach. */
export interface Case {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  /** Which end of the unit is the good one. */
  readonly better: "more" | "less";
  /** What one unit of work is, for the processor time: "datagram". */
  readonly work?: string;
  /** How many rounds are enough, where one takes long. */
  readonly rounds?: number;
  readonly contestants: readonly Contestant[];
  readonly goals: readonly Goal[];
}

/** The samples of a case, round by round, by program. */
export interface Measured {
  readonly of: Case;
  readonly samples: ReadonlyMap<string, readonly Sample[]>;
}

/**
 * Runs every program of a case once a round, each round beginning with another
 * one, so that none always follows the same.
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
 * One run that has several results, each the value of a case: the first case
 * that asks for a round runs it.
 *
 * @param run Does the work for one round.
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
