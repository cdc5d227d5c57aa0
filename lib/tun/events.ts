// Events of a device, from those of an rtnetlink monitor. The monitor is a
// parameter, so that lib/tun does not import rtnetlink.

import { IFF_RUNNING, IFF_UP } from "../../ffi/uapi/net_if.ts";
import { asyncIterator, type AsyncSource } from "../io/async_iterator.ts";
import type { WaitOptions } from "../io/reactor.ts";
import { Deadline } from "../io/deadline.ts";

/** The link went up or down (IFF_UP), or its carrier changed. */
export interface TunLinkEvent {
  /** Up or down. */
  readonly event: "up" | "down";
  /** Whether packets pass: up, and with a carrier. */
  readonly running: boolean;
}

/** The MTU changed. */
export interface TunMtuEvent {
  /** Always "mtu". */
  readonly event: "mtu";
  /** The MTU in bytes. */
  readonly mtu: number;
}

/** An address of the device was added or removed. */
export interface TunAddressEvent {
  /** Always "address". */
  readonly event: "address";
  /** Added or removed. */
  readonly change: "added" | "removed";
  /** The address. */
  readonly address: string;
  /** The prefix length, in bits. */
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
  /** Deleted or moved; the last event of an iteration. */
  readonly event: "removed" | "moved";
}

/** An event of a device. */
export type TunEvent =
  | TunLinkEvent
  | TunMtuEvent
  | TunAddressEvent
  | TunRenamedEvent
  | TunGoneEvent;

/** The part of a monitor event that device events need. */
export interface MonitoredEvent {
  /** "new", "change" or "delete"; other values are ignored. */
  readonly event: string;
  /** "link" or "address"; other values are ignored. */
  readonly object?: string;
  /** The current object. */
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

/** Context of the conversion. */
export interface TunEventOptions {
  /** The ifindex of the device in the monitored namespace. */
  readonly ifindex: number;
  /** Whether the device still exists after its link was reported as deleted. */
  readonly exists: () => boolean;
}

/** Converts the events of a monitor to those of one device. */
class DeviceEvents implements AsyncSource<TunEvent> {
  readonly #source: AsyncIterator<MonitoredEvent>;
  readonly #options: TunEventOptions;
  readonly #bounds: WaitOptions;
  readonly #ready: TunEvent[] = [];
  /** The pending next() of the monitor, kept across waits. */
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
    // Closing the monitor ends a pending next().
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
    // The monitor may decode fields later: they are copied.
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
 * Converts the events of a monitor to those of one device.
 *
 * @param source The events of a monitor of links and addresses.
 * @param options The device.
 * @param bounds A signal and a timeout in milliseconds, for each event.
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
