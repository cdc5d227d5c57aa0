// Monitors one namespace: applies notifications, and dumps at the start, after
// an overrun, and after changes that the kernel does not notify.

import { EINVAL, SystemError } from "../../../ffi/errno.ts";
import { NETLINK_ROUTE } from "../../../ffi/uapi/linux_netlink.ts";
import { Deadline } from "../../io/deadline.ts";
import { ClosedError, TimeoutError } from "../../errors.ts";
import type { Namespace } from "../../netns/namespace.ts";
import type { NetlinkCounters } from "../../netlink/counters.ts";
import type { MessageReader } from "../../netlink/message.ts";
import {
  type DrainOutcome,
  NetlinkSubscription,
} from "../../netlink/subscription.ts";
import type { WaitOptions } from "../../io/reactor.ts";
import { yieldIfDue } from "../../io/yield.ts";
import { RouteSocket } from "../socket.ts";
import type { EventOrigin, MonitoredObject, MonitorEvent } from "./event.ts";
import { groupsOf, OPTIONAL } from "./groups.ts";
import { type Found, ObjectCache } from "./cache.ts";
import type { Parts } from "./table.ts";
import { read } from "./reading.ts";

/** Options for one namespace. */
export interface NamespaceMonitorOptions {
  /** The types to report. */
  readonly objects: ReadonlySet<MonitoredObject>;
  /** Whether to report the current objects first. */
  readonly snapshot: boolean;
  /** The receive buffer, in bytes. */
  readonly receiveBuffer: number;
  /** The interval of complete dumps, in milliseconds; Infinity for none. */
  readonly sweepInterval: number;
  /** The namespace; default: this thread's. */
  readonly namespace?: Namespace | undefined;
  /** The namespace in events. */
  readonly label?: string | undefined;
}

/** Datagrams that are read for one batch of events. */
const BATCH = 1024;
/** The longest pause between two dumps, in milliseconds. */
const LONGEST_PAUSE = 1000;

/** A dump of some types, pending or finished. */
interface Reading {
  readonly wanted: ReadonlyMap<MonitoredObject, EventOrigin>;
  readonly started: number;
  readonly over: Promise<void>;
  result?: { readonly found: Found } | { readonly error: unknown };
  /** Resolves when the cache is reconciled with it. */
  settled?: Promise<void>;
}

/** An overrun from which the cache has not recovered yet. */
interface Overrun {
  readonly since: number;
  recovered: number;
}

/** Monitors one namespace. */
export class NamespaceMonitor implements AsyncDisposable {
  /** The cached objects of the namespace. */
  readonly cache: ObjectCache;
  readonly #subscription: NetlinkSubscription;
  readonly #route: RouteSocket;
  readonly #label: string | undefined;
  readonly #snapshot: boolean;
  readonly #closing = new AbortController();
  /** The types to dump, with the origin of the events. */
  readonly #wanted = new Map<MonitoredObject, EventOrigin>();
  #reading: Reading | undefined;
  #notBefore = 0;
  readonly #sweepInterval: number;
  #nextSweep: number;
  #overrun: Overrun | undefined;
  #started = false;
  /** Whether the events of the snapshot are emitted: notifications wait. */
  #emitting = false;
  #ignored = 0;

  private constructor(
    subscription: NetlinkSubscription,
    route: RouteSocket,
    options: NamespaceMonitorOptions,
  ) {
    this.#subscription = subscription;
    this.#route = route;
    this.#label = options.label;
    this.#snapshot = options.snapshot;
    this.#sweepInterval = options.sweepInterval;
    this.#nextSweep = performance.now() + options.sweepInterval;
    this.cache = new ObjectCache({
      objects: options.objects,
      namespace: options.label,
    });
    this.#wantAll("snapshot");
  }

  /**
   * Opens the sockets; no later change is missed.
   *
   * @throws {SystemError} If the namespace cannot be entered.
   */
  static open(options: NamespaceMonitorOptions): NamespaceMonitor {
    const { namespace, receiveBuffer } = options;
    const groups = groupsOf([...options.objects, "link"]);
    const route = RouteSocket.open({ namespace });
    let subscription: NetlinkSubscription | undefined;
    try {
      subscription = NetlinkSubscription.open({
        protocol: NETLINK_ROUTE,
        namespace,
        receiveBuffer,
        readAhead: receiveBuffer,
        groups: [...groups].filter((group) => !OPTIONAL.has(group)),
      });
      for (const group of groups) {
        if (OPTIONAL.has(group)) joinIfThere(subscription, group);
      }
      return new NamespaceMonitor(subscription, route, options);
    } catch (error) {
      // Nothing waits on them yet, so they are closed before this returns.
      void route.close();
      void subscription?.close();
      throw error;
    }
  }

