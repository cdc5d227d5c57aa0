// Result of sending several messages.

import { errorFields, type SystemError } from "../../ffi/errno.ts";
import type { ArgumentError } from "../errors.ts";

/** A message that was not sent. */
export interface SendFailure {
  /** Its index in the call. */
  readonly index: number;
  /** The error: the kernel rejected it, or it is invalid. */
  readonly error: SystemError | ArgumentError;
}

/** Outcome of a `sendMany` call. */
export interface SendResult {
  /** Messages that the kernel accepted; one with `segmentSize` counts once. */
  readonly sent: number;
  /** Messages that were not sent, in order. */
  readonly failures: ReadonlyArray<SendFailure>;
}

/**
 * A `sendMany` call ended before it had handled all messages: after a signal or
 * timeout, because the socket was closed, or because the iterable threw.
 * `cause` is that error. If nothing was sent or rejected yet, the cause itself
 * is thrown.
 *
 * Source: sendmmsg(2).
 *
 * @example
 * ```ts
 * import { SendInterruptedError, UdpSocket } from "@netplumb/netplumb";
 *
 * await using socket = UdpSocket.bind({ address: "127.0.0.1" });
 * function* messages() {
 *   for (let n = 0; n < 100; n++) yield { data: `${n}`, to: socket.address };
 *   throw new Error("no more");
 * }
 * try {
 *   await socket.sendMany(messages());
 * } catch (error) {
 *   if (!(error instanceof SendInterruptedError)) throw error;
 *   // Messages 0 to 63 were sent; the rest begins here.
 *   console.log(error.next, error.result.sent); // 64 64
 * }
 * ```
 */
export class SendInterruptedError extends Error {
  /** Always "SendInterruptedError". */
  override readonly name = "SendInterruptedError";
  /** A stable name for programs. */
  readonly code = "EINTERRUPTED";
  /** The result of the messages before `next`. */
  readonly result: SendResult;
  /** Index of the first message that was neither sent nor rejected. */
  readonly next: number;

  /**
   * Stores the partial result.
   *
   * @param cause The error that ended the call.
   * @param result The result of the messages before.
   * @param next Index of the first remaining message.
   */
  constructor(cause: unknown, result: SendResult, next: number) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`message ${next} and those after it were not sent: ${why}`, {
      cause,
    });
    this.result = result;
    this.next = next;
  }

  /** Its fields, for JSON and postMessage, which lose the class of an error. */
  toJSON(): Record<string, unknown> {
    return errorFields(this);
  }
}
