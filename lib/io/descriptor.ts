// An owned file descriptor: closed once, and closing ends what waits on it.

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

/** How a descriptor is held. */
export interface DescriptorOptions {
  /** Another owner closes the number: close() here only ends waits and use. */
  readonly borrowed?: boolean;
  /** Whether the kernel takes milliseconds to close it: close it in another thread. */
  readonly slowToClose?: boolean;
}

const NO_OPTIONS: WaitOptions = {};

/**
 * An open, nonblocking file descriptor and its one owner.
 *
 * No operation blocks in a read: what is not ready waits through the thread's
 * reactor, and close() ends it. When the isolate ends (the program, a restart by
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
  /** Closes what belongs to it; called once, by close(). */
  atClose: (() => void) | undefined;
  /** Set once a handle was given to another thread. */
  #shared: SharedOwner | undefined;
  /** Set if this one was made from the handle of another thread. */
  #duplicate: Duplicate | undefined;
  /** Waits for the owner's close. */
  #ownerEnd: Descriptor | undefined;
  /** Whether this thread's reactor waits for that; not in threads that block. */
  #watchesOwner = true;

  /**
   * Takes over a descriptor: from here on it is closed through this object. In a
   * worker it may get another number: use `fd` from here on.
   *
   * @param fd An open descriptor with O_NONBLOCK and O_CLOEXEC set.
   * @param what Its name in errors, for example "UDP socket 0.0.0.0:8888"; a
   * function if it is costly to build.
   * @param options How it is held.
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
   * A duplicate of a descriptor that another thread owns, from its handle: each
   * is closed by itself. When the owner closes, this one does too.
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
   * What another thread needs to attach.
   *
   * @param signalsEnd Whether close() here ends the waits of other threads.
   * @throws {ClosedError} If it is closed.
   */
  share(signalsEnd = true): SharedHandle {
    return (this.#shared ??= new SharedOwner(this.fd, signalsEnd)).handle;
  }

  /** Whether a handle was given to another thread. */
  get isShared(): boolean {
    return this.#shared !== undefined;
  }

  /** The event that the owner closed, for blocking waits; -1 for none. */
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

  /** The number, for system calls. @throws {ClosedError} Once closed. */
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
   * Performs an operation, now or as soon as the descriptor is ready, after the
   * operations of the same direction that already wait.
   *
   * @param events POLLIN to read, POLLOUT to write.
   * @param attempt Tries the operation without waiting; undefined where the
   * kernel returns EAGAIN. It is called again after each event.
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

  /** Whether operations wait for these events, which a new one comes behind. */
  hasWaiting(events: number): boolean {
    return this.#queue.hasWaiting(events);
  }

  /** Whether more than one operation waits for these events. */
  hasSeveralWaiting(events: number): boolean {
    return this.#queue.hasSeveralWaiting(events);
  }

  /**
   * The same as `perform` where the caller has made the first attempt, or leaves
   * it until timers have run.
   *
   * @param yields Whether timers are to run first.
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
   * Waits for poll(2) events and gives those that came.
   *
   * @param events POLLIN or POLLOUT, 0 for errors alone; they come in any case.
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
   * Waits until there may be something to read, or an error is pending.
   *
   * @param options A signal and a timeout in milliseconds.
   * @throws {ClosedError} If it is closed during the wait.
   * @throws {TimeoutError} After the timeout.
   */
  readable(options?: WaitOptions): Promise<number> {
    return this.wait(POLLIN, options);
  }

  /**
   * Waits until a write may succeed, or an error is pending.
   *
   * @param options A signal and a timeout in milliseconds.
   * @throws {ClosedError} If it is closed during the wait.
   * @throws {TimeoutError} After the timeout.
   */
  writable(options?: WaitOptions): Promise<number> {
    return this.wait(POLLOUT, options);
  }

  /** Attempts what waits again: something became available without an event. */
  retry(): void {
    this.#queue.retry();
  }

  /** Lets pending operations keep the process alive, which is the default. */
  ref(): void {
    this.#queue.setReferenced(true);
  }

  /** Lets the process end while operations are pending. */
  unref(): void {
    this.#queue.setReferenced(false);
  }

  /** Ends pending operations with ClosedError and closes. A second call waits for the first. */
  close(): Promise<void> {
    if (this.#closing !== undefined) return this.#closing;
    // Its name may have to be asked of the kernel, which forgets it now.
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
    // Most have nothing that waits and no reason to wait themselves.
    if (
      this.#queue.size > 0 || this.#slowToClose || !isReactorQuiet() ||
      this.#shared !== undefined || this.#duplicate !== undefined
    ) {
      return this.#closeLater();
    }
    const code = this.#borrowed ? 0 : closeOwned(this.#fd);
    // Linux frees the number whatever close(2) returns.
    return code === 0 || code === EINTR
      ? Promise.resolve()
      : Promise.reject(this.#closeError(code));
  }

  async #closeLater(): Promise<void> {
    // What waits is rejected after the kernel has forgotten the descriptor.
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
    // Last, so that a caller may await close() before it looks at the operation.
    reject(() => new ClosedError(this.what));
    if (code !== 0 && code !== EINTR) throw this.#closeError(code);
  }

  #closeError(code: number): SystemError {
    return new SystemError("close", code, { tried: `close ${this.what}` });
  }
}

/** Stands for the end of close() until that returns. */
const CLOSING = Promise.resolve();

function ignore(): void {}
