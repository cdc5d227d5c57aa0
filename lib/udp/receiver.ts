// Receive operations that wait, for one datagram, a batch or an iterator.

import { POLLERR, POLLIN } from "../../ffi/uapi/poll.ts";
import { asyncIterator } from "../io/async_iterator.ts";
import type { Descriptor } from "../io/descriptor.ts";
import type { WaitOptions } from "../io/reactor.ts";
import { timerTurn, yieldDue } from "../io/yield.ts";
import type { ErrorQueue } from "../socket/error_queue.ts";
import type { Datagram } from "./datagram.ts";
import { ReceiveBatch } from "./receive_batch.ts";
import type { UnreadDatagrams } from "./unread_datagrams.ts";

/** The longest payload of a datagram. */
const MAX_PAYLOAD = 65535;

/** The parts of a socket that a receiver uses. */
export interface ReceiverOptions {
  readonly descriptor: Descriptor;
  readonly errors: ErrorQueue | undefined;
  readonly unread: UnreadDatagrams;
  /** Whether the kernel may combine datagrams (UDP_GRO). */
  readonly gro: boolean | undefined;
  /** Receives without waiting; 0 where no datagram is queued. */
  readonly receive: (batch: ReceiveBatch, limit: number) => number;
}

/** This thread's batch for single datagrams, which are copied at once. */
let single: ReceiveBatch | undefined;

export class Receiver {
  readonly #options: ReceiverOptions;

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  one(options: WaitOptions | undefined): Promise<Datagram> {
    return this.#options.descriptor.perform(POLLIN, this.#receiveOne, options);
  }

  many(
    batch: ReceiveBatch,
    options: WaitOptions | undefined,
  ): Promise<number> {
    return this.#options.descriptor.perform(
      POLLIN,
      (events) => this.receive(batch, events) || undefined,
      options,
    );
  }

  each(
    options: WaitOptions = {},
  ): AsyncGenerator<Datagram, void, void> {
    const { gro } = this.#options;
    const pool = gro ? longBatches : batches;
    return asyncIterator(
      new DatagramSource(this, this.#options, pool, options.timeout),
      options.signal,
    );
  }

  /** Receives without waiting, after the errors that poll(2) reported. */
  receive(batch: ReceiveBatch, events: number, limit = batch.size): number {
    const { descriptor, errors, receive } = this.#options;
    if (events & POLLERR) errors?.handlePollError(descriptor.fd);
    return receive(batch, limit);
  }

  readonly #receiveOne = (events: number): Datagram | undefined => {
    const batch = single ??= new ReceiveBatch({
      size: 1,
      bufferSize: MAX_PAYLOAD,
    });
    return this.receive(batch, events) > 0 ? batch.datagram(0) : undefined;
  };
}

/** Source of an iterator over a socket's datagrams. */
class DatagramSource {
  /** Datagrams that were received and not returned yet. */
  #batch: ReceiveBatch | undefined;
  #next = 0;

  constructor(
    readonly receiver: Receiver,
    readonly options: ReceiverOptions,
    readonly pool: BatchPool,
    readonly timeout: number | undefined,
  ) {}

  take(): Datagram | undefined {
    const batch = this.#batch;
    if (batch === undefined || yieldDue()) return undefined;
    const datagram = batch.datagram(this.#next++);
    if (this.#next === batch.count) {
      this.#batch = undefined;
      this.pool.put(batch);
    }
    return datagram;
  }

  async wait(signal: AbortSignal): Promise<boolean> {
    if (this.#batch !== undefined) {
      await timerTurn();
      return true;
    }
    const { descriptor } = this.options;
    const { timeout } = this;
    const bounds = timeout === undefined ? { signal } : { signal, timeout };
    try {
      await descriptor.perform(POLLIN, this.#receive, bounds);
    } catch (error) {
      if (descriptor.closed) return false;
      throw error;
    }
    return true;
  }

  /** Leaves datagrams that were not returned to the socket's other receives. */
  end(): void {
    const batch = this.#batch;
    if (batch === undefined) return;
    this.#batch = undefined;
    this.options.unread.add(batch, this.#next);
    this.options.descriptor.retry();
  }

  readonly #receive = (events: number): number | undefined => {
    const batch = this.pool.get();
    // The operations behind this one wait for datagrams, too.
    const limit = this.options.descriptor.hasSeveralWaiting(POLLIN)
      ? 1
      : batch.size;
    const count = this.receiver.receive(batch, events, limit);
    if (count === 0) {
      this.pool.put(batch);
      return undefined;
    }
    this.#batch = batch;
    this.#next = 0;
    return count;
  };
}

/**
 * Batches of this thread. An iterator holds one while it has datagrams to return,
 * so a socket that waits needs no buffer.
 */
class BatchPool {
  readonly #spare: ReceiveBatch[] = [];

  constructor(readonly bufferSize: number) {}

  get(): ReceiveBatch {
    return this.#spare.pop() ??
      new ReceiveBatch({ bufferSize: this.bufferSize });
  }

  put(batch: ReceiveBatch): void {
    if (this.#spare.length < SPARE_BATCHES) this.#spare.push(batch);
  }
}

const SPARE_BATCHES = 4;
const batches = new BatchPool(2048);
/** For sockets with UDP_GRO. */
const longBatches = new BatchPool(MAX_PAYLOAD);
