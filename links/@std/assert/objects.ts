import { inspect } from "node:util";
import { AssertionError, suffix } from "./assertion_error.ts";
import { assertEquals, equal } from "./equals.ts";

// deno-lint-ignore no-explicit-any
type AnyClass = abstract new (...args: any[]) => any;

function typeName(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value !== "object") return typeof value;
  return value.constructor?.name ?? "Object";
}

export function assertInstanceOf<T extends AnyClass>(
  actual: unknown,
  expectedType: T,
  msg = "",
): asserts actual is InstanceType<T> {
  if (actual instanceof expectedType) return;
  throw new AssertionError(
    `Expected object to be an instance of "${expectedType.name}" but was "${
      typeName(actual)
    }"${suffix(msg)}`,
  );
}

export function assertNotInstanceOf<T, U>(
  actual: T,
  // deno-lint-ignore no-explicit-any
  unexpectedType: abstract new (...args: any[]) => U,
  msg?: string,
): asserts actual is Exclude<T, U> {
  if (!(actual instanceof unexpectedType)) return;
  throw new AssertionError(
    `Expected object to not be an instance of "${typeof unexpectedType}"${
      suffix(msg)
    }`,
  );
}

export type ArrayLikeArg<T> = ArrayLike<T> & object;

export function assertArrayIncludes<T>(
  actual: ArrayLikeArg<T>,
  expected: ArrayLikeArg<T>,
  msg?: string,
): void {
  const have = Array.from(actual);
  const missing = Array.from(expected).filter((wanted) =>
    !have.some((item) => equal(item, wanted))
  );
  if (missing.length === 0) return;
  throw new AssertionError(
    `Expected actual: "${inspect(have)}" to include: "${inspect(expected)}"${
      suffix(msg)
    }\nmissing: ${inspect(missing)}`,
  );
}

type Keyed = Record<PropertyKey, unknown>;

function isKeyed(value: unknown): value is Keyed {
  return typeof value === "object" && value !== null &&
    !(value instanceof Date) && !(value instanceof RegExp);
}

// The part of `value` that `shape` speaks of; an array is compared as far as
// the expected one goes.
function pick(value: unknown, shape: unknown): unknown {
  if (!isKeyed(value) || !isKeyed(shape)) return value;
  if (Array.isArray(value) && Array.isArray(shape)) {
    return shape.slice(0, value.length).map((part, i) => pick(value[i], part));
  }
  return Object.fromEntries(
    Reflect.ownKeys(shape).filter((key) => key in value).map((
      key,
    ) => [key, pick(value[key], shape[key])]),
  );
}

export function assertObjectMatch(
  // deno-lint-ignore no-explicit-any
  actual: Record<PropertyKey, any>,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
): void {
  assertEquals(pick(actual, expected), pick(expected, expected), msg);
}
