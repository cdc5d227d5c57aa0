// Medians and quartiles, which are robust on a busy machine.

/** The median and the middle half of some numbers. */
export interface Spread {
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

function quantile(sorted: readonly number[], part: number): number {
  const place = (sorted.length - 1) * part;
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  // Failed work counts as infinite; the difference of two is NaN.
  if (sorted[below] === sorted[above]) return sorted[below];
  return sorted[below] + (sorted[above] - sorted[below]) * (place - below);
}

/** Median and quartiles. @throws {RangeError} Without numbers. */
export function spread(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError("no values");
  const sorted = [...values].sort((a, b) => a - b);
  return {
    low: quantile(sorted, 0.25),
    median: quantile(sorted, 0.5),
    high: quantile(sorted, 0.75),
  };
}

/**
 * Compares two programs: the ratio within each round, where both ran seconds
 * apart on the same machine.
 */
export function ratio(
  ours: readonly number[],
  theirs: readonly number[],
): Spread {
  return spread(ours.map((value, round) => value / theirs[round]));
}

/** The same as a difference, in the unit of both. */
export function difference(
  ours: readonly number[],
  theirs: readonly number[],
): Spread {
  return spread(ours.map((value, round) => value - theirs[round]));
}
