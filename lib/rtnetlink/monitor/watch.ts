// One namespace watched: its events taken up as they come, and its tables read
// at the start, after an overrun, and where the kernel may have changed
// something without a word.

import { EINVAL, SystemError } from "../../../ffi/errno.ts";
import { NETLINK_ROUTE } from "../../../ffi/uapi/linux_netlink.ts";
import { Deadline } from "../../io/deadline.ts";
import { TimeoutError } from "../../errors.ts";
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
import { type Found, Picture } from "./picture.ts";
import { read } from "./reading.ts";

/** What to watch, and where. */
export interface WatchOptions {
  /** The kinds to tell of. */
  readonly objects: ReadonlySet<MonitoredObject>;
  /** Whether to begin with what there is. */
  readonly snapshot: boolean;
  /** Room for unread events, in bytes. */
  readonly receiveBuffer: number;
  /** The namespace; default: this thread's. */
  readonly namespace?: Namespace | undefined;
  /** What events call it. */
  readonly label?: string | undefined;
}

/** As many datagrams as make a batch of events. */
const BATCH = 1024;
/** The longest pause between two readings, in milliseconds. */
const LONGEST_PAUSE = 1000;

/** A reading of tables, under way or over. */
interface Reading {
  readonly wanted: ReadonlyMap<MonitoredObject, EventOrigin>;
  readonly started: number;
  readonly over: Promise<void>;
  result?: { readonly found: Found } | { readonly error: unknown };
}

/** An overrun that is not made good yet. */
interface Overrun {
  readonly since: number;
  recovered: number;
}

/** A namespace being watched. */
export class Watch implements AsyncDisposable {
  /** What is known of it. */
  readonly picture: Picture;
  readonly #subscription: NetlinkSubscription;
  readonly #route: RouteSocket;
  readonly #label: string | undefined;
  readonly #snapshot: boolean;
  readonly #closing = new AbortController();
  /** What has to be read, and what events that come of it will say. */
  readonly #wanted = new Map<MonitoredObject, EventOrigin>();
  #reading: Reading | undefined;
  #notBefore = 0;
  #overrun: Overrun | undefined;
  #started = false;
  #ignored = 0;

  private constructor(
    subscription: NetlinkSubscription,
    route: RouteSocket,
    options: WatchOptions,
  ) {
    this.#subscription = subscription;
    this.#route = route;
    this.#label = options.label;
    this.#snapshot = options.snapshot;
    this.picture = new Picture({
      objects: options.objects,
      namespace: options.label,
    });
    this.#wantAll("snapshot");
  }

