// Interface of a device for packets.

import type { WaitOptions } from "../io/reactor.ts";
import type { PacketBatch } from "./batch.ts";
import type { WriteOptions } from "./channel.ts";
import type { MonitoredEvent, TunEvent } from "./events.ts";

/** The state of a device and its interface. */
export interface TunState {
  /** Its current name. */
  readonly name: string;
  /** Its current ifindex, which a move can change. */
  readonly index: number;
  /** Its MTU in bytes. */
  readonly mtu: number;
  /** Whether the link is up; while it is down, writes throw LinkDownError. */
  readonly up: boolean;
  /**
   * Whether packets pass: up, and with a carrier. The kernel takes up to a
   * second to process a change of the carrier.
   */
  readonly running: boolean;
  /** Whether it persists after close. */
  readonly persistent: boolean;
  /** Whether it was moved to another network namespace since it was opened. */
  readonly moved: boolean;
}

/**
 * The methods that a program needs to carry packets. `Tun` implements it; a
 * program that takes a `PacketDevice` also works with other implementations,
 * for example in tests.
 *
 * @example
 * ```ts
 * import { PacketBatch, type PacketDevice } from "@netplumb/netplumb";
 *
 * async function carry(from: PacketDevice, to: PacketDevice): Promise<void> {
 *   const batch = new PacketBatch();
 *   for (;;) {
 *     await from.readMany(batch);
 *     await to.writeMany(batch, { onRejected() {} });
 *   }
 * }
 * console.log(typeof carry);
 * ```
 */
export interface PacketDevice extends AsyncDisposable {
  /** The device's name. */
  readonly name: string;
  /** `tun` carries IP packets, `tap` Ethernet frames. */
  readonly mode: "tun" | "tap";
  /** Waits for a packet; it has its own memory. */
  read(options?: WaitOptions): Promise<Uint8Array<ArrayBuffer>>;
  /** Writes one packet. */
  write(packet: Uint8Array, options?: WaitOptions): Promise<void>;
  /** Waits for packets, fills a batch and returns their number. */
  readMany(batch: PacketBatch, options?: WaitOptions): Promise<number>;
  /** Writes every packet of a batch. */
  writeMany(batch: PacketBatch, options?: WriteOptions): Promise<void>;
  /** Sets the link up. */
  up(): void;
  /** The state of the device and its interface. */
  state(): TunState;
  /** The events of the device, from those of a monitor. */
  events(
    monitor: AsyncIterable<MonitoredEvent>,
    options?: WaitOptions,
  ): AsyncGenerator<TunEvent, void, void>;
  /** Closes it and cancels pending operations with ClosedError. */
  close(): Promise<void>;
}
