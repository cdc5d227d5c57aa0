// Sends a queue by sendmmsg(), which stops at the first message that it refuses:
// the others are sent nevertheless.

import {
  EAGAIN,
  EINTR,
  EINVAL,
  EIO,
  EMSGSIZE,
  SystemError,
} from "../../ffi/errno.ts";
import { errno } from "../../ffi/libc.ts";
import { MSG_DONTWAIT } from "../../ffi/uapi/sys_socket.ts";
import type { ErrorQueue } from "../socket/error_queue.ts";
import { formatEndpoint } from "../socket/sockaddr.ts";
import {
  isSourceErrno,
  MOST_SEGMENTS,
  sendContext,
  SourceUnavailableError,
} from "./errors.ts";
import type { SendQueue } from "./send_queue.ts";

/** Outcome of a `sendMany` call. */
export interface SendResult {
  /** Datagrams that the kernel accepted. */
  readonly sent: number;
  /** Datagrams that it refused, by their index in the call. */
  readonly failures: ReadonlyArray<{
    readonly index: number;
    readonly error: SystemError;
  }>;
}

type Failures = Array<{ index: number; error: SystemError }>;

/**
 * How far a send has come, over as many queues as it takes. A batch whose send a
 * full buffer or a signal interrupted keeps it, to continue there.
 */
export class Progress {
  sent = 0;
  #failures: Failures | undefined;
  /** The next message of the current queue. */
  message = 0;
  /** The next slot. */
  slot = 0;
  /** Slots left of a message that was refused and is sent one slot at a time. */
  individual = 0;
  /** The errno of that message. */
  #combinedErrno = 0;
  /** Whether one of its slots was accepted. */
  #anyAccepted = false;
  /** Datagrams in the queues before. */
  #before = 0;
  /** The slot that was retried, -1 for none. */
  retried = -1;

  /** Records that messages were accepted. */
  recordAccepted(queue: SendQueue, count: number): void {
    if (this.individual > 0) {
      this.sent++;
      this.#anyAccepted = true;
      this.#nextIndividual(queue);
      return;
    }
    for (const end = this.message + count; this.message < end;) {
      const slots = queue.slotsOf(this.message++);
      this.slot += slots;
      this.sent += slots;
    }
  }

  /** Records that the next message was refused; one of many slots is split up. */
  recordRefused(queue: SendQueue, code: number): void {
    const slots = queue.slotsOf(this.message);
    if (this.individual === 0 && slots > 1) {
      this.individual = slots;
      this.#combinedErrno = code;
      this.#anyAccepted = false;
      queue.selectSlot(this.message, 0);
      return;
    }
    (this.#failures ??= []).push({
      index: this.#before + this.slot,
      error: sendError(queue, this.slot, code),
    });
    if (this.individual > 0) {
      this.#nextIndividual(queue);
    } else {
      this.slot++;
      this.message++;
    }
  }

  /** Continues with the next slot of a message that was split up. */
  #nextIndividual(queue: SendQueue): void {
    this.slot++;
    if (--this.individual > 0) {
      const nth = queue.slotsOf(this.message) - this.individual;
      queue.selectSlot(this.message, nth);
      return;
    }
    if (this.#anyAccepted && NOT_SEGMENTABLE.has(this.#combinedErrno)) {
      queue.recordRefusal(this.message);
    }
    this.message++;
  }

  /** Continues with the next queue. */
  nextQueue(queue: SendQueue): void {
    this.#before += queue.slots;
    this.message = this.slot = 0;
    this.retried = -1;
  }

  /** Why the first datagram that was refused was. */
  get failure(): SystemError | undefined {
    return this.#failures?.[0]?.error;
  }

  result(): SendResult {
    return { sent: this.sent, failures: this.#failures ?? [] };
  }

  /** Resets it for another send. */
  clear(): void {
    this.sent =
      this.#before =
      this.message =
      this.slot =
      this.individual =
        0;
    this.retried = -1;
    this.#failures = undefined;
  }
}

/** Errors of a segmented message that its device or path cannot carry. */
const NOT_SEGMENTABLE: ReadonlySet<number> = new Set([EINVAL, EIO, EMSGSIZE]);

/**
 * Sends a queue and clears it; false where the send buffer is full: call it
 * again with the same progress.
 *
 * @param errors The socket's error queue, if it has one: a refusal may be the
 * pending error of an earlier datagram.
 */
export function sendQueue(
  fd: number,
  queue: SendQueue,
  progress: Progress,
  errors: ErrorQueue | undefined,
): boolean {
  while (progress.message < queue.messages) {
    const { message } = progress;
    const count = queue.vector.send(
      fd,
      message,
      progress.individual > 0 ? 1 : queue.messages - message,
      MSG_DONTWAIT,
    );
    if (count > 0) {
      progress.recordAccepted(queue, count);
      continue;
    }
    const code = errno();
    if (code === EAGAIN) return false;
    if (code === EINTR) continue;
    if (progress.retried !== progress.slot && errors?.queuesErrors) {
      errors.drain(fd);
      progress.retried = progress.slot;
      continue;
    }
    progress.recordRefused(queue, code);
  }
  progress.nextQueue(queue);
  queue.clear();
  return true;
}

function sendError(queue: SendQueue, slot: number, code: number): SystemError {
  const { peer, source, bytes, segmentSize = bytes } = queue.describe(slot);
  const to = peer === undefined ? "the connected peer" : formatEndpoint(peer);
  const segments = Math.ceil(bytes / segmentSize);
  // The same errno reports an invalid port or number of segments.
  const valid = peer?.port !== 0 && !(segments > MOST_SEGMENTS);
  if (source !== undefined && valid && isSourceErrno(code)) {
    return new SourceUnavailableError(code, source, to);
  }
  return new SystemError(
    "sendmmsg",
    code,
    sendContext(code, to, bytes, segments),
  );
}
