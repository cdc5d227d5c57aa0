// Reading a queue: system calls that fill a batch, one a packet, until there is
// nothing more or no more room.

import { EAGAIN, EBADFD, EINTR, SystemError } from "../../ffi/errno.ts";
import { errno, libc } from "../../ffi/libc.ts";
import type { Descriptor } from "../descriptor.ts";
import { readU16 } from "../packet/bytes.ts";
import {
  type PacketBatch,
  setCount,
  setFilled,
  setHeaders,
  sizeOf,
  slotsOf,
} from "./batch.ts";
import { goneError } from "./errors.ts";
import { type Framing, prefixOf } from "./framing.ts";
import { Splitting } from "./splitting.ts";

/** The reading half of a queue. */
export class QueueReader {
  readonly #descriptor: Descriptor;
  readonly #framing: Framing;
  readonly #prefix: number;
  readonly #libc = libc();
  readonly #splitting: Splitting | undefined;
  packets = 0;
  bytes = 0;

  constructor(descriptor: Descriptor, framing: Framing) {
    this.#descriptor = descriptor;
    this.#framing = framing;
    this.#prefix = prefixOf(framing);
    if (framing.offload) this.#splitting = new Splitting(framing);
  }

  /** Whether there are packets that do not have to be waited for. */
  get pending(): boolean {
    return this.#splitting?.pending ?? false;
  }

  /** Fills a batch with what is there; gives how many packets that is. */
  read(batch: PacketBatch): number {
    const { fd } = this.#descriptor;
    const { read } = this.#libc;
    const { information, offload } = this.#framing;
    const prefix = this.#prefix;
    const slots = slotsOf(batch, prefix);
    const room = sizeOf(slots[0].length);
    const splitting = batch.whole && !this.pending
      ? undefined
      : this.#splitting;
    setHeaders(batch, offload !== undefined && splitting === undefined);
    let count = splitting?.resume(batch) ?? 0;
    while (count < batch.size) {
      const slot = slots[count];
      const got = read(fd, slot, room);
      if (got <= 0) {
        const code = errno();
        if (code === EINTR) continue;
        // What was read before the error is given first; it comes again.
        if (code === EAGAIN || count > 0) break;
        throw this.#error(code);
      }
      const length = got - prefix;
      let protocol = 0;
      if (information) {
        protocol = readU16(slot, 2);
        // Without a header this is where other devices have theirs.
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
