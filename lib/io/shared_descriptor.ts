// A descriptor that several threads use: each owns a duplicate, so that closing
// it in one thread never gives its number to another's calls.
//
// The owner keeps its own number open for duplicating until it closes. A word of
// shared memory orders that: nobody duplicates a number that is being closed. An
// eventfd tells the other threads that the owner closed.

import { libc, unwrap } from "../../ffi/libc.ts";
import { F_DUPFD_CLOEXEC } from "../../ffi/uapi/fcntl.ts";
import { ClosedError } from "../errors.ts";
import { openEventfd, signalEventfd } from "./eventfd.ts";
import {
  beforeIsolateEnds,
  closeOwned,
  ownDescriptor,
} from "./thread_descriptors.ts";

/** What another thread of this process needs to duplicate a descriptor. */
export interface SharedHandle {
  /** The owner's descriptor number: duplicate it, never use it. */
  readonly fd: number;
  /** An eventfd that the owner signals when it closes; -1 for none. */
  readonly end: number;
  /** The owner's state, and how many duplicates other threads have. */
  readonly state: SharedArrayBuffer;
}

// The words of `state`.
const STATUS = 0;
const DUPLICATES = 1;
const WORDS = 2;

// STATUS.
const OPEN = 0;
const LOCKED = 1;
const CLOSED = 2;

/** Milliseconds that close() leaves other threads to close their duplicates. */
const RELEASE_TIME = 50;

/** Milliseconds to wait for a thread that was terminated while it held the lock. */
const LOCK_TIME = 100;

/**
 * Waits for the few microseconds of another thread's system call.
 *
 * @returns Whether the descriptor is open.
 */
function lock(state: Int32Array): boolean {
  const start = performance.now();
  do {
    const status = Atomics.compareExchange(state, STATUS, OPEN, LOCKED);
    if (status === OPEN) return true;
    if (status === CLOSED) return false;
  } while (performance.now() - start < LOCK_TIME);
  return true;
}

/** The owner's side. */
export class SharedOwner {
  readonly handle: SharedHandle;
  readonly #state: Int32Array;
  readonly #end: number;

  /**
   * @param fd The owner's descriptor.
   * @param signalsEnd Whether other threads need an event when it closes.
   */
  constructor(fd: number, signalsEnd: boolean) {
    const tried = "share a descriptor with another thread";
    this.#end = signalsEnd ? ownDescriptor(openEventfd(tried)) : -1;
    const state = new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT);
    this.#state = new Int32Array(state);
    this.handle = { fd, end: this.#end, state };
    if (signalsEnd) beforeIsolateEnds(this.#end, () => this.revoke());
  }

  /** From here on the number is not duplicated, and may be closed. */
  revoke(): void {
    if (!lock(this.#state)) return;
    Atomics.store(this.#state, STATUS, CLOSED);
    if (this.#end >= 0) signalEventfd(this.#end, "end a shared descriptor");
  }

  /** Waits a moment until other threads have closed their duplicates. */
  async released(): Promise<void> {
    if (this.#end < 0) return;
    closeOwned(this.#end);
    const start = performance.now();
    while (
      Atomics.load(this.#state, DUPLICATES) > 0 &&
      performance.now() - start < RELEASE_TIME
    ) await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Another thread's side. */
export class Duplicate {
  /** The duplicate's own number. */
  readonly fd: number;
  /** An eventfd that is readable once the owner closed; -1 for none. */
  readonly end: number;
  readonly #state: Int32Array;

  /**
   * Duplicates the owner's descriptor.
   *
   * @param what Its name in errors.
   * @throws {ClosedError} If the owner has closed it.
   * @throws {SystemError} EMFILE ...
   */
  constructor({ fd, end, state }: SharedHandle, what: string) {
    this.#state = new Int32Array(state);
    if (!lock(this.#state)) throw new ClosedError(what);
    try {
      this.fd = duplicate(fd, what);
      try {
        this.end = end < 0 ? -1 : duplicate(end, what);
      } catch (error) {
        libc().close(this.fd);
        throw error;
      }
      Atomics.add(this.#state, DUPLICATES, 1);
    } finally {
      Atomics.store(this.#state, STATUS, OPEN);
    }
  }

  /** Whether the owner closed, and ends this with its own. */
  get revoked(): boolean {
    return this.end >= 0 && Atomics.load(this.#state, STATUS) === CLOSED;
  }

  /** Records that the duplicate is closed. */
  release(): void {
    Atomics.sub(this.#state, DUPLICATES, 1);
  }
}

function duplicate(fd: number, what: string): number {
  return unwrap(libc().fcntl(fd, F_DUPFD_CLOEXEC, 0), "fcntl", {
    tried: `duplicate the descriptor of ${what}`,
  });
}
