// Receives that wait, once or in a loop; the socket takes the datagrams.

import { POLLERR, POLLIN } from "../../ffi/layout/poll.ts";
import { asyncIterator } from "../io/async_iterator.ts";
import type { Descriptor } from "../io/descriptor.ts";
import type { WaitOptions } from "../io/reactor.ts";
import { timerTurn, yieldDue } from "../io/yield.ts";
import type { Datagram } from "./datagram.ts";
import type { ErrorQueue } from "./error_queue.ts";
import type { Leftovers } from "./leftovers.ts";
import { ReceiveBatch } from "./receive_batch.ts";

/** A datagram's payload is never longer. */
const LONGEST = 65535;

/** What a receiver waits at and takes from. */
export interface ReceiverOptions {
  readonly descriptor: Descriptor;
  /** Where errors go that poll(2) announces. */
  readonly errors: ErrorQueue | undefined;
  readonly left: Leftovers;
  /** Whether the kernel may join datagrams to long ones. */
  readonly gro: boolean | undefined;
  /** Takes what is there without waiting; 0 where nothing is. */
  readonly take: (batch: ReceiveBatch) => number;
}

/** The batch of this thread for single datagrams, which are copied at once. */
let single: ReceiveBatch | undefined;

export class Receiver {
  readonly #options: ReceiverOptions;

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  one(options: WaitOptions | undefined): Promise<Datagram> {
    return this.#options.descriptor.perform(POLLIN, this.#takeOne, options);
  }

  many(
    batch: ReceiveBatch,
    options: WaitOptions | undefined,
  ): Promise<number> {
    return this.#options.descriptor.perform(
      POLLIN,
      (events) => this.take(batch, events) || undefined,
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

  /** Takes what is there; handles the errors that an event announced first. */
  take(batch: ReceiveBatch, events: number): number {
    const { descriptor, errors, take } = this.#options;
    if (events & POLLERR) errors?.announced(descriptor.fd);
    return take(batch);
  }

  readonly #takeOne = (events: number): Datagram | undefined => {
    const batch = single ??= new ReceiveBatch({ size: 1, bufferSize: LONGEST });
    return this.take(batch, events) > 0 ? batch.datagram(0) : undefined;
  };
}

/** What an iteration over a socket's datagrams reads from. */
class DatagramSource {
  /** Datagrams that were received and are not yet delivered, if there are any. */
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

  /** Leaves what was received and not delivered to the socket's other receives. */
  end(): void {
    const batch = this.#batch;
    if (batch === undefined) return;
    this.#batch = undefined;
    this.options.left.keep(batch, this.#next);
    this.options.descriptor.retry();
  }

  readonly #receive = (events: number): number | undefined => {
    const batch = this.pool.get();
    const count = this.receiver.take(batch, events);
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
 * Batches of this thread. An iteration holds one while it has datagrams to
 * deliver, so a socket that waits needs no buffer.
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
/** For sockets on which the kernel joins datagrams. */
const longBatches = new BatchPool(LONGEST);
