// Send operations that wait while the send buffer is full.

import { POLLOUT } from "../../ffi/uapi/poll.ts";
import { Deadline } from "../io/deadline.ts";
import type { Descriptor } from "../io/descriptor.ts";
import type { WaitOptions } from "../io/reactor.ts";
import { yieldDue, yieldIfDue } from "../io/yield.ts";
import type { ErrorQueue } from "../socket/error_queue.ts";
import {
  type Message,
  MessageWriter,
  payload,
  type Sender,
} from "./message.ts";
import { Progress, sendQueue, type SendResult } from "./send.ts";
import { SendBatch } from "./send_batch.ts";
import { SendQueue } from "./send_queue.ts";

/** The parts of a socket that a transmitter uses. */
export interface TransmitterOptions {
  readonly descriptor: Descriptor;
  readonly errors: ErrorQueue | undefined;
  /** The socket's current state, for writing messages. */
  readonly sender: () => Sender;
}

/** This thread's queues for messages that are sent without a batch. */
const spareQueues: SendQueue[] = [];
/** Queues kept for calls that wait at the same time. */
const SPARE_QUEUES = 4;

export class Transmitter {
  readonly #descriptor: Descriptor;
  readonly #errors: ErrorQueue | undefined;
  readonly #sender: () => Sender;
  /** Reused by the next trySendMany. */
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
      if (!this.#sendNow(datagrams.queue, progress)) {
        await this.#sendLater(datagrams.queue, progress, deadline);
      }
      datagrams.progress = undefined;
      return progress.result();
    }
    const sender = this.#sender();
    const progress = new Progress();
    // Removed during the call, so that a concurrent call makes its own.
    const queue = spareQueues.pop() ?? new SendQueue(64, 256 * 1024);
    const writer = new MessageWriter(queue, sender);
    try {
      for (const message of datagrams) {
        const data = payload(message.data);
        if (!queue.fits(data.length) && !this.#sendNow(queue, progress)) {
          await this.#sendLater(queue, progress, deadline);
        }
        writer.append(data, message);
        // A generator of messages may compute for long.
        const turn = yieldIfDue();
        if (turn === undefined) continue;
        await turn;
        deadline.check();
      }
      // Without an await the queue is free for the next call in the same turn.
      if (!this.#sendNow(queue, progress)) {
        await this.#sendLater(queue, progress, deadline);
      }
    } finally {
      queue.clear();
      if (spareQueues.length < SPARE_QUEUES) spareQueues.push(queue);
    }
    return progress.result();
  }

  /** See UdpSocket.trySendMany(). */
  trySendMany(batch: SendBatch): SendResult | undefined {
    const progress = batch.progress ??= this.#spare ?? new Progress();
    this.#spare = undefined;
    if (!this.#send(batch.queue, progress)) return undefined;
    batch.progress = undefined;
    const result = progress.result();
    progress.clear();
    this.#spare = progress;
    return result;
  }

  /** Sends a queue if no other send waits; false if it has to wait. */
  #sendNow(queue: SendQueue, progress: Progress): boolean {
    return !yieldDue() && !this.#descriptor.hasWaiting(POLLOUT) &&
      this.#send(queue, progress);
  }

  async #sendLater(
    queue: SendQueue,
    progress: Progress,
    deadline: Deadline,
  ): Promise<void> {
    try {
      await this.#descriptor.perform(
        POLLOUT,
        () => this.#send(queue, progress) || undefined,
        deadline.bounds(),
      );
    } catch (error) {
      throw deadline.own(error);
    }
  }

  #send(queue: SendQueue, progress: Progress): boolean {
    return sendQueue(
      this.#descriptor.fd,
      queue,
      progress,
      this.#checkPending,
    );
  }

  /** Whether a refusal may be the pending error of an earlier datagram. */
  readonly #checkPending = (): boolean => {
    this.#errors?.drain(this.#descriptor.fd);
    return this.#errors !== undefined;
  };
}
