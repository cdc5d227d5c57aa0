// One queue of a device: a descriptor of /dev/net/tun that is attached to it.

import { EAGAIN, EBADFD, EINTR, EINVAL, SystemError } from "../../ffi/errno.ts";
import { errno, libc } from "../../ffi/libc.ts";
import { BlockingPoll, type StopEvent } from "../blocking_poll.ts";
import { Descriptor } from "../descriptor.ts";
import { TimeoutError } from "../errors.ts";
import { readU16, writeU16 } from "../packet/bytes.ts";
import { ETH_P } from "../packet/protocol.ts";
import type { WaitOptions } from "../poller.ts";
import {
  type Framing,
  type PacketBatch,
  prefixOf,
  setFilled,
  sizeOf,
  slotsOf,
} from "./batch.ts";
import { PacketChannel } from "./channel.ts";
import { goneError, PacketRejectedError, writeError } from "./errors.ts";

// The driver reports no room as long as the link is down, and does not tell when
// it goes down: after this many milliseconds the write itself is asked again.
const PATIENCE = 100;

/** What went through a queue or a device since it was opened. */
export interface TunCounters {
  /** Packets the kernel sent into it. */
  readonly packetsRead: number;
  /** The bytes of these. */
  readonly bytesRead: number;
  /** Packets the kernel took. */
  readonly packetsWritten: number;
  /** The bytes of these. */
  readonly bytesWritten: number;
  /** Packets the kernel refused to take. */
  readonly packetsRejected: number;
}

/** What another thread of this process needs to use the same queue. */
export interface TunQueueHandle {
  /** The descriptor's number. */
  readonly fd: number;
  /** Its name in errors. */
  readonly what: string;
  /** What the driver puts before each packet. */
  readonly framing: Framing;
}

/**
 * One of a device's queues. A device opened with several spreads its flows
 * over them; each can be read by itself.
 */
export class TunQueue extends PacketChannel {
  readonly #descriptor: Descriptor;
  readonly #framing: Framing;
  readonly #prefix: number;
  readonly #libc = libc();
  #packetsRead = 0;
  #bytesRead = 0;
  #packetsWritten = 0;
  #bytesWritten = 0;
  #packetsRejected = 0;

  private constructor(descriptor: Descriptor, framing: Framing) {
    super();
    this.#descriptor = descriptor;
    this.#framing = framing;
    this.#prefix = prefixOf(framing);
  }

  /** Takes over a nonblocking descriptor that is attached to a device. */
  static own(fd: number, what: string, framing: Framing): TunQueue {
    return new TunQueue(new Descriptor(fd, what), framing);
  }

  /**
   * The queue in another thread, from the handle its owner posted there.
   * Closing it here leaves it open for the owner.
   */
  static attach({ fd, what, framing }: TunQueueHandle): TunQueue {
    return new TunQueue(new Descriptor(fd, what, { borrowed: true }), framing);
  }

  /** What to post to a worker of this process, for `attach`. */
  get handle(): TunQueueHandle {
    return { fd: this.#descriptor.fd, what: this.what, framing: this.#framing };
  }

  /** A wait that blocks the calling thread, for a worker with nothing else to do. */
  blockingPoll(stop: StopEvent): BlockingPoll {
    return new BlockingPoll(this.#descriptor, stop);
  }

  /** Its name in errors. */
  get what(): string {
    return this.#descriptor.what;
  }

  /** The descriptor's number, for system calls of your own. */
  get fd(): number {
    return this.#descriptor.fd;
  }

  /** Whether close() was called. */
  get closed(): boolean {
    return this.#descriptor.closed;
  }

  /** What went through this queue since it was opened. */
  get counters(): TunCounters {
    return {
      packetsRead: this.#packetsRead,
      bytesRead: this.#bytesRead,
      packetsWritten: this.#packetsWritten,
      bytesWritten: this.#bytesWritten,
      packetsRejected: this.#packetsRejected,
    };
  }

  /** Reads what is there now, without waiting: see PacketChannel. */
  tryReadMany(batch: PacketBatch): number {
    const fd = this.#descriptor.fd;
    const { read } = this.#libc;
    const prefix = this.#prefix;
    const { information } = this.#framing;
    const slots = slotsOf(batch, prefix);
    const room = sizeOf(slots[0].length);
    batch.clear();
    let bytes = 0;
    let count = 0;
    while (count < batch.size) {
      const got = read(fd, slots[count], room);
      if (got <= 0) {
        const code = errno();
        if (code === EINTR) continue;
        // What was read before the error is given first; it comes again.
        if (code === EAGAIN || count > 0) break;
        throw this.#readError(code);
      }
      const length = got - prefix;
      const protocol = information ? readU16(slots[count], 2) : 0;
      setFilled(batch, count++, length, protocol);
      bytes += length;
    }
    this.#packetsRead += count;
    this.#bytesRead += bytes;
    return count;
  }

  /** Writes what goes now, without waiting: see PacketChannel. */
  tryWriteMany(
    batch: PacketBatch,
    from = 0,
    onRejected?: (error: PacketRejectedError) => void,
  ): number {
    const fd = this.#descriptor.fd;
    const { write } = this.#libc;
    const prefix = this.#prefix;
    const { information } = this.#framing;
    const slots = slotsOf(batch, prefix);
    const { count } = batch;
    let at = from;
    for (; at < count; at++) {
      const length = batch.length(at);
      if (length === 0) continue;
      let code = information && !this.#inform(batch, at, slots[at])
        ? EINVAL
        : 0;
      if (code === 0) {
        if (write(fd, slots[at], sizeOf(length + prefix)) > 0) {
          this.#packetsWritten++;
          this.#bytesWritten += length;
          continue;
        }
        code = errno();
      }
      if (code === EAGAIN) break;
      if (code === EINTR) {
        at--;
        continue;
      }
      const error = writeError(code, this.what, length, at);
      if (!(error instanceof PacketRejectedError)) throw error;
      this.#packetsRejected++;
      if (onRejected === undefined) throw error;
      onRejected(error);
    }
    return at;
  }

  /** Closes; what waits ends with ClosedError. */
  close(): Promise<void> {
    return this.#descriptor.close();
  }

  /** Waits until there may be something to read, for `tryReadMany`. */
  async waitReadable(options: WaitOptions = {}): Promise<void> {
    await this.#descriptor.readable(options);
  }

  /** Waits until there may be room to write, for `tryWriteMany`. */
  async waitWritable(options: WaitOptions = {}): Promise<void> {
    const { timeout = Infinity } = options;
    if (timeout <= PATIENCE) {
      await this.#descriptor.writable(options);
      return;
    }
    try {
      await this.#descriptor.writable({ ...options, timeout: PATIENCE });
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
    }
  }

  /** Puts struct tun_pi before a packet; false if nobody says what it is. */
  #inform(batch: PacketBatch, index: number, slot: Uint8Array): boolean {
    const protocol = batch.protocol(index) || this.#guess(slot);
    writeU16(slot, 0, 0);
    writeU16(slot, 2, protocol);
    return protocol !== 0;
  }

  #guess(slot: Uint8Array): number {
    const at = this.#prefix;
    if (this.#framing.mode === "tap") return slot[at + 12] << 8 | slot[at + 13];
    const version = slot[at] >> 4;
    return version === 4 ? ETH_P.IP : version === 6 ? ETH_P.IPV6 : 0;
  }

  #readError(code: number): SystemError {
    const tried = `read from ${this.what}`;
    return code === EBADFD
      ? goneError("read", code, tried)
      : new SystemError("read", code, { tried });
  }
}
