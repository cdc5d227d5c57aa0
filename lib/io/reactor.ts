// Reactor: one epoll instance for each thread, and one nonblocking FFI call
// that sleeps in another thread while operations wait. The thread busy-polls
// before it sleeps while that pays.

import { EBADF, EEXIST, EINTR, ENOENT, SystemError } from "../../ffi/errno.ts";
import { errno, libc, unwrap } from "../../ffi/libc.ts";
import { O_CLOEXEC } from "../../ffi/uapi/fcntl.ts";
import {
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EPOLLERR,
  EPOLLET,
  epollEvent,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  pollfd,
  POLLIN,
} from "../../ffi/uapi/poll.ts";
import { ArgumentError, ClosedError, TimeoutError } from "../errors.ts";
import { addAbortListener, removeAbortListener } from "./abort_signal.ts";
import { AdaptiveBusyPolling } from "./busy_polling.ts";
import { monotonicTime, threadProcessorTime } from "./clock.ts";
import { DeadlineHeap } from "./deadline_heap.ts";
import {
  closeOwned,
  openEventfd,
  ownDescriptor,
  signalEventfd,
} from "./thread_descriptors.ts";
import {
  clearTurn,
  lastTurn,
  recordIdle,
  yieldDue,
  yieldIfDue,
} from "./yield.ts";

/** Bounds of a wait. */
export interface WaitOptions {
  /** Ends the wait; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until the wait rejects with TimeoutError; default: none. */
  readonly timeout?: number | undefined;
}

/** @throws {ArgumentError} For a timeout that is negative or NaN. */
export function checkTimeout(timeout = Infinity): void {
  if (timeout >= 0) return;
  throw new ArgumentError("timeout", timeout, "a number of milliseconds");
}

/**
 * Tries an operation without waiting.
 *
 * @param events The poll(2) events that were reported; 0 for the first attempt.
 * @returns Its result; undefined where the descriptor is not ready (EAGAIN).
 */
export type Attempt<T> = (events: number) => T | undefined;

/** Events that every operation receives. */
const CONDITIONS = EPOLLERR | EPOLLHUP;
/** Maximum events of one epoll_wait(2). */
const EVENTS = 64;
/**
 * Microtasks that run after a finished operation, whose caller often waits
 * again or makes another descriptor ready.
 */
const CONTINUATIONS = 8;
/** Microtasks that run before the thread spins or sleeps. */
const OTHERS = 24;
/** Spin budget in milliseconds: about the cost of a sleep. */
const SPIN_BUDGET = 0.04;
/** Time from an event to its promise after a sleep, in milliseconds. */
const WAKE_UP_COST = 0.03;
/**
 * After this many milliseconds without a turn of the event loop, the thread
 * sleeps instead of polling: a sleep is a turn, for HTTP and other code.
 */
const TURN_INTERVAL = 0.5;
/**
 * Maximum sleep, in milliseconds. In the main thread, the maximum of poll(2).
 * In a worker, the call may start after the worker was terminated and its
 * numbers were reused: it must not sleep on those forever.
 */
const LONGEST_SLEEP = "WorkerGlobalScope" in globalThis ? 5000 : 2 ** 30;
/** The epoll instance and the read end of the life pipe. */
const DESCRIPTORS = 2n;
const SLEEP_BYTES = 2 * pollfd.size;

const LAYOUT = epollEvent();
const EVENT_WORDS = LAYOUT.size / 4;
const DATA_WORD = LAYOUT.fields.data.offset / 4;

/** A pending operation. */
class Operation {
  previous: Operation | undefined;
  next: Operation | undefined;
  position = -1;
  deadline = Infinity;
  /** Whether it is done: its attempt may close the descriptor. */
  ended = false;
  onAbort: (() => void) | undefined;

  constructor(
    readonly queue: OperationQueue,
    readonly line: Line,
    readonly events: number,
    readonly attempt: Attempt<unknown>,
    readonly signal: AbortSignal | undefined,
    readonly timeout: number,
    readonly resolve: (result: unknown) => void,
    readonly reject: (reason: unknown) => void,
  ) {
    if (timeout !== Infinity) this.deadline = monotonicTime() + timeout;
  }

  /** Cancels it when its signal is aborted. */
  listen(signal: AbortSignal): void {
    this.onAbort = () => {
      this.queue.remove(this);
      this.reject(signal.reason);
    };
    addAbortListener(signal, this.onAbort);
  }
}

