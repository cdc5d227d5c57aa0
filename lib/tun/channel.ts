// Every way to read and write packets, on top of four operations: try to read,
// read when there is something, try to write, write when there is room.

import { asyncIterator, type AsyncSource } from "../io/async_iterator.ts";
import { checkTimeout, noteProgress, type WaitOptions } from "../io/reactor.ts";
import { yieldDue } from "../io/yield.ts";
import { ClosedError } from "../errors.ts";
import { PacketBatch } from "./batch.ts";
import { DeviceGoneError } from "./errors.ts";
import type { BatchWriteOptions } from "./writer.ts";

/** What bounds a write of many, and how it is done. */
export interface WriteOptions
  extends WaitOptions, Omit<BatchWriteOptions, "from"> {}

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
  /** For single packets that are read, and copied at once. */
  #single: PacketBatch | undefined;
  #outgoing: PacketBatch | undefined;
  /** A packet that an iteration read and did not deliver. */
  #unread: Uint8Array<ArrayBuffer> | undefined;
  #readable: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
  #writable: WritableStream<Uint8Array> | undefined;

  /** Its name in errors. */
  abstract readonly what: string;

  /**
   * Reads what is there now, without waiting.
   *
   * @param batch Where the packets go, over those that are in it.
   * @returns How many there are; 0 if none. Only after 0 is a wait of any use.
   * @throws {ClosedError} If it is closed.
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
   * @throws {ClosedError} If it is closed.
   * @throws {DeviceGoneError} if the device was deleted.
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

  /** Whether reads wait, which a new one comes behind. */
  protected abstract get readsWait(): boolean;

  /** The same for writes. */
  protected abstract get writesWait(): boolean;

  /**
   * Reads as soon as there is something, after the reads that already wait.
   *
   * @param attempt Reads what is there; undefined where nothing is.
   * @param yields Whether timers are to run first.
   */
  protected abstract readLater<T>(
    attempt: () => T | undefined,
    options: WaitOptions,
    yields: boolean,
  ): Promise<T>;

  /** The same for a write that waits for room. */
  protected abstract writeLater<T>(
    attempt: () => T | undefined,
    options: WaitOptions,
    yields: boolean,
  ): Promise<T>;

  /**
   * Waits until there are packets and reads as many as there are and fit.
   *
   * @param batch Where the packets go, over those that are in it.
   * @param options A signal and a timeout in milliseconds.
   * @returns How many there are, at least 1.
   * @throws {ClosedError} If it is closed, also during the wait.
   * @throws {DeviceGoneError} if the device was deleted.
   * @throws {TimeoutError} After the timeout.
   */
  readMany(batch: PacketBatch, options: WaitOptions = {}): Promise<number> {
    return this.#read(() => this.tryReadMany(batch) || undefined, options);
  }

  /**
   * Waits until there is a packet and reads it.
   *
   * @param options A signal and a timeout in milliseconds.
   * @returns The packet, in memory of its own.
   * @throws {ClosedError} If it is closed, also during the wait.
   * @throws {DeviceGoneError} if the device was deleted.
   * @throws {TimeoutError} After the timeout.
   */
  read(options: WaitOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    return this.#read(this.#takeOne, options);
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
   * @throws {ClosedError} If it is closed, also during the wait.
   * @throws {DeviceGoneError} if the device was deleted.
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
   * @param packet The packet, as the device's kind has it.
   * @param options What ends the wait for room; `timeout` in milliseconds.
   * @throws {ArgumentError} if it is empty or longer than any device takes.
   * @throws {PacketRejectedError} if the kernel refuses it.
   * @throws {LinkDownError} if the link is down.
   * @throws {ClosedError} If it is closed, also during the wait.
   * @throws {DeviceGoneError} if the device was deleted.
   * @throws {TimeoutError} After the timeout.
   */
  async write(packet: Uint8Array, options: WaitOptions = {}): Promise<void> {
    // In use for the length of the call: a second one at once has its own.
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
    return this.#iterate(this.#takeOne, options, (packet) => {
      this.#unread = packet;
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
    const { batch = new PacketBatch() } = options;
    return this.#iterate(
      () => this.tryReadMany(batch) > 0 ? batch : undefined,
      options,
    );
  }

  /**
   * The packets as a stream, one a chunk, read only on demand.
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

/** What an iteration over packets reads from. */
class PacketSource<T> implements AsyncSource<T> {
  /** What was read while it waited. */
  #read: T | undefined;
  /** Whether the last attempt found that there is nothing (EAGAIN). */
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

/** The end that `for await` and the streams see where others see an error. */
function isEnd(error: unknown): boolean {
  return error instanceof ClosedError || error instanceof DeviceGoneError;
}

function nothing(): void {}
