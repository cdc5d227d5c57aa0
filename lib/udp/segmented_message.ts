// UDP GSO: combines datagrams that the kernel can split again (UDP_SEGMENT).
// They have the same peer, source and size, except for a shorter last one, and
// pass the network stack as one message.

import { MOST_SEGMENTS } from "./errors.ts";

/** Below the maximum length of a message, for headers of any length. */
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
