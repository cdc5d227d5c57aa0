// Results for output, charts and records, from measured samples.

import type { Goal, Measured, Sample } from "./case.ts";
import { difference, ratio, type Spread, spread } from "./statistics.ts";
import type { Absence } from "./workshop.ts";

/** One program in one case. */
export interface Row {
  readonly name: string;
  readonly value: Spread;
  /** Median processor time for one unit of work, in microseconds. */
  readonly cpu?: number;
  /** MiB after the first and after the last round. */
  readonly resident?: readonly [number, number];
  readonly lost: number;
  /** Why the work failed, if it did. */
  readonly failed?: string;
  /** The value of every round. */
  readonly values: readonly number[];
}

/** A goal, and whether it was reached. */
export interface Verdict extends Goal {
  /** The bounded value: ours / theirs, ours - theirs, theirs / ours or ours. */
  readonly compared: Spread;
  readonly reached: boolean;
}

/** A case with its results and goals. */
export interface CaseResult {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly better: "more" | "less";
  readonly work?: string;
  readonly rows: readonly Row[];
  readonly goals: readonly Verdict[];
}

/** The run of a topic; the recorded JSON. */
export interface TopicResult {
  readonly topic: string;
  readonly date: string;
  readonly machine: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, string | number>>;
  readonly absent: readonly Absence[];
  readonly cases: readonly CaseResult[];
}

function row(name: string, samples: readonly Sample[]): Row {
  const values = samples.map(({ value }) => value);
  const cpu = samples.flatMap(({ cpu }) => cpu === undefined ? [] : [cpu]);
  const resident = samples.flatMap(({ resident }) =>
    resident === undefined ? [] : [resident]
  );
  const failed = samples.find(({ failed }) => failed !== undefined)?.failed;
  return {
    name,
    value: spread(values),
    ...(cpu.length === 0 ? {} : { cpu: spread(cpu).median }),
    ...(resident.length === 0
      ? {}
      : { resident: [resident[0], resident.at(-1)!] as const }),
    lost: samples.reduce((total, { lost = 0 }) => total + lost, 0),
    ...(failed === undefined ? {} : { failed }),
    values,
  };
}

/** Medians, spreads and goals of one case. */
export function judge({ of, samples }: Measured): CaseResult {
  const { name, title, unit, better, work } = of;
  const goals: Verdict[] = [];
  for (const goal of of.goals) {
    const { ours, against, by = "value", factor = 1, above, faster, limit } =
      goal;
    const [our, their] = [ours, against ?? ours].map((name) =>
      samples.get(name)?.map((sample) => sample[by] ?? NaN)
    );
    if (our === undefined || their === undefined) continue;
    const compared = limit !== undefined
      ? spread(our)
      : above !== undefined
      ? difference(our, their.map((value) => factor * value))
      : faster !== undefined
      ? ratio(their, our)
      : ratio(our, their);
    const least = goal.least ?? faster ?? -Infinity;
    const most = goal.most ?? above ?? limit ?? Infinity;
    goals.push({
      ...goal,
      compared,
      reached: compared.median >= least && compared.median <= most,
    });
  }
  return {
    name,
    title,
    unit,
    better,
    work,
    rows: [...samples].map(([name, list]) => row(name, list)),
    goals,
  };
}
