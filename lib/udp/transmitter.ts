// Sending batches and waiting for room in the queue.

import { POLLOUT } from "../../ffi/layout/poll.ts";
import { Deadline } from "../io/deadline.ts";
import type { Descriptor } from "../io/descriptor.ts";
import type { WaitOptions } from "../io/reactor.ts";
import { yieldDue } from "../io/yield.ts";
import type { ErrorQueue } from "./error_queue.ts";
import {
  type Message,
  MessageWriter,
  payload,
  type Sender,
} from "./message.ts";
import { Progress, push, type SendResult } from "./send.ts";
import { SendBatch } from "./send_batch.ts";

/** What a transmitter sends by. */
export interface TransmitterOptions {
  readonly descriptor: Descriptor;
  /** Where late errors of earlier datagrams are. */
  readonly errors: ErrorQueue | undefined;
  /** The socket as it is now, which messages are written for. */
  readonly sender: () => Sender;
}

/** Batches of this thread for messages that are sent without one. */
const spareBatches: SendBatch[] = [];
/** How many calls that wait for room find a batch made before. */
const SPARE_BATCHES = 4;

export class Transmitter {
  readonly #descriptor: Descriptor;
  readonly #errors: ErrorQueue | undefined;
  readonly #sender: () => Sender;
  /** For the next trySendMany, which is called once a batch. */
  #spare: Progress | undefined;

  constructor({ descriptor, errors, sender }: TransmitterOptions) {
    this.#descriptor = descriptor;
    this.#errors = errors;
    this.#sender = sender;
  }

  /** See UdpSocket.sendMany(). */
  async sendMany(
    datagrams: SendBatch | Iterable<Message>,
    options: WaitOptions,
  ): Promise<SendResult> {
    options.signal?.throwIfAborted();
    const deadline = new Deadline(this.#descriptor.what, options);
    if (datagrams instanceof SendBatch) {
      const progress = datagrams.progress ??= new Progress();
      if (!this.#flushNow(datagrams, progress)) {
        await this.#flush(datagrams, progress, deadline);
      }
      return progress.result();
    }
    const sender = this.#sender();
    const progress = new Progress();
    // Taken for the length of the call: another call meanwhile makes its own.
    const batch = spareBatches.pop() ?? new SendBatch(64, 256 * 1024);
    const writer = new MessageWriter(batch, sender);
    try {
      for (const message of datagrams) {
        const data = payload(message.data);
        if (!batch.fits(data.length) && !this.#flushNow(batch, progress)) {
          await this.#flush(batch, progress, deadline);
        }
        writer.append(data, message);
      }
      // Without an await the batch is free for the next call in the same turn.
      if (!this.#flushNow(batch, progress)) {
        await this.#flush(batch, progress, deadline);
      }
    } finally {
      batch.clear();
      if (spareBatches.length < SPARE_BATCHES) spareBatches.push(batch);
    }
    return progress.result();
  }

  /** See UdpSocket.trySendMany(). */
  trySendMany(batch: SendBatch): SendResult | undefined {
    const progress = batch.progress ??= this.#spare ?? new Progress();
    this.#spare = undefined;
    const { fd } = this.#descriptor;
    if (!push(fd, batch, progress, this.#pending)) return undefined;
    const result = progress.result();
    progress.clear();
    this.#spare = progress;
    return result;
  }

  /** Sends a batch where nothing else waits to send; false where it has to wait. */
  #flushNow(batch: SendBatch, progress: Progress): boolean {
    return !yieldDue() && !this.#descriptor.hasWaiting(POLLOUT) &&
      this.#push(batch, progress);
  }

  async #flush(
    batch: SendBatch,
    progress: Progress,
    deadline: Deadline,
  ): Promise<void> {
    try {
      await this.#descriptor.perform(
        POLLOUT,
        () => this.#push(batch, progress) || undefined,
        deadline.bounds(),
      );
    } catch (error) {
      throw deadline.own(error);
    }
  }

  #push(batch: SendBatch, progress: Progress): boolean {
    return push(this.#descriptor.fd, batch, progress, this.#pending);
  }

  /** Whether a refusal may be the late error of an earlier datagram. */
  readonly #pending = (): boolean => {
    this.#errors?.drain(this.#descriptor.fd);
    return this.#errors !== undefined;
  };
}
