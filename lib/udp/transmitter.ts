// Send operations with waits for a full send buffer.

import { SystemError } from "../../ffi/errno.ts";
import { POLLOUT } from "../../ffi/uapi/poll.ts";
import { ArgumentError } from "../errors.ts";
import { Deadline } from "../io/deadline.ts";
import { checkTimeout, type WaitOptions } from "../io/reactor.ts";
import { yieldDue, yieldIfDue } from "../io/yield.ts";
import type { Endpoint } from "../socket/sockaddr.ts";
import {
  type Message,
  MessageWriter,
  payload,
  type SendOptions,
} from "./message.ts";
import { Progress, sendQueue } from "./send.ts";
import { SendBatch } from "./send_batch.ts";
import { SendQueue } from "./send_queue.ts";
import { SendInterruptedError, type SendResult } from "./errors.ts";
import type { SocketState } from "./socket_state.ts";

/** This thread's queues for messages without a batch. */
const spareQueues: SendQueue[] = [];
/** Spare queues for concurrent calls. */
const SPARE_QUEUES = 4;
/** The progress of a send of one message, which does not wait. */
let single = new Progress();

/** Returns a spare queue, or allocates one; a concurrent call gets another. */
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
  /** The UdpSocket, which a pending operation keeps from collection. */
  readonly owner: object;

  constructor(socket: SocketState, owner: object) {
    this.#socket = socket;
    this.owner = owner;
  }

  /** See UdpSocket.send(). */
  send(
    data: Uint8Array | string,
    to: Endpoint | undefined,
    options: SendOptions & WaitOptions,
  ): Promise<number> {
    // Not an async function: most sends complete here without waiting, and the
    // state of an async function would be most of their garbage.
    try {
      options.signal?.throwIfAborted();
      checkTimeout(options.timeout);
      const bytes = payload(data);
      const queue = takeQueue();
      let sent = false;
      let begun = false;
      try {
        new MessageWriter(queue, this.#socket).appendOnly(bytes, to, options);
        sent = this.#sendNow(queue, single);
        // Its segments that were sent are not sent again.
        begun = !sent && single.offset > 0;
      } finally {
        if (!begun) releaseQueue(queue);
      }
      if (begun) return this.#sendRest(queue, bytes.length, options);
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

  /** Sends the rest of a segmented message. */
  async #sendRest(
    queue: SendQueue,
    length: number,
    options: WaitOptions,
  ): Promise<number> {
    const progress = single;
    single = new Progress();
    try {
      const deadline = new Deadline(this.#socket.descriptor, options);
      await this.#sendLater(queue, progress, deadline);
    } finally {
      releaseQueue(queue);
    }
    if (progress.failure !== undefined) throw progress.failure;
    return length;
  }

  /** See UdpSocket.sendMany(). */
  async sendMany(
    datagrams: SendBatch | Iterable<Message>,
    options: WaitOptions,
  ): Promise<SendResult> {
    options.signal?.throwIfAborted();
    const deadline = new Deadline(this.#socket.descriptor, options);
    // Before a queue is taken: each call that yields to timers would hold one.
    const turn = yieldIfDue();
    if (turn !== undefined) {
      await turn;
      deadline.check();
    }
    if (datagrams instanceof SendBatch) {
      const progress = datagrams.progress ??= new Progress();
      if (!this.#trySend(datagrams.queue, progress)) {
        await this.#sendLater(datagrams.queue, progress, deadline);
      }
      datagrams.progress = undefined;
      return progress.result();
    }
    const progress = new Progress();
    const queue = takeQueue();
    const writer = new MessageWriter(queue, this.#socket);
    try {
      let first = true;
      for (const message of datagrams) {
        // A generator of messages may compute for long.
        const turn = first ? undefined : yieldIfDue();
        if (turn !== undefined) {
          await turn;
          deadline.check();
        }
        first = false;
        const data = tryPayload(message);
        const fits = data instanceof Uint8Array && queue.fits(data.length);
        if (!fits && !this.#trySend(queue, progress)) {
          await this.#sendLater(queue, progress, deadline);
        }
        const error = data instanceof Uint8Array
          ? tryAppend(writer, data, message)
          : data;
        if (error !== undefined) {
          if (queue.slots > 0 && !this.#trySend(queue, progress)) {
            await this.#sendLater(queue, progress, deadline);
          }
          progress.recordInvalid(error);
        }
      }
      // Without an await the queue is free for the next call in the same turn.
      if (!this.#trySend(queue, progress)) {
        await this.#sendLater(queue, progress, deadline);
      }
    } catch (error) {
      if (progress.handled === 0) throw error;
      throw new SendInterruptedError(
        error,
        progress.result(),
        progress.handled,
      );
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

  /**
   * Sends a queue if no other send is pending; returns false if it has to wait.
   */
  #trySend(queue: SendQueue, progress: Progress): boolean {
    return !this.#socket.descriptor.hasWaiting(POLLOUT) &&
      this.#send(queue, progress);
  }

  /** The same, unless timers have to run first. */
  #sendNow(queue: SendQueue, progress: Progress): boolean {
    return !yieldDue() && this.#trySend(queue, progress);
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
    return sendQueue(this.#socket, queue, progress);
  }
}

/** The payload of a message, or its error. */
function tryPayload(message: Message): Uint8Array | ArgumentError {
  try {
    return payload(message?.data);
  } catch (error) {
    if (error instanceof ArgumentError) return error;
    throw error;
  }
}

/** Appends a message that fits; returns its error. */
function tryAppend(
  writer: MessageWriter,
  data: Uint8Array,
  message: Message,
): ArgumentError | SystemError | undefined {
  try {
    writer.append(data, message);
    return undefined;
  } catch (error) {
    if (error instanceof ArgumentError || error instanceof SystemError) {
      return error;
    }
    throw error;
  }
}
