// Monitors links, addresses, routes, neighbours, rules and nexthop objects.

import { ArgumentError, ClosedError } from "../../errors.ts";
import { asyncIterator } from "../../io/async_iterator.ts";
import {
  cannotBePosted,
  customInspect,
  type Inspect,
  inspectFields,
} from "../../io/inspection.ts";
import type { Namespace } from "../../netns/namespace.ts";
import type { NetlinkCounters } from "../../netlink/counters.ts";
import type { WaitOptions } from "../../io/reactor.ts";
import { timerTurn, yieldDue } from "../../io/yield.ts";
import { wholeNumber } from "../../whole_number.ts";
import type {
  MonitoredObject,
  MonitoredObjects,
  MonitorEvent,
} from "./event.ts";
import { EventQueue } from "./event_queue.ts";
import { MONITORED_OBJECTS, type Picture, type Tables } from "./picture.ts";
import { Watches } from "./watches.ts";

/** Options of a monitor. */
export interface MonitorOptions {
  /** Types of objects to monitor; default: all. */
  readonly objects?: Iterable<MonitoredObject> | undefined;
  /** Whether to start with the current objects, as events of origin "snapshot". */
  readonly snapshot?: boolean | undefined;
  /**
   * The network namespace to monitor; default: this thread's. Its events do not
   * name it.
   */
  readonly namespace?: Namespace | undefined;
  /**
   * Several network namespaces, instead of `namespace`: undefined is this
   * thread's; "all" is this thread's and all named ones. Names that are added and
   * removed later are followed and reported.
   */
  readonly namespaces?: readonly (Namespace | undefined)[] | "all" | undefined;
  /**
   * Receive buffer for unread events, in bytes; default 16 MiB. More than
   * net.core.rmem_max needs CAP_NET_ADMIN; without it, the limit applies. When the
   * buffer fills up, the process reads as many bytes ahead, which hold ten times
   * the events.
   */
  readonly receiveBuffer?: number | undefined;
}

/** Holds 40,000 route events while the reader is delayed. */
const RECEIVE_BUFFER = 16 << 20;

/**
 * The state that a monitor of a single namespace keeps, for modules of the
 * library that look objects up by key. Read only.
 */
export let pictureOf: (monitor: Monitor) => Picture;

/**
 * Takes the events that the kernel has sent so far to a monitor of a single
 * namespace, without waiting; for modules of the library.
 */
export let catchUp: (monitor: Monitor) => MonitorEvent[];

/**
 * Monitors the kernel's network objects. Its state equals the kernel's, even if
 * the kernel drops events or does not notify a change.
 *
 * Needs no capability. Source: rtnetlink(7), netlink(7).
 *
 * @example
 * ```ts
 * import { Monitor } from "@netplumb/netplumb";
 *
 * await using monitor = await Monitor.open({ objects: ["link", "address"] });
 * for (const link of monitor.all("link")) console.log(link.name);
 * // From here on every change is reported:
 * // for (const event of await monitor.receive()) { ... }
 * ```
 */
export class Monitor implements AsyncDisposable, AsyncIterable<MonitorEvent> {
  readonly #watches: Watches;
  /** Events that were received and not returned yet. */
  readonly #queue = new EventQueue();
  /**
   * Makes postMessage throw: a monitor stays in its thread.
   *
   * @internal
   */
  protected readonly notCloneable: () => void = cannotBePosted;

  static {
    pictureOf = (monitor) => monitor.#watches.picture(undefined)!;
    catchUp = (monitor) => monitor.#watches.catchUp(undefined);
  }

  private constructor(watches: Watches) {
    this.#watches = watches;
  }

  /**
   * Opens a monitor: when the promise resolves, it has the current state and
   * misses no later change.
   *
   * @param options What to monitor.
   * @param wait Signal and timeout, in milliseconds, of the initial dumps.
   * @throws {ArgumentError} For an unknown type of object.
   * @throws {SystemError} If a namespace cannot be entered.
   * @throws {TimeoutError} After the timeout; an aborted signal throws its reason.
   */
  static async open(
    options: MonitorOptions = {},
    wait?: WaitOptions,
  ): Promise<Monitor> {
    const watches = Watches.open(watchOptions(options));
    try {
      await watches.start(wait);
      return new Monitor(watches);
    } catch (error) {
      await watches.close();
      throw error;
    }
  }

  /**
   * The monitored namespaces, as events name them; undefined for the one without a
   * name.
   */
  get namespaces(): (string | undefined)[] {
    return this.#watches.labels;
  }

  /**
   * The effective receive buffer, in bytes as the kernel counts them; the smallest
   * of several namespaces.
   */
  get receiveBuffer(): number {
    return this.#watches.receiveBuffer;
  }

  /** What was received and not used. */
  get counters(): NetlinkCounters {
    return this.#watches.counters;
  }