/** Pending operations of one direction, first come, first served. */
class Line {
  first: Operation | undefined;
  last: Operation | undefined;

  append(operation: Operation): void {
    operation.previous = this.last;
    if (this.last === undefined) this.first = operation;
    else this.last.next = operation;
    this.last = operation;
  }

  remove(operation: Operation): void {
    const { previous, next } = operation;
    if (previous === undefined) this.first = next;
    else previous.next = next;
    if (next === undefined) this.last = previous;
    else next.previous = previous;
    operation.previous = operation.next = undefined;
  }
}

/**
 * The pending operations of one descriptor: reads in the order of the calls,
 * writes likewise. A pending operation costs one entry in this queue.
 */
export class OperationQueue {
  readonly #target: { readonly what: string };
  readonly #reads = new Line();
  readonly #writes = new Line();
  /** Operations that wait for errors only. */
  readonly #conditions = new Line();
  /** The events that epoll reports; 0 if the descriptor is not in epoll. */
  #armed = 0;
  #referenced = true;
  /** The index in the reactor's table, and which of its users it is. */
  index = -1;
  generation = 0;
  /** The number of pending operations. */
  size = 0;
  /** Whether the reactor has to attempt the operations without an event. */
  scheduled = false;

  /**
   * @param fd The descriptor's number.
   * @param target The descriptor, for errors.
   */
  constructor(readonly fd: number, target: { readonly what: string }) {
    this.#target = target;
  }

  /** The descriptor's name in errors. */
  get what(): string {
    return this.#target.what;
  }

  /** Whether operations wait for these events; a new one is queued. */
  hasWaiting(events: number): boolean {
    return this.#line(events).first !== undefined;
  }

  /** Whether more than one operation waits for these events. */
  hasSeveralWaiting(events: number): boolean {
    return this.#line(events).first?.next !== undefined;
  }

