import { deepStrictEqual, strictEqual } from "node:assert";
import { inspect, isDeepStrictEqual } from "node:util";
import { AssertionError, suffix } from "./assertion_error.ts";

export function equal(a: unknown, b: unknown): boolean {
  return a === b || isDeepStrictEqual(a, b);
}

// node writes the difference; its first line is a sentence of its own.
function difference(check: () => void): string {
  try {
    check();
  } catch (error) {
    return (error as Error).message.split("\n").slice(1).join("\n");
  }
  return "";
}

export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (equal(actual, expected)) return;
  throw new AssertionError(
    `Values are not equal${suffix(msg)}\n${
      difference(() => deepStrictEqual(actual, expected))
    }`,
  );
}

export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  if (!equal(actual, expected)) return;
  throw new AssertionError(
    `Expected actual: ${inspect(actual)} not to be: ${inspect(expected)}${
      suffix(msg)
    }`,
  );
}

export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  msg?: string,
): asserts actual is T {
  if (Object.is(actual, expected)) return;
  throw new AssertionError(
    `Values are not strictly equal${suffix(msg)}\n${
      difference(() => strictEqual(actual, expected))
    }`,
  );
}

export function assertNotStrictEquals<T>(
  actual: T,
  expected: T,
  msg?: string,
): void {
  if (!Object.is(actual, expected)) return;
  throw new AssertionError(
    `Expected "actual" to not be strictly equal to: ${inspect(actual)}${
      suffix(msg)
    }`,
  );
}

export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance: number = isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7,
  msg?: string,
): void {
  if (Object.is(actual, expected)) return;
  const delta = Math.abs(expected - actual);
  if (delta <= tolerance) return;
  throw new AssertionError(
    `Expected actual: "${actual}" to be close to "${expected}": delta "${delta}" is greater than "${tolerance}"${
      suffix(msg)
    }`,
  );
}