  /**
   * What the monitor knows of a kind of object: what the events it gave made of
   * it. Neighbours come as they were last told of; the kernel does not tell of
   * the states INCOMPLETE and DELAY.
   *
   * @param object The kind.
   * @param namespace The namespace, as events name it.
   * @throws {ArgumentError} For a kind that it was not opened for, and for a
   * namespace that it does not watch.
   */
  all<K extends MonitoredObject>(
    object: K,
    namespace?: string,
  ): MonitoredObjects[K][] {
    const picture = this.#watches.picture(namespace);
    if (picture === undefined) {
      const watched = this.namespaces.map((one) => one ?? "undefined");
      const expected = `one of ${watched.join(", ")}`;
      throw new ArgumentError("namespace", namespace, expected);
    }
    if (!picture.kept.has(object)) {
      const kept = [...picture.kept].join(", ");
      throw new ArgumentError("object", object, `one of ${kept}`);
    }
    const table: Tables[K] = picture.tables[object];
    return [...table];
  }

  /**
   * Waits for events and gives them in the order they happened, at least one;
   * between two namespaces, in the order they were read.
   *
   * @param options What ends the wait; `timeout` in milliseconds.
   * @throws {ClosedError} When the monitor is closed meanwhile.
   * @throws {TimeoutError} When the time is over.
   */
  receive(options?: WaitOptions): Promise<MonitorEvent[]> {
    if (this.#queue.length === 0) return this.#watches.receive(options);
    if (options?.signal?.aborted) return Promise.reject(options.signal.reason);
    return Promise.resolve(this.#queue.takeAll());
  }

  /**
   * Returns the events, one after the other, until the monitor is closed. A loop
   * that ends before that loses no events: the next loop or receive() continues
   * with the event after its last one. return() ends a pending next() at once.
   */
  [Symbol.asyncIterator](): AsyncGenerator<MonitorEvent, void, void> {
    return asyncIterator({
      take: () => yieldDue() ? undefined : this.#queue.take(),
      wait: async (signal) => {
        if (this.#queue.length > 0) {
          await timerTurn();
          return true;
        }
        try {
          this.#queue.add(await this.#watches.receive({ signal }));
          return true;
        } catch (error) {
          if (error instanceof ClosedError) return false;
          throw error;
        }
      },
    });
  }

  /** Lets a wait for events keep the process alive, which is the default. */
  ref(): void {
    this.#watches.setReferenced(true);
  }

  /** Lets the process end while it waits for events. */
  unref(): void {
    this.#watches.setReferenced(false);
  }

  /** Ends what waits with ClosedError and closes the sockets. */
  close(): Promise<void> {
    this.#queue.clear();
    return this.#watches.close();
  }

  /** The same as close(). */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * What console.log shows.
   *
   * @internal
   */
  [customInspect](inspect: Inspect, options: Deno.InspectOptions): string {
    const fields = {
      namespaces: this.namespaces,
      unread: this.#queue.length,
      counters: this.counters,
    };
    return inspectFields("Monitor", fields, inspect, options);
  }
}

/**
 * Reports changes of the kernel's network objects until the loop ends; leaving the
 * loop closes the sockets. return() ends a pending next() immediately.
 *
 * Needs no capability. Source: rtnetlink(7), netlink(7).
 *
 * @param options What to monitor.
 * @param wait A signal, which ends the loop with its reason, and a timeout for
 * each event, in milliseconds.
 * @throws {ArgumentError} For an unknown type of object.
 * @throws {SystemError} If a namespace cannot be entered.
 *
 * @example
 * ```ts
 * import { monitor } from "@netplumb/netplumb";
 *
 * for await (const event of monitor({ objects: ["link"], snapshot: true })) {
 *   if (event.event === "new" && event.object === "link") {
 *     console.log(event.data.name, event.data.mtu);
 *   }
 *   break;
 * }
 * ```
 */
export function monitor(
  options?: MonitorOptions,
  wait?: WaitOptions,
): AsyncGenerator<MonitorEvent, void, void> {
  const queue = new EventQueue();
  let opened: Monitor | undefined;
  return asyncIterator({
    take: () => yieldDue() ? undefined : queue.take(),
    async wait(signal) {
      if (queue.length > 0) {
        await timerTurn();
        return true;
      }
      const bounds = { ...wait, signal };
      opened ??= await Monitor.open(options, bounds);
      queue.add(await opened.receive(bounds));
      return true;
    },
    end: () => opened?.close(),
  }, wait?.signal);
}

function watchOptions(options: MonitorOptions) {
  const objects = new Set(options.objects ?? MONITORED_OBJECTS);
  for (const object of objects) {
    if (!MONITORED_OBJECTS.includes(object)) {
      const expected = `one of ${MONITORED_OBJECTS.join(", ")}`;
      throw new ArgumentError("objects", object, expected);
    }
  }
  const {
    namespace,
    namespaces,
    snapshot = false,
    receiveBuffer = RECEIVE_BUFFER,
  } = options;
  if (namespaces !== undefined && namespace !== undefined) {
    throw new ArgumentError("namespace", namespace, "none beside namespaces");
  }
  if (namespaces?.length === 0) {
    throw new ArgumentError("namespaces", "", "one namespace or more");
  }
  wholeNumber("receiveBuffer", receiveBuffer, 1, 0x3fffffff);
  return { objects, namespace, namespaces, snapshot, receiveBuffer };
}
