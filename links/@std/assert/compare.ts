import { inspect } from "node:util";
import { AssertionError } from "./assertion_error.ts";

function refuse(
  actual: unknown,
  sign: string,
  expected: unknown,
  msg: string | undefined,
): never {
  throw new AssertionError(
    msg ?? `Expect ${inspect(actual)} ${sign} ${inspect(expected)}`,
  );
}

export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual > expected)) refuse(actual, ">", expected, msg);
}

export function assertGreaterOrEqual<T>(
  actual: T,
  expected: T,
  msg?: string,
): void {
  if (!(actual >= expected)) refuse(actual, ">=", expected, msg);
}

export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual < expected)) refuse(actual, "<", expected, msg);
}

export function assertLessOrEqual<T>(
  actual: T,
  expected: T,
  msg?: string,
): void {
  if (!(actual <= expected)) refuse(actual, "<=", expected, msg);
}
