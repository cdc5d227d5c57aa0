// A queue of a device: a descriptor of /dev/net/tun that is attached to it.

import { BlockingPoll, type StopEvent } from "../io/blocking_poll.ts";
import { Descriptor } from "../io/descriptor.ts";
import { POLLIN, POLLOUT } from "../../ffi/uapi/poll.ts";
import { TimeoutError } from "../errors.ts";
import {
  customInspect,
  ForgottenObjects,
  type Inspect,
  inspectFields,
  postItsHandleAndAttach,
} from "../io/handle.ts";
import type { WaitOptions } from "../io/reactor.ts";
import type { PacketBatch } from "./batch.ts";
import { PacketChannel } from "./channel.ts";
import { setQueue } from "./control.ts";
import type { Framing } from "./framing.ts";
import { LinkCheck } from "./link_check.ts";
import { QueueReader } from "./reader.ts";
import { type BatchWriteOptions, QueueWriter } from "./writer.ts";

/**
 * Retry interval of a pending write, in milliseconds: the driver returns EAGAIN
 * while the link is down, and does not report that it went down.
 */
const RETRY = 100;
/**
 * Retry interval of a pending read, if the removal of a link is not reported.
 */
const READ_RETRY = 250;

/** Packet and byte counters of a queue or a device since it was opened. */
export interface TunCounters {
  /** Packets received from the kernel. */
  readonly packetsRead: number;
  /** Bytes of these packets. */
  readonly bytesRead: number;
  /** Packets that the kernel accepted. */
  readonly packetsWritten: number;
  /** Bytes of these packets. */
  readonly bytesWritten: number;
  /** Packets that the kernel rejected. */
  readonly packetsRejected: number;
}

/** The data for another thread of this process to attach to the queue. */
export interface TunQueueHandle {
  /** The owner's descriptor number: duplicate it, never use it. */
  readonly fd: number;
  /** An eventfd that the owner signals when it closes. */
  readonly end: number;
  /** The owner's state, and the number of duplicates in other threads. */
  readonly state: SharedArrayBuffer;
  /** Its name in errors. */
  readonly what: string;
  /** The index of the queue, 0 for the first. */
  readonly index: number;
  /**
   * The headers that the driver adds to each packet.
   *
   * @internal
   */
  readonly framing: Framing;
}

const forgotten = new ForgottenObjects("TunQueue");

/**
 * A queue of a device. A device with several queues distributes flows to them;
 * each can be read separately.
 *
 * Source: Documentation/networking/tuntap.rst.
 *
 * @example
 * ```ts
 * import { type TunQueue, Tun } from "@netplumb/netplumb";
 *
 * async function count(queue: TunQueue): Promise<number> {
 *   let packets = 0;
 *   for await (const batch of queue.batches()) packets += batch.count;
 *   return packets;
 * }
 * function countEach(tun: Tun): Promise<number[]> {
 *   return Promise.all(tun.queues.map(count));
 * }
 * console.log(typeof countEach);
 * ```
 */
export class TunQueue extends PacketChannel {
  readonly #descriptor: Descriptor;
  readonly #framing: Framing;
  readonly #reader: QueueReader;
  readonly #writer: QueueWriter;
  /** Pending operations that are retried at intervals. */
  #retries = 0;
  #retry: ReturnType<typeof setInterval> | undefined;
  /**
   * Makes postMessage throw: post the `handle` instead.
   *
   * @internal
   */
  protected readonly notCloneable: () => void = postItsHandleAndAttach;
  #detached = false;

  private constructor(
    descriptor: Descriptor,
    framing: Framing,
    /** The index of the queue, 0 for the first. */
    readonly index: number,
  ) {
    super();
    this.#descriptor = descriptor;
    this.#framing = framing;
    const link = framing.macvtap ? new LinkCheck(descriptor) : undefined;
    this.#reader = new QueueReader(descriptor, framing, index, link);
    this.#writer = new QueueWriter(descriptor, framing, link);
    forgotten.watch(this, descriptor);
  }

  /**
   * Takes ownership of a nonblocking descriptor that is attached to a device.
   *
   * @param fd The descriptor.
   * @param what Its name in errors.
   * @param framing The headers that the driver adds to each packet.
   * @param index The index of the queue.
   */
  static own(
    fd: number,
    what: string,
    framing: Framing,
    index = 0,
  ): TunQueue {
    const descriptor = new Descriptor(fd, what, { slowToClose: true });
    return new TunQueue(descriptor, framing, index);
  }

  /**
   * The queue in another thread, from the handle that its owner posted: a
   * duplicate of its descriptor. Closing it does not close the owner's; when
   * the owner closes, this one is closed too and its operations reject.
   *
   * @param handle The owner's `handle`.
   * @throws {ClosedError} If the owner has closed it.
   */
  static attach(handle: TunQueueHandle): TunQueue {
    const { what, framing, index } = handle;
    // The owner may close first; then the close of this one takes long.
    const descriptor = Descriptor.attach(handle, what, { slowToClose: true });
    return new TunQueue(descriptor, framing, index);
  }

