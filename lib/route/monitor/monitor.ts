// The kernel's links, addresses, routes, neighbours and rules, watched.

import { ArgumentError, ClosedError } from "../../errors.ts";
import type { Namespace } from "../../namespace.ts";
import type { NetlinkCounters } from "../../netlink/counters.ts";
import type { WaitOptions } from "../../poller.ts";
import { wholeNumber } from "../../whole_number.ts";
import type {
  MonitoredObject,
  MonitoredObjects,
  MonitorEvent,
} from "./event.ts";
import { MONITORED_OBJECTS } from "./picture.ts";
import { Watch } from "./watch.ts";

/** What to watch. */
export interface MonitorOptions {
  /** The kinds of object to tell of; default: all. */
  readonly objects?: Iterable<MonitoredObject>;
  /** Whether to begin with what there is, as events of origin "snapshot". */
  readonly snapshot?: boolean;
  /** The network namespace to watch; default: this thread's. */
  readonly namespace?: Namespace;
  /**
   * Room for events that are not read yet, in bytes; default 16 MiB. More than
   * net.core.rmem_max takes CAP_NET_ADMIN; without it, there is as much as is
   * allowed.
   */
  readonly receiveBuffer?: number;
}

/** 20,000 events and more, whatever holds the reader up. */
const RECEIVE_BUFFER = 16 << 20;

/**
 * Watches the kernel's network objects and keeps a picture of them that is
 * right even where the kernel drops events or changes something without a word.
 *
 * Needs no capability. Source: rtnetlink(7), netlink(7).
 *
 * @example
 * ```ts
 * import { Monitor } from "@netplumb/netplumb";
 *
 * await using monitor = await Monitor.open({ objects: ["link", "address"] });
 * for (const link of monitor.all("link")) console.log(link.name);
 * // From here on every change is told of:
 * // for (const event of await monitor.receive()) { ... }
 * ```
 */
export class Monitor implements AsyncDisposable, AsyncIterable<MonitorEvent> {
  readonly #watch: Watch;

  private constructor(watch: Watch) {
    this.#watch = watch;
  }

  /**
   * Opens a monitor: when the promise resolves it knows all there is, and
   * misses nothing that happens from then on.
   *
   * @throws {ArgumentError} For a kind of object that cannot be watched.
   * @throws {SystemError} If the namespace cannot be entered.
   * @throws {TimeoutError} When the time is over; also, with the signal's
   * reason, when it is aborted.
   */
  static async open(
    options: MonitorOptions = {},
    wait?: WaitOptions,
  ): Promise<Monitor> {
    const watch = Watch.open(watchOptions(options));
    try {
      await watch.start(wait);
      return new Monitor(watch);
    } catch (error) {
      await watch.close();
      throw error;
    }
  }

  /** Room for unread events, in bytes as the kernel counts them. */
  get receiveBuffer(): number {
    return this.#watch.receiveBuffer;
  }

  /** What was received and not used. */
  get counters(): NetlinkCounters {
    return this.#watch.counters;
  }

  /**
   * What the monitor knows of a kind of object: what the events it gave made of
   * it. Neighbours come as they were last told of; the kernel does not tell of
   * the states INCOMPLETE and DELAY.
   *
   * @throws {ArgumentError} For a kind that it was not opened for.
   */
  all<K extends MonitoredObject>(object: K): MonitoredObjects[K][] {
    const { picture } = this.#watch;
    if (!picture.kept.has(object)) {
      const kept = [...picture.kept].join(", ");
      throw new ArgumentError("object", object, `one of ${kept}`);
    }
    return [...picture.tables[object]];
  }

  /**
   * Waits for events and gives them in the order they happened, at least one.
   *
   * @throws {ClosedError} When the monitor is closed meanwhile.
   * @throws {TimeoutError} When the time is over.
   */
  receive(options?: WaitOptions): Promise<MonitorEvent[]> {
    return this.#watch.receive(options);
  }

  /** The events, one after the other, until the monitor is closed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<MonitorEvent, void, void> {
    for (;;) {
      let events: MonitorEvent[];
      try {
        events = await this.receive();
      } catch (error) {
        if (error instanceof ClosedError) return;
        throw error;
      }
      yield* events;
    }
  }

  /** Ends what waits with ClosedError and closes the sockets. */
  close(): Promise<void> {
    return this.#watch.close();
  }

  /** The same as close(). */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * Tells of changes of the kernel's network objects for as long as the loop goes
 * on; leaving the loop closes the sockets.
 *
 * @param options What to watch.
 * @param wait The signal ends the loop with its reason; a timeout, in
 * milliseconds, if no event comes for so long.
 * @throws {ArgumentError} For a kind of object that cannot be watched.
 * @throws {SystemError} If the namespace cannot be entered.
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
export async function* monitor(
  options?: MonitorOptions,
  wait?: WaitOptions,
): AsyncGenerator<MonitorEvent, void, void> {
  await using opened = await Monitor.open(options, wait);
  for (;;) yield* await opened.receive(wait);
}

function watchOptions(options: MonitorOptions) {
  const objects = new Set(options.objects ?? MONITORED_OBJECTS);
  for (const object of objects) {
    if (!MONITORED_OBJECTS.includes(object)) {
      const expected = `one of ${MONITORED_OBJECTS.join(", ")}`;
      throw new ArgumentError("objects", object, expected);
    }
  }
  const { namespace, snapshot = false, receiveBuffer = RECEIVE_BUFFER } =
    options;
  wholeNumber("receiveBuffer", receiveBuffer, 1, 0x3fffffff);
  return { objects, namespace, snapshot, receiveBuffer };
}
