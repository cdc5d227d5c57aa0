// Handing a filled batch to the kernel: sendmmsg() stops at the first datagram
// it refuses, the others must not suffer for it.

import {
  EAGAIN,
  EINTR,
  EINVAL,
  EIO,
  EMSGSIZE,
  SystemError,
  type SystemErrorContext,
} from "../../ffi/errno.ts";
import { errno, libc } from "../../ffi/libc.ts";
import { mmsghdr, MSG_DONTWAIT } from "../../ffi/layout/sys_socket.ts";
import {
  isSourceErrno,
  MOST_SEGMENTS,
  sendContext,
  SourceUnavailableError,
} from "./errors.ts";
import type { SendBatch } from "./send_batch.ts";
import { formatEndpoint } from "./sockaddr.ts";

/** What became of the datagrams of one `sendMany` call. */
export interface SendResult {
  /** How many the kernel took. */
  readonly sent: number;
  /** Those it refused, by their place in the call. */
  readonly failures: ReadonlyArray<{
    readonly index: number;
    readonly error: SystemError;
  }>;
}

type Failures = Array<{ index: number; error: SystemError }>;

/**
 * How far a send has come, over as many batches as it takes. A batch that a full
 * queue or a signal stopped keeps its own, to go on where it was.
 */
export class Progress {
  sent = 0;
  #failures: Failures | undefined;
  /** The message header of the current batch that is next. */
  message = 0;
  /** The slot that is next. */
  slot = 0;
  /** Slots of the next message that leave alone, after it was refused whole. */
  alone = 0;
  /** What refused it. */
  refusal = 0;
  /** Whether one of them has left. */
  #left = false;
  /** Datagrams in the batches before. */
  #before = 0;
  /** The slot that had its second try, -1 for none. */
  retried = -1;

  /** Notes that messages have left. */
  took(batch: SendBatch, count: number): void {
    if (this.alone > 0) {
      this.sent++;
      this.#left = true;
      this.#step(batch);
      return;
    }
    for (const end = this.message + count; this.message < end;) {
      const slots = batch.headers.slotsOf(this.message++);
      this.slot += slots;
      this.sent += slots;
    }
  }

  /** Notes that the next message was refused; one of many slots is taken apart. */
  refused(batch: SendBatch, code: number): void {
    const slots = batch.headers.slotsOf(this.message);
    if (this.alone === 0 && slots > 1) {
      this.alone = slots;
      this.refusal = code;
      this.#left = false;
      batch.headers.single(this.message, 0);
      return;
    }
    (this.#failures ??= []).push({
      index: this.#before + this.slot,
      error: refused(batch, this.slot, code),
    });
    if (this.alone > 0) {
      this.#step(batch);
    } else {
      this.slot++;
      this.message++;
    }
  }

  /** Goes on to the next slot of a message whose slots leave alone. */
  #step(batch: SendBatch): void {
    this.slot++;
    if (--this.alone > 0) {
      batch.headers.single(
        this.message,
        batch.headers.slotsOf(this.message) - this.alone,
      );
      return;
    }
    if (this.#left && NOT_TOGETHER.has(this.refusal)) {
      batch.headers.refusedTogether(this.message);
    }
    this.message++;
  }

  /** Begins with the next batch. */
  next(batch: SendBatch): void {
    this.#before += batch.count;
    this.message = this.slot = 0;
    this.retried = -1;
  }

  result(): SendResult {
    return { sent: this.sent, failures: this.#failures ?? [] };
  }

  /** Forgets everything, to be used for another send. */
  clear(): void {
    this.sent = this.#before = 0;
    this.#failures = undefined;
  }
}

/** What says that datagrams cannot leave as one: no device or path for it. */
const NOT_TOGETHER: ReadonlySet<number> = new Set([EINVAL, EIO, EMSGSIZE]);

/**
 * Sends what waits in a batch; false where the queue is full, to be called again
 * with the same progress. `pending` is asked whether a refusal may be the late
 * error of an earlier datagram.
 */
export function push(
  fd: number,
  batch: SendBatch,
  progress: Progress,
  pending: () => boolean,
): boolean {
  const { bytes } = batch.memory;
  while (progress.message < batch.headers.count) {
    const { message } = progress;
    const count = libc().sendmmsg(
      fd,
      message === 0 ? bytes : bytes.subarray(message * mmsghdr.size),
      progress.alone > 0 ? 1 : batch.headers.count - message,
      MSG_DONTWAIT,
    );
    if (count > 0) {
      progress.took(batch, count);
      continue;
    }
    const code = errno();
    if (code === EAGAIN) return false;
    if (code === EINTR) continue;
    if (progress.retried !== progress.slot && pending()) {
      progress.retried = progress.slot;
      continue;
    }
    progress.refused(batch, code);
  }
  progress.next(batch);
  batch.clear();
  return true;
}

function refused(batch: SendBatch, slot: number, code: number): SystemError {
  const { peer, source, bytes, segmentSize = bytes } = batch.describe(slot);
  const whom = peer === undefined ? "the connected peer" : formatEndpoint(peer);
  const segments = Math.ceil(bytes / segmentSize);
  // The same errno says that the port or the train cannot be.
  const possible = peer?.port !== 0 && !(segments > MOST_SEGMENTS);
  if (source !== undefined && possible && isSourceErrno(code)) {
    return new SourceUnavailableError(code, source, whom);
  }
  const context: SystemErrorContext = sendContext(code, whom, bytes, segments);
  return new SystemError("sendmmsg", code, context);
}
