// How the cost of work grows with its size.

import { assert } from "@std/assert";

/** How often each size is measured; the least counts. */
const ROUNDS = 3;
/** Milliseconds of work to measure: the kernel counts them at its ticks. */
const ENOUGH = 50;

/**
 * Processor time of this thread, in milliseconds: what others do at the same
 * time does not count.
 */
export function processorTime(): number {
  try {
    const text = Deno.readTextFileSync("/proc/thread-self/schedstat");
    return Number(text.split(" ")[0]) / 1e6;
  } catch (error) {
    // A kernel without CONFIG_SCHED_INFO.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return performance.now();
  }
}

/** Processor time that `work` takes each time, in milliseconds. */
export async function costOf(work: () => unknown): Promise<number> {
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const before = processorTime();
    let times = 0;
    let taken = 0;
    while (taken < ENOUGH) {
      await work();
      times++;
      taken = processorTime() - before;
    }
    least = Math.min(least, taken / times);
  }
  return least;
}

/** Fails if the larger cost is more than `limit` times the smaller one. */
export function assertGrowth(
  smaller: number,
  larger: number,
  limit: number,
): void {
  assert(
    larger < limit * smaller,
    `${larger.toFixed(1)} ms is more than ${limit} times ${
      smaller.toFixed(1)
    } ms`,
  );
}
