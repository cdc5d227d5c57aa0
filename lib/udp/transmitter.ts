// Send operations that wait while the send buffer is full.

import { POLLOUT } from "../../ffi/uapi/poll.ts";
import { Deadline } from "../io/deadline.ts";
import type { WaitOptions } from "../io/reactor.ts";
import { yieldDue, yieldIfDue } from "../io/yield.ts";
import { checkTimeout } from "../io/reactor.ts";
import type { Endpoint } from "../socket/sockaddr.ts";
import {
  type Message,
  MessageWriter,
  payload,
  type SendOptions,
} from "./message.ts";
import { Progress, sendQueue, type SendResult } from "./send.ts";
import { SendBatch } from "./send_batch.ts";
import { SendQueue } from "./send_queue.ts";
import type { SocketState } from "./socket_state.ts";

/** This thread's queues for messages that are sent without a batch. */
const spareQueues: SendQueue[] = [];
/** Queues kept for calls that wait at the same time. */
const SPARE_QUEUES = 4;
/** Progress of a send of one message, which does not wait. */
const single = new Progress();

/** Removes a queue from the spare ones: a concurrent call takes another. */
function takeQueue(): SendQueue {
  return spareQueues.pop() ?? new SendQueue(64, 256 * 1024);
}

function releaseQueue(queue: SendQueue): void {
  queue.clear();
  if (spareQueues.length < SPARE_QUEUES) spareQueues.push(queue);
}

export class Transmitter {
  readonly #socket: SocketState;
  /** Reused by the next trySendMany. */
  #spare: Progress | undefined;

  constructor(socket: SocketState) {
    this.#socket = socket;
  }

  /** See UdpSocket.send(). */
  send(
    data: Uint8Array | string,
    to: Endpoint | undefined,
    options: SendOptions & WaitOptions,
  ): Promise<number> {
    // Not an async function: most sends complete here, and a state of one costs
    // more memory than all else.
    try {
      options.signal?.throwIfAborted();
      checkTimeout(options.timeout);
      const bytes = payload(data);
      const queue = takeQueue();
      let sent: boolean;
      try {
        new MessageWriter(queue, this.#socket).appendOnly(bytes, to, options);
        sent = this.#sendNow(queue, single);
      } finally {
        releaseQueue(queue);
      }
      if (!sent) return this.#sendOneLater(bytes, to, options);
      const failure = single.failure;
      single.clear();
      return failure === undefined
        ? Promise.resolve(bytes.length)
        : Promise.reject(failure);
    } catch (error) {
      single.clear();
      return Promise.reject(error);
    }
  }

  async #sendOneLater(
    data: Uint8Array,
    to: Endpoint | undefined,
    options: SendOptions & WaitOptions,
  ): Promise<number> {
    single.clear();
    const message = { ...options, data, to };
    const { failures } = await this.sendMany([message], options);
    if (failures.length > 0) throw failures[0]!.error;
    return data.length;
  }

  /** See UdpSocket.sendMany(). */
  async sendMany(
    datagrams: SendBatch | Iterable<Message>,
    options: WaitOptions,
  ): Promise<SendResult> {
    options.signal?.throwIfAborted();
    const deadline = new Deadline(this.#socket.descriptor, options);
    // Before a queue is taken: each call that lets timers run would hold one.
    const turn = yieldIfDue();
    if (turn !== undefined) {
      await turn;
      deadline.check();
    }
    if (datagrams instanceof SendBatch) {
      const progress = datagrams.progress ??= new Progress();
      if (!this.#sendNow(datagrams.queue, progress)) {
        await this.#sendLater(datagrams.queue, progress, deadline);
      }
      datagrams.progress = undefined;
      return progress.result();
    }
    const progress = new Progress();
    const queue = takeQueue();
    const writer = new MessageWriter(queue, this.#socket);
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
      releaseQueue(queue);
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
    return !yieldDue() && !this.#socket.descriptor.hasWaiting(POLLOUT) &&
      this.#send(queue, progress);
  }

  async #sendLater(
    queue: SendQueue,
    progress: Progress,
    deadline: Deadline,
  ): Promise<void> {
    try {
      await this.#socket.descriptor.perform(
        POLLOUT,
        () => this.#send(queue, progress) || undefined,
        deadline.bounds(),
      );
    } catch (error) {
      throw deadline.own(error);
    }
  }

  #send(queue: SendQueue, progress: Progress): boolean {
    const { fd, errors } = this.#socket;
    return sendQueue(fd, queue, progress, errors);
  }
}