  /** The receive buffer, in bytes as the kernel counts them. */
  get receiveBuffer(): number {
    return this.#subscription.receiveBuffer;
  }

  /** Whether pending waits keep the process alive. */
  setReferenced(referenced: boolean): void {
    if (referenced) this.#subscription.ref();
    else this.#subscription.unref();
  }

  /** Received messages that were not used, by reason. */
  get counters(): NetlinkCounters {
    return this.#subscription.counters;
  }

  /** Dumps the current objects; events follow from here on. */
  async start(options?: WaitOptions): Promise<void> {
    const deadline = new Deadline("read the kernel's tables", options);
    while (!this.#started) await this.#step(deadline);
  }

  /**
   * Waits for events and returns at least one.
   *
   * @throws {ClosedError} If it is closed during the wait.
   */
  async receive(options?: WaitOptions): Promise<MonitorEvent[]> {
    const deadline = new Deadline("netlink events", options);
    deadline.check();
    for (;;) {
      if (!this.#started || this.cache.pending === 0) {
        await this.#step(deadline);
        continue;
      }
      // An abort during the yield applies to the next call: the events come
      // first.
      await yieldIfDue();
      return this.cache.take();
    }
  }

  /** Returns the events that have arrived, without waiting. */
  catchUp(): MonitorEvent[] {
    this.#drain(BATCH);
    return this.cache.take();
  }

  /** Returns the remaining events before the monitor is closed. */
  last(): MonitorEvent[] {
    this.#drain(Infinity);
    return this.cache.take();
  }

  /** Cancels pending waits with ClosedError and closes the sockets. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([this.#subscription.close(), this.#route.close()]);
    await this.#reading?.over;
    // What it throws, receive() has thrown.
    await Promise.allSettled([this.#reading?.settled]);
  }

  /** Equivalent to close(). */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Applies what has arrived, or waits for more. */
  async #step(deadline: Deadline): Promise<void> {
    const outcome = this.#drain(BATCH);
    const reading = this.#reading;
    // Queued messages may be older than the dump: they are applied first.
    if (outcome !== "empty") await yieldIfDue();
    else if (reading?.result !== undefined) {
      await (reading.settled ??= this.#settle(reading));
    } else {
      this.#read();
      if (this.cache.pending === 0) await this.#wait(deadline);
    }
  }

  /** Applies received messages; reports overruns and ignored messages. */
  #drain(limit: number): DrainOutcome {
    if (this.#emitting) return "empty";
    const started = performance.now();
    let outcome = this.#subscription.drain(this.#apply, limit);
    while (outcome === "overrun") {
      // The kernel drops everything until the queue is empty. The queued
      // messages are older than the gap, and valid.
      this.#overrun ??= { since: performance.now(), recovered: 0 };
      this.cache.emit({ event: "overrun", namespace: this.#label });
      this.#wantAll(this.#started ? "recovered" : "snapshot");
      outcome = this.#subscription.drain(this.#apply);
    }
    // After an overrun, only once the tables were dumped again.
    if (outcome === "empty" && this.#overrun === undefined) {
      this.cache.caughtUpAt = started;
    }
    this.#reportIgnored();
    if (!this.#started) this.cache.take();
    return outcome;
  }

  readonly #apply = (message: MessageReader): void => {
    this.cache.apply(message);
  };

  #reportIgnored(): void {
    const { malformed, truncated, foreignSender } = this.counters;
    const ignored = malformed + truncated + foreignSender;
    if (ignored === this.#ignored) return;
    this.#ignored = ignored;
    this.cache.emit({
      event: "ignored",
      namespace: this.#label,
      counters: { ...this.counters },
    });
  }

  #wantAll(origin: EventOrigin): void {
    for (const kind of this.cache.kept) this.#wanted.set(kind, origin);
  }

  #want(kinds: Iterable<MonitoredObject>, origin: EventOrigin): void {
    for (const kind of kinds) {
      if (!this.#wanted.has(kind)) this.#wanted.set(kind, origin);
    }
  }

  /**
   * Starts the dumps that are due; only with an empty queue, so that later
   * notifications are newer than the cache.
   */
  #read(): void {
    const started = performance.now();
    if (this.#reading !== undefined || started < this.#notBefore) return;
    this.#want(this.cache.takeStaleTypes(), "unannounced");
    if (started >= this.#nextSweep) {
      this.#want(this.cache.kept, "unannounced");
      this.#nextSweep = started + this.#sweepInterval;
    }
    if (this.#wanted.size === 0) return;
    const wanted = new Map(this.#wanted);
    this.#wanted.clear();
    const kinds = new Set(wanted.keys());
    this.cache.begin(kinds);
    const over = read(this.#route, kinds, this.#closing.signal).then(
      (found) => {
        reading.result = { found };
      },
      (error) => {
        reading.result = { error };
      },
    );
    const reading: Reading = { wanted, started, over };
    this.#reading = reading;
  }

  /** Reconciles the cache with a finished dump. */
  async #settle({ wanted, started, result }: Reading): Promise<void> {
    if (result === undefined) return;
    if ("error" in result) {
      this.#reading = undefined;
      // The cache may be wrong until the next attempt.
      for (const [kind, origin] of wanted) this.#again(kind, origin);
      this.#notBefore = performance.now() + LONGEST_PAUSE;
      throw result.error;
    }
    const { found } = result;
    this.#want(this.cache.takeStaleTypes(found), "unannounced");
    for (const [kind, origin] of wanted) {
      if (found[kind] === undefined) this.#again(kind, origin);
    }
    for (const origin of new Set(wanted.values())) {
      const parts = this.cache.settle(
        Object.fromEntries(
          Object.entries(found).filter(([kind]) =>
            wanted.get(kind as MonitoredObject) === origin
          ),
        ),
        origin === "snapshot" ? undefined : origin,
      );
      const { uncertain, events } = await this.#complete(parts);
      for (const kind of uncertain) this.#again(kind, origin);
      if (origin === "recovered" && this.#overrun !== undefined) {
        this.#overrun.recovered += events;
      }
    }
    this.#reading = undefined;
    // The dump may contain changes with further consequences.
    const invalid = this.cache.takeStaleTypes();
    this.#want(
      [...invalid].filter((kind) => found[kind] === undefined),
      "unannounced",
    );
    const now = performance.now();
    this.#notBefore = now + Math.min(2 * (now - started), LONGEST_PAUSE);
    await this.#conclude(now);
  }

  /** Does work in parts; timers run between them. */
  async #complete<T>(parts: Parts<T>): Promise<T> {
    for (;;) {
      const part = parts.next();
      if (part.done) return part.value;
      await yieldIfDue();
      if (this.#closing.signal.aborted) throw new ClosedError("monitor");
    }
  }

  #again(kind: MonitoredObject, origin: EventOrigin): void {
    if (this.#wanted.get(kind) !== "recovered") this.#wanted.set(kind, origin);
  }

  /**
   * Reports that the initial dump or the recovery from an overrun is complete.
   */
  async #conclude(now: number): Promise<void> {
    const open = new Set(this.#wanted.values());
    if (open.has("snapshot") || open.has("recovered")) return;
    if (!this.#started) {
      this.#overrun = undefined;
      if (this.#snapshot) {
        this.#emitting = true;
        await this.#complete(this.cache.emitSnapshot());
        this.#emitting = false;
      }
      this.#started = true;
    } else if (this.#overrun !== undefined) {
      const { since, recovered } = this.#overrun;
      this.#overrun = undefined;
      this.cache.emit({
        event: "resynchronised",
        namespace: this.#label,
        recovered,
        milliseconds: now - since,
      });
    }
  }

  /**
   * Waits until a message arrives, a dump is finished or the next one is due.
   */
  async #wait(deadline: Deadline): Promise<void> {
    const { signal, timeout = Infinity } = deadline.bounds();
    const wake = new AbortController();
    const reading = this.#reading;
    reading?.over.then(() => wake.abort());
    const due = reading !== undefined
      ? Infinity
      : this.#wanted.size > 0 || this.cache.needsDump
      ? this.#notBefore
      : Math.max(this.#notBefore, this.#nextSweep);
    const pause = Math.max(0, due - performance.now());
    const least = Math.min(timeout, pause);
    try {
      await this.#subscription.readable({
        signal: reading === undefined
          ? signal
          : AbortSignal.any(signal ? [signal, wake.signal] : [wake.signal]),
        ...(least === Infinity ? {} : { timeout: least }),
      });
    } catch (error) {
      if (error === wake.signal.reason) signal?.throwIfAborted();
      else if (error instanceof TimeoutError) deadline.check();
      else throw error;
    }
  }
}

/** Joins a group that an older kernel may not have. */
function joinIfThere(subscription: NetlinkSubscription, group: number): void {
  try {
    subscription.join(group);
  } catch (error) {
    if (!(error instanceof SystemError && error.errno === EINVAL)) throw error;
  }
}
