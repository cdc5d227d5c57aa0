// The only place that waits: one outstanding nonblocking poll() over every
// descriptor somebody waits on, plus an eventfd that interrupts it. One poller
// a thread; it runs only while somebody waits, so an idle process can exit.

import { EINTR, SystemError } from "../ffi/errno.ts";
import { errno, libc, unwrap } from "../ffi/libc.ts";
import {
  EFD_CLOEXEC,
  EFD_NONBLOCK,
  POLLIN,
  POLLNVAL,
} from "../ffi/layout/poll.ts";
import { ArgumentError, ClosedError, TimeoutError } from "./errors.ts";
import { Patience } from "./patience.ts";

/** What bounds a wait. */
export interface WaitOptions {
  /** Ends the wait; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Milliseconds until the wait rejects with TimeoutError; default: none. */
  readonly timeout?: number;
}

/** What is wrong with a time limit; undefined where nothing is. */
function refusedTimeout(timeout: number): ArgumentError | undefined {
  // Not NaN either, which no clock ever reaches.
  return timeout >= 0
    ? undefined
    : new ArgumentError("timeout", timeout, "a number of milliseconds");
}

/** @throws {ArgumentError} For a time limit that is none. */
export function checkTimeout(timeout = Infinity): void {
  const refused = refusedTimeout(timeout);
  if (refused !== undefined) throw refused;
}

/** What the poller knows of an owned descriptor. */
export interface Pollable {
  /** Its number. */
  readonly fd: number;
  /** Named in errors. */
  readonly what: string;
}

interface Waiter {
  readonly target: Pollable;
  readonly events: number;
  readonly deadline: number;
  readonly timeout: number;
  settled: boolean;
  resolve(revents: number): void;
  reject(reason: unknown): void;
}

const ONE = new Uint8Array(new BigUint64Array([1n]).buffer);
/** An eventfd is read and written eight bytes at a time. */
const COUNTER = 8n;
// Continuations of a wait that just ended need a few microtasks to wait again;
// arming after them saves an interrupt and a thread hop for each.
const GRACE = 8;
/** Microtasks between two glances while others find something unwaited. */
const OTHERS = 32;
/** Milliseconds to look before sleeping: what the hop to another thread costs. */
const LOOK = 0.04;
/** Milliseconds from an event to the promise it resolves, by way of that hop. */
const HOP = 0.03;
/** Milliseconds without sleeping after which timers and signals get their turn. */
const TURN = 2;

class Poller {
  #waiters = new Set<Waiter>();
  /** The waiters the outstanding poll looks after; empty between polls. */
  #polled: Waiter[] = [];
  #running = false;
  #eventfd = -1;
  #interrupted = false;
  #polling = false;
  #array = new Int32Array(2 * 16);
  #drain = new Uint8Array(8);
  readonly #patience = new Patience(LOOK, HOP);
  /** When the event loop last had its turn. */
  #turn = -Infinity;
  /** Whether something was found without waiting since the last poll. */
  #worked = false;

