// Writing a queue: system calls that empty a batch, one a packet, or one for
// many where they can be joined.

import { EAGAIN, EINTR, EINVAL, EMSGSIZE } from "../../ffi/errno.ts";
import { errno, libc } from "../../ffi/libc.ts";
import type { Descriptor } from "../io/descriptor.ts";
import { writeU16 } from "../packet/bytes.ts";
import {
  hasHeaders,
  HEADER,
  type PacketBatch,
  sizeOf,
  slotsOf,
} from "./batch.ts";
import { Coalescer } from "./coalesce.ts";
import { PacketRejectedError, writeError } from "./errors.ts";
import { type Framing, ipOffset, prefixOf, protocolOf } from "./framing.ts";
import { OffloadHeader } from "./offload_header.ts";
import { SegmentSplitter } from "./split.ts";

/** How a batch is written. */
export interface BatchWriteOptions {
  /** The first packet to write; default 0. */
  readonly from?: number | undefined;
  /**
   * Join packets of a flow that follow each other, on a device with offload:
   * `trusted` if their checksums are known to be right, true to verify them.
   * Default false.
   */
  readonly coalesce?: boolean | "trusted" | undefined;
  /**
   * Called for each packet the kernel refuses, which is then left out; without
   * it the first refusal ends the write.
   */
  readonly onRejected?: ((error: PacketRejectedError) => void) | undefined;
}

/** The writing half of a queue. */
export class QueueWriter {
  readonly #descriptor: Descriptor;
  readonly #framing: Framing;
  readonly #prefix: number;
  readonly #libc = libc();
  readonly #coalescers = new Map<boolean, Coalescer>();
  readonly #header = new OffloadHeader();
  readonly #splitter = new SegmentSplitter();
  /** A packet there was no room for all segments of, and the next of them. */
  #half: { batch: PacketBatch; index: number; segment: number } | undefined;
  packets = 0;
  bytes = 0;
  rejected = 0;

  constructor(descriptor: Descriptor, framing: Framing) {
    this.#descriptor = descriptor;
    this.#framing = framing;
    this.#prefix = prefixOf(framing);
  }

  /** Writes a batch; gives the first packet there was no room for. */
  write(batch: PacketBatch, options: BatchWriteOptions): number {
    const { from = 0, coalesce = false, onRejected } = options;
    const headers = hasHeaders(batch);
    if (coalesce && this.#framing.offload && !headers) {
      const trusted = coalesce === "trusted";
      return this.#writeRuns(batch, from, trusted, onRejected);
    }
    const split = headers && !this.#framing.offload;
    const slots = slotsOf(batch, this.#prefix);
    for (let at = from; at < batch.count; at++) {
      const length = batch.length(at);
      if (length === 0) continue;
      const written = split && this.#isUnfinished(batch, at)
        ? this.#writeSegments(batch, at, onRejected)
        : this.#put(batch, slots[at]!, length, at, 1, onRejected);
      if (!written) return at;
    }
    return batch.count;
  }

  #writeRuns(
    batch: PacketBatch,
    from: number,
    trusted: boolean,
    onRejected: BatchWriteOptions["onRejected"],
  ): number {
    const coalescer = this.#coalescer(trusted);
    const runs = coalescer.plan(batch);
    const slots = slotsOf(batch, this.#prefix);
    for (let run = 0; run < runs; run++) {
      const first = coalescer.first(run);
      if (first < from) continue;
      const packets = coalescer.size(run);
      let slot = slots[first]!;
      let length = batch.length(first);
      if (packets > 1) {
        slot = slots[batch.size]!;
        const at = batch.start(batch.size) - HEADER;
        length = coalescer.write(run, batch.bytes, at, HEADER) - HEADER;
      }
      if (!this.#put(batch, slot, length, first, packets, onRejected)) {
        return first;
      }
    }
    return batch.count;
  }

  #coalescer(trusted: boolean): Coalescer {
    let coalescer = this.#coalescers.get(trusted);
    if (coalescer === undefined) {
      coalescer = new Coalescer({
        trusted,
        udp: this.#framing.offload?.uso,
        ipOffset: this.#framing.mode === "tap" ? 14 : 0,
      });
      this.#coalescers.set(trusted, coalescer);
    }
    return coalescer;
  }

  /** Whether a device without offload cannot take a packet as it is. */
  #isUnfinished(batch: PacketBatch, index: number): boolean {
    const header = batch.header(index, this.#header);
    return header.type !== 0 || header.needsChecksum;
  }

  #writeSegments(
    batch: PacketBatch,
    index: number,
    onRejected: BatchWriteOptions["onRejected"],
  ): boolean {
    const { bytes } = batch;
    const start = batch.start(index);
    const end = start + batch.length(index);
    const offset = ipOffset(this.#framing, bytes, start);
    const splitter = this.#splitter;
    const count = splitter.begin(bytes, start, end, this.#header, offset);
    if (count === 0) this.#refuse(EINVAL, end - start, index, 1, onRejected);
    const slot = slotsOf(batch, this.#prefix)[batch.size]!;
    const at = batch.start(batch.size);
    const half = this.#half;
    this.#half = undefined;
    let segment = half?.batch === batch && half.index === index
      ? half.segment
      : 0;
    for (; segment < count; segment++) {
      const length = splitter.write(segment, bytes, at);
      if (!this.#put(batch, slot, length, index, 1, onRejected)) {
        this.#half = { batch, index, segment };
        return false;
      }
    }
    return true;
  }

  /** Writes one slot; false if there is no room for it. */
  #put(
    batch: PacketBatch,
    slot: Uint8Array<ArrayBuffer>,
    length: number,
    index: number,
    packets: number,
    onRejected: BatchWriteOptions["onRejected"],
  ): boolean {
    const { information } = this.#framing;
    if (information && !this.#inform(slot, batch.protocol(index))) {
      this.#refuse(EINVAL, length, index, packets, onRejected);
      return true;
    }
    const size = sizeOf(length + this.#prefix);
    let code = 0;
    for (;;) {
      // Asked for each time: `onRejected` may have closed it.
      const put = this.#libc.write(this.#descriptor.fd, slot, size);
      // A packet taken in part is none.
      code = put < 0 ? errno() : put < length + this.#prefix ? EMSGSIZE : 0;
      if (code !== EINTR) break;
    }
    // Without a header this is where other devices have theirs.
    if (information) slot.fill(0, 0, 4);
    if (code === EAGAIN) return false;
    if (code !== 0) {
      this.#refuse(code, length, index, packets, onRejected);
      return true;
    }
    this.packets += packets;
    this.bytes += length;
    return true;
  }

  /** Puts struct tun_pi before a packet; false if nobody says what it is. */
  #inform(slot: Uint8Array, named: number): boolean {
    const protocol = named || protocolOf(this.#framing, slot, this.#prefix);
    writeU16(slot, 0, 0);
    writeU16(slot, 2, protocol);
    return protocol !== 0;
  }

  #refuse(
    code: number,
    length: number,
    index: number,
    packets: number,
    onRejected: BatchWriteOptions["onRejected"],
  ): void {
    const error = writeError(code, this.#descriptor.what, length, index);
    if (!(error instanceof PacketRejectedError)) throw error;
    this.rejected += packets;
    if (onRejected === undefined) throw error;
    onRejected(error);
  }
}
