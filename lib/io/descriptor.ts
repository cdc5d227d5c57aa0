// Owned file descriptor: closed once; close() cancels pending operations.

import { EINTR, SystemError } from "../../ffi/errno.ts";
import { POLLIN, POLLOUT } from "../../ffi/uapi/poll.ts";
import { ClosedError } from "../errors.ts";
import {
  type Attempt,
  isReactorQuiet,
  OperationQueue,
  reactorStopped,
  type WaitOptions,
} from "./reactor.ts";
import {
  beforeIsolateEnds,
  closeOwned,
  closeOwnedSlowly,
  openEventfd,
  ownDescriptor,
  signalEventfd,
} from "./thread_descriptors.ts";
import { libc, unwrap } from "../../ffi/libc.ts";
import { F_DUPFD_CLOEXEC } from "../../ffi/uapi/fcntl.ts";

/** Ownership options. */
export interface DescriptorOptions {
  /**
   * Another owner closes the number: close() only cancels pending operations.
   */
  readonly borrowed?: boolean;
  /** Whether the kernel takes milliseconds to close it: close it in another thread. */
  readonly slowToClose?: boolean;
}

const NO_OPTIONS: WaitOptions = {};

/**
 * An open, nonblocking file descriptor with one owner.
 *
 * Operations never block in a read: they wait in the thread's reactor, and
 * close() cancels them. At the end of the isolate (the program, a restart by
 * `--watch`, a terminated worker) the descriptor is closed too.
 *
 * Source: epoll(7), close(2).
 *
 * @example
 * ```ts
 * import { ClosedError, UdpSocket } from "@netplumb/netplumb";
 *
 * // A socket waits through its descriptor: closing it ends the wait.
 * const socket = UdpSocket.bind({ address: "127.0.0.1" });
 * const pending = socket.receive();
 * await socket.close();
 * await pending.catch((error) => console.log(error instanceof ClosedError)); // true
 * ```
 */
export class Descriptor implements AsyncDisposable {
  readonly #fd: number;
  readonly #borrowed: boolean;
  readonly #slowToClose: boolean;
  readonly #queue: OperationQueue;
  #what: string | (() => string);
  #closing: Promise<void> | undefined;
  /** Closes dependent resources; called once, by close(). */
  atClose: (() => void) | undefined;
  /** Set once another thread has a handle. */
  #shared: SharedOwner | undefined;
  /** Set if this is a duplicate of another thread's descriptor. */
  #duplicate: Duplicate | undefined;
  /** Waits for close() by the owner. */
  #ownerEnd: Descriptor | undefined;
  /** Whether this thread's reactor waits for that; not in blocking threads. */
  #watchesOwner = true;

  /**
   * Takes ownership of a descriptor. In a worker its number may change: use
   * `fd` from now on.
   *
   * @param fd An open descriptor with O_NONBLOCK and O_CLOEXEC set.
   * @param what Its name in errors, for example "UDP socket 0.0.0.0:8888"; a
   * function if it is costly to build.
   * @param options Ownership options.
   */
  constructor(
    fd: number,
    what: string | (() => string),
    { borrowed = false, slowToClose = false }: DescriptorOptions = {},
  ) {
    this.#fd = borrowed ? fd : ownDescriptor(fd);
    this.#what = what;
    this.#borrowed = borrowed;
    this.#slowToClose = slowToClose;
    this.#queue = new OperationQueue(this.#fd, this);
  }

  /**
   * A duplicate of a descriptor that another thread owns, from its handle. Each
   * is closed separately; when the owner closes, this one is closed too.
   *
   * @throws {ClosedError} If the owner has closed it.
   */
  static attach(
    handle: SharedHandle,
    what: string | (() => string),
    options?: DescriptorOptions,
  ): Descriptor {
    const name = typeof what === "string" ? what : "the attached descriptor";
    const duplicate = new Duplicate(handle, name);
    const descriptor = new Descriptor(duplicate.fd, what, options);
    descriptor.#duplicate = duplicate;
    if (duplicate.end >= 0) {
      descriptor.#ownerEnd = new Descriptor(duplicate.end, name);
      descriptor.#watchesOwner = false;
    }
    return descriptor;
  }

