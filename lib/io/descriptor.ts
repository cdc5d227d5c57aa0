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
  Duplicate,
  type SharedHandle,
  SharedOwner,
} from "./shared_descriptor.ts";
import {
  closeOwned,
  closeOwnedSlowly,
  ownDescriptor,
} from "./thread_descriptors.ts";

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
