// The UDP socket: one descriptor, batches in, batches out.

import { EAGAIN, EINTR, SystemError } from "../../ffi/errno.ts";
import { errno, libc } from "../../ffi/libc.ts";
import { MSG_DONTWAIT } from "../../ffi/layout/sys_socket.ts";
import { BlockingPoll, type StopEvent } from "../io/blocking_poll.ts";
import { Descriptor } from "../io/descriptor.ts";
import type { InterfaceRef } from "../interface_index.ts";
import { inNamespace } from "../namespace.ts";
import type { WaitOptions } from "../io/reactor.ts";
import { wholeNumber } from "../whole_number.ts";
import { connect } from "./connect.ts";
import type { Datagram } from "./datagram.ts";
import { droppedAt } from "./dropped.ts";
import { type ErrorEvent, errorEvents, ErrorQueue } from "./error_queue.ts";
import { Leftovers } from "./leftovers.ts";
import { type Message, payload, type SendOptions } from "./message.ts";
import { membership, multicastInterface } from "./multicast.ts";
import { openSocket, type UdpSocketHandle } from "./open.ts";
import { type BindOptions, type Family, planBind } from "./options.ts";
import type { ReceiveBatch } from "./receive_batch.ts";
import { Receiver } from "./receiver.ts";
import { replySource } from "./reply.ts";
import type { SendResult } from "./send.ts";
import type { SendBatch } from "./send_batch.ts";
import { type Endpoint, formatEndpoint } from "./sockaddr.ts";
import { Transmitter } from "./transmitter.ts";

/**
 * A UDP socket that knows at which address each datagram arrived, and answers
 * from there.
 *
 * Every operation that waits takes an AbortSignal and a timeout in
 * milliseconds; closing ends them all at once with ClosedError, whatever became
 * of the interfaces meanwhile.
 *
 * Source: udp(7), ip(7), ipv6(7).
 *
 * @example
 * ```ts
 * import { UdpSocket } from "@netplumb/netplumb";
 *
 * await using server = UdpSocket.bind({ address: "127.0.0.1" });
 * await using client = UdpSocket.bind({ address: "127.0.0.1" });
 * await client.send("ping", server.address);
 * const question = await server.receive();
 * await server.reply(question, "pong");
 * const answer = await client.receive({ timeout: 1000 });
 * console.log(new TextDecoder().decode(answer.data), answer.peer.address);
 * // pong 127.0.0.1
 * ```
 */
export class UdpSocket implements AsyncDisposable {
  readonly #descriptor: Descriptor;
  readonly #domain: number;
  readonly #errors: ErrorQueue | undefined;
  readonly #options: UdpSocketHandle["options"];
  readonly #left = new Leftovers();
  readonly #receiver: Receiver;
  readonly #transmitter: Transmitter;
  #peer: Endpoint | undefined;

  /** Which IP versions it speaks. */
  readonly family: Family;
  /** Where it is bound; the port is the one the kernel picked where 0 was asked for. */
  readonly address: Endpoint;

