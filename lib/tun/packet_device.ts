// The interface of a device that packets are read from and written to.

import type { WaitOptions } from "../io/reactor.ts";
import type { PacketBatch } from "./batch.ts";
import type { WriteOptions } from "./channel.ts";
import type { MonitoredEvent, TunEvent } from "./events.ts";

/** The state of a device and its interface. */
export interface TunState {
  /** Its name, which may have been changed since it was opened. */
  readonly name: string;
  /** Its index, which may have been changed by a move. */
  readonly index: number;
  /** In bytes. */
  readonly mtu: number;
  /** Whether the link is up; while it is down, writing gives LinkDownError. */
  readonly up: boolean;
  /**
   * Whether packets flow: up, and with a carrier. The kernel takes up to a
   * second to notice a carrier that changed.
   */
  readonly running: boolean;
  /** Whether it stays when it is closed. */
  readonly persistent: boolean;
  /** Whether it is in another network namespace than when it was opened. */
  readonly moved: boolean;
}

/**
 * What a program that carries packets needs of a device. `Tun` implements it;
 * a program that takes a `PacketDevice` also runs on a device of its own, in a
 * test for example.
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
  /** Waits for a packet; it is in memory of its own. */
  read(options?: WaitOptions): Promise<Uint8Array<ArrayBuffer>>;
  /** Writes one packet. */
  write(packet: Uint8Array, options?: WaitOptions): Promise<void>;
  /** Waits for packets, fills a batch and gives their number. */
  readMany(batch: PacketBatch, options?: WaitOptions): Promise<number>;
  /** Writes every packet of a batch. */
  writeMany(batch: PacketBatch, options?: WriteOptions): Promise<void>;
  /** Brings the link up. */
  up(): void;
  /** The state of the device and its interface. */
  state(): TunState;
  /** What happens to the device, from the events of a monitor. */
  events(
    monitor: AsyncIterable<MonitoredEvent>,
    options?: WaitOptions,
  ): AsyncGenerator<TunEvent, void, void>;
  /** Closes it and cancels pending operations with ClosedError. */
  close(): Promise<void>;
}