  wait(
    target: Pollable,
    events: number,
    { signal, timeout = Infinity }: WaitOptions = {},
  ): Promise<number> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const refused = refusedTimeout(timeout);
    if (refused !== undefined) return Promise.reject(refused);
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const abort = () => {
      this.#forget(waiter);
      waiter.reject(signal!.reason);
      this.#interruptIfIdle();
    };
    const settle = () => {
      waiter.settled = true;
      signal?.removeEventListener("abort", abort);
    };
    const waiter: Waiter = {
      target,
      events,
      timeout,
      deadline: timeout === Infinity ? Infinity : performance.now() + timeout,
      settled: false,
      resolve(revents) {
        settle();
        resolve(revents);
      },
      reject(reason) {
        settle();
        reject(reason);
      },
    };
    signal?.addEventListener("abort", abort, { once: true });
    this.#waiters.add(waiter);
    if (!this.#running) this.#run();
    else if (this.#polling) this.#interrupt();
    return promise;
  }

  /**
   * Takes a descriptor out of the poll, then calls `close`, and only then
   * rejects whoever waited on it: the number may be reused at once.
   */
  release(target: Pollable, close: () => void): Promise<void> {
    const pending = [...this.#waiters].filter((w) => w.target === target);
    for (const waiter of pending) this.#forget(waiter);
    const finish = () => {
      try {
        close();
      } finally {
        for (const waiter of pending) {
          waiter.reject(new ClosedError(target.what));
        }
      }
    };
    if (!this.#polled.some((waiter) => waiter.target === target)) {
      this.#interruptIfIdle();
      try {
        return Promise.resolve(finish());
      } catch (error) {
        return Promise.reject(error);
      }
    }
    this.#interrupt();
    return this.#ended.promise.then(finish);
  }

  busyFor(): number {
    return performance.now() - this.#turn;
  }

  worked(): void {
    this.#worked = true;
  }

  #ended = Promise.withResolvers<void>();

  async #run(): Promise<void> {
    const { eventfd, close } = libc();
    this.#running = true;
    try {
      const fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
      this.#eventfd = unwrap(fd, "eventfd", {
        tried: "make the poller's eventfd",
      });
      for (let grace = 0; grace < GRACE; grace++) await undefined;
      while (this.#waiters.size > 0) {
        const rest = await this.#poll() ? OTHERS : GRACE;
        for (let grace = 0; grace < rest; grace++) await undefined;
      }
    } catch (error) {
      for (const waiter of this.#waiters) waiter.reject(error);
      this.#waiters.clear();
    } finally {
      if (this.#eventfd >= 0) close(this.#eventfd);
      this.#eventfd = -1;
      this.#running = false;
    }
  }

  /** Gives whether nothing was ready and others in this thread work on. */
  async #poll(): Promise<boolean> {
    const waiters = this.#polled = [...this.#waiters];
    const count = waiters.length + 1;
    if (this.#array.length < 2 * count) {
      this.#array = new Int32Array(4 * count);
    }
    const array = this.#array;
    array[0] = this.#eventfd;
    array[1] = POLLIN;
    let deadline = Infinity;
    waiters.forEach((waiter, index) => {
      array[2 * index + 2] = waiter.target.fd;
      array[2 * index + 3] = waiter.events;
      deadline = Math.min(deadline, waiter.deadline);
    });
    // poll() takes an int of milliseconds; a longer wait just goes round again.
    const timeout = deadline === Infinity
      ? -1
      : Math.min(Math.max(0, Math.ceil(deadline - performance.now())), 2 ** 30);

    const size = BigInt(count);
    const works = this.#worked && this.busyFor() < TURN;
    this.#worked = false;
    try {
      const ready = works
        ? libc().poll(array, size, 0)
        : this.#look(array, size, deadline) ||
          await this.#sleep(array, size, timeout);
      if (ready < 0) this.#diagnose(array, count);
      else if (ready > 0) this.#deliver(waiters, array);
      if (deadline !== Infinity) this.#expire(waiters);
      return works && ready === 0;
    } finally {
      this.#polling = false;
      this.#polled = [];
      // Also what a read that failed has left: poll(2) would never sleep again.
      if (this.#interrupted || array[1] >>> 16 !== 0) {
        this.#interrupted = false;
        libc().read(this.#eventfd, this.#drain, COUNTER);
      }
      const ended = this.#ended;
      this.#ended = Promise.withResolvers();
      ended.resolve();
    }
  }

  /** Looks without sleeping, for as long as that has paid of late. */
  #look(
    array: Int32Array<ArrayBuffer>,
    size: bigint,
    deadline: number,
  ): number {
    const now = performance.now();
    if (!this.#patience.pays || now - this.#turn >= TURN) return 0;
    const end = Math.min(now + LOOK, deadline);
    const { poll } = libc();
    do {
      const ready = poll(array, size, 0);
      if (ready > 0) this.#patience.found();
      if (ready !== 0) return ready;
    } while (performance.now() < end);
    this.#patience.missed();
    return 0;
  }

  /** Sleeps in another thread, and this one goes on with what else there is. */
  async #sleep(
    array: Int32Array<ArrayBuffer>,
    size: bigint,
    timeout: number,
  ): Promise<number> {
    const before = performance.now();
    this.#polling = true;
    const ready = await libc().poll_nonblocking(array, size, timeout);
    this.#polling = false;
    this.#turn = performance.now();
    if (!this.#interrupted) this.#patience.slept(this.#turn - before);
    return ready;
  }

  // errno of the nonblocking call stayed in its thread: ask again in this one.
  #diagnose(array: Int32Array<ArrayBuffer>, count: number): void {
    if (libc().poll(array, BigInt(count), 0) >= 0) return;
    const code = errno();
    if (code !== EINTR) {
      throw new SystemError("poll", code, {
        tried: `wait on ${count} descriptors`,
        advice: "Raise the limit of open files (ulimit -n) if it is too low",
      });
    }
  }

  #deliver(waiters: Waiter[], array: Int32Array): void {
    for (let index = 0; index < waiters.length; index++) {
      const revents = array[2 * index + 3] >>> 16;
      const waiter = waiters[index];
      if (revents === 0 || waiter.settled || !this.#waiters.delete(waiter)) {
        continue;
      }
      if (revents & POLLNVAL) {
        waiter.reject(new ClosedError(waiter.target.what));
      } else {
        waiter.resolve(revents);
      }
    }
  }

  #expire(waiters: Waiter[]): void {
    const now = performance.now();
    for (const waiter of waiters) {
      if (waiter.deadline <= now && this.#waiters.delete(waiter)) {
        waiter.reject(new TimeoutError(waiter.target.what, waiter.timeout));
      }
    }
  }

  #forget(waiter: Waiter): void {
    this.#waiters.delete(waiter);
  }

  #interruptIfIdle(): void {
    if (this.#polling && this.#waiters.size === 0) this.#interrupt();
  }

  #interrupt(): void {
    if (this.#interrupted) return;
    this.#interrupted = true;
    const { write } = libc();
    while (write(this.#eventfd, ONE, COUNTER) < 0 && errno() === EINTR);
  }
}

const poller = new Poller();

/** Waits until poll(2) reports something for a descriptor; gives its revents. */
export function wait(
  target: Pollable,
  events: number,
  options?: WaitOptions,
): Promise<number> {
  return poller.wait(target, events, options);
}

/**
 * Milliseconds that this thread has worked since it last slept here: with it,
 * timers, signals and whatever else the program does had their turn.
 */
export function busyFor(): number {
  return poller.busyFor();
}

/**
 * Tells that there was something without waiting: as long as this thread finds
 * more, others' descriptors are looked at in passing, and it does not sleep.
 */
export function worked(): void {
  poller.worked();
}

/** Ends every wait on a descriptor and closes it in between. */
export function release(target: Pollable, close: () => void): Promise<void> {
  return poller.release(target, close);
}
