// Blocking waits for workers that do nothing else: they save the wake-up of the
// reactor's sleeping call. The thread blocks only in poll(2), with an eventfd
// that ends the wait.

import { EINTR, SystemError } from "../../ffi/errno.ts";
import { errno, libc } from "../../ffi/libc.ts";
import { POLLIN, POLLNVAL, POLLOUT } from "../../ffi/uapi/poll.ts";
import { ClosedError } from "../errors.ts";
import { monotonicTime } from "./clock.ts";
import { Descriptor } from "./descriptor.ts";
import type { SharedHandle } from "./shared_descriptor.ts";
import {
  beforeIsolateEnds,
  openEventfd,
  signalEventfd,
} from "./thread_descriptors.ts";
import {
  customInspect,
  ForgottenObjects,
  type Inspect,
  inspectFields,
  postItsHandleAndAttach,
} from "./handle.ts";

const DESCRIPTORS = 3n;
/**
 * Maximum time to block, in milliseconds: a wait on a descriptor that another
 * thread closed keeps its port in use for this time at most.
 */
const LONGEST_BLOCK = 200;

/** An owned descriptor, for a wait. */
export interface Pollable {
  /** The descriptor number. */
  readonly fd: number;
  /** Its name in errors. */
  readonly what: string;
  /** An eventfd that is readable once its owner closed; -1 or absent for none. */
  readonly endEvent?: number;
}

const forgotten = new ForgottenObjects("StopEvent");

/** The data for another thread of this process to attach to the event. */
export type StopEventHandle = SharedHandle;

/**
 * An event that one thread sets and that ends the blocking waits of others. It
 * stays set. Own it in the main thread: Deno cannot interrupt the code of a worker
 * that is terminated, so set it before `worker.terminate()`.
 *
 * Source: eventfd(2).
 *
 * @example
 * ```ts
 * import { StopEvent } from "@netplumb/netplumb";
 *
 * await using stop = StopEvent.create();
 * // In a worker, with the handle posted to it: StopEvent.attach(handle).
 * const there = StopEvent.attach(stop.handle);
 * stop.set(); // ends every BlockingPoll with it, in any thread
 * await there.close();
 * ```
 */
export class StopEvent implements AsyncDisposable {
  readonly #descriptor: Descriptor;
  readonly #owner: boolean;
  /**
   * Makes postMessage throw: post the `handle` instead.
   *
   * @internal
   */
  protected readonly notCloneable: () => void = postItsHandleAndAttach;

  private constructor(descriptor: Descriptor, owner: boolean) {
    this.#descriptor = descriptor;
    this.#owner = owner;
    forgotten.watch(this, descriptor);
  }

  /** Creates an event, owned by the caller. @throws {SystemError} EMFILE ... */
  static create(): StopEvent {
    const fd = openEventfd("create a stop event");
    const stop = new StopEvent(new Descriptor(fd, "stop event"), true);
    // A blocked worker would survive a restart by --watch.
    const { fd: number } = stop.#descriptor;
    const tried = "set a stop event";
    // Does not refer to the object, so that it can be collected.
    beforeIsolateEnds(number, () => signalEventfd(number, tried));
    return stop;
  }

  /**
   * The same event in another thread, from its handle. Each thread closes its
   * own.
   *
   * @param handle The `handle` in the owner's thread.
   * @throws {ClosedError} If the owner has closed it.
   */
  static attach(handle: StopEventHandle): StopEvent {
    return new StopEvent(Descriptor.attach(handle, "stop event"), false);
  }

  /** The data to post to another thread of this process, for `attach`. */
  get handle(): StopEventHandle {
    // No event is needed when the owner closes it: close() sets this one.
    return this.#descriptor.share(false);
  }

  /**
   * The descriptor's number, for poll(2).
   *
   * @internal
   */
  get fd(): number {
    return this.#descriptor.fd;
  }

  /**
   * Ends every BlockingPoll with this event, now and later.
   *
   * @throws {ClosedError} If it is closed.
   */
  set(): void {
    signalEventfd(this.#descriptor.fd, "set a stop event");
  }

  /** Closes it; the owner sets it first, which ends every wait on it. */
  close(): Promise<void> {
    if (this.#owner && !this.#descriptor.closed) this.set();
    return this.#descriptor.close();
  }

  /** Equivalent to close(), for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * The text that console.log prints.
   *
   * @internal
   */
  [customInspect](inspect: Inspect, options: Deno.InspectOptions): string {
    const fields = { closed: this.#descriptor.closed };
    return inspectFields("StopEvent", fields, inspect, options);
  }
}

/**
 * A wait that blocks the calling thread, on one descriptor and a stop event.
 *
 * Source: poll(2).
 *
 * @example
 * ```ts
 * import { StopEvent, UdpSocket } from "@netplumb/netplumb";
 *
 * await using socket = UdpSocket.bind({ address: "127.0.0.1" });
 * await using stop = StopEvent.create();
 * await socket.send("hello", socket.address);
 * console.log(socket.blockingPoll(stop).wait("read", 1000)); // ready
 * ```
 */
export class BlockingPoll {
  readonly #array = new Int32Array([-1, 0, -1, POLLIN, -1, POLLIN]);
  readonly #target: Pollable;
  readonly #stop: StopEvent;
  /** Referenced to prevent its collection, which would close the descriptor. */
  readonly owner: object | undefined;

  /**
   * Prepares the wait, which allocates nothing.
   *
   * @param target The descriptor to wait for.
   * @param stop The event that ends the wait.
   * @param owner The owner of the descriptor.
   */
  constructor(target: Pollable, stop: StopEvent, owner?: object) {
    this.#target = target;
    this.#stop = stop;
    this.owner = owner;
  }

  /**
   * Blocks until the descriptor is ready.
   *
   * @param direction The direction to wait for.
   * @param timeout Milliseconds; -1 for no limit.
   * @throws {ClosedError} If the descriptor or the stop event is closed.
   * @throws {SystemError} If poll(2) fails.
   */
  wait(
    direction: "read" | "write",
    timeout = -1,
  ): "ready" | "stopped" | "timeout" {
    const array = this.#array;
    // Read for each wait: the number may be reused after close().
    array[0] = this.#target.fd;
    array[2] = this.#stop.fd;
    array[4] = this.#target.endEvent ?? -1;
    array[1] = direction === "read" ? POLLIN : POLLOUT;
    array[3] = array[5] = POLLIN;
    if (timeout >= 0 && timeout <= LONGEST_BLOCK) return this.#block(timeout);
    const end = timeout < 0 ? Infinity : monotonicTime() + timeout;
    for (;;) {
      const rest = Math.max(0, Math.ceil(end - monotonicTime()));
      const woken = this.#block(Math.min(rest, LONGEST_BLOCK));
      if (woken !== "timeout" || rest <= LONGEST_BLOCK) return woken;
    }
  }

  #block(timeout: number): Woken {
    const array = this.#array;
    const count = libc().poll(array, DESCRIPTORS, timeout);
    if (count < 0) {
      const code = errno();
      if (code === EINTR) return "ready";
      throw new SystemError("poll", code, {
        tried: `wait on ${this.#target.what}`,
      });
    }
    if (array[3]! >>> 16 !== 0) return "stopped";
    // The owner closed: reading the number closes the duplicate and throws.
    if (array[5]! >>> 16 !== 0) array[0] = this.#target.fd;
    if ((array[1]! >>> 16) & POLLNVAL) throw new ClosedError(this.#target.what);
    return count === 0 ? "timeout" : "ready";
  }
}

/** The result of a blocking wait. */
type Woken = ReturnType<BlockingPoll["wait"]>;
