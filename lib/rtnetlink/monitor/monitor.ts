// Monitors links, addresses, routes, neighbours, rules and nexthop objects.

import { ArgumentError, ClosedError, wholeNumber } from "../../errors.ts";
import { asyncIterator } from "../../io/async_iterator.ts";
import {
  cannotBePosted,
  customInspect,
  type Inspect,
  inspectFields,
} from "../../io/handle.ts";
import type { Namespace } from "../../netns/namespace.ts";
import type { NetlinkCounters } from "../../netlink/counters.ts";
import type { WaitOptions } from "../../io/reactor.ts";
import { timerTurn, yieldDue } from "../../io/yield.ts";
import type {
  MonitoredObject,
  MonitoredObjects,
  MonitorEvent,
} from "./event.ts";
import { EventQueue } from "./event_queue.ts";
import {
  MONITORED_OBJECTS,
  NOT_DEFAULT,
  type ObjectCache,
  type Tables,
} from "./cache.ts";
import { NamespaceMonitors } from "./namespace_monitors.ts";

/** Options of a monitor. */
export interface MonitorOptions {
  /**
   * Types of objects to monitor; default: all but "fdb",
   * "vlan", "mdb", "vni", "qdisc" and "class".
   */
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
  /**
   * The interval of complete dumps that find changes which the kernel does not
   * notify, in milliseconds; default: none.
   */
  readonly sweepInterval?: number | undefined;
}

/** The longest delay of a timer. */
const LONGEST_INTERVAL = 0x7fffffff;

/** Holds 40,000 route events while the reader is delayed. */
const RECEIVE_BUFFER = 16 << 20;

/**
 * The cache of a monitor of a single namespace, for modules of the library that
 * look objects up by key. Read only.
 */
export let cacheOf: (monitor: Monitor) => ObjectCache;

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
  readonly #namespaces: NamespaceMonitors;
  /** Events that were received and not returned yet. */
  readonly #queue = new EventQueue();
  /**
   * Makes postMessage throw: a monitor stays in its thread.
   *
   * @internal
   */
  protected readonly notCloneable: () => void = cannotBePosted;

  static {
    cacheOf = (monitor) => monitor.#namespaces.cache(undefined)!;
    catchUp = (monitor) => monitor.#namespaces.catchUp(undefined);
  }

  private constructor(namespaces: NamespaceMonitors) {
    this.#namespaces = namespaces;
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
    const namespaces = NamespaceMonitors.open(namespaceOptions(options));
    try {
      await namespaces.start(wait);
      return new Monitor(namespaces);
    } catch (error) {
      await namespaces.close();
      throw error;
    }
  }

  /**
   * The monitored namespaces, as events name them; undefined for the one without a
   * name.
   */
  get namespaces(): (string | undefined)[] {
    return this.#namespaces.labels;
  }

  /**
   * The effective receive buffer, in bytes as the kernel counts them; the smallest
   * of several namespaces.
   */
  get receiveBuffer(): number {
    return this.#namespaces.receiveBuffer;
  }

  /** Received messages that were not used, by reason. */
  get counters(): NetlinkCounters {
    return this.#namespaces.counters;
  }

  /**
   * The objects of a type after the last event that was returned. A neighbour
   * has its last notified state; the kernel does not notify INCOMPLETE and
   * DELAY.
   *
   * @param object The type of object.
   * @param namespace The namespace, as events name it.
   * @throws {ArgumentError} For a type that the monitor was not opened for, and
   *   for a namespace that it does not monitor.
   */
  all<K extends MonitoredObject>(
    object: K,
    namespace?: string,
  ): MonitoredObjects[K][] {
    const cache = this.#namespaces.cache(namespace);
    if (cache === undefined) {
      const watched = this.namespaces.map((one) => one ?? "undefined");
      const expected = `one of ${watched.join(", ")}`;
      throw new ArgumentError("namespace", namespace, expected);
    }
    if (!cache.kept.has(object)) {
      const kept = [...cache.kept].join(", ");
      throw new ArgumentError("object", object, `one of ${kept}`);
    }
    const table: Tables[K] = cache.tables[object];
    return [...table];
  }

  /**
   * Waits for events and returns at least one. Events of one namespace are in
   * the order of the kernel; of several namespaces, in the order they were
   * read.
   *
   * @param options A signal and a timeout in milliseconds.
   * @throws {ClosedError} If the monitor is closed during the wait.
   * @throws {TimeoutError} After the timeout.
   */
  receive(options?: WaitOptions): Promise<MonitorEvent[]> {
    if (this.#queue.length === 0) return this.#namespaces.receive(options);
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
          this.#queue.add(await this.#namespaces.receive({ signal }));
          return true;
        } catch (error) {
          if (error instanceof ClosedError) return false;
          throw error;
        }
      },
    });
  }

  /** Lets pending waits keep the process alive, which is the default. */
  ref(): void {
    this.#namespaces.setReferenced(true);
  }

  /** Lets the process exit while it waits for events. */
  unref(): void {
    this.#namespaces.setReferenced(false);
  }

  /** Cancels pending waits with ClosedError and closes the sockets. */
  close(): Promise<void> {
    this.#queue.clear();
    return this.#namespaces.close();
  }

  /** Equivalent to close(). */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * The text that console.log prints.
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

function namespaceOptions(options: MonitorOptions) {
  const objects = new Set(
    options.objects ??
      MONITORED_OBJECTS.filter((object) => !NOT_DEFAULT.has(object)),
  );
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
    sweepInterval,
  } = options;
  if (namespaces !== undefined && namespace !== undefined) {
    throw new ArgumentError(
      "namespace",
      namespace,
      "possible together with namespaces",
    );
  }
  if (namespaces?.length === 0) {
    throw new ArgumentError(
      "namespaces",
      "",
      "a list of at least one namespace",
    );
  }
  wholeNumber("receiveBuffer", receiveBuffer, 1, 0x3fffffff);
  if (sweepInterval !== undefined) {
    wholeNumber("sweepInterval", sweepInterval, 1, LONGEST_INTERVAL);
  }
  return {
    objects,
    namespace,
    namespaces,
    snapshot,
    receiveBuffer,
    sweepInterval: sweepInterval ?? Infinity,
  };
}
