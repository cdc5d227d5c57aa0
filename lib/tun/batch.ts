// Many packets in memory that is made once: what one turn of reading fills and
// one turn of writing empties.

import { virtio_net_hdr } from "../../ffi/uapi/linux_virtio_net.ts";
import { ArgumentError } from "../errors.ts";
import { wholeNumber } from "../whole_number.ts";
import { OffloadHeader } from "./offload_header.ts";

/** Room before each packet for what the driver puts there: tun_pi, virtio_net_hdr. */
const HEADROOM = 16;

// Every packet a device can have fits, whatever its MTU is set to later: a
// short read would lose the rest without a sign. An odd number of cache lines
// from slot to slot keeps the slots from evicting each other.
const STRIDE = 65_600;
export const LARGEST = STRIDE - HEADROOM;

const sizes: bigint[] = [];

/** A length as FFI wants a size_t: made once for each length there is. */
export function sizeOf(length: number): bigint {
  return sizes[length] ??= BigInt(length);
}

/** Bytes of the header a device with offload has before each packet. */
export const HEADER = virtio_net_hdr.size;

/** Takes away what a device said of the packet that starts at `start`. */
export function clearHeader(bytes: Uint8Array, start: number): void {
  bytes.fill(0, start - HEADER, start);
}

/**
 * The whole of each slot from `prefix` bytes before the packet, to read into
 * and to write from; the last one is no packet's but the device's to build in.
 */
export let slotsOf: (
  batch: PacketBatch,
  prefix: number,
) => Uint8Array<ArrayBuffer>[];

/** Says how many packets are there. */
export let setCount: (batch: PacketBatch, count: number) => void;

/** Says what packet `index` is. */
export let setFilled: (
  batch: PacketBatch,
  index: number,
  length: number,
  protocol: number,
) => void;

/**
 * Says whether the packets read next have a header each; where they have none,
 * those of earlier reads are taken away.
 */
export let setHeaders: (batch: PacketBatch, headers: boolean) => void;

/** Says which queue of a device the packets were read from. */
export let setQueueIndex: (batch: PacketBatch, queue: number) => void;

/** Whether headers may be before the packets; if not they are all zeroes. */
export let hasHeaders: (batch: PacketBatch) => boolean;

/** Checks an index. @throws {RangeError} If no packet has it. */
function checkIndex(index: number, count: number): void {
  if (!(index >= 0 && index < count)) {
    throw new RangeError(`no packet ${index} of ${count}`);
  }
}

/** How a batch is used. */
export interface PacketBatchOptions {
  /**
   * Take packets as a device with offload gives them: one may stand for many,
   * its checksum may be left open, and `header` tells. Good for passing them on
   * to another device. Default false: what is read is split into ordinary
   * packets.
   */
  readonly whole?: boolean | undefined;
}

/**
 * Packets to read into or to write from, in memory that is made once.
 *
 * Reading overwrites what is in it: views of its packets are good until the
 * next read into the same batch. One that was read from a device can be
 * written to another as it is, which copies nothing. An index that is not below
 * `count` is a RangeError.
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

  /** How many packets fit. */
  readonly size: number;
  /** The memory of all packets; `start(i)` and `length(i)` say where each is. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether it takes packets that stand for many. */
  readonly whole: boolean;
  readonly #lengths: Int32Array<ArrayBuffer>;
  readonly #protocols: Uint16Array<ArrayBuffer>;
  readonly #packets: Uint8Array<ArrayBuffer>[];
  readonly #slots = new Map<number, Uint8Array<ArrayBuffer>[]>();
  #count = 0;
  #headers = false;
  #queue = -1;

  /**
   * Makes the memory; nothing is allocated later.
   *
   * @param size How many packets fit, 1 to 1024.
   * @param options How it is used.
   * @throws {ArgumentError} if there cannot be so many.
   */
  constructor(size = 64, { whole = false }: PacketBatchOptions = {}) {
    this.size = wholeNumber("size", size, 1, 1024);
    this.whole = whole;
    // One slot more, for devices to build in.
    this.bytes = new Uint8Array((size + 1) * STRIDE);
    this.#lengths = new Int32Array(size);
    this.#protocols = new Uint16Array(size);
    this.#packets = Array.from({ length: size }, (_, i) => this.#view(i));
  }

  /** How many packets are in it. */
  get count(): number {
    return this.#count;
  }

  /**
   * Which of the device's queues the packets were read from, 0 for the first;
   * undefined for packets that were added by `push`. A device writes the batch
   * to the same queue, because the kernel delivers the packets of a flow on the
   * queue that the flow was last written to.
   */
  get queue(): number | undefined {
    return this.#queue < 0 ? undefined : this.#queue;
  }

  /** Where packet `index` begins in `bytes`. */
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
   * packet, and the next read into the batch changes what is seen in it.
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
   * What a device with offload said of packet `index`: nothing special, unless
   * the batch takes packets whole.
   *
   * @param index Which packet.
   * @param into Where to put it, to be used again.
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
   * information; 0 if unknown, and an IP packet then speaks for itself.
   */
  protocol(index: number): number {
    checkIndex(index, this.#count);
    return this.#protocols[index]!;
  }

  /**
   * Adds a copy of a packet.
   *
   * @param packet The packet, 1 to 65,584 bytes.
   * @param protocol Its Ethernet protocol number, which only TUN devices with
   * packet information want to know, and only of what is not IP.
   * @returns Whether there was room.
   * @throws {ArgumentError} if it is empty or longer than any device takes.
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

  /** Makes packet `index` shorter or longer; 0 leaves it out when written. */
  resize(index: number, length: number): void {
    checkIndex(index, this.#count);
    this.#lengths[index] = wholeNumber("length", length, 0, LARGEST);
  }

  /** Empties it. */
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
