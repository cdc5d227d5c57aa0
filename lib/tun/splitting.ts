// Splitting in the batch itself: what a device with offload put into one slot
// becomes ordinary packets in that slot and those behind it.

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
  /** A packet that a batch had no room for all segments of. */
  #kept: Uint8Array<ArrayBuffer> | undefined;
  #next = 0;
  #count = 0;
  #protocol = 0;

  constructor(framing: Framing) {
    this.#framing = framing;
  }

  /** Whether there are segments that no batch had room for yet. */
  get pending(): boolean {
    return this.#next < this.#count;
  }

  /** Puts segments kept from earlier into an empty batch; gives their number. */
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
   * Splits what was read into slot `index`, `length` bytes; gives the number of
   * slots that are filled then.
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
      // Flags alone may say that the checksum was verified, no more.
      if (header.flags !== 0) clearHeader(bytes, start);
      setFilled(batch, index, length, protocol);
      return index + 1;
    }
    const offset = ipOffset(this.#framing, bytes, start);
    const count = this.#splitter.begin(bytes, start, end, header, offset);
    clearHeader(bytes, start);
    if (count === 0) {
      // No kernel makes one that cannot be split; it is given as it came.
      setFilled(batch, index, length, protocol);
      return index + 1;
    }
    const room = Math.min(count, batch.size - index);
    const kept = room < count ? this.#keep(bytes, start, end) : undefined;
    for (let i = 1; i < room; i++) {
      const at = batch.start(index + i);
      clearHeader(bytes, at);
      const size = this.#splitter.write(i, bytes, at);
      setFilled(batch, index + i, size, protocol);
    }
    // The first stays where the packet is, which the others are made from.
    const first = this.#splitter.write(0, bytes, start);
    setFilled(batch, index, first, protocol);
    if (kept !== undefined) {
      this.#count = this.#splitter.begin(kept, 0, length, header, offset);
      this.#next = room;
      this.#protocol = protocol;
    }
    return index + room;
  }

  #keep(bytes: Uint8Array, start: number, end: number): Uint8Array {
    const kept = this.#kept ??= new Uint8Array(LARGEST);
    kept.set(bytes.subarray(start, end));
    return kept;
  }
}