  private constructor(handle: UdpSocketHandle, borrowed: boolean) {
    const { fd, domain, family, address, peer, options } = handle;
    const what = `UDP socket ${formatEndpoint(address)}`;
    const descriptor = new Descriptor(fd, what, { borrowed });
    const errors = options.receiveErrors
      ? new ErrorQueue(() => descriptor.retry())
      : undefined;
    this.#descriptor = descriptor;
    this.#domain = domain;
    this.#options = options;
    this.#errors = errors;
    this.#receiver = new Receiver({
      descriptor,
      errors,
      left: this.#left,
      gro: options.gro,
      take: (batch) => this.tryReceiveMany(batch),
    });
    this.#transmitter = new Transmitter({
      descriptor,
      errors,
      sender: () => this.handle,
    });
    this.#peer = peer;
    this.family = family;
    this.address = address;
  }

  /**
   * Makes a socket and binds it. Nothing here waits.
   *
   * @param options Where and how; the default is any port on all addresses of
   * both IP versions, with packet info.
   * @throws {ArgumentError} When an option is no possible value.
   * @throws {SystemError} When the kernel refuses: EADDRINUSE, EADDRNOTAVAIL, EACCES ...
   */
  static bind(options: BindOptions = {}): UdpSocket {
    const plan = planBind(options);
    const handle = inNamespace(
      options.namespace,
      () => openSocket(plan, options),
      ({ fd }) => libc().close(fd),
    );
    return new UdpSocket(handle, false);
  }

  /**
   * The socket in another thread, from the handle its owner posted there.
   * Closing it here leaves it open for the owner.
   *
   * @param handle The owner's `handle`.
   */
  static attach(handle: UdpSocketHandle): UdpSocket {
    return new UdpSocket(handle, true);
  }

  /** What to post to a worker of this process, for `attach`. */
  get handle(): UdpSocketHandle {
    return {
      fd: this.#descriptor.fd,
      domain: this.#domain,
      family: this.family,
      address: this.address,
      peer: this.#peer,
      options: this.#options,
    };
  }

  /**
   * A wait that blocks the calling thread, for a worker with nothing else to do.
   *
   * @param stop What ends it from another thread.
   * @throws {ClosedError} Once closed.
   */
  blockingPoll(stop: StopEvent): BlockingPoll {
    return new BlockingPoll(this.#descriptor, stop);
  }

  /** Whether close() was called. */
  get closed(): boolean {
    return this.#descriptor.closed;
  }

  /**
   * Datagrams the kernel dropped at this socket since it was made: for want of
   * room in its receive buffer (`receiveBuffer`), some for a wrong checksum.
   *
   * Source: SO_MEMINFO of linux/sock_diag.h, since Linux 4.12; the column
   * "drops" of /proc/net/udp.
   *
   * @throws {ClosedError} Once closed.
   */
  get dropped(): number {
    return droppedAt(this.#descriptor.fd);
  }

  /**
   * Sends to one peer only and hears only that one, which also makes its ICMP
   * errors fail the next call, unless `receiveErrors` collects them. Nothing here
   * waits.
   *
   * @param to The peer.
   * @throws {ArgumentError} For an address or port that is none.
   * @throws {SystemError} When no route leads there.
   * @throws {ClosedError} Once closed.
   */
  connect(to: Endpoint): void {
    this.#peer = connect(this.handle, to);
  }

  /**
   * Waits for one datagram. Receives that are pending together are served in the
   * order in which they were called.
   *
   * A pending receive takes the next datagram even if its promise lost a race:
   * end it through `signal` or `timeout`, or race `waitReadable()` instead.
   *
   * @param options What ends the wait; `timeout` in milliseconds.
   * @throws {ClosedError} When the socket is closed meanwhile.
   * @throws {TimeoutError} When the time is over.
   * @throws {SystemError} When the kernel reports an error of an earlier send.
   */
  receive(options?: WaitOptions): Promise<Datagram> {
    return this.#receiver.one(options);
  }

  /**
   * Waits until there may be a datagram to receive, and takes none: safe to
   * abandon, for example in `Promise.race`.
   *
   * @param options What ends the wait; `timeout` in milliseconds.
   * @throws {ClosedError} When the socket is closed meanwhile.
   * @throws {TimeoutError} When the time is over.
   */
  async waitReadable(options?: WaitOptions): Promise<void> {
    options?.signal?.throwIfAborted();
    if (this.#left.count === 0) await this.#descriptor.readable(options);
  }

  /**
   * Waits for datagrams and takes as many as are there and fit, by one call.
   *
   * @param batch Where they go; what was there is overwritten.
   * @param options What ends the wait; `timeout` in milliseconds.
   * @returns How many came, at least 1; also `batch.count`.
   * @throws {ClosedError} When the socket is closed meanwhile.
   * @throws {TimeoutError} When the time is over.
   * @throws {SystemError} When the kernel reports an error of an earlier send.
   */
  receiveMany(batch: ReceiveBatch, options?: WaitOptions): Promise<number> {
    return this.#receiver.many(batch, options);
  }

  /**
   * Takes the datagrams that are there, without waiting.
   *
   * @param batch Where they go; what was there is overwritten.
   * @param limit Datagrams to take at most, from 1 to the size of the batch.
   * @returns How many came; 0 where none was there.
   * @throws {ArgumentError} For another limit.
   * @throws {SystemError} When the kernel reports an error of an earlier send.
   */
  tryReceiveMany(batch: ReceiveBatch, limit: number = batch.size): number {
    wholeNumber("limit", limit, 1, batch.size);
    batch.reset();
    const fd = this.#descriptor.fd;
    if (this.#left.count > 0) return this.#left.take(batch, limit);
    const { bytes } = batch.memory;
    for (;;) {
      const count = libc().recvmmsg(fd, bytes, limit, MSG_DONTWAIT, null);
      if (count >= 0) return batch.count = count;
      const code = errno();
      if (code === EAGAIN) return 0;
      // With an error queue, the queue tells it; the call only announces it.
      if (code === EINTR || this.#errors?.drain(fd)) continue;
      throw new SystemError("recvmmsg", code, {
        tried: `receive on ${this.#descriptor.what}`,
      });
    }
  }

  /**
   * The datagrams as they come, each an own copy, until the socket is closed.
   * Whatever else receives goes on behind the one that a loop was left at.
   *
   * @example
   * ```ts
   * import { UdpSocket } from "@netplumb/netplumb";
   *
   * await using socket = UdpSocket.bind({ address: "127.0.0.1" });
   * await socket.send("hello", socket.address);
   * for await (const datagram of socket) {
   *   console.log(datagram.data.length); // 5
   *   break;
   * }
   * ```
   */
  [Symbol.asyncIterator](): AsyncGenerator<Datagram, void, void> {
    return this.datagrams();
  }

  /**
   * The same with a signal and a timeout for each wait.
   *
   * @param options What ends a wait; `timeout` in milliseconds, for each
   * datagram.
   * @throws {TimeoutError} When the time is over.
   * @throws {SystemError} When the kernel reports an error of an earlier send.
   */
  datagrams(options?: WaitOptions): AsyncGenerator<Datagram, void, void> {
    return this.#receiver.each(options);
  }

  /**
   * Sends one datagram.
   *
   * @param data Its payload; a string is sent as UTF-8.
   * @param to Whom it is for; may be left out once connected.
   * @param options From where, and what goes beside it.
   * @returns The bytes sent.
   * @throws {SourceUnavailableError} When it cannot leave from the source asked for.
   * @throws {SystemError} When the kernel refuses it.
   */
  async send(
    data: Uint8Array | string,
    to?: Endpoint,
    options: SendOptions & WaitOptions = {},
  ): Promise<number> {
    const bytes = payload(data);
    const message = { ...options, data: bytes, to };
    const { failures } = await this.sendMany([message], options);
    if (failures.length > 0) throw failures[0].error;
    return bytes.length;
  }

  /**
   * Answers a received datagram from the address it was sent to; without packet
   * info the routes choose.
   *
   * @param datagram What is answered.
   * @param data The payload; a string is sent as UTF-8.
   * @param options What goes beside it and what ends the wait for room,
   * `timeout` in milliseconds; a source or an interface here goes before the
   * datagram's.
   * @returns The bytes sent.
   * @throws {SourceUnavailableError} When that address is gone; nothing is sent
   * from another one.
   * @throws {SystemError} When the kernel refuses it.
   * @throws {TimeoutError} When the time is over.
   */
  reply(
    datagram: Datagram,
    data: Uint8Array | string,
    options: SendOptions & WaitOptions = {},
  ): Promise<number> {
    const source = replySource(datagram);
    return this.send(data, datagram.peer, { ...source, ...options });
  }

  /**
   * Sends many datagrams with as few calls as possible. A refused one does not
   * keep the others from being sent.
   *
   * @param datagrams Messages, or a filled batch, which is empty afterwards;
   * one that a signal or the time stopped keeps what was not sent for the next
   * call.
   * @param options What ends the wait for room; `timeout` in milliseconds.
   * @throws {ArgumentError} For a message that cannot be sent as it is.
   * @throws {ClosedError} When the socket is closed while the queue is full.
   * @throws {TimeoutError} When the time is over.
   */
  sendMany(
    datagrams: SendBatch | Iterable<Message>,
    options: WaitOptions = {},
  ): Promise<SendResult> {
    return this.#transmitter.sendMany(datagrams, options);
  }

  /**
   * Sends as much of a filled batch as the queue has room for, without waiting.
   *
   * @param batch The datagrams; it is empty once they are sent.
   * @returns What became of it; undefined where the queue is full, and then the
   * next call with this batch goes on where it stopped.
   * @throws {ClosedError} Once closed.
   */
  trySendMany(batch: SendBatch): SendResult | undefined {
    return this.#transmitter.trySendMany(batch);
  }

  /**
   * Waits for what became of datagrams sent earlier; needs `receiveErrors`.
   * Ends when the socket is closed.
   *
   * @param options What ends the wait; `timeout` in milliseconds.
   * @throws {ArgumentError} Without `receiveErrors`.
   * @throws {TimeoutError} When the time is over.
   */
  errors(options?: WaitOptions): AsyncGenerator<ErrorEvent, void, void> {
    return errorEvents(this.#errors, this.#descriptor, options);
  }

  /**
   * Joins a multicast group.
   *
   * @param group For example "224.0.0.251" or "ff02::fb".
   * @param on The interface, by name or index; default: as the routes say.
   * @throws {ArgumentError} For a group or an interface that is none.
   * @throws {SystemError} When the kernel refuses it.
   * @throws {ClosedError} Once closed.
   */
  join(group: string, on?: InterfaceRef): void {
    membership(this.#descriptor.fd, this.family, "join", group, on);
  }

  /**
   * Leaves a multicast group.
   *
   * @param group The group.
   * @param on The interface it was joined on, by name or index.
   * @throws {ArgumentError} For a group or an interface that is none.
   * @throws {SystemError} When the kernel refuses it.
   * @throws {ClosedError} Once closed.
   */
  leave(group: string, on?: InterfaceRef): void {
    membership(this.#descriptor.fd, this.family, "leave", group, on);
  }

  /**
   * Sends multicast through this interface.
   *
   * @param on Its name or index.
   * @throws {ArgumentError} For an interface that is none.
   * @throws {SystemError} When the kernel refuses it.
   * @throws {ClosedError} Once closed.
   */
  multicastInterface(on: InterfaceRef): void {
    multicastInterface(this.handle, on);
  }

  /** Lets pending operations keep the process alive, which is the default. */
  ref(): void {
    this.#descriptor.ref();
  }

  /** Lets the process end while operations are pending. */
  unref(): void {
    this.#descriptor.unref();
  }

  /** Ends everything that waits on it, with ClosedError, and closes. The port is free when it resolves. */
  close(): Promise<void> {
    return this.#descriptor.close();
  }

  /** The same as close(), for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
