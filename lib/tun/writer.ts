// Writes a queue: one system call for each packet, or for each coalesced run.

import { EAGAIN, EINTR, EINVAL, EMSGSIZE } from "../../ffi/errno.ts";
import { errno, libc } from "../../ffi/libc.ts";
import type { Descriptor } from "../io/descriptor.ts";
import { writeU16 } from "../packet/bytes.ts";
import { IPPROTO } from "../packet/protocol.ts";
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
import type { LinkCheck } from "./link_check.ts";
import { OffloadHeader, type Segmentation } from "./offload_header.ts";
import { SegmentSplitter } from "./split.ts";

/** Options of a write. */
export interface BatchWriteOptions {
  /** The first packet to write; default 0. */
  readonly from?: number | undefined;
  /**
   * Coalesce consecutive packets of a flow, on a device with offload: `trusted`
   * if their checksums are known to be correct, true to verify them. Coalesced
   * packets that the kernel rejects (EINVAL) are written one by one, and their
   * type (TCP over IPv4, TCP over IPv6, UDP) is not coalesced again. Default
   * false.
   */
  readonly coalesce?: boolean | "trusted" | undefined;
  /**
   * Called for each rejected packet, which is skipped; without it the first
   * rejection ends the write.
   */
  readonly onRejected?: ((error: PacketRejectedError) => void) | undefined;
}

type OnRejected = BatchWriteOptions["onRejected"];

/** The position at which a write stopped because of EAGAIN. */
interface Stop {
  readonly batch: PacketBatch;
  /** The packet to continue from. */
  readonly at: number;
  /** The first packet of the write, from which runs are planned again. */
  readonly begin: number;
  /** The next segment of that packet, or the next packet of that run. */
  readonly next: number;
}

const NONE = -1;

/** The write side of a queue. */
export class QueueWriter {
  readonly #descriptor: Descriptor;
  readonly #framing: Framing;
  readonly #prefix: number;
  readonly #libc = libc();
  readonly #coalescers = new Map<boolean, Coalescer>();
  readonly #header = new OffloadHeader();
  readonly #splitter = new SegmentSplitter();
  /** Types of GSO packets that this kernel rejects. */
  readonly #refusedKinds = new Set<Segmentation>();
  #stop: Stop | undefined;
  packets = 0;
  bytes = 0;
  rejected = 0;

  constructor(
    descriptor: Descriptor,
    framing: Framing,
    readonly link?: LinkCheck,
  ) {
    this.#descriptor = descriptor;
    this.#framing = framing;
    this.#prefix = prefixOf(framing);
  }

