// UDP GSO: which datagrams the kernel can split from one message (UDP_SEGMENT).
// They go to one peer from one source and have one size, except for a shorter
// last one; the stack is then traversed once for all of them.

import { MOST_SEGMENTS } from "./errors.ts";

/** Below the limit of one message, whatever headers precede it. */
const MOST_BYTES = 65000;

/** Segments of the message that is being filled, and whether more fit. */
export class SegmentedMessage {
  #segments = 0;
  /** Bytes of each segment. */
  #segmentSize = 0;
  #bytes = 0;
  /** Whether another segment may follow: none may follow a shorter one. */
  #open = false;

  /** Starts a message with a payload of segments of `size` bytes. */
  start(length: number, size: number): void {
    this.#segmentSize = size;
    this.#bytes = length;
    this.#segments = length === size ? 1 : Math.ceil(length / size);
    this.#open = length > 0 && length % size === 0;
  }

  /** Appends a payload; false if it does not fit. */
  append(length: number, size: number): boolean {
    if (!this.#open) return false;
    const segments = length === size ? 1 : Math.ceil(length / size);
    if (
      (segments === 1
        ? length > this.#segmentSize
        : size !== this.#segmentSize) ||
      length === 0 ||
      this.#segments + segments > MOST_SEGMENTS ||
      this.#bytes + length > MOST_BYTES
    ) return false;
    this.#segments += segments;
    this.#bytes += length;
    this.#open = length % this.#segmentSize === 0;
    return true;
  }
}
