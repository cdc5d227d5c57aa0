import { AssertionError, suffix } from "./assertion_error.ts";
import { stripVTControlCharacters } from "node:util";

// deno-lint-ignore no-explicit-any
type ErrorType<E> = abstract new (...args: any[]) => E;

export function assertIsError<E extends Error = Error>(
  error: unknown,
  ErrorClass?: ErrorType<E>,
  msgMatches?: string | RegExp,
  msg?: string,
): asserts error is E {
  if (!(error instanceof Error)) {
    throw new AssertionError(
      `Expected "error" to be an Error object${suffix(msg)}`,
    );
  }
  if (ErrorClass && !(error instanceof ErrorClass)) {
    throw new AssertionError(
      `Expected error to be instance of "${ErrorClass.name}", but was "${error.constructor?.name}"${
        suffix(msg)
      }`,
    );
  }
  if (!msgMatches) return;
  const message = stripVTControlCharacters(error.message);
  const matches = typeof msgMatches === "string"
    ? message.includes(stripVTControlCharacters(msgMatches))
    : msgMatches.test(message);
  if (!matches) {
    throw new AssertionError(
      `Expected error message to include ${
        typeof msgMatches === "string"
          ? JSON.stringify(msgMatches)
          : String(msgMatches)
      }, but got ${JSON.stringify(error.message)}${suffix(msg)}`,
    );
  }
}

// (fn, msg) or (fn, ErrorClass, msgIncludes, msg)
function readArguments<E>(
  classOrMsg: ErrorType<E> | string | undefined,
  msgIncludes: string | undefined,
  msg: string | undefined,
): { ErrorClass?: ErrorType<E>; msgIncludes?: string; msg?: string } {
  return typeof classOrMsg === "string"
    ? { msg: classOrMsg }
    : { ErrorClass: classOrMsg, msgIncludes, msg };
}

export function assertThrows(fn: () => unknown, msg?: string): unknown;
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: ErrorType<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  classOrMsg?: ErrorType<E> | string,
  msgIncludes?: string,
  msg?: string,
): unknown {
  const wanted = readArguments(classOrMsg, msgIncludes, msg);
  try {
    fn();
  } catch (error) {
    if (wanted.ErrorClass) {
      assertIsError(error, wanted.ErrorClass, wanted.msgIncludes, wanted.msg);
    }
    return error;
  }
  throw new AssertionError(`Expected function to throw${suffix(wanted.msg)}`);
}

export function assertRejects(
  fn: () => PromiseLike<unknown>,
  msg?: string,
): Promise<unknown>;
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: ErrorType<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  classOrMsg?: ErrorType<E> | string,
  msgIncludes?: string,
  msg?: string,
): Promise<unknown> {
  const wanted = readArguments(classOrMsg, msgIncludes, msg);
  let promise: PromiseLike<unknown> | undefined;
  try {
    promise = fn();
  } catch {
    // Throwing is not rejecting: refused below like a plain return value.
  }
  if (typeof promise?.then !== "function") {
    throw new AssertionError(
      `Function throws when expected to reject${suffix(wanted.msg)}`,
    );
  }
  try {
    await promise;
  } catch (error) {
    if (wanted.ErrorClass) {
      assertIsError(error, wanted.ErrorClass, wanted.msgIncludes, wanted.msg);
    }
    return error;
  }
  throw new AssertionError(`Expected function to reject${suffix(wanted.msg)}`);
}
