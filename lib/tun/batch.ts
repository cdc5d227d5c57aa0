// Batch of packets in preallocated memory: filled by one read, written by one
// write.

import { virtio_net_hdr } from "../../ffi/uapi/linux_virtio_net.ts";
import { ArgumentError, wholeNumber } from "../errors.ts";
import { OffloadHeader } from "./offload_header.ts";

/**
 * Space before each packet for the headers of the driver: tun_pi,
 * virtio_net_hdr.
 */
const HEADROOM = 16;

// A slot fits the longest packet of any MTU: a short read would silently
// truncate. An odd number of cache lines between slots avoids cache conflicts.
const STRIDE = 65_600;
export const LARGEST = STRIDE - HEADROOM;

const sizes: bigint[] = [];

/** Lengths as BigInt for size_t parameters, created once. */
export function sizeOf(length: number): bigint {
  return sizes[length] ??= BigInt(length);
}

/** The header length of a device with offload, in bytes. */
export const HEADER = virtio_net_hdr.size;

/** Clears the header before the packet at `start`. */
export function clearHeader(bytes: Uint8Array, start: number): void {
  bytes.fill(0, start - HEADER, start);
}

/**
 * Each slot from `prefix` bytes before the packet, for reads and writes; the
 * last one is scratch space of the device.
 */
export let slotsOf: (
  batch: PacketBatch,
  prefix: number,
) => Uint8Array<ArrayBuffer>[];

/** Sets the number of packets. */
export let setCount: (batch: PacketBatch, count: number) => void;

/** Sets the header of packet `index`. */
export let setFilled: (
  batch: PacketBatch,
  index: number,
  length: number,
  protocol: number,
) => void;

/**
 * Sets whether the next packets have headers; if not, headers of earlier reads
 * are cleared.
 */
export let setHeaders: (batch: PacketBatch, headers: boolean) => void;

/** Sets the queue that the packets were read from. */
export let setQueueIndex: (batch: PacketBatch, queue: number) => void;

/** Whether packets may have headers; if not, all are zero. */
export let hasHeaders: (batch: PacketBatch) => boolean;

/** Checks an index. @throws {RangeError} If no packet has it. */
function checkIndex(index: number, count: number): void {
  if (!(index >= 0 && index < count)) {
    throw new RangeError(`no packet ${index} of ${count}`);
  }
}

/** Options of a batch. */
export interface PacketBatchOptions {
  /**
   * Keep GSO packets unsegmented, with partial checksums, described by
   * `header`: useful for forwarding to another device. Default false: packets
   * are split on read.
   */
  readonly unsegmented?: boolean | undefined;
}

/**
 * Packets to read into or to write from, in preallocated memory.
 *
 * A read overwrites the packets: views of them are valid until the next read
 * into the same batch. A batch that was read can be written to another device
 * without copies. An index that is not below `count` throws RangeError.
 *
 * @example
 * ```ts
 * import { PacketBatch } from "@netplumb/netplumb";
 *
 * const batch = new PacketBatch(8);
 * batch.push(new Uint8Array([0x45, 0, 0, 20]));
 * console.log(batch.count, batch.length(0)); // 1 4
 * ```
 */
export class PacketBatch {
  static {
    slotsOf = (batch, prefix) => batch.#slotsBefore(prefix);
    setFilled = (batch, index, length, protocol) => {
      batch.#lengths[index] = length;
      batch.#protocols[index] = protocol;
    };
    setCount = (batch, count) => {
      batch.#count = count;
    };
    setHeaders = (batch, headers) => {
      if (batch.#headers && !headers) {
        for (let i = 0; i < batch.size; i++) {
          clearHeader(batch.bytes, batch.start(i));
        }
      }
      batch.#headers = headers;
    };
    hasHeaders = (batch) => batch.#headers;
    setQueueIndex = (batch, queue) => {
      batch.#queue = queue;
    };
  }

  /** The maximum number of packets. */
  readonly size: number;
  /** The memory of all packets; `start(i)` and `length(i)` locate each. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether it keeps GSO packets unsegmented. */
  readonly unsegmented: boolean;
  readonly #lengths: Int32Array<ArrayBuffer>;
  readonly #protocols: Uint16Array<ArrayBuffer>;
  readonly #packets: Uint8Array<ArrayBuffer>[];
  readonly #slots = new Map<number, Uint8Array<ArrayBuffer>[]>();
  #count = 0;
  #headers = false;
  #queue = -1;

