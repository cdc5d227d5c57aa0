// Reads a queue: one system call for each packet, until the queue is empty or
// the batch is full.

import { EAGAIN, EBADFD, EINTR, SystemError } from "../../ffi/errno.ts";
import { errno, libc } from "../../ffi/libc.ts";
import type { Descriptor } from "../io/descriptor.ts";
import { readU16 } from "../packet/bytes.ts";
import {
  type PacketBatch,
  setCount,
  setFilled,
  setHeaders,
  setQueueIndex,
  sizeOf,
  slotsOf,
} from "./batch.ts";
import { goneError } from "./errors.ts";
import type { LinkCheck } from "./link_check.ts";
import { type Framing, prefixOf } from "./framing.ts";
import { Splitting } from "./splitting.ts";

/**
 * Bytes after which a batch counts as full: GSO packets should be processed
 * while they are in the processor's cache.
 */
const ENOUGH = 256 << 10;

/** The read side of a queue. */
export class QueueReader {
  readonly #descriptor: Descriptor;
  readonly #framing: Framing;
  readonly #prefix: number;
  readonly #libc = libc();
  readonly #splitting: Splitting | undefined;
  /** An error after packets, which is thrown by the next call. */
  #later = 0;
  packets = 0;
  bytes = 0;

  /** @param index The index of the queue. */
  constructor(
    descriptor: Descriptor,
    framing: Framing,
    readonly index: number,
    readonly link?: LinkCheck,
  ) {
    this.#descriptor = descriptor;
    this.#framing = framing;
    this.#prefix = prefixOf(framing);
    if (framing.offload) this.#splitting = new Splitting(framing);
  }

  /** Whether data is available without a wait. */
  get pending(): boolean {
    return this.#later !== 0 || (this.#splitting?.pending ?? false);
  }

  /** Fills a batch with available packets; returns their number. */
  read(batch: PacketBatch): number {
    const { fd } = this.#descriptor;
    const { read } = this.#libc;
    const { information, offload } = this.#framing;
    const prefix = this.#prefix;
    const slots = slotsOf(batch, prefix);
    const size = sizeOf(slots[0]!.length);
    const splitting = batch.unsegmented && !this.pending
      ? undefined
      : this.#splitting;
    setQueueIndex(batch, this.index);
    setHeaders(batch, offload !== undefined && splitting === undefined);
    if (this.#later !== 0) {
      const code = this.#later;
      this.#later = 0;
      setCount(batch, 0);
      throw this.#error(code);
    }
    let count = splitting?.resume(batch) ?? 0;
    let taken = 0;
    while (count < batch.size && taken < ENOUGH) {
      const slot = slots[count]!;
      const got = read(fd, slot, size);
      if (got < 0) {
        const code = errno();
        if (code === EINTR) continue;
        if (code === EAGAIN) {
          if (count === 0) this.link?.check();
          break;
        }
        if (count === 0) throw this.#error(code);
        this.#later = code;
        break;
      }
      taken += got;
      const length = got - prefix;
      // No packet, and no indication of more.
      if (length <= 0) break;
      let protocol = 0;
      if (information) {
        protocol = readU16(slot, 2);
        // Without a header, its position in the slot is zero.
        slot.fill(0, 0, 4);
      }
      if (splitting === undefined) setFilled(batch, count++, length, protocol);
      else count = splitting.split(batch, count, length, protocol);
    }
    setCount(batch, count);
    this.packets += count;
    for (let i = 0; i < count; i++) this.bytes += batch.length(i);
    return count;
  }

  #error(code: number): SystemError {
    const tried = `read from ${this.#descriptor.what}`;
    return code === EBADFD
      ? goneError("read", code, tried)
      : new SystemError("read", code, { tried });
  }
}
