// Calls close() while a receive is pending, for the three scenarios about it.

import { ClosedError } from "../../lib/errors.ts";
import { threadsIn, type ThreadState } from "./thread_state.ts";
import { until, within } from "./waiting.ts";

/** Receives on a descriptor, by a blocked thread or by the library. */
export interface Receiver extends AsyncDisposable {
  /** Resolves with true when something arrives, with false when closed. */
  receive(): Promise<boolean>;
  /** Resolves once a thread sleeps in the wait. */
  waiting(): Promise<void>;
  /** The thread that waits. */
  thread(): ThreadState | undefined;
  close(): Promise<void>;
}

/** A receiver of the library, whose reactor waits in poll(). */
export function libraryReceiver(
  receive: () => Promise<boolean>,
  close: () => Promise<void>,
): Receiver {
  return {
    async receive() {
      try {
        return await receive();
      } catch (error) {
        if (error instanceof ClosedError) return false;
        throw error;
      }
    },
    waiting: () =>
      until("a thread to wait in poll", () => threadsIn("poll").length > 0),
    thread: () => threadsIn("poll").at(0),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** What close() did to the pending receive. */
export interface CloseOutcome {
  /** Milliseconds until the receive ended; null while it is pending. */
  readonly ended: number | null;
  /** The thread that waited, or still waits. */
  readonly thread: ThreadState | undefined;
}

/** Closes a receiver and waits up to `limit` milliseconds for its receive. */
export async function closeWhileWaiting(
  receiver: Receiver,
  pending: Promise<boolean>,
  limit: number,
): Promise<CloseOutcome> {
  const before = receiver.thread();
  const closing = receiver.close();
  const ended = await within(pending, limit);
  await closing;
  return { ended, thread: ended === null ? receiver.thread() : before };
}

/** The outcome as text. */
export function closeText(
  { ended, thread }: CloseOutcome,
  limit: number,
): string {
  const where = thread === undefined
    ? ""
    : ` (${thread.call}, ${thread.wchan})`;
  return ended === null
    ? `the receive${where} is still pending ${limit} ms after close()`
    : `the receive${where} ends ${ended} ms after close()`;
}
