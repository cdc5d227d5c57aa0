// Every way to read and write packets, on top of four operations: try to read,
// wait until there is something, try to write, wait until there is room.

import { Deadline } from "../deadline.ts";
import { TimeoutError } from "../errors.ts";
import { busyFor, checkTimeout, type WaitOptions, worked } from "../poller.ts";
import { PacketBatch } from "./batch.ts";
import { isEnd, loop } from "./loop.ts";
import type { BatchWriteOptions } from "./writer.ts";

/** What bounds a write of many, and how it is done. */
export interface WriteOptions
  extends WaitOptions, Omit<BatchWriteOptions, "from"> {}

// A device that always has a packet ready would keep its reader running and
// everything else in the program waiting: after this many milliseconds of
// uninterrupted reading or writing the event loop gets its turn.
const TURN = 4;
const DONE = Promise.resolve();

/**
 * Something packets are read from and written to: a device, or one queue of it.
 *
 * `read` and `for await` give packets of their own. `readMany` and `batches`
 * fill memory that is used again, which is several times as fast.
 *
 * Source: Documentation/networking/tuntap.rst.
 *
 * @example
 * ```ts
 * import type { PacketChannel } from "@netplumb/netplumb";
 *
 * // Sends everything that comes from one device or queue into another.
 * async function forward(from: PacketChannel, to: PacketChannel): Promise<void> {
 *   for await (const batch of from.batches()) await to.writeMany(batch);
 * }
 * console.log(typeof forward);
 * ```
 */
