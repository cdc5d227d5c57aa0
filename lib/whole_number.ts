// Numbers a caller gives, judged before they become a count, a size or a flag.

import { ArgumentError } from "./errors.ts";

/** @throws {ArgumentError} Unless it is a whole number in the range. */
export function wholeNumber(
  argument: string,
  value: number,
  least: number,
  most: number,
): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new ArgumentError(
    argument,
    value,
    `a whole number from ${least} to ${most}`,
  );
}
