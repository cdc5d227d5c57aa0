// Descriptor shared by several threads: each owns a duplicate, so that a number
// that one thread closes is never used by another.
//
// The owner keeps its number open for duplication until it closes. A word of
// shared memory serialises both: a number that is being closed is not
// duplicated. An eventfd notifies the other threads of the owner's close().

import { libc, unwrap } from "../../ffi/libc.ts";
import { F_DUPFD_CLOEXEC } from "../../ffi/uapi/fcntl.ts";
import { ClosedError } from "../errors.ts";
import {
  beforeIsolateEnds,
  closeOwned,
  openEventfd,
  ownDescriptor,
  signalEventfd,
} from "./thread_descriptors.ts";

/** The data for another thread of this process to duplicate a descriptor. */
export interface SharedHandle {
  /** The owner's descriptor number: duplicate it, never use it. */
  readonly fd: number;
  /** An eventfd that the owner signals when it closes; -1 for none. */
  readonly end: number;
  /** The owner's state, and the number of duplicates in other threads. */
  readonly state: SharedArrayBuffer;
}

// The words of `state`.
const STATUS = 0;
const DUPLICATES = 1;
const WORDS = 2;

// Values of STATUS.
const OPEN = 0;
const LOCKED = 1;
const CLOSED = 2;

/**
 * Milliseconds that close() waits for other threads to close their duplicates.
 */
const RELEASE_TIME = 50;

/** Milliseconds to wait for a thread that was terminated while it held the lock. */
const LOCK_TIME = 100;

/**
 * Waits a few microseconds for a system call of another thread.
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

/** The side of the owner. */
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

  /** Ends duplication of the number, so that it can be closed. */
  revoke(): void {
    if (!lock(this.#state)) return;
    Atomics.store(this.#state, STATUS, CLOSED);
    if (this.#end >= 0) signalEventfd(this.#end, "end a shared descriptor");
  }

  /**
   * Waits for a short time until other threads have closed their duplicates.
   */
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

/** The side of another thread. */
export class Duplicate {
  /** The number of the duplicate. */
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

  /** Whether the owner has closed. */
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