  /**
   * Writes packets of a batch; returns the first that was not written.
   *
   * @param end The packet after the last one to write.
   */
  write(
    batch: PacketBatch,
    options: BatchWriteOptions,
    end: number = batch.count,
  ): number {
    const { from = 0, coalesce = false, onRejected } = options;
    this.link?.check();
    const stop = this.#stop;
    this.#stop = undefined;
    const resumed = stop?.batch === batch && stop.at === from
      ? stop
      : undefined;
    const headers = hasHeaders(batch);
    if (coalesce && this.#framing.offload && !headers) {
      const trusted = coalesce === "trusted";
      return this.#writeRuns(batch, from, end, trusted, onRejected, resumed);
    }
    let segment = resumed?.next ?? NONE;
    const slots = slotsOf(batch, this.#prefix);
    for (let at = from; at < end; at++) {
      const length = batch.length(at);
      if (length === 0) continue;
      let code = 0;
      if (segment === NONE && !(headers && this.#mustSplit(batch, at))) {
        code = this.#send(batch, slots[at]!, length, at);
        if (code === 0) {
          this.packets++;
          this.bytes += length;
          continue;
        }
        if (code === EAGAIN) return this.#stopAt(batch, at, from, NONE);
        if (!(headers && code === EINVAL && this.#isSegmented(batch, at))) {
          this.#refuse(code, length, at, onRejected);
          continue;
        }
      }
      const rejectedBefore = this.rejected;
      const next = this.#writeSegments(batch, at, segment, onRejected);
      segment = NONE;
      if (next !== NONE) return this.#stopAt(batch, at, from, next);
      if (code === EINVAL && this.rejected === rejectedBefore) {
        // Written separately they are accepted: the type is rejected.
        batch.header(at, this.#header);
        this.#refusedKinds.add(this.#header.segmentation);
      }
    }
    return end;
  }

  #stopAt(
    batch: PacketBatch,
    at: number,
    begin: number,
    next: number,
  ): number {
    this.#stop = { batch, at, begin, next };
    return at;
  }

  #writeRuns(
    batch: PacketBatch,
    from: number,
    end: number,
    trusted: boolean,
    onRejected: OnRejected,
    resumed: Stop | undefined,
  ): number {
    const coalescer = this.#coalescer(trusted);
    const begin = resumed?.begin ?? from;
    const runs = coalescer.plan(batch, begin, end);
    const slots = slotsOf(batch, this.#prefix);
    let packet = resumed?.next ?? NONE;
    for (let run = 0; run < runs; run++) {
      const first = coalescer.first(run);
      if (first < from) continue;
      let kind: Segmentation | undefined;
      if (packet === NONE && coalescer.size(run) > 1) {
        kind = this.#kindOf(batch, first);
        if (!this.#refusedKinds.has(kind)) {
          const code = this.#writeJoined(batch, coalescer, run);
          if (code === 0) continue;
          if (code === EAGAIN) return this.#stopAt(batch, first, begin, NONE);
          if (code !== EINVAL) {
            for (let at = first; at >= 0; at = coalescer.next(at)) {
              this.#refuse(code, batch.length(at), at, onRejected);
            }
            continue;
          }
        } else kind = undefined;
      }
      const rejectedBefore = this.rejected;
      let at = packet === NONE ? first : packet;
      packet = NONE;
      for (; at >= 0; at = coalescer.next(at)) {
        const length = batch.length(at);
        const code = this.#send(batch, slots[at]!, length, at);
        if (code === EAGAIN) return this.#stopAt(batch, first, begin, at);
        if (code !== 0) this.#refuse(code, length, at, onRejected);
        else {
          this.packets++;
          this.bytes += length;
        }
      }
      if (kind !== undefined && this.rejected === rejectedBefore) {
        this.#refusedKinds.add(kind);
      }
    }
    return end;
  }

  /** Writes a run as one packet; returns an errno. */
  #writeJoined(
    batch: PacketBatch,
    coalescer: Coalescer,
    run: number,
  ): number {
    const slot = slotsOf(batch, this.#prefix)[batch.size]!;
    const to = batch.start(batch.size) - HEADER;
    const length = coalescer.write(run, batch.bytes, to, HEADER) - HEADER;
    const first = coalescer.first(run);
    const code = this.#send(batch, slot, length, first);
    if (code !== 0) return code;
    this.packets += coalescer.size(run);
    for (let at = first; at >= 0; at = coalescer.next(at)) {
      this.bytes += batch.length(at);
    }
    return 0;
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

  /** The GSO type of a run that starts with this packet. */
  #kindOf(batch: PacketBatch, index: number): Segmentation {
    const { bytes } = batch;
    const start = batch.start(index);
    const ip = start + ipOffset(this.#framing, bytes, start);
    const isIPv4 = bytes[ip]! >> 4 === 4;
    const protocol = bytes[isIPv4 ? ip + 9 : ip + 6];
    return protocol === IPPROTO.UDP ? "udp" : isIPv4 ? "tcp4" : "tcp6";
  }

  /** Whether a packet has to be segmented, or its checksum completed, first. */
  #mustSplit(batch: PacketBatch, index: number): boolean {
    if (this.#framing.offload && this.#refusedKinds.size === 0) return false;
    const header = batch.header(index, this.#header);
    return this.#framing.offload
      ? header.type !== 0 && this.#refusedKinds.has(header.segmentation)
      : header.type !== 0 || header.needsChecksum;
  }

  #isSegmented(batch: PacketBatch, index: number): boolean {
    return batch.header(index, this.#header).type !== 0;
  }

  /**
   * Writes the segments of a packet; returns the first that was not written, or
   * NONE.
   */
  #writeSegments(
    batch: PacketBatch,
    index: number,
    from: number,
    onRejected: OnRejected,
  ): number {
    const { bytes } = batch;
    const start = batch.start(index);
    const end = start + batch.length(index);
    const offset = ipOffset(this.#framing, bytes, start);
    const header = batch.header(index, this.#header);
    const splitter = this.#splitter;
    const count = splitter.begin(bytes, start, end, header, offset);
    if (count === 0) this.#refuse(EINVAL, end - start, index, onRejected);
    const slot = slotsOf(batch, this.#prefix)[batch.size]!;
    const at = batch.start(batch.size);
    bytes.fill(0, at - HEADER, at);
    for (let segment = Math.max(0, from); segment < count; segment++) {
      const length = splitter.write(segment, bytes, at);
      const code = this.#send(batch, slot, length, index);
      if (code === EAGAIN) return segment;
      if (code !== 0) this.#refuse(code, length, index, onRejected);
      else {
        this.packets++;
        this.bytes += length;
      }
    }
    return NONE;
  }

  /** Writes one slot; returns an errno, 0 for success. */
  #send(
    batch: PacketBatch,
    slot: Uint8Array<ArrayBuffer>,
    length: number,
    index: number,
  ): number {
    const { information } = this.#framing;
    if (information && !this.#inform(slot, batch.protocol(index))) {
      return EINVAL;
    }
    const total = length + this.#prefix;
    const size = sizeOf(total);
    let code = 0;
    for (;;) {
      // Read each time: `onRejected` may have closed it.
      const put = this.#libc.write(this.#descriptor.fd, slot, size);
      // A partially written packet is an error.
      code = put === total ? 0 : put < 0 ? errno() : EMSGSIZE;
      if (code !== EINTR) break;
    }
    // Without a header, its position in the slot is zero.
    if (information) slot.fill(0, 0, 4);
    return code;
  }

  /**
   * Writes struct tun_pi before a packet; returns false if its protocol is
   * unknown.
   */
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
    onRejected: OnRejected,
  ): void {
    const error = writeError(code, this.#descriptor.what, length, index);
    if (!(error instanceof PacketRejectedError)) throw error;
    this.rejected++;
    if (onRejected === undefined) throw error;
    onRejected(error);
  }
}
