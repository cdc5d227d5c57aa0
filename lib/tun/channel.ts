// Reads and writes packets in several ways, on top of four operations: try to
// read, wait and read, try to write, wait and write.

import { asyncIterator, type AsyncSource } from "../io/async_iterator.ts";
import { checkTimeout, noteProgress, type WaitOptions } from "../io/reactor.ts";
import { yieldDue } from "../io/yield.ts";
import { ClosedError } from "../errors.ts";
import { PacketBatch } from "./batch.ts";
import { DeviceGoneError } from "./errors.ts";
import type { BatchWriteOptions } from "./writer.ts";

/** Options of a write of several packets. */
export interface WriteOptions
  extends WaitOptions, Omit<BatchWriteOptions, "from"> {}

const DONE = Promise.resolve();

/**
 * A device, or one queue of it, to read packets from and to write packets to.
 *
 * `read` and `for await` return packets in their own memory. `readMany` and
 * `batches` reuse memory, which is several times as fast.
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
  /** For reads of single packets, which are copied. */
  #single: PacketBatch | undefined;
  #outgoing: PacketBatch | undefined;
  /** A packet that an iteration read and did not return. */
  #unread: Uint8Array<ArrayBuffer> | undefined;
  #readable: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
  #writable: WritableStream<Uint8Array> | undefined;

  /** Its name in errors. */
  abstract readonly what: string;

  /**
   * Reads the available packets without waiting.
   *
   * @param batch The batch, whose packets are overwritten.
   * @returns The number of packets; 0 for none. Wait only after 0.
   * @throws {ClosedError} If it is closed.
   * @throws {DeviceGoneError} If the device was deleted.
   */
  abstract tryReadMany(batch: PacketBatch): number;

  /**
   * Writes packets without waiting.
   *
   * @param batch The packets.
   * @param options The first packet, and options of the write.
   * @returns The first packet that did not fit, to continue `from`;
   *   `batch.count` if all were written.
   * @throws {PacketRejectedError} If one is rejected and there is no
   *   `onRejected`.
   * @throws {ClosedError} If it is closed.
   * @throws {DeviceGoneError} If the device was deleted.
   */
  abstract tryWriteMany(
    batch: PacketBatch,
    options?: BatchWriteOptions,
  ): number;

  /** Closes it and cancels pending operations with ClosedError. */
  abstract close(): Promise<void>;

  /**
   * Waits until it may be readable, for `tryReadMany`.
   *
   * @param options A signal and a timeout in milliseconds.
   * @throws {ClosedError} If it is closed, also during the wait.
   * @throws {TimeoutError} After the timeout.
   */
  abstract waitReadable(options?: WaitOptions): Promise<void>;

  /**
   * Waits until it may be writable, for `tryWriteMany`.
   *
   * @param options A signal and a timeout in milliseconds.
   * @throws {ClosedError} If it is closed, also during the wait.
   * @throws {TimeoutError} After the timeout.
   */
  abstract waitWritable(options?: WaitOptions): Promise<void>;

  /** Whether reads are pending; a new one is queued. */
  protected abstract get readsWait(): boolean;

  /** Whether writes are pending; a new one is queued. */
  protected abstract get writesWait(): boolean;

  /**
   * Reads as soon as data is available, after pending reads.
   *
   * @param attempt Reads available packets; undefined if there are none.
   * @param yields Whether timers have to run first.
   */
  protected abstract readLater<T>(
    attempt: () => T | undefined,
    options: WaitOptions,
    yields: boolean,
  ): Promise<T>;

  /** Writes as soon as the device is writable, after pending writes. */
  protected abstract writeLater<T>(
    attempt: () => T | undefined,
    options: WaitOptions,
    yields: boolean,
  ): Promise<T>;

  /**
   * Waits for packets and reads as many as are available and fit.
   *
   * @param batch The batch, whose packets are overwritten.
   * @param options A signal and a timeout in milliseconds.
   * @returns The number of packets, at least 1.
   * @throws {ClosedError} If it is closed, also during the wait.
   * @throws {DeviceGoneError} If the device was deleted.
   * @throws {TimeoutError} After the timeout.
   */
  readMany(batch: PacketBatch, options: WaitOptions = {}): Promise<number> {
    return this.#read(() => this.tryReadMany(batch) || undefined, options);
  }

  /**
   * Waits for a packet and reads it.
   *
   * @param options A signal and a timeout in milliseconds.
   * @returns The packet, in its own memory.
   * @throws {ClosedError} If it is closed, also during the wait.
   * @throws {DeviceGoneError} If the device was deleted.
   * @throws {TimeoutError} After the timeout.
   */
  read(options: WaitOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    return this.#read(this.#takeOne, options);
  }

  /**
   * Writes every packet of a batch; waits while the device is not writable.
   *
   * @param batch The packets.
   * @param options A signal and a timeout in milliseconds, and options of the
   *   write.
   * @throws {PacketRejectedError} If one is rejected and there is no
   *   `onRejected`; the packets before its `index` are written.
   * @throws {LinkDownError} If the link is down and there is no `onRejected`.
   * @throws {ClosedError} If it is closed, also during the wait.
   * @throws {DeviceGoneError} If the device was deleted.
   * @throws {TimeoutError} After the timeout.
   */
  writeMany(batch: PacketBatch, options: WriteOptions = {}): Promise<void> {
    try {
      options.signal?.throwIfAborted();
      checkTimeout(options.timeout);
      let from = 0;
      const due = yieldDue();
      if (!due && !this.writesWait) {
        from = this.tryWriteMany(batch, options);
        if (from >= batch.count) return DONE;
      }
      return this.writeLater(
        () => {
          from = this.tryWriteMany(batch, { ...options, from });
          return from >= batch.count || undefined;
        },
        options,
        due,
      ).then(nothing);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Writes one packet.
   *
   * @param packet The packet: IP for TUN, Ethernet for TAP.
   * @param options A signal and a timeout in milliseconds.
   * @throws {ArgumentError} If it is empty or exceeds the maximum of all
   *   devices.
   * @throws {PacketRejectedError} If the kernel rejects it.
   * @throws {LinkDownError} If the link is down.
   * @throws {ClosedError} If it is closed, also during the wait.
   * @throws {DeviceGoneError} If the device was deleted.
   * @throws {TimeoutError} After the timeout.
   */
  async write(packet: Uint8Array, options: WaitOptions = {}): Promise<void> {
    // In use during the call: a concurrent call gets its own.
    const batch = this.#outgoing ?? new PacketBatch(1);
    this.#outgoing = undefined;
    try {
      batch.clear();
      batch.push(packet);
      await this.writeMany(batch, options);
    } finally {
      this.#outgoing = batch;
    }
  }

  /**
   * Iterates over packets, each in its own memory, until this is closed or the
   * device is deleted.
   *
   * @param options A signal and a timeout in milliseconds, for each packet.
   * @throws {TimeoutError} If no packet arrives within the timeout.
   */
  packets(options: WaitOptions = {}): AsyncIterableIterator<
    Uint8Array<ArrayBuffer>,
    void,
    void
  > {
    return this.#iterate(this.#takeOne, options, (packet) => {
      this.#unread = packet;
    });
  }

  /** Equivalent to `packets()`. */
  [Symbol.asyncIterator](): AsyncIterableIterator<
    Uint8Array<ArrayBuffer>,
    void,
    void
  > {
    return this.packets();
  }

  /**
   * Iterates over batches: the same batch each time, with new packets, until
   * this is closed or the device is deleted.
   *
   * @param options A signal and a timeout in milliseconds; `batch` to read
   *   into.
   * @throws {TimeoutError} If no packet arrives within the timeout.
   */
  batches(
    options: WaitOptions & { readonly batch?: PacketBatch } = {},
  ): AsyncIterableIterator<PacketBatch, void, void> {
    const { batch = new PacketBatch() } = options;
    return this.#iterate(
      () => this.tryReadMany(batch) > 0 ? batch : undefined,
      options,
    );
  }

  /**
   * The packets as a stream of chunks, read only on demand. Cancelling it does
   * not close the device.
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
   * A stream that writes each chunk as one packet; a rejected packet is its
   * error. Closing it does not close the device.
   */
  get writable(): WritableStream<Uint8Array> {
    return this.#writable ??= new WritableStream({
      write: (packet, { signal }) => this.write(packet, { signal }),
    });
  }

  /** Equivalent to close(), for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #read<T>(attempt: () => T | undefined, options: WaitOptions): Promise<T> {
    try {
      options.signal?.throwIfAborted();
      checkTimeout(options.timeout);
      const due = yieldDue();
      if (!due && !this.readsWait) {
        const result = attempt();
        if (result !== undefined) {
          noteProgress();
          return Promise.resolve(result);
        }
      }
      return this.readLater(attempt, options, due);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #iterate<T>(
    attempt: () => T | undefined,
    { signal, timeout }: WaitOptions,
    restore?: (item: T) => void,
  ): AsyncGenerator<T, void, void> {
    checkTimeout(timeout);
    return asyncIterator(
      new PacketSource(
        attempt,
        () => this.readsWait,
        (signal, yields) =>
          this.readLater(
            attempt,
            timeout === undefined ? { signal } : { signal, timeout },
            yields,
          ),
        restore,
      ),
      signal,
    );
  }

  readonly #takeOne = (): Uint8Array<ArrayBuffer> | undefined => {
    const unread = this.#unread;
    if (unread !== undefined) {
      this.#unread = undefined;
      return unread;
    }
    const batch = this.#single ??= new PacketBatch(1);
    return this.tryReadMany(batch) > 0 ? batch.packet(0).slice() : undefined;
  };
}

/** The source of an iteration over packets. */
class PacketSource<T> implements AsyncSource<T> {
  /** Packets that were read during the wait. */
  #read: T | undefined;
  /** Whether the last attempt returned EAGAIN. */
  #empty = false;
  #ended = false;

  constructor(
    readonly attempt: () => T | undefined,
    readonly readsWait: () => boolean,
    readonly readLater: (signal: AbortSignal, yields: boolean) => Promise<T>,
    readonly restore: ((item: T) => void) | undefined,
  ) {}

  take(): T | undefined {
    const read = this.#read;
    if (read !== undefined) {
      this.#read = undefined;
      return read;
    }
    this.#empty = false;
    if (yieldDue() || this.readsWait()) return undefined;
    try {
      const taken = this.attempt();
      if (taken === undefined) this.#empty = true;
      else noteProgress();
      return taken;
    } catch (error) {
      if (!isEnd(error)) throw error;
      this.#ended = true;
      return undefined;
    }
  }

  async wait(signal: AbortSignal): Promise<boolean> {
    if (this.#ended) return false;
    try {
      this.#read = await this.readLater(signal, !this.#empty);
      return true;
    } catch (error) {
      if (isEnd(error)) return false;
      throw error;
    }
  }

  end(): void {
    if (this.#read !== undefined) this.restore?.(this.#read);
  }
}

/** Whether an error is the end of `for await` and of streams. */
function isEnd(error: unknown): boolean {
  return error instanceof ClosedError || error instanceof DeviceGoneError;
}

function nothing(): void {}