export abstract class PacketChannel
  implements AsyncDisposable, AsyncIterable<Uint8Array<ArrayBuffer>> {
  #quick: PacketBatch | undefined;
  #single: PacketBatch | undefined;
  #readable: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
  #writable: WritableStream<Uint8Array> | undefined;

  /** Its name in errors. */
  abstract readonly what: string;

  /**
   * Reads what is there now, without waiting.
   *
   * @param batch Where the packets go, over those that are in it.
   * @returns How many there are; 0 if none. Only after 0 is a wait of any use.
   * @throws {ClosedError} if it is closed.
   * @throws {DeviceGoneError} if the device was deleted.
   */
  abstract tryReadMany(batch: PacketBatch): number;

  /**
   * Writes what goes now, without waiting.
   *
   * @param batch The packets.
   * @param options Where to begin and how to do it.
   * @returns The first packet there was no room for, to go on `from`;
   * `batch.count` if none.
   * @throws {PacketRejectedError} if one is refused and there is no `onRejected`.
   * @throws {ClosedError} if it is closed.
   * @throws {DeviceGoneError} if the device was deleted.
   */
  abstract tryWriteMany(
    batch: PacketBatch,
    options?: BatchWriteOptions,
  ): number;

  /** Closes; what waits ends with ClosedError. */
  abstract close(): Promise<void>;

  /**
   * Waits until there may be something to read, for `tryReadMany`.
   *
   * @param options What ends the wait; `timeout` in milliseconds.
   * @throws {ClosedError} if it is closed, now or meanwhile.
   * @throws {TimeoutError} if the time is over.
   */
  abstract waitReadable(options?: WaitOptions): Promise<void>;

  /**
   * Waits until there may be room to write, for `tryWriteMany`.
   *
   * @param options What ends the wait; `timeout` in milliseconds.
   * @throws {ClosedError} if it is closed, now or meanwhile.
   * @throws {TimeoutError} if the time is over.
   */
  abstract waitWritable(options?: WaitOptions): Promise<void>;

  /**
   * Waits until there are packets and reads as many as there are and fit.
   *
   * @param batch Where the packets go, over those that are in it.
   * @param options What ends the wait; `timeout` in milliseconds.
   * @returns How many there are, at least 1.
   * @throws {ClosedError} if it is closed, now or meanwhile.
   * @throws {DeviceGoneError} if the device was deleted.
   * @throws {TimeoutError} if the time is over.
   */
  readMany(batch: PacketBatch, options: WaitOptions = {}): Promise<number> {
    try {
      options.signal?.throwIfAborted();
      const count = this.#takeMany(batch, options);
      return count > 0
        ? Promise.resolve(count)
        : this.#readManyLater(batch, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Waits until there is a packet and reads it.
   *
   * @param options What ends the wait; `timeout` in milliseconds.
   * @returns The packet, in memory of its own.
   * @throws {ClosedError} if it is closed, now or meanwhile.
   * @throws {DeviceGoneError} if the device was deleted.
   * @throws {TimeoutError} if the time is over.
   */
  read(options: WaitOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    try {
      options.signal?.throwIfAborted();
      const packet = this.#take();
      return packet === undefined
        ? this.#readLater(options)
        : Promise.resolve(packet);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Writes every packet of a batch, waiting for room where there is none.
   *
   * @param batch The packets.
   * @param options What ends the wait, `timeout` in milliseconds, and how to
   * write.
   * @throws {PacketRejectedError} if one is refused and there is no
   * `onRejected`; its `index` says which, those before it are written.
   * @throws {LinkDownError} if the link is down, under the same condition.
   * @throws {ClosedError} if it is closed, now or meanwhile.
   * @throws {DeviceGoneError} if the device was deleted.
   * @throws {TimeoutError} if the time is over.
   */
  writeMany(batch: PacketBatch, options: WriteOptions = {}): Promise<void> {
    try {
      options.signal?.throwIfAborted();
      checkTimeout(options.timeout);
      let at = 0;
      if (busyFor() < TURN) {
        at = this.tryWriteMany(batch, options);
        if (at >= batch.count) return DONE;
      }
      return this.#writeManyLater(batch, options, at);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Writes one packet.
   *
   * @param packet The packet, as the device's kind has it.
   * @param options What ends the wait for room; `timeout` in milliseconds.
   * @throws {ArgumentError} if it is empty or longer than any device takes.
   * @throws {PacketRejectedError} if the kernel refuses it.
   * @throws {LinkDownError} if the link is down.
   * @throws {ClosedError} if it is closed, now or meanwhile.
   * @throws {DeviceGoneError} if the device was deleted.
   * @throws {TimeoutError} if the time is over.
   */
  async write(packet: Uint8Array, options: WaitOptions = {}): Promise<void> {
    const batch = this.#borrow();
    try {
      batch.clear();
      batch.push(packet);
      await this.writeMany(batch, options);
    } finally {
      this.#single = batch;
    }
  }

  /**
   * Packets one by one, each in memory of its own. Ends when this is closed or
   * the device is deleted.
   *
   * @param options What ends the wait for each; `timeout` in milliseconds.
   * @throws {TimeoutError} if no packet comes for so long.
   */
  packets(options: WaitOptions = {}): AsyncIterableIterator<
    Uint8Array<ArrayBuffer>,
    void,
    void
  > {
    return loop((failed) => {
      options.signal?.throwIfAborted();
      const packet = this.#take();
      return packet !== undefined
        ? Promise.resolve({ done: false, value: packet })
        : this.#readLater(options)
          .then((value) => ({ done: false, value }), failed);
    });
  }

  /** The same as `packets()`. */
  [Symbol.asyncIterator](): AsyncIterableIterator<
    Uint8Array<ArrayBuffer>,
    void,
    void
  > {
    return this.packets();
  }

  /**
   * Packets by the batch: the same batch each time, filled anew. Ends when this
   * is closed or the device is deleted.
   *
   * @param options What ends the wait; `batch` to read into one of your own.
   * @throws {TimeoutError} if no packet comes for so long.
   */
  batches(
    options: WaitOptions & { readonly batch?: PacketBatch } = {},
  ): AsyncIterableIterator<PacketBatch, void, void> {
    const { batch = new PacketBatch(), ...bounds } = options;
    // One promise for all that is there already: a batch may be a single packet.
    const full = { done: false, value: batch } as const;
    const there = Promise.resolve(full);
    return loop((failed) => {
      bounds.signal?.throwIfAborted();
      return this.#takeMany(batch, bounds) > 0
        ? there
        : this.#readManyLater(batch, bounds).then(() => full, failed);
    });
  }

  /**
   * The packets as a stream, one a chunk, read only as they are asked for.
   * Cancelling it leaves the device open.
   */
  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    if (this.#readable === undefined) {
      const cancelled = new AbortController();
      this.#readable = new ReadableStream({
        pull: async (controller) => {
          try {
            controller.enqueue(await this.read({ signal: cancelled.signal }));
          } catch (error) {
            if (cancelled.signal.aborted) return;
            if (!isEnd(error)) throw error;
            controller.close();
          }
        },
        cancel: (reason) => cancelled.abort(reason),
      }, { highWaterMark: 0 });
    }
    return this.#readable;
  }

  /**
   * A stream that writes each chunk as one packet; a refused packet is its
   * error. Closing it leaves the device open.
   */
  get writable(): WritableStream<Uint8Array> {
    return this.#writable ??= new WritableStream({
      write: (packet, { signal }) => this.write(packet, { signal }),
    });
  }

  /** The same as close(), for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Packets that are there, unless it is others' turn. */
  #takeMany(batch: PacketBatch, { timeout }: WaitOptions): number {
    checkTimeout(timeout);
    if (busyFor() >= TURN) return 0;
    const count = this.tryReadMany(batch);
    if (count > 0) worked();
    return count;
  }

  async #readManyLater(
    batch: PacketBatch,
    options: WaitOptions,
  ): Promise<number> {
    const deadline = new Deadline(this.what, options);
    for (;;) {
      await this.waitReadable(deadline.bounds());
      const count = this.tryReadMany(batch);
      if (count > 0) return count;
      // What poll(2) announced may be somebody else's by now.
      deadline.check();
    }
  }

  async #writeManyLater(
    batch: PacketBatch,
    options: WriteOptions,
    at: number,
  ): Promise<void> {
    const deadline = new Deadline(this.what, options);
    if (busyFor() >= TURN) await this.#yield(options);
    else await this.waitWritable(deadline.bounds());
    for (;;) {
      at = this.tryWriteMany(batch, { ...options, from: at });
      if (at >= batch.count) return;
      deadline.check();
      await this.waitWritable(deadline.bounds());
    }
  }

  /** A packet that is there, unless it is others' turn. */
  #take(): Uint8Array<ArrayBuffer> | undefined {
    if (busyFor() >= TURN) return undefined;
    const batch = this.#quick ??= new PacketBatch(1);
    return this.tryReadMany(batch) > 0 ? batch.packet(0).slice() : undefined;
  }

  async #readLater(options: WaitOptions): Promise<Uint8Array<ArrayBuffer>> {
    const batch = this.#borrow();
    try {
      await this.readMany(batch, options);
      return batch.packet(0).slice();
    } finally {
      this.#single = batch;
    }
  }

  // Two reads at once must not share a batch: whoever comes second has its own.
  #borrow(): PacketBatch {
    const batch = this.#single ?? new PacketBatch(1);
    this.#single = undefined;
    return batch;
  }

  // Not a wait for room: there is none to be had while the link is down, and
  // then the write is what says so.
  async #yield({ signal }: WaitOptions): Promise<void> {
    try {
      await this.waitWritable({ signal, timeout: 0 });
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
    }
  }
}