  /**
   * The data for another thread to attach.
   *
   * @param signalsEnd Whether close() cancels the waits of other threads.
   * @throws {ClosedError} If it is closed.
   */
  share(signalsEnd = true): SharedHandle {
    return (this.#shared ??= new SharedOwner(this.fd, signalsEnd)).handle;
  }

  /** Whether another thread has a handle. */
  get isShared(): boolean {
    return this.#shared !== undefined;
  }

  /** The event of the owner's close(), for blocking waits; -1 for none. */
  get endEvent(): number {
    return this.#ownerEnd === undefined || this.#ownerEnd.closed
      ? -1
      : this.#ownerEnd.#fd;
  }

  /** Its name in errors. */
  get what(): string {
    return typeof this.#what === "string" ? this.#what : this.#what();
  }

  set what(what: string) {
    this.#what = what;
  }

  /** The number, for system calls. @throws {ClosedError} If it is closed. */
  get fd(): number {
    if (this.#closing !== undefined) throw new ClosedError(this.what);
    if (this.#duplicate?.revoked) {
      this.close().catch(ignore);
      throw new ClosedError(this.what);
    }
    return this.#fd;
  }

  /** Whether close() was called. */
  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /**
   * Performs an operation now, or as soon as the descriptor is ready, after
   * pending operations of the same direction.
   *
   * @param events POLLIN to read, POLLOUT to write.
   * @param attempt Tries the operation without waiting; returns undefined for
   *   EAGAIN. It is called again after each event.
   * @param options A signal and a timeout in milliseconds.
   * @throws {ClosedError} If it is closed during the wait.
   * @throws {TimeoutError} After the timeout.
   */
  perform<T>(
    events: number,
    attempt: Attempt<T>,
    options: WaitOptions = NO_OPTIONS,
  ): Promise<T> {
    if (!this.#watchesOwner) this.#watchOwner();
    return this.#closing === undefined
      ? this.#queue.perform(events, attempt, options)
      : Promise.reject(new ClosedError(this.what));
  }

  /** Whether operations wait for these events; a new one is queued. */
  hasWaiting(events: number): boolean {
    return this.#queue.hasWaiting(events);
  }

  /** Whether more than one operation waits for these events. */
  hasSeveralWaiting(events: number): boolean {
    return this.#queue.hasSeveralWaiting(events);
  }

  /**
   * Like `perform`, after the caller has made the first attempt or deferred it
   * until timers have run.
   *
   * @param yields Whether timers have to run first.
   * @throws {ClosedError} If it is closed during the wait.
   * @throws {TimeoutError} After the timeout.
   */
  performLater<T>(
    events: number,
    attempt: Attempt<T>,
    options: WaitOptions = NO_OPTIONS,
    yields = false,
  ): Promise<T> {
    if (!this.#watchesOwner) this.#watchOwner();
    return this.#closing === undefined
      ? this.#queue.performLater(events, attempt, options, yields)
      : Promise.reject(new ClosedError(this.what));
  }

  /**
   * Waits for poll(2) events and returns them.
   *
   * @param events POLLIN or POLLOUT, 0 for errors only, which are always
   *   reported.
   * @param options A signal and a timeout in milliseconds.
   * @throws {ClosedError} If it is closed during the wait.
   * @throws {TimeoutError} After the timeout.
   */
  wait(events: number, options: WaitOptions = NO_OPTIONS): Promise<number> {
    if (!this.#watchesOwner) this.#watchOwner();
    return this.#closing === undefined
      ? this.#queue.wait(events, options)
      : Promise.reject(new ClosedError(this.what));
  }

  /**
   * Waits until the descriptor may be readable, or an error is pending.
   *
   * @param options A signal and a timeout in milliseconds.
   * @throws {ClosedError} If it is closed during the wait.
   * @throws {TimeoutError} After the timeout.
   */
  readable(options?: WaitOptions): Promise<number> {
    return this.wait(POLLIN, options);
  }

  /**
   * Waits until the descriptor may be writable, or an error is pending.
   *
   * @param options A signal and a timeout in milliseconds.
   * @throws {ClosedError} If it is closed during the wait.
   * @throws {TimeoutError} After the timeout.
   */
  writable(options?: WaitOptions): Promise<number> {
    return this.wait(POLLOUT, options);
  }

  /**
   * Attempts the pending operations again: data became available without an
   * event.
   */
  retry(): void {
    this.#queue.retry();
  }

  /** Lets pending operations keep the process alive, which is the default. */
  ref(): void {
    this.#queue.setReferenced(true);
  }

  /** Lets the process exit while operations are pending. */
  unref(): void {
    this.#queue.setReferenced(false);
  }

  /**
   * Cancels pending operations with ClosedError and closes. A second call waits
   * for the first.
   */
  close(): Promise<void> {
    if (this.#closing !== undefined) return this.#closing;
    // The name may have to be read from the kernel before the close.
    if (this.#queue.size > 0) this.#what = this.what;
    this.#closing = CLOSING;
    return this.#closing = this.#close();
  }

  /** Equivalent to close(), for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #watchOwner(): void {
    this.#watchesOwner = true;
    const end = this.#ownerEnd!;
    end.unref();
    end.readable().then(() => this.close()).catch(ignore);
  }

  #close(): Promise<void> {
    this.#queue.leave();
    this.#shared?.revoke();
    this.atClose?.();
    // Most descriptors have no pending operation and need no wait.
    if (
      this.#queue.size > 0 || this.#slowToClose || !isReactorQuiet() ||
      this.#shared !== undefined || this.#duplicate !== undefined
    ) {
      return this.#closeLater();
    }
    const code = this.#borrowed ? 0 : closeOwned(this.#fd);
    // Linux frees the number regardless of the result of close(2).
    return code === 0 || code === EINTR
      ? Promise.resolve()
      : Promise.reject(this.#closeError(code));
  }

  async #closeLater(): Promise<void> {
    // Pending operations are rejected after the kernel has closed the
    // descriptor.
    const reject = this.#queue.end();
    let code = 0;
    if (!this.#borrowed) {
      if (this.#slowToClose) await closeOwnedSlowly(this.#fd);
      else code = closeOwned(this.#fd);
    }
    this.#duplicate?.release();
    await this.#ownerEnd?.close();
    await this.#shared?.released();
    await reactorStopped();
    // Last, so that a caller may await close() before the operation.
    reject(() => new ClosedError(this.what));
    if (code !== 0 && code !== EINTR) throw this.#closeError(code);
  }

  #closeError(code: number): SystemError {
    return new SystemError("close", code, { tried: `close ${this.what}` });
  }
}

/** The result of close() while it runs. */
const CLOSING = Promise.resolve();

function ignore(): void {}

// Descriptor shared by several threads: each owns a duplicate, so that a number
// that one thread closes is never used by another.
//
// The owner keeps its number open for duplication until it closes. A word of
// shared memory serialises both: a number that is being closed is not
// duplicated. An eventfd notifies the other threads of the owner's close().

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
