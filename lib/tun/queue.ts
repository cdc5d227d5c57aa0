// One queue of a device: a descriptor of /dev/net/tun that is attached to it.

import { BlockingPoll, type StopEvent } from "../io/blocking_poll.ts";
import { Descriptor } from "../io/descriptor.ts";
import { POLLIN, POLLOUT } from "../../ffi/uapi/poll.ts";
import { TimeoutError } from "../errors.ts";
import { ForgottenObjects } from "../io/forgotten.ts";
import {
  customInspect,
  type Inspect,
  inspectFields,
  postItsHandleAndAttach,
} from "../io/inspection.ts";
import type { WaitOptions } from "../io/reactor.ts";
import type { PacketBatch } from "./batch.ts";
import { PacketChannel } from "./channel.ts";
import { setQueue } from "./control.ts";
import type { Framing } from "./framing.ts";
import { LinkCheck } from "./link_check.ts";
import { QueueReader } from "./reader.ts";
import { type BatchWriteOptions, QueueWriter } from "./writer.ts";

/**
 * Milliseconds after which a waiting write is attempted again: the driver reports
 * no room while the link is down, and does not report that it went down.
 */
const RETRY = 100;
/** The same for a waiting read, where the removal of a link is not reported. */
const READ_RETRY = 250;

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
  /** The owner's descriptor number: duplicate it, never use it. */
  readonly fd: number;
  /** An eventfd that the owner signals when it closes. */
  readonly end: number;
  /** The owner's state, and how many duplicates other threads have. */
  readonly state: SharedArrayBuffer;
  /** Its name in errors. */
  readonly what: string;
  /** Which queue of its device it is, 0 for the first. */
  readonly index: number;
  /**
   * What the driver puts before each packet.
   *
   * @internal
   */
  readonly framing: Framing;
}

const forgotten = new ForgottenObjects("TunQueue");

/**
 * One of a device's queues. A device opened with several spreads its flows
 * over them; each can be read by itself.
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
  /** Operations that wait and are attempted again now and then. */
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
    /** Which queue of its device it is, 0 for the first. */
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
   * Takes over a nonblocking descriptor that is attached to a device.
   *
   * @param fd The descriptor.
   * @param what Its name in errors.
   * @param framing What the driver puts before each packet.
   * @param index Which queue of its device it is.
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
   * The queue in another thread, from the handle that its owner posted there: a
   * duplicate of its descriptor. Closing it here leaves it open for the owner;
   * when the owner closes, this one does too, and its operations reject.
   *
   * @param handle The owner's `handle`.
   * @throws {ClosedError} If the owner has closed it.
   */
  static attach(handle: TunQueueHandle): TunQueue {
    const { what, framing, index } = handle;
    // The owner may close first, and then this is the one that is slow to close.
    const descriptor = Descriptor.attach(handle, what, { slowToClose: true });
    return new TunQueue(descriptor, framing, index);
  }

  /**
   * What to post to a worker of this process, for `attach`.
   *
   * @throws {ClosedError} If it is closed.
   */
  get handle(): TunQueueHandle {
    const shared = this.#descriptor.share();
    const { what, index } = this;
    return { ...shared, what, index, framing: this.#framing };
  }

  /**
   * A wait that blocks the calling thread, for a worker with nothing else to do.
   *
   * @param stop What ends it from another thread.
   * @throws {ClosedError} If it is closed.
   */
  blockingPoll(stop: StopEvent): BlockingPoll {
    return new BlockingPoll(this.#descriptor, stop, this);
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
      packetsRead: this.#reader.packets,
      bytesRead: this.#reader.bytes,
      packetsWritten: this.#writer.packets,
      bytesWritten: this.#writer.bytes,
      packetsRejected: this.#writer.rejected,
    };
  }

  /** Reads what is there now, without waiting: see PacketChannel. */
  tryReadMany(batch: PacketBatch): number {
    return this.#reader.read(batch);
  }

  /** Writes what goes now, without waiting: see PacketChannel. */
  tryWriteMany(batch: PacketBatch, options: BatchWriteOptions = {}): number {
    return this.#writer.write(batch, options);
  }

  /** Whether it is detached: the kernel delivers no packets to it. */
  get detached(): boolean {
    return this.#detached;
  }

  /**
   * Detaches the queue from its device (IFF_DETACH_QUEUE): the kernel spreads
   * flows over the queues that remain, a waiting read waits for `reattach`.
   * Packets that are queued and not read yet are lost. Does nothing if it is
   * detached.
   *
   * @throws {SystemError} EINVAL if the device was not opened with `multiQueue`.
   * @throws {DeviceGoneError} if the device was deleted.
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
   * @throws {DeviceGoneError} if the device was deleted.
   * @throws {ClosedError} If it is closed.
   */
  reattach(): void {
    const { fd } = this.#descriptor;
    if (!this.#detached) return;
    setQueue(fd, this.what, true);
    this.#detached = false;
    // Packets may have arrived before poll(2) was told of the queue.
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

  /** Lets what waits here keep the process alive, which is the default. */
  ref(): void {
    this.#descriptor.ref();
  }

  /** Lets the process end while something waits here. */
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
   * Whether reads wait.
   *
   * @internal
   */
  override get readsWait(): boolean {
    return this.#descriptor.hasWaiting(POLLIN);
  }

  /**
   * Whether writes wait.
   *
   * @internal
   */
  override get writesWait(): boolean {
    return this.#descriptor.hasWaiting(POLLOUT);
  }

  /**
   * Reads as soon as there is something.
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
   * Writes as soon as there is room.
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

  /** Performs an operation that is attempted again now and then. */
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

/** Waits for no longer than a period, whose end is no error. */
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
