// Handing a filled batch to the kernel: sendmmsg() stops at the first datagram
// it refuses, the others must not suffer for it.

import {
  EAGAIN,
  EINTR,
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

/**
 * How far a send has come, over as many batches as it takes. A batch that a full
 * queue or a signal stopped keeps its own, to go on where it was.
 */
export class Progress {
  sent = 0;
  readonly failures: Array<{ index: number; error: SystemError }> = [];
  /** The slot of the current batch that is next. */
  next = 0;
  /** Datagrams in the batches before. */
  before = 0;
  /** The slot that had its second try, -1 for none. */
  retried = -1;

  result(): SendResult {
    return { sent: this.sent, failures: this.failures };
  }
}

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
  while (progress.next < batch.count) {
    const { next } = progress;
    const count = libc().sendmmsg(
      fd,
      next === 0 ? bytes : bytes.subarray(next * mmsghdr.size),
      batch.count - next,
      MSG_DONTWAIT,
    );
    if (count > 0) {
      progress.next += count;
      progress.sent += count;
      continue;
    }
    const code = errno();
    if (code === EAGAIN) return false;
    if (code === EINTR) continue;
    if (progress.retried !== next && pending()) {
      progress.retried = next;
      continue;
    }
    progress.failures.push({
      index: progress.before + next,
      error: refused(batch, next, code),
    });
    progress.next++;
  }
  progress.before += batch.count;
  progress.next = 0;
  progress.retried = -1;
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