  /**
   * Allocates the memory; nothing is allocated later.
   *
   * @param size The maximum number of packets, 1 to 1024.
   * @param options Options of the batch.
   * @throws {ArgumentError} If the size is out of range.
   */
  constructor(size = 64, { unsegmented = false }: PacketBatchOptions = {}) {
    this.size = wholeNumber("size", size, 1, 1024);
    this.unsegmented = unsegmented;
    // One more slot, as scratch space of devices.
    this.bytes = new Uint8Array((size + 1) * STRIDE);
    this.#lengths = new Int32Array(size);
    this.#protocols = new Uint16Array(size);
    this.#packets = Array.from({ length: size }, (_, i) => this.#view(i));
  }

  /** The number of packets. */
  get count(): number {
    return this.#count;
  }

  /**
   * The queue that the packets were read from, 0 for the first; undefined for
   * packets added by `push`. A device writes the batch to the same queue,
   * because the kernel delivers a flow on the queue that it was last written
   * to.
   */
  get queue(): number | undefined {
    return this.#queue < 0 ? undefined : this.#queue;
  }

  /** The offset of packet `index` in `bytes`. */
  start(index: number): number {
    return index * STRIDE + HEADROOM;
  }

  /** The length of packet `index` in bytes. */
  length(index: number): number {
    checkIndex(index, this.#count);
    return this.#lengths[index]!;
  }

  /**
   * Packet `index` as a view of the batch's memory: writing to it changes the
   * packet, and the next read into the batch overwrites it.
   */
  packet(index: number): Uint8Array<ArrayBuffer> {
    checkIndex(index, this.#count);
    const length = this.#lengths[index];
    const view = this.#packets[index]!;
    return view.length === length
      ? view
      : this.#packets[index] = this.#view(index, length);
  }

  /**
   * The offload header of packet `index`: zero unless the batch keeps packets
   * unsegmented.
   *
   * @param index The packet.
   * @param into The object to fill, for reuse.
   */
  header(
    index: number,
    into: OffloadHeader = new OffloadHeader(),
  ): OffloadHeader {
    checkIndex(index, this.#count);
    into.read(this.bytes, this.start(index) - HEADER);
    return into;
  }

  /**
   * The Ethernet protocol number of packet `index`, for devices with packet
   * information; 0 if unknown, which suffices for IP.
   */
  protocol(index: number): number {
    checkIndex(index, this.#count);
    return this.#protocols[index]!;
  }

  /**
   * Adds a copy of a packet.
   *
   * @param packet The packet, 1 to 65,584 bytes.
   * @param protocol Its Ethernet protocol number, for TUN devices with packet
   *   information, and only for packets other than IP.
   * @returns false if the batch is full.
   * @throws {ArgumentError} If it is empty or exceeds the maximum of all
   *   devices.
   */
  push(packet: Uint8Array, protocol = 0): boolean {
    if (packet.length === 0 || packet.length > LARGEST) {
      throw new ArgumentError(
        "packet",
        `${packet.length} bytes`,
        `a packet of 1 to ${LARGEST} bytes`,
      );
    }
    if (this.#count === this.size) return false;
    const index = this.#count++;
    const start = this.start(index);
    this.bytes.fill(0, start - HEADROOM, start);
    this.bytes.set(packet, start);
    this.#lengths[index] = packet.length;
    this.#protocols[index] = protocol;
    return true;
  }

  /** Changes the length of packet `index`; 0 skips it in writes. */
  resize(index: number, length: number): void {
    checkIndex(index, this.#count);
    this.#lengths[index] = wholeNumber("length", length, 0, LARGEST);
  }

  /** Removes all packets. */
  clear(): void {
    this.#count = 0;
    this.#queue = -1;
  }

  #slotsBefore(prefix: number): Uint8Array<ArrayBuffer>[] {
    let slots = this.#slots.get(prefix);
    if (slots === undefined) {
      slots = Array.from(
        { length: this.size + 1 },
        (_, index) =>
          this.bytes.subarray(
            index * STRIDE + HEADROOM - prefix,
            (index + 1) * STRIDE,
          ),
      );
      this.#slots.set(prefix, slots);
    }
    return slots;
  }

  #view(index: number, length = 0): Uint8Array<ArrayBuffer> {
    const start = this.start(index);
    return this.bytes.subarray(start, start + length);
  }
}
