// Receive operations with waits: one datagram, a batch, an iterator.

import { EAGAIN, EINTR, SystemError } from "../../ffi/errno.ts";
import { errno } from "../../ffi/libc.ts";
import { POLLERR, POLLIN } from "../../ffi/uapi/poll.ts";
import { MSG_DONTWAIT, MSG_TRUNC } from "../../ffi/uapi/sys_socket.ts";
import { asyncIterator } from "../io/async_iterator.ts";
import type { Attempt, WaitOptions } from "../io/reactor.ts";
import { timerTurn, yieldDue } from "../io/yield.ts";
import { wholeNumber } from "../errors.ts";
import type { Datagram } from "./datagram.ts";
import { MAX_PAYLOAD, ReceiveBatch } from "./receive_batch.ts";
import type { SocketState } from "./socket_state.ts";

/** MSG_TRUNC: the length of a truncated datagram includes what was cut off. */
const FLAGS = MSG_DONTWAIT | MSG_TRUNC;

/** Bounds of an iteration over datagrams. */
export interface DatagramsOptions extends WaitOptions {
  /**
   * Bytes of each datagram; longer ones are cut off and marked `truncated`.
   * Default 65535: none is.
   */
  readonly bufferSize?: number | undefined;
}

/** This thread's batch for single datagrams, which are copied. */
let single: ReceiveBatch | undefined;

export class Receiver {
  readonly #socket: SocketState;
  /** The UdpSocket, which a pending operation keeps from collection. */
  readonly owner: object;

  constructor(socket: SocketState, owner: object) {
    this.#socket = socket;
    this.owner = owner;
  }

  one(options: WaitOptions | undefined): Promise<Datagram> {
    const attempt: Attempt<Datagram> = (events) => this.#receiveOne(events);
    return this.#socket.descriptor.perform(POLLIN, attempt, options);
  }

  many(
    batch: ReceiveBatch,
    options: WaitOptions | undefined,
  ): Promise<number> {
    return this.#socket.descriptor.perform(
      POLLIN,
      (events) => this.receive(batch, events) || undefined,
      options,
    );
  }

  each(
    options: DatagramsOptions = {},
  ): AsyncGenerator<Datagram, void, void> {
    const { bufferSize } = options;
    const pool = bufferSize === undefined
      ? batches
      : new BatchPool(wholeNumber("bufferSize", bufferSize, 1, MAX_PAYLOAD));
    return asyncIterator(
      new DatagramSource(this, this.#socket, pool, options.timeout),
      options.signal,
    );
  }

  /** Receives without waiting, after the errors that poll(2) reported. */
  receive(batch: ReceiveBatch, events: number, limit = batch.size): number {
    const { fd, errors } = this.#socket;
    if (events & POLLERR) errors?.handlePollError(fd);
    return this.tryReceive(batch, limit);
  }

  /** See UdpSocket.tryReceiveMany(). */
  tryReceive(batch: ReceiveBatch, limit: number): number {
    wholeNumber("limit", limit, 1, batch.size);
    batch.count = 0;
    const { fd, unread, errors } = this.#socket;
    batch.routes = this.#socket;
    if (!unread.isEmpty) return unread.moveTo(batch, limit);
    for (;;) {
      const count = batch.vector.receive(fd, limit, FLAGS);
      if (count >= 0) {
        this.#socket.refreshRoutes();
        return batch.count = count;
      }
      const code = errno();
      if (code === EAGAIN) return 0;
      // An error that is also in the error queue is only reported by errors().
      if (code === EINTR || errors?.drain(fd)) continue;
      throw new SystemError("recvmmsg", code, {
        tried: `receive on ${this.#socket.descriptor.what}`,
      });
    }
  }

  #receiveOne(events: number): Datagram | undefined {
    const batch = single ??= new ReceiveBatch({
      size: 1,
      bufferSize: MAX_PAYLOAD,
    });
    return this.receive(batch, events) > 0 ? batch.datagram(0) : undefined;
  }
}

/** Source of an iterator over a socket's datagrams. */
class DatagramSource {
  /** Datagrams that were received and not returned yet. */
  #batch: ReceiveBatch | undefined;
  #next = 0;

  constructor(
    readonly receiver: Receiver,
    readonly socket: SocketState,
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
    const { descriptor } = this.socket;
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
    this.socket.unread.add(batch, this.#next);
    this.socket.descriptor.retry();
  }

  readonly #receive = (events: number): number | undefined => {
    const batch = this.pool.get();
    // The operations behind this one wait for datagrams, too.
    const limit = this.socket.descriptor.hasSeveralWaiting(POLLIN)
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
const batches = new BatchPool(MAX_PAYLOAD);