  /**
   * Performs an operation as soon as the descriptor is ready, after earlier
   * operations of the same direction.
   *
   * @param events The poll(2) events to wait for.
   * @param attempt Tries it; immediately if nothing else waits and the thread
   *   has budget left.
   */
  perform<T>(
    events: number,
    attempt: Attempt<T>,
    options: WaitOptions,
  ): Promise<T> {
    try {
      options.signal?.throwIfAborted();
      checkTimeout(options.timeout);
      const due = yieldDue();
      if (!due && this.#line(events).first === undefined) {
        const result = attempt(0);
        if (result !== undefined) {
          if (events & EPOLLIN) reactor.noteProgress();
          return Promise.resolve(result);
        }
      }
      return this.performLater(events, attempt, options, due);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * The same without an immediate attempt.
   *
   * @param yields Whether the attempt was deferred because timers have to run
   *   first; otherwise the kernel returned EAGAIN.
   */
  performLater<T>(
    events: number,
    attempt: Attempt<T>,
    { signal, timeout = Infinity }: WaitOptions,
    yields: boolean,
  ): Promise<T> {
    try {
      signal?.throwIfAborted();
      checkTimeout(timeout);
      const line = this.#line(events);
      const promise = this.#append(line, events, attempt, signal, timeout);
      if (yields) reactor.schedule(this);
      // Edge-triggered: after EAGAIN the next event is reported.
      else if (
        this.#armed === 0 || (this.#armed & events) !== events
      ) this.#arm(this.#wanted());
      return promise;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Waits for poll(2) events and returns them. */
  wait(
    events: number,
    { signal, timeout = Infinity }: WaitOptions,
  ): Promise<number> {
    try {
      signal?.throwIfAborted();
      checkTimeout(timeout);
      const line = this.#line(events);
      const promise = this.#append(line, events, identity, signal, timeout);
      // No attempt was made before: a ready descriptor has to be reported too.
      this.#arm(this.#wanted());
      return promise;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Attempts the pending operations without an event. */
  retry(): void {
    if (this.size > 0) reactor.schedule(this);
  }

  /** Whether pending operations keep the process alive. */
  setReferenced(referenced: boolean): void {
    if (this.#referenced === referenced) return;
    this.#referenced = referenced;
    reactor.count(0, referenced ? this.size : -this.size);
  }

  /** Removes the descriptor before it is closed; `end` then rejects. */
  leave(): void {
    if (this.#armed !== 0) this.#disarm();
    reactor.forget(this);
  }

  /**
   * Rejects all pending operations, after the descriptor was removed from
   * epoll.
   */
  fail(reason: unknown): void {
    this.#armed = 0;
    this.index = -1;
    this.scheduled = false;
    this.end()(() => reason);
  }

  /** Ends all pending operations; returns a function that rejects them. */
  end(): (reason: () => unknown) => void {
    const ended: Operation[] = [];
    for (const line of [this.#conditions, this.#reads, this.#writes]) {
      while (line.first !== undefined) {
        const operation = line.first;
        this.remove(operation);
        ended.push(operation);
      }
    }
    return (reason) => {
      if (ended.length === 0) return;
      const error = reason();
      for (const operation of ended) operation.reject(error);
    };
  }

  /** Removes an operation from all queues. */
  remove(operation: Operation): void {
    if (operation.ended) return;
    operation.ended = true;
    operation.line.remove(operation);
    this.size--;
    reactor.count(-1, this.#referenced ? -1 : 0);
    if (operation.position >= 0) reactor.deadlines.remove(operation);
    if (operation.signal !== undefined) {
      removeAbortListener(operation.signal, operation.onAbort!);
    }
  }

  /**
   * Attempts the operations that wait for these events, in order.
   *
   * @param events The events that epoll reported; 0 without any.
   * @returns Whether an operation ended.
   */
  serve(events: number): boolean {
    const condition = (events & CONDITIONS) !== 0 || events === 0;
    let served = false;
    if (condition) {
      served = this.#serveLine(this.#conditions, events, condition);
    }
    if (condition || events & ~EPOLLOUT) {
      served = this.#serveLine(this.#reads, events, condition) || served;
    }
    if (condition || events & EPOLLOUT) {
      served = this.#serveLine(this.#writes, events, condition) || served;
    }
    if (events === 0) {
      if (this.size > 0 && !this.scheduled) this.#arm(this.#wanted());
    } else if (!served) {
      // Nothing waits for it: without this, each datagram would wake the
      // thread. Or the attempt failed in spite of the event: epoll has to check
      // again.
      this.#arm(this.#wanted());
    }
    return served;
  }

  #serveLine(line: Line, events: number, condition: boolean): boolean {
    let served = false;
    for (let operation = line.first; operation !== undefined;) {
      const { next } = operation;
      if (condition || operation.events & events) {
        let result: unknown;
        try {
          result = operation.attempt(events & (operation.events | CONDITIONS));
          if (result === undefined) break;
          this.remove(operation);
          operation.resolve(result);
        } catch (error) {
          this.remove(operation);
          operation.reject(error);
        }
        served = true;
        // The attempt may have closed the descriptor.
        if (next?.ended) break;
        if (line.first !== undefined && yieldDue()) {
          reactor.schedule(this);
          break;
        }
      }
      operation = next;
    }
    return served;
  }

  #line(events: number): Line {
    if (events === 0) return this.#conditions;
    return events & EPOLLOUT ? this.#writes : this.#reads;
  }

  #append<T>(
    line: Line,
    events: number,
    attempt: Attempt<T>,
    signal: AbortSignal | undefined,
    timeout: number,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const operation = new Operation(
        this,
        line,
        events,
        attempt,
        signal,
        timeout,
        resolve as (result: unknown) => void,
        reject,
      );
      line.append(operation);
      this.size++;
      if (signal !== undefined) operation.listen(signal);
      if (timeout !== Infinity) reactor.deadlines.add(operation);
      reactor.count(1, this.#referenced ? 1 : 0);
    });
  }

  /** The events that operations wait for. */
  #wanted(): number {
    return (this.#reads.first === undefined ? 0 : EPOLLIN) |
      (this.#writes.first === undefined ? 0 : EPOLLOUT);
  }

  /** Requests events from epoll, including pending ones. */
  #arm(events: number): void {
    if (this.size === 0) {
      if (this.#armed !== 0) this.#disarm();
      return;
    }
    try {
      const added = this.#armed !== 0;
      reactor.control(
        added ? EPOLL_CTL_MOD : EPOLL_CTL_ADD,
        this,
        events,
      );
      this.#armed = events | ADDED;
    } catch (error) {
      this.#armed = 0;
      this.end()(() => error);
    }
  }

  #disarm(): void {
    this.#armed = 0;
    reactor.remove(this.fd);
  }
}

/** Marks a descriptor in epoll, also if only errors are awaited. */
const ADDED = EPOLLERR;

const identity: Attempt<number> = (events) => events || undefined;

/** The reactor of the thread. It runs while operations wait. */
class Reactor {
  readonly deadlines = new DeadlineHeap<Operation>();
  readonly #busyPolling = new AdaptiveBusyPolling(SPIN_BUDGET, WAKE_UP_COST);
  readonly #events = new Int32Array(EVENTS * EVENT_WORDS);
  readonly #eventBytes = new Uint8Array(this.#events.buffer);
  readonly #event = new Int32Array(EVENT_WORDS);
  readonly #eventArgument = new Uint8Array(this.#event.buffer);
  readonly #queues: (OperationQueue | undefined)[] = [];
  readonly #free: number[] = [];
  #scheduled: OperationQueue[] = [];
  #generation = 0;
  #descriptors: number[] = [];
  #epoll = -1;
  #eventfd = -1;
  /** The pollfds of the sleeping call, outside of this isolate's memory. */
  #sleepTargets: Deno.PointerObject | null = null;
  #waiting = 0;
  #referenced = 0;
  /** Resolves when the reactor stops; undefined while it is not running. */
  #running: Promise<void> | undefined;
  #onStop: (() => void)[] = [];
  /** The sleeping call; undefined while the thread is awake. */
  #sleep: Promise<number> | undefined;
  #wakeAt = -Infinity;
  #signalled = false;
  #progress = false;
  /** Whether other code has had its microtasks since the last event. */
  #idle = false;

  /** Records that a loop found work without waiting, and will continue. */
  noteProgress(): void {
    this.#progress = true;
  }

  /** Attempts a queue's operations after timers have run. */
  schedule(queue: OperationQueue): void {
    if (queue.scheduled) return;
    queue.scheduled = true;
    this.#scheduled.push(queue);
    this.#wake();
  }

  /** Counts pending operations, and those that keep the process alive. */
  count(waiting: number, referenced: number): void {
    this.#waiting += waiting;
    const before = this.#referenced > 0;
    this.#referenced += referenced;
    if (this.#waiting === 0) {
      this.#wake();
      return;
    }
    const now = this.#referenced > 0;
    if (now !== before && this.#sleep !== undefined) {
      keepAlive(this.#sleep, now);
    }
    if (waiting <= 0) return;
    this.#reportStop();
    if (this.#running === undefined) this.#running = this.#run();
    else {
      const { next } = this.deadlines;
      if (next !== undefined && next.deadline < this.#wakeAt) this.#wake();
    }
  }

  /** See isReactorQuiet(). */
  isQuiet(): boolean {
    if (this.#waiting > 0) return true;
    clearTurn();
    return this.#running === undefined;
  }

  /**
   * Resolves when no unused call or timer is pending: at the latest when an
   * operation waits again, which uses them.
   */
  async stopped(): Promise<void> {
    if (this.isQuiet()) return;
    await new Promise<void>((resolve) => this.#onStop.push(resolve));
    if (this.#waiting === 0) clearTurn();
  }

  #reportStop(): void {
    if (this.#onStop.length === 0) return;
    const listeners = this.#onStop;
    this.#onStop = [];
    for (const resolve of listeners) resolve();
  }

  /** Adds a descriptor to epoll, or changes its events. */
  control(
    operation: number,
    queue: OperationQueue,
    events: number,
  ): void {
    if (this.#epoll < 0) this.#open();
    if (queue.index < 0) {
      queue.index = this.#free.pop() ?? this.#queues.length;
      queue.generation = ++this.#generation;
      this.#queues[queue.index] = queue;
    }
    const event = this.#event;
    event[0] = events | EPOLLET;
    event[DATA_WORD] = queue.index;
    event[DATA_WORD + 1] = queue.generation;
    const { epoll_ctl } = libc();
    const { fd } = queue;
    while (epoll_ctl(this.#epoll, operation, fd, this.#eventArgument) < 0) {
      const code = errno();
      if (code === EBADF) throw new ClosedError(queue.what);
      // The number was closed outside of its owner, and reused.
      if (code === ENOENT && operation === EPOLL_CTL_MOD) {
        operation = EPOLL_CTL_ADD;
      } else if (code === EEXIST) operation = EPOLL_CTL_MOD;
      else {
        throw new SystemError("epoll_ctl", code, {
          tried: `wait on ${queue.what}`,
        });
      }
    }
  }

  /** Removes a descriptor from epoll. */
  remove(fd: number): void {
    libc().epoll_ctl(this.#epoll, EPOLL_CTL_DEL, fd, this.#eventArgument);
  }

  /** Removes a queue from the table; its events are ignored from now on. */
  forget(queue: OperationQueue): void {
    if (queue.index < 0) return;
    this.#queues[queue.index] = undefined;
    this.#free.push(queue.index);
    queue.index = -1;
  }

  async #run(): Promise<void> {
    try {
      let rest = CONTINUATIONS;
      while (this.#waiting > 0) {
        for (let task = 0; task < rest; task++) await undefined;
        if (this.#epoll < 0) this.#open();
        rest = await this.#turn();
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#running = undefined;
      this.#reportStop();
    }
  }

  /** One round; returns the number of microtasks for other code. */
  async #turn(): Promise<number> {
    if (this.#waiting === 0) return 0;
    const turn = yieldIfDue();
    if (turn !== undefined) await turn;
    if (this.#scheduled.length > 0) this.#serveScheduled();
    if (this.#waiting === 0) return 0;
    const found = this.#harvest();
    this.#expire();
    if (this.#waiting === 0) return 0;
    if (found > 0 || this.#scheduled.length > 0) {
      this.#idle = false;
      return CONTINUATIONS;
    }
    // Another loop finds work without waiting: poll once.
    if (!this.#idle || this.#progress) {
      this.#progress = false;
      this.#idle = true;
      return OTHERS;
    }
    this.#idle = false;
    const turnIsRecent = monotonicTime() - lastTurn() < TURN_INTERVAL;
    if (turnIsRecent && this.#spin() > 0) return CONTINUATIONS;
    await this.#sleepUntilEvent();
    return 0;
  }

  #serveScheduled(): void {
    const scheduled = this.#scheduled;
    this.#scheduled = [];
    for (const queue of scheduled) {
      queue.scheduled = false;
      queue.serve(0);
    }
  }

  /** Takes pending events from epoll and serves them; returns their number. */
  #harvest(): number {
    const events = this.#events;
    const count = libc().epoll_wait(this.#epoll, this.#eventBytes, EVENTS, 0);
    if (count < 0) {
      const code = errno();
      if (code === EINTR) return 0;
      throw new SystemError("epoll_wait", code, { tried: "wait for events" });
    }
    for (let event = 0; event < count; event++) {
      const word = event * EVENT_WORDS;
      const queue = this.#queues[events[word + DATA_WORD]!];
      if (queue?.generation === events[word + DATA_WORD + 1]!) {
        queue.serve(events[word]!);
      }
    }
    return count;
  }

  #expire(): void {
    let { next } = this.deadlines;
    if (next === undefined) return;
    const now = monotonicTime();
    while (next !== undefined && next.deadline <= now) {
      const { queue, timeout } = next;
      queue.remove(next);
      next.reject(new TimeoutError(queue.what, timeout));
      next = this.deadlines.next;
    }
  }

  /** Busy-polls if that has paid recently. */
  #spin(): number {
    if (!this.#busyPolling.pays) return 0;
    const limit = this.deadlines.next?.deadline ?? Infinity;
    const end = Math.min(monotonicTime() + SPIN_BUDGET, limit);
    do {
      const found = this.#harvest();
      if (found > 0) {
        this.#busyPolling.recordHit();
        return found;
      }
    } while (monotonicTime() < end);
    this.#busyPolling.recordMiss();
    return 0;
  }

  /** Sleeps in another thread, while this one runs other code. */
  async #sleepUntilEvent(): Promise<void> {
    const start = monotonicTime();
    this.#wakeAt = this.deadlines.next?.deadline ?? Infinity;
    const rest = Math.max(0, Math.ceil(this.#wakeAt - start));
    const timeout = Math.min(rest, LONGEST_SLEEP);
    try {
      this.#sleep = libc().poll_nonblocking(
        this.#sleepTargets,
        DESCRIPTORS,
        timeout,
      );
      if (this.#referenced === 0) keepAlive(this.#sleep, false);
      const used = threadProcessorTime();
      if (await this.#sleep < 0) this.#diagnose();
      this.#busyPolling.recordTurn(threadProcessorTime() - used);
    } finally {
      this.#sleep = undefined;
      this.#wakeAt = -Infinity;
      recordIdle(start);
      if (!this.#signalled) {
        this.#busyPolling.recordSleep(monotonicTime() - start);
      }
      this.#signalled = false;
    }
  }

  /** Wakes the sleeping call. */
  #wake(): void {
    if (this.#sleep === undefined || this.#signalled) return;
    this.#signalled = true;
    signalEventfd(this.#eventfd, "wake the reactor");
    // It ends immediately, and close() of an unreferenced descriptor awaits it.
    keepAlive(this.#sleep, true);
  }

  // The errno of the nonblocking call is lost: repeat the check in this thread.
  #diagnose(): void {
    const targets = new Uint8Array(
      Deno.UnsafePointerView.getArrayBuffer(this.#sleepTargets!, SLEEP_BYTES),
    );
    if (libc().poll(targets, DESCRIPTORS, 0) >= 0) return;
    const code = errno();
    if (code === EINTR) return;
    throw new SystemError("poll", code, {
      tried: "sleep until an event",
      advice: "Raise the limit of open files (ulimit -n) if it is too low",
    });
  }

  #open(): void {
    const tried = "open the reactor of this thread";
    const { close, epoll_create1, epoll_ctl, malloc, pipe2 } = libc();
    const opened: number[] = [];
    const ends = new Int32Array(2);
    try {
      opened.push(unwrap(epoll_create1(EPOLL_CLOEXEC), "epoll_create1", {
        tried,
      }));
      opened.push(openEventfd(tried));
      unwrap(pipe2(new Uint8Array(ends.buffer), O_CLOEXEC), "pipe2", { tried });
      opened.push(ends[0]!, ends[1]!);
    } catch (error) {
      for (const fd of opened) close(fd);
      throw error;
    }
    this.#descriptors = opened.map(ownDescriptor);
    const [epoll, eventfd, life] = this.#descriptors;
    if (epoll === undefined || eventfd === undefined || life === undefined) {
      throw new Error(`${tried}: no descriptors`);
    }
    this.#epoll = epoll;
    this.#eventfd = eventfd;
    this.#event[0] = EPOLLIN | EPOLLET;
    this.#event[DATA_WORD] = -1;
    unwrap(
      epoll_ctl(epoll, EPOLL_CTL_ADD, eventfd, this.#eventArgument),
      "epoll_ctl",
      { tried },
    );
    // The sleeping call references both files: the end of the isolate closes
    // the other end of the pipe and wakes it, so that nothing leaks.
    const targets = this.#sleepTargets ??= malloc(BigInt(SLEEP_BYTES));
    if (targets === null) throw new Error(`${tried}: out of memory`);
    const view = new DataView(
      Deno.UnsafePointerView.getArrayBuffer(targets, SLEEP_BYTES),
    );
    pollfd.assign(view, 0, { fd: epoll, events: POLLIN });
    pollfd.assign(view, pollfd.size, { fd: life, events: POLLIN });
  }

  /**
   * Fails all waits. The epoll instance may be broken: the next wait opens
   * another.
   */
  #fail(error: unknown): void {
    const descriptors = this.#descriptors;
    this.#descriptors = [];
    this.#epoll = -1;
    for (const fd of descriptors) closeOwned(fd);
    const queues = [...this.#queues, ...this.#scheduled];
    this.#queues.length = this.#free.length = this.#scheduled.length = 0;
    for (const queue of queues) queue?.fail(error);
  }
}

const reactor = new Reactor();

/**
 * Whether no unused call or timer of the reactor is pending.
 */
export function isReactorQuiet(): boolean {
  return reactor.isQuiet();
}

/** Resolves when no unused call or timer of the reactor is pending. */
export function reactorStopped(): Promise<void> {
  return reactor.stopped();
}

/**
 * Records that a loop found work without waiting: while it continues, other
 * descriptors are polled, and the thread does not sleep.
 */
export function noteProgress(): void {
  reactor.noteProgress();
}

// Sets whether a pending FFI call keeps the process alive. Deno has no public API
// for it; its own modules use this one. Where it is absent, every wait keeps the
// process alive, which is the default.

interface Core {
  refOpPromise?(promise: Promise<unknown>): void;
  unrefOpPromise?(promise: Promise<unknown>): void;
}

function core(): Core {
  const internal = Reflect.get(Deno, "internal");
  const internals = internal === undefined
    ? undefined
    : Reflect.get(Deno, internal);
  return internals?.core ?? {};
}

/**
 * Sets whether a pending nonblocking call keeps the process alive.
 *
 * @param call The promise that the call returned.
 * @param alive Whether it does.
 */
export function keepAlive(call: Promise<unknown>, alive: boolean): void {
  if (alive) core().refOpPromise?.(call);
  else core().unrefOpPromise?.(call);
}
