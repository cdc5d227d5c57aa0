// Waiting for datagrams, once or in a loop; taking them is the socket's.

import { POLLERR, POLLIN } from "../../ffi/layout/poll.ts";
import { Deadline } from "../deadline.ts";
import type { Descriptor } from "../descriptor.ts";
import type { WaitOptions } from "../poller.ts";
import type { Datagram } from "./datagram.ts";
import type { ErrorQueue } from "./error_queue.ts";
import type { Leftovers } from "./leftovers.ts";
import { ReceiveBatch } from "./receive_batch.ts";

/** Calls that find data at once, before the event loop gets its turn. */
const STREAK = 16;
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

export class Receiver {
  readonly #options: ReceiverOptions;
  #single: ReceiveBatch | undefined;
  #streak = 0;

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  one(options: WaitOptions | undefined): Promise<Datagram> {
    const batch = this.#single ??= new ReceiveBatch({
      size: 1,
      bufferSize: LONGEST,
    });
    // Copied before anything else runs, so that calls may share the batch.
    return this.#receive(batch, options, () => batch.datagram(0));
  }

  many(
    batch: ReceiveBatch,
    options: WaitOptions | undefined,
  ): Promise<number> {
    return this.#receive(batch, options, () => batch.count);
  }

  async *each(
    options: WaitOptions | undefined,
  ): AsyncGenerator<Datagram, void, void> {
    const { descriptor, left, gro } = this.#options;
    const batch = new ReceiveBatch({ bufferSize: gro ? LONGEST : 2048 });
    while (!descriptor.closed) {
      try {
        await this.many(batch, options);
      } catch (error) {
        if (descriptor.closed) return;
        throw error;
      }
      let next = 0;
      try {
        while (next < batch.count) yield batch.datagram(next++);
      } finally {
        if (next < batch.count) left.keep(batch, next);
      }
    }
  }

  async #receive<T>(
    batch: ReceiveBatch,
    options: WaitOptions | undefined,
    taken: () => T,
  ): Promise<T> {
    const { descriptor, left, take } = this.#options;
    options?.signal?.throwIfAborted();
    const deadline = new Deadline(descriptor.what, options);
    // Data that is always there must not keep timers and signals from running.
    if (this.#streak >= STREAK && left.count === 0) {
      await this.#wait(deadline);
    }
    for (let woken = false; take(batch) === 0; woken = true) {
      // What poll(2) announced may not be there: two may have been told of it.
      if (woken) deadline.check();
      await this.#wait(deadline);
    }
    this.#streak++;
    return taken();
  }

  async #wait(deadline: Deadline): Promise<void> {
    const { descriptor, errors } = this.#options;
    this.#streak = 0;
    try {
      const revents = await descriptor.wait(POLLIN, deadline.bounds());
      if (revents & POLLERR) errors?.announced(descriptor.fd);
    } catch (error) {
      throw deadline.told(error);
    }
  }
}
