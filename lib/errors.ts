// Errors other than those of system calls, which are SystemError of ffi/errno.ts.

import { errorFields } from "../ffi/errno.ts";

/**
 * An argument that cannot be right, refused before any system call is made.
 *
 * @example
 * ```ts
 * import { ArgumentError } from "@netplumb/netplumb";
 *
 * const error = new ArgumentError("port", 70000, "a whole number from 0 to 65535");
 * console.log(error.message);
 * // port: 70000 is not a whole number from 0 to 65535
 * ```
 */
export class ArgumentError extends TypeError {
  /** Always "ArgumentError". */
  override readonly name = "ArgumentError";
  /** A stable word for programs, beside the errno names of SystemError. */
  readonly code = "EARGUMENT";

  /**
   * Says what was given and what would have been right.
   *
   * @param argument The name of the option or parameter, as the caller knows it.
   * @param value What was given.
   * @param expected What would have been right, as the end of "is not ...".
   */
  constructor(
    readonly argument: string,
    readonly value: unknown,
    readonly expected: string,
  ) {
    super(
      `${argument}: ${
        typeof value === "string" ? JSON.stringify(value) : String(value)
      } is not ${expected}`,
    );
    this.argument = argument;
    this.value = value;
    this.expected = expected;
  }

  /** Its fields, for JSON and postMessage, which lose the class of an error. */
  toJSON(): Record<string, unknown> {
    const { value } = this;
    const simple = value === null || typeof value !== "object";
    return {
      ...errorFields(this),
      ...(simple ? {} : { value: String(value) }),
    };
  }
}

/**
 * The descriptor an operation was waiting on, or was about to use, was closed.
 *
 * @example
 * ```ts
 * import { ClosedError, UdpSocket } from "@netplumb/netplumb";
 *
 * const socket = UdpSocket.bind({ address: "127.0.0.1" });
 * await socket.close();
 * try {
 *   await socket.receive();
 * } catch (error) {
 *   if (error instanceof ClosedError) console.log(error.code); // ECLOSED
 * }
 * ```
 */
export class ClosedError extends Error {
  /** Always "ClosedError". */
  override readonly name = "ClosedError";
  /** A stable word for programs, beside the errno names of SystemError. */
  readonly code = "ECLOSED";

  /**
   * Names what is closed.
   *
   * @param what For example "UDP socket 0.0.0.0:8888".
   */
  constructor(readonly what: string) {
    super(`${what} is closed`);
  }

  /** Its fields, for JSON and postMessage, which lose the class of an error. */
  toJSON(): Record<string, unknown> {
    return errorFields(this);
  }
}

/**
 * The time allowed for an operation, in milliseconds, was over before it ended.
 *
 * @example
 * ```ts
 * import { TimeoutError, UdpSocket } from "@netplumb/netplumb";
 *
 * await using socket = UdpSocket.bind({ address: "127.0.0.1" });
 * try {
 *   await socket.receive({ timeout: 1 });
 * } catch (error) {
 *   if (error instanceof TimeoutError) console.log(error.milliseconds); // 1
 * }
 * ```
 */
export class TimeoutError extends Error {
  /** Always "TimeoutError". */
  override readonly name = "TimeoutError";
  /** A stable word for programs, the errno name of the same meaning. */
  readonly code = "ETIMEDOUT";
  /** What was waited for. */
  readonly what: string;
  /** How long it was waited for. */
  readonly milliseconds: number;

  /**
   * Says what did not come, and in how long.
   *
   * @param what What was waited for.
   * @param milliseconds How long it was waited for.
   */
  constructor(what: string, milliseconds: number) {
    super(`${what}: nothing within ${milliseconds} ms`);
    this.what = what;
    this.milliseconds = milliseconds;
  }

  /** Its fields, for JSON and postMessage, which lose the class of an error. */
  toJSON(): Record<string, unknown> {
    return errorFields(this);
  }
}

/**
 * Checks a number of a caller before it becomes a count, a size or a flag.
 *
 * @throws {ArgumentError} Unless it is a whole number in the range.
 */
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
