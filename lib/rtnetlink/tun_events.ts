// Events of a TUN or TAP device, from a monitor in its namespace; after a move,
// from a monitor in the new one.

import { asyncIterator, type AsyncSource } from "../io/async_iterator.ts";
import { Deadline } from "../io/deadline.ts";
import type { WaitOptions } from "../io/reactor.ts";
import { Monitor } from "./monitor/monitor.ts";
import type { TunDevice } from "./tun.ts";

/** A device whose events come from a monitor: a `Tun`. */
export interface MonitoredTun<Event extends { readonly event: string }>
  extends TunDevice {
  /** Converts the events of a monitor to those of the device. */
  events(monitor: Monitor): AsyncGenerator<Event, void, void>;
}

class FollowedEvents<Event extends { readonly event: string }>
  implements AsyncSource<Event> {
  #monitor: Monitor | undefined;
  #events: AsyncGenerator<Event, void, void> | undefined;
  #item: Event | undefined;
  #pending: Promise<IteratorResult<Event, void>> | undefined;

  constructor(
    readonly tun: MonitoredTun<Event>,
    readonly options: WaitOptions,
  ) {}

  take(): Event | undefined {
    const item = this.#item;
    this.#item = undefined;
    return item;
  }

  async wait(signal: AbortSignal): Promise<boolean> {
    const deadline = new Deadline("wait for device events", {
      ...this.options,
      signal,
    });
    if (this.#events === undefined) await this.#open(deadline.bounds());
    this.#pending ??= this.#events!.next();
    const { value, done } = await deadline.bound(this.#pending);
    this.#pending = undefined;
    if (done) return false;
    this.#item = value;
    // The next call opens a monitor in the device's current namespace.
    if (value.event === "moved") await this.end();
    return true;
  }

  async #open(bounds: WaitOptions): Promise<void> {
    // The sockets are opened before open() returns its promise.
    const opened = this.tun.inNamespace(() =>
      Monitor.open({ objects: ["link", "address"], snapshot: true }, bounds)
    );
    const monitor = this.#monitor = await opened;
    this.#events = this.tun.events(monitor);
  }

  async end(): Promise<void> {
    const [monitor, events] = [this.#monitor, this.#events];
    this.#monitor = this.#events = this.#pending = undefined;
    await events?.return();
    await monitor?.close();
  }
}

/**
 * Reports events of a TUN or TAP device: changes of link state, MTU, name and
 * addresses, moves to another network namespace, and deletion, which is the
 * last event. The first events are the current state. Leaving the loop closes
 * the monitor.
 *
 * Needs no capability if the device is in the namespace of the calling thread,
 * else CAP_SYS_ADMIN. Source: rtnetlink(7).
 *
 * @param tun The device.
 * @param options A signal and a timeout in milliseconds, for each event.
 * @throws {DeviceGoneError} If it was deleted before.
 *
 * @example
 * ```ts
 * import { TemporaryNamespace, Tun, tunEvents } from "@netplumb/netplumb";
 *
 * await using namespace = TemporaryNamespace.create();
 * await using tun = Tun.open({ namespace: namespace.path });
 * tun.up();
 * for await (const event of tunEvents(tun)) {
 *   if (event.event === "mtu") break;
 * }
 * ```
 */
export function tunEvents<Event extends { readonly event: string }>(
  tun: MonitoredTun<Event>,
  options: WaitOptions = {},
): AsyncGenerator<Event, void, void> {
  return asyncIterator(new FollowedEvents(tun, options), options.signal);
}
