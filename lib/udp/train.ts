// Datagrams that leave as one: to the same peer, from the same source and of
// the same size but for the last, the kernel can cut them from one message and
// so take the way down its stack once instead of once each (UDP_SEGMENT).

import { MOST_SEGMENTS } from "./errors.ts";

/** Short of what one message may hold, whatever headers come before it. */
const MOST_BYTES = 65000;

/** The message that is being put together: what it holds, what still fits. */
export class Train {
  /** Datagrams so far. */
  #pieces = 0;
  /** Bytes of each. */
  #size = 0;
  #bytes = 0;
  /** A shorter datagram is the last. */
  #open = false;
  /** Datagrams longer than this were refused when sent as one. */
  #longest = MOST_BYTES;

  /** Begins with a payload that holds datagrams of `size` bytes. */
  begin(length: number, size: number): void {
    this.#size = size;
    this.#bytes = length;
    this.#pieces = length === size ? 1 : Math.ceil(length / size);
    this.#open = length > 0 && length % size === 0 && size <= this.#longest;
  }

  /** Takes a payload in, if it fits behind what is there. */
  add(length: number, size: number): boolean {
    if (!this.#open) return false;
    const pieces = length === size ? 1 : Math.ceil(length / size);
    if (
      (pieces === 1 ? length > this.#size : size !== this.#size) ||
      length === 0 ||
      this.#pieces + pieces > MOST_SEGMENTS ||
      this.#bytes + length > MOST_BYTES
    ) return false;
    this.#pieces += pieces;
    this.#bytes += length;
    this.#open = length % this.#size === 0;
    return true;
  }

  /**
   * Notes that datagrams of this size were refused together and taken alone: the
   * device cannot cut, or they are longer than the path allows without fragments.
   */
  refused(size: number): void {
    this.#longest = Math.min(this.#longest, size - 1);
  }
}
