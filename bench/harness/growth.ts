// Cost of work as one dimension grows, and whether it is linear.

import { WorkError } from "./case.ts";
import { quiet } from "./quiet.ts";
import { number, table, times } from "./table.ts";

/** Each size is this many times the previous one. */
export const FACTOR = 4;
/** The maximum cost of FACTOR times the work. */
export const MOST = 5;

/** The cost of one run. */
export interface Cost {
  /** Time in seconds, or processor time if the case says so. */
  readonly seconds: number;
  /** Largest resident memory, MiB. */
  readonly peak?: number;
}

/** A size that is prepared. */
export interface Prepared extends AsyncDisposable {
  measure(): Promise<Cost>;
  /** The same work by another program. */
  peer?(): Promise<Cost>;
}

/** Work that grows in one dimension. */
export interface GrowthCase {
  readonly name: string;
  /** The smallest size. */
  readonly from: number;
  /** The number of sizes, each FACTOR times the previous one. */
  readonly steps: number;
  /** Shorter times are noise and count as this, in seconds. */
  readonly floor: number;
  prepare(size: number): Promise<Prepared>;
  /** The cost of a run without work, which is subtracted. */
  start?(): Promise<Cost>;
}

/** The cost of one size. */
export interface Step {
  readonly size: number;
  /** The best of its rounds, without the cost of a run without work. */
  readonly seconds: number;
  readonly peak?: number;
  readonly peer?: number;
  /** Relative to the previous size. */
  readonly ratio?: number;
  readonly peakRatio?: number;
  readonly peerRatio?: number;
  /** Why the work failed. */
  readonly failed?: string;
  /** The seconds of every round. */
  readonly samples: readonly number[];
}

/** A case, measured. */
export interface Growth {
  readonly name: string;
  readonly floor: number;
  readonly steps: readonly Step[];
  readonly reached: boolean;
}

/** Memory below this belongs to the runtime, in MiB. */
const MEMORY_FLOOR = 64;
/** A run that takes longer is not repeated, in seconds. */
const LONG = 5;
/** The growth of a peer is that of the kernel: ours may exceed it by this. */
const ABOVE_PEER = 1.25;

/** Measures the sizes of a case, up to one whose work cannot be done. */
export async function grow(
  one: GrowthCase,
  rounds: number,
  onStep: (size: number) => void = () => {},
): Promise<Growth> {
  const steps: Step[] = [];
  for (let step = 0; step < one.steps; step++) {
    const size = one.from * FACTOR ** step;
    onStep(size);
    try {
      const measured = await measure(one, size, rounds);
      steps.push(compare(one, size, measured, steps.at(-1)));
    } catch (error) {
      if (!(error instanceof WorkError)) throw error;
      const failed = error.message;
      steps.push({ size, seconds: Infinity, failed, samples: [] });
      break;
    }
  }
  const { name, floor } = one;
  return { name, floor, steps, reached: steps.every(linear) };
}

/** The cost of the rounds of one size. */
interface Rounds {
  readonly start: Cost[];
  readonly ours: Cost[];
  readonly peer: Cost[];
}

async function measure(
  { prepare, start }: GrowthCase,
  size: number,
  rounds: number,
): Promise<Rounds> {
  const costs: Rounds = { start: [], ours: [], peer: [] };
  await using prepared = await prepare(size);
  do {
    await quiet();
    if (start !== undefined) costs.start.push(await start());
    costs.ours.push(await prepared.measure());
    if (prepared.peer !== undefined) costs.peer.push(await prepared.peer());
  } while (costs.ours.length < rounds && costs.ours.at(-1)!.seconds < LONG);
  return costs;
}

function best(costs: readonly Cost[]): Cost | undefined {
  return costs.toSorted((a, b) => a.seconds - b.seconds).at(0);
}

function compare(
  { floor }: GrowthCase,
  size: number,
  costs: Rounds,
  before: Step | undefined,
): Step {
  const [start, peer] = [best(costs.start), best(costs.peer)];
  const ours = best(costs.ours)!;
  const seconds = Math.max(0, ours.seconds - (start?.seconds ?? 0));
  const peak = ours.peak === undefined
    ? undefined
    : Math.max(0, ours.peak - (start?.peak ?? 0));
  const ratio = (value?: number, other?: number, floor = 0) =>
    value === undefined || other === undefined
      ? undefined
      : Math.max(value, floor) / Math.max(other, floor);
  return {
    size,
    seconds,
    peak,
    peer: peer?.seconds,
    ratio: ratio(seconds, before?.seconds, floor),
    peakRatio: ratio(peak, before?.peak, MEMORY_FLOOR),
    peerRatio: ratio(peer?.seconds, before?.peer, floor),
    samples: costs.ours.map(({ seconds }) => seconds),
  };
}

/** Whether a step is within its limit. */
export function linear(
  { ratio = 1, peakRatio = 1, peerRatio = 1, failed }: Step,
): boolean {
  return failed === undefined && peakRatio <= MOST &&
    ratio <= Math.max(MOST, peerRatio * ABOVE_PEER);
}

/** The steps of all cases. */
export function growthTable(growths: readonly Growth[]): string {
  const optional = (
    value: number | undefined,
    print: (value: number) => string,
  ) => value === undefined ? "" : print(value);
  const milliseconds = (seconds: number) => number(seconds * 1e3);
  const rows = growths.flatMap(({ name, steps }) =>
    steps.map((step, index) => [
      index === 0 ? name : "",
      step.size.toLocaleString("en"),
      milliseconds(step.seconds),
      optional(step.ratio, times),
      optional(step.peak, number),
      optional(step.peakRatio, times),
      optional(step.peer, milliseconds),
      optional(step.peerRatio, times),
      index === 0 && step.failed === undefined
        ? ""
        : linear(step)
        ? "yes"
        : "**no**",
    ])
  );
  return table(
    [
      "what",
      "size",
      "ms",
      "ratio",
      "MiB",
      "ratio",
      "`ip`, ms",
      "ratio",
      "reached",
    ],
    rows,
    new Set([1, 2, 3, 4, 5, 6, 7]),
  );
}
