// Device events: what an rtnetlink monitor reports of one device. The monitor
// is a parameter, so that lib/tun imports no rtnetlink.

import { IFF_RUNNING, IFF_UP } from "../../ffi/uapi/net_if.ts";
import { asyncIterator, type AsyncSource } from "../io/async_iterator.ts";
import type { WaitOptions } from "../io/reactor.ts";
import { Deadline } from "../io/deadline.ts";

/** The link went up or down (IFF_UP), or its carrier changed. */
export interface TunLinkEvent {
  /** What happened. */
  readonly event: "up" | "down";
  /** Whether packets flow: up, and with a carrier. */
  readonly running: boolean;
}

/** The MTU changed. */
export interface TunMtuEvent {
  /** Always "mtu". */
  readonly event: "mtu";
  /** In bytes. */
  readonly mtu: number;
}

/** An address of the device was added or removed. */
export interface TunAddressEvent {
  /** Always "address". */
  readonly event: "address";
  /** Which of the two. */
  readonly change: "added" | "removed";
  /** The address. */
  readonly address: string;
  /** How many of its bits are the network's. */
  readonly prefixLength: number;
}

/** The device was renamed. */
export interface TunRenamedEvent {
  /** Always "renamed". */
  readonly event: "renamed";
  /** The new name. */
  readonly name: string;
}

/** The device was deleted, or moved to another network namespace. */
export interface TunGoneEvent {
  /** Which of the two; the last event of an iteration. */
  readonly event: "removed" | "moved";
}

/** What happened to a device. */
export type TunEvent =
  | TunLinkEvent
  | TunMtuEvent
  | TunAddressEvent
  | TunRenamedEvent
  | TunGoneEvent;

/** An event of a monitor, as far as device events need it. */
export interface MonitoredEvent {
  /** "new", "change" or "delete" of an object; others are ignored. */
  readonly event: string;
  /** "link" or "address"; others are ignored. */
  readonly object?: string;
  /** The object as it is now. */
  readonly data?: object;
}

/** The fields of a link that are compared. */
interface LinkData {
  readonly ifindex: number;
  readonly name: string;
  readonly mtu: number;
  readonly flags: number;
}

/** The fields of an address that are reported. */
interface AddressData {
  readonly ifindex: number;
  readonly address: string;
  readonly prefixLength: number;
}

/** What events are derived from. */
export interface TunEventOptions {
  /** The interface index of the device in the monitored namespace. */
  readonly ifindex: number;
  /** Whether the device still exists, where its link was reported deleted. */
  readonly exists: () => boolean;
}

/** Turns the events of a monitor into those of one device. */
class DeviceEvents implements AsyncSource<TunEvent> {
  readonly #source: AsyncIterator<MonitoredEvent>;
  readonly #options: TunEventOptions;
  readonly #bounds: WaitOptions;
  readonly #ready: TunEvent[] = [];
  /** The next event of the monitor, requested once and kept across waits. */
  #next: Promise<IteratorResult<MonitoredEvent>> | undefined;
  #known: LinkData | undefined;
  #ended = false;

  constructor(
    source: AsyncIterable<MonitoredEvent>,
    options: TunEventOptions,
    bounds: WaitOptions,
  ) {
    this.#source = source[Symbol.asyncIterator]();
    this.#options = options;
    this.#bounds = bounds;
  }

  take(): TunEvent | undefined {
    return this.#ready.shift();
  }

  async wait(signal: AbortSignal): Promise<boolean> {
    const { timeout } = this.#bounds;
    const deadline = new Deadline("wait for device events", {
      signal,
      ...(timeout === undefined ? {} : { timeout }),
    });
    while (this.#ready.length === 0) {
      if (this.#ended) return false;
      this.#next ??= this.#source.next();
      const { done, value } = await deadline.bound(this.#next);
      this.#next = undefined;
      if (done) this.#ended = true;
      else this.#apply(value);
    }
    return true;
  }

  async end(): Promise<void> {
    // A pending next() of the monitor ends with it.
    this.#next?.catch(() => {});
    await this.#source.return?.();
  }

  #apply({ event, object, data }: MonitoredEvent): void {
    if (data === undefined) return;
    if (object === "link") this.#applyLink(event, data as LinkData);
    else if (object === "address") {
      this.#applyAddress(event, data as AddressData);
    }
  }

  #applyLink(event: string, link: LinkData): void {
    if (link.ifindex !== this.#options.ifindex) return;
    if (event === "delete") {
      this.#ended = true;
      const event = this.#options.exists() ? "moved" : "removed";
      this.#ready.push({ event });
      return;
    }
    const known = this.#known;
    const { ifindex, name, mtu, flags } = link;
    // Of a link the monitor may decode fields later: they are copied.
    this.#known = { ifindex, name, mtu, flags };
    const state = IFF_UP | IFF_RUNNING;
    if (known === undefined || (known.flags & state) !== (flags & state)) {
      this.#ready.push({
        event: (flags & IFF_UP) !== 0 ? "up" : "down",
        running: (flags & state) === state,
      });
    }
    if (known?.mtu !== mtu) this.#ready.push({ event: "mtu", mtu });
    if (known !== undefined && known.name !== name) {
      this.#ready.push({ event: "renamed", name });
    }
  }

  #applyAddress(
    event: string,
    { ifindex, address, prefixLength }: AddressData,
  ): void {
    if (ifindex !== this.#options.ifindex || event === "change") return;
    this.#ready.push({
      event: "address",
      change: event === "delete" ? "removed" : "added",
      address,
      prefixLength,
    });
  }
}

/**
 * The events of one device, from those of a monitor.
 *
 * @param source The monitor's events, of links and addresses.
 * @param options Which device.
 * @param bounds What ends the wait for an event.
 */
export function deviceEvents(
  source: AsyncIterable<MonitoredEvent>,
  options: TunEventOptions,
  bounds: WaitOptions = {},
): AsyncGenerator<TunEvent, void, void> {
  return asyncIterator(
    new DeviceEvents(source, options, bounds),
    bounds.signal,
  );
}