  /**
   * Opens the sockets; from here on nothing is missed.
   *
   * @throws {SystemError} If the namespace cannot be entered.
   */
  static open(options: WatchOptions): Watch {
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
      return new Watch(subscription, route, options);
    } catch (error) {
      // Nobody waits on them yet, so they are closed before this returns.
      void route.close();
      void subscription?.close();
      throw error;
    }
  }

  /** Room for unread events, in bytes as the kernel counts them. */
  get receiveBuffer(): number {
    return this.#subscription.receiveBuffer;
  }

  /** Whether a wait for events keeps the process alive. */
  setReferenced(referenced: boolean): void {
    if (referenced) this.#subscription.ref();
    else this.#subscription.unref();
  }

  /** What was received and not used. */
  get counters(): NetlinkCounters {
    return this.#subscription.counters;
  }

  /** Reads what there is; with it the events begin. */
  async start(options?: WaitOptions): Promise<void> {
    const deadline = new Deadline("read the kernel's tables", options);
    while (!this.#started) await this.#step(deadline);
  }

  /**
   * Waits for events and takes them, at least one.
   *
   * @throws {ClosedError} When it is closed meanwhile.
   */
  async receive(options?: WaitOptions): Promise<MonitorEvent[]> {
    const deadline = new Deadline("netlink events", options);
    deadline.check();
    for (;;) {
      if (this.picture.pending === 0) await this.#step(deadline);
      if (!this.#started || this.picture.pending === 0) continue;
      // An abort meanwhile is the next call's: what is known is reported first.
      await yieldIfDue();
      return this.picture.take();
    }
  }

  /** Takes the events that have come, without waiting. */
  catchUp(): MonitorEvent[] {
    this.#drain(BATCH);
    return this.picture.take();
  }

  /** What has come and was not taken yet; for one that is closed next. */
  last(): MonitorEvent[] {
    this.#drain(Infinity);
    return this.picture.take();
  }

  /** Ends what waits with ClosedError and closes the sockets. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([this.#subscription.close(), this.#route.close()]);
    await this.#reading?.over;
  }

  /** The same as close(). */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Takes up what there is, or waits until there may be something. */
  async #step(deadline: Deadline): Promise<void> {
    const outcome = this.#drain(BATCH);
    if (this.#reading?.result !== undefined) {
      this.#settle(this.#reading);
    } else if (outcome === "empty") {
      this.#read();
      if (this.picture.pending === 0) await this.#wait(deadline);
    } else await yieldIfDue();
  }

  /** Takes up what was received; tells of overruns and of what is ignored. */
  #drain(limit: number): DrainOutcome {
    const started = performance.now();
    let outcome = this.#subscription.drain(this.#apply, limit);
    while (outcome === "overrun") {
      // The kernel drops everything until the queue is empty. What is still
      // in it is older than the gap, and of use.
      this.#overrun ??= { since: performance.now(), recovered: 0 };
      this.picture.say({ event: "overrun", namespace: this.#label });
      this.#wantAll(this.#started ? "recovered" : "snapshot");
      outcome = this.#subscription.drain(this.#apply);
    }
    // After an overrun, not before the tables were read again.
    if (outcome === "empty" && this.#overrun === undefined) {
      this.picture.caughtUpAt = started;
    }
    this.#tellIgnored();
    if (!this.#started) this.picture.take();
    return outcome;
  }

  readonly #apply = (message: MessageReader): void => {
    this.picture.apply(message);
  };

  #tellIgnored(): void {
    const { malformed, truncated, foreignSender } = this.counters;
    const ignored = malformed + truncated + foreignSender;
    if (ignored === this.#ignored) return;
    this.#ignored = ignored;
    this.picture.say({
      event: "ignored",
      namespace: this.#label,
      counters: { ...this.counters },
    });
  }

  #wantAll(origin: EventOrigin): void {
    for (const kind of this.picture.kept) this.#wanted.set(kind, origin);
  }

  #want(kinds: Iterable<MonitoredObject>, origin: EventOrigin): void {
    for (const kind of kinds) {
      if (!this.#wanted.has(kind)) this.#wanted.set(kind, origin);
    }
  }

  /**
   * Begins to read what is wanted, if the time has come; only with nothing left
   * to receive, so that what comes later is newer than what is known by then.
   */
  #read(): void {
    const started = performance.now();
    if (this.#reading !== undefined || started < this.#notBefore) return;
    this.#want(this.picture.takeDoubts(), "unannounced");
    if (this.#wanted.size === 0) return;
    const wanted = new Map(this.#wanted);
    this.#wanted.clear();
    const kinds = new Set(wanted.keys());
    this.picture.begin(kinds);
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

  /** Compares what is known with what was read. */
  #settle(reading: Reading): void {
    const { wanted, started, result } = reading;
    this.#reading = undefined;
    if (result === undefined) return;
    if ("error" in result) {
      // What is known may be wrong until the next attempt has told.
      for (const [kind, origin] of wanted) this.#again(kind, origin);
      this.#notBefore = performance.now() + LONGEST_PAUSE;
      throw result.error;
    }
    // What is queued may be older than what was read: to be known first.
    this.#drain(Infinity);
    const { found } = result;
    this.#want(this.picture.takeDoubts(found), "unannounced");
    for (const [kind, origin] of wanted) {
      if (found[kind] === undefined) this.#again(kind, origin);
    }
    for (const origin of new Set(wanted.values())) {
      const before = this.picture.pending;
      const uncertain = this.picture.settle(
        Object.fromEntries(
          Object.entries(found).filter(([kind]) =>
            wanted.get(kind as MonitoredObject) === origin
          ),
        ),
        origin === "snapshot" ? undefined : origin,
      );
      for (const kind of uncertain) this.#again(kind, origin);
      if (origin === "recovered" && this.#overrun !== undefined) {
        this.#overrun.recovered += this.picture.pending - before;
      }
    }
    // What was read says also what follows from what it brought to light.
    const doubts = this.picture.takeDoubts();
    this.#want(
      [...doubts].filter((kind) => found[kind] === undefined),
      "unannounced",
    );
    const now = performance.now();
    this.#notBefore = now + Math.min(2 * (now - started), LONGEST_PAUSE);
    this.#conclude(now);
  }

  #again(kind: MonitoredObject, origin: EventOrigin): void {
    if (this.#wanted.get(kind) !== "recovered") this.#wanted.set(kind, origin);
  }

  /** Says what is complete now: the start, or the way back from an overrun. */
  #conclude(now: number): void {
    const open = new Set(this.#wanted.values());
    if (open.has("snapshot") || open.has("recovered")) return;
    if (!this.#started) {
      this.#started = true;
      this.#overrun = undefined;
      if (this.#snapshot) this.picture.tellAll();
    } else if (this.#overrun !== undefined) {
      const { since, recovered } = this.#overrun;
      this.#overrun = undefined;
      this.picture.say({
        event: "resynchronised",
        namespace: this.#label,
        recovered,
        milliseconds: now - since,
      });
    }
  }

  /** Until there is something to read, a reading is over, or may begin. */
  async #wait(deadline: Deadline): Promise<void> {
    const { signal, timeout = Infinity } = deadline.bounds();
    const wake = new AbortController();
    const reading = this.#reading;
    reading?.over.then(() => wake.abort());
    const pause = reading === undefined &&
        (this.#wanted.size > 0 || this.picture.doubtful)
      ? Math.max(0, this.#notBefore - performance.now())
      : Infinity;
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
