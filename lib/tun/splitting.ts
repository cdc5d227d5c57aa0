// Splits GSO packets in a batch: a packet in one slot becomes segments in that
// slot and the following ones.

import {
  clearHeader,
  HEADER,
  LARGEST,
  type PacketBatch,
  setFilled,
} from "./batch.ts";
import { type Framing, ipOffset } from "./framing.ts";
import { OffloadHeader } from "./offload_header.ts";
import { SegmentSplitter } from "./split.ts";

/** Splits the packets of one queue. */
export class Splitting {
  readonly #framing: Framing;
  readonly #header = new OffloadHeader();
  readonly #splitter = new SegmentSplitter();
  /** A packet whose segments did not all fit into a batch. */
  #kept: Uint8Array<ArrayBuffer> | undefined;
  #next = 0;
  #count = 0;
  #protocol = 0;

  constructor(framing: Framing) {
    this.#framing = framing;
  }

  /** Whether there are segments that did not fit yet. */
  get pending(): boolean {
    return this.#next < this.#count;
  }

  /** Writes retained segments to an empty batch; returns their number. */
  resume(batch: PacketBatch): number {
    const { bytes } = batch;
    let slot = 0;
    while (this.pending && slot < batch.size) {
      const start = batch.start(slot);
      clearHeader(bytes, start);
      const length = this.#splitter.write(this.#next++, bytes, start);
      setFilled(batch, slot++, length, this.#protocol);
    }
    return slot;
  }

  /**
   * Splits the packet of `length` bytes in slot `index`; returns the number of
   * used slots.
   */
  split(
    batch: PacketBatch,
    index: number,
    length: number,
    protocol: number,
  ): number {
    const { bytes } = batch;
    const start = batch.start(index);
    const end = start + length;
    const header = this.#header;
    header.read(bytes, start - HEADER);
    if (header.type === 0 && !header.needsChecksum) {
      // Flags alone only mean that the checksum was verified.
      if (header.flags !== 0) clearHeader(bytes, start);
      setFilled(batch, index, length, protocol);
      return index + 1;
    }
    const offset = ipOffset(this.#framing, bytes, start);
    const count = this.#splitter.begin(bytes, start, end, header, offset);
    clearHeader(bytes, start);
    if (count === 0) {
      // Kernels do not send packets that cannot be split; it is passed on
      // unchanged.
      setFilled(batch, index, length, protocol);
      return index + 1;
    }
    const fitting = Math.min(count, batch.size - index);
    const kept = fitting < count ? this.#keep(bytes, start, end) : undefined;
    for (let i = 1; i < fitting; i++) {
      const at = batch.start(index + i);
      clearHeader(bytes, at);
      const size = this.#splitter.write(i, bytes, at);
      setFilled(batch, index + i, size, protocol);
    }
    // The first segment stays in place: the others are built from the packet.
    const first = this.#splitter.write(0, bytes, start);
    setFilled(batch, index, first, protocol);
    if (kept !== undefined) {
      this.#count = this.#splitter.begin(kept, 0, length, header, offset);
      this.#next = fitting;
      this.#protocol = protocol;
    }
    return index + fitting;
  }

  #keep(bytes: Uint8Array, start: number, end: number): Uint8Array {
    const kept = this.#kept ??= new Uint8Array(LARGEST);
    kept.set(bytes.subarray(start, end));
    return kept;
  }
}