  /**
   * The data to post to a worker of this process, for `attach`.
   *
   * @throws {ClosedError} If it is closed.
   */
  get handle(): TunQueueHandle {
    const shared = this.#descriptor.share();
    const { what, index } = this;
    return { ...shared, what, index, framing: this.#framing };
  }

  /**
   * A wait that blocks the calling thread, for a worker with no other work.
   *
   * @param stop The event with which another thread ends it.
   * @throws {ClosedError} If it is closed.
   */
  blockingPoll(stop: StopEvent): BlockingPoll {
    return new BlockingPoll(this.#descriptor, stop, this);
  }

  /** Its name in errors. */
  get what(): string {
    return this.#descriptor.what;
  }

  /** The descriptor number, for other system calls. */
  get fd(): number {
    return this.#descriptor.fd;
  }

  /** Whether close() was called. */
  get closed(): boolean {
    return this.#descriptor.closed;
  }

  /** Packet and byte counters of this queue since it was opened. */
  get counters(): TunCounters {
    return {
      packetsRead: this.#reader.packets,
      bytesRead: this.#reader.bytes,
      packetsWritten: this.#writer.packets,
      bytesWritten: this.#writer.bytes,
      packetsRejected: this.#writer.rejected,
    };
  }

  /** Reads the available packets without waiting: see PacketChannel. */
  tryReadMany(batch: PacketBatch): number {
    return this.#reader.read(batch);
  }

  /** Writes packets without waiting: see PacketChannel. */
  tryWriteMany(batch: PacketBatch, options: BatchWriteOptions = {}): number {
    return this.#writer.write(batch, options);
  }

  /** Whether it is detached: the kernel delivers no packets to it. */
  get detached(): boolean {
    return this.#detached;
  }

  /**
   * Detaches the queue from its device (IFF_DETACH_QUEUE): the kernel
   * distributes flows to the remaining queues, and a pending read waits for
   * `reattach`. Queued packets are lost. Does nothing if it is detached.
   *
   * @throws {SystemError} EINVAL if the device was not opened with `multiQueue`.
   * @throws {DeviceGoneError} If the device was deleted.
   * @throws {ClosedError} If it is closed.
   */
  detach(): void {
    const { fd } = this.#descriptor;
    if (this.#detached) return;
    setQueue(fd, this.what, false);
    this.#detached = true;
  }

  /**
   * Attaches the queue to its device again, after `detach`. Does nothing if it
   * is attached.
   *
   * @throws {SystemError} E2BIG if the device has as many queues as the kernel
   * allows.
   * @throws {DeviceGoneError} If the device was deleted.
   * @throws {ClosedError} If it is closed.
   */
  reattach(): void {
    const { fd } = this.#descriptor;
    if (!this.#detached) return;
    setQueue(fd, this.what, true);
    this.#detached = false;
    // Packets may have arrived before poll(2) included the queue.
    this.#descriptor.retry();
  }

  /**
   * Writes packets `from` to `end` of a batch.
   *
   * @internal
   */
  writeRange(
    batch: PacketBatch,
    options: BatchWriteOptions,
    end: number,
  ): number {
    return this.#writer.write(batch, options, end);
  }

  /** Closes it and cancels pending operations with ClosedError. */
  close(): Promise<void> {
    return this.#descriptor.close();
  }

  /** Lets pending operations keep the process alive, which is the default. */
  ref(): void {
    this.#descriptor.ref();
  }

  /** Lets the process exit while operations are pending. */
  unref(): void {
    this.#descriptor.unref();
  }

  /**
   * The text that console.log prints.
   *
   * @internal
   */
  [customInspect](inspect: Inspect, options: Deno.InspectOptions): string {
    const { what, closed, counters } = this;
    const fields = { what, closed, ...counters };
    return inspectFields("TunQueue", fields, inspect, options);
  }

  /**
   * Whether reads are pending.
   *
   * @internal
   */
  override get readsWait(): boolean {
    return this.#descriptor.hasWaiting(POLLIN);
  }

  /**
   * Whether writes are pending.
   *
   * @internal
   */
  override get writesWait(): boolean {
    return this.#descriptor.hasWaiting(POLLOUT);
  }

  /**
   * Reads as soon as data is available.
   *
   * @internal
   */
  override readLater<T>(
    attempt: () => T | undefined,
    options: WaitOptions,
    yields: boolean,
  ): Promise<T> {
    const read = () =>
      this.#descriptor.performLater(POLLIN, attempt, options, yields);
    return this.#framing.macvtap ? this.#retrying(READ_RETRY, read) : read();
  }

  /**
   * Writes as soon as the queue is writable.
   *
   * @internal
   */
  override writeLater<T>(
    attempt: () => T | undefined,
    options: WaitOptions,
    yields: boolean,
  ): Promise<T> {
    return this.#retrying(
      RETRY,
      () => this.#descriptor.performLater(POLLOUT, attempt, options, yields),
    );
  }

  /** Performs an operation that is retried at intervals. */
  async #retrying<T>(
    period: number,
    operation: () => Promise<T>,
  ): Promise<T> {
    if (this.#retries++ === 0) {
      this.#retry = setInterval(() => this.#descriptor.retry(), period);
      Deno.unrefTimer(this.#retry);
    }
    try {
      return await operation();
    } finally {
      if (--this.#retries === 0) clearInterval(this.#retry);
    }
  }

  /** Waits until it may be readable, for `tryReadMany`. */
  async waitReadable(options: WaitOptions = {}): Promise<void> {
    if (this.#reader.pending) return;
    const wait = (bounds: WaitOptions) => this.#descriptor.readable(bounds);
    if (this.#framing.macvtap) await atMost(READ_RETRY, options, wait);
    else await wait(options);
  }

  /** Waits until it may be writable, for `tryWriteMany`. */
  async waitWritable(options: WaitOptions = {}): Promise<void> {
    await atMost(RETRY, options, (bounds) => this.#descriptor.writable(bounds));
  }
}

/** Waits for at most one interval, whose end is not an error. */
async function atMost(
  period: number,
  options: WaitOptions,
  wait: (options: WaitOptions) => Promise<unknown>,
): Promise<void> {
  const { timeout = Infinity } = options;
  if (timeout <= period) {
    await wait(options);
    return;
  }
  try {
    await wait({ ...options, timeout: period });
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
  }
}
