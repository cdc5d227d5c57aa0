// The UDP socket.

import { interfaceNameOf, type InterfaceRef } from "../net/interface_index.ts";
import { BlockingPoll, type StopEvent } from "../io/blocking_poll.ts";
import {
  customInspect,
  ForgottenObjects,
  type Inspect,
  inspectFields,
  postItsHandleAndAttach,
} from "../io/handle.ts";
import type { WaitOptions } from "../io/reactor.ts";
import { droppedPackets, type Family } from "../socket/option.ts";
import {
  type ErrorEvent,
  errorEvents,
  type TransmitTimestamp,
  transmitTimestamps,
} from "../socket/error_queue.ts";
import {
  changeMulticastGroup,
  changeMulticastSource,
  setMulticastInterface,
} from "../socket/membership.ts";
import type { Endpoint } from "../socket/sockaddr.ts";
import type { Datagram } from "./datagram.ts";
import type { Message, SendOptions } from "./message.ts";
import {
  adoptUdpSocket,
  bindUdpSocket,
  connectUdpSocket,
  disconnectUdpSocket,
} from "./open.ts";
import type { BindOptions, UdpSocketSettings } from "./options.ts";
import type { ReceiveBatch } from "./receive_batch.ts";
import { type DatagramsOptions, Receiver } from "./receiver.ts";
import { checkReply, replySource } from "./reply.ts";
import type { SendBatch } from "./send_batch.ts";
import type { SendResult } from "./errors.ts";
import { SocketState, type UdpSocketHandle } from "./socket_state.ts";
import { UdpSocketOptions } from "./socket_options.ts";
import { Transmitter } from "./transmitter.ts";

const forgotten = new ForgottenObjects("UdpSocket");

/** Options of `UdpSocket.reply`. */
export interface SocketReplyOptions extends SendOptions, WaitOptions {
  /**
   * Send through the interface the datagram arrived on. For IPv4 regardless of
   * the routes; for IPv6 the kernel considers only the best routes there.
   * Default: that of the socket.
   */
  readonly pinInterface?: boolean | undefined;
}

/**
 * A UDP socket that reports the local address of each datagram and replies from
 * it.
 *
 * Every operation that waits takes an AbortSignal and a timeout in milliseconds.
 * close() cancels all of them immediately with ClosedError, even after the
 * interface is deleted.
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
 * const query = await server.receive();
 * await server.reply(query, "pong");
 * const reply = await client.receive({ timeout: 1000 });
 * console.log(new TextDecoder().decode(reply.data), reply.peer.address);
 * // pong 127.0.0.1
 * ```
 */
export class UdpSocket implements AsyncDisposable {
  readonly #state: SocketState;
  readonly #receiver: Receiver;
  readonly #transmitter: Transmitter;
  #liveOptions: UdpSocketOptions | undefined;
  /**
   * Makes postMessage throw: post the `handle` instead.
   *
   * @internal
   */
  protected readonly notCloneable: () => void = postItsHandleAndAttach;

  private constructor(state: SocketState) {
    this.#state = state;
    this.#receiver = new Receiver(state, this);
    this.#transmitter = new Transmitter(state, this);
    forgotten.watch(this, state.descriptor);
  }

  /**
   * Opens a socket and binds it, without waiting.
   *
   * @param options Default: any port on all addresses of both IP versions, with
   * packet info.
   * @throws {ArgumentError} For an invalid option.
   * @throws {SystemError} EADDRINUSE, EADDRNOTAVAIL, EACCES ...
   */
  static bind(options: BindOptions = {}): UdpSocket {
    return new UdpSocket(new SocketState(bindUdpSocket(options)));
  }

  /**
   * Takes ownership of an open UDP socket, for example one of
   * `activationDescriptors()`. Its IP versions, address, peer and options are
   * read from the kernel, and packet info is enabled. Datagrams that are
   * already queued carry no interface, which PassPacketInfo= of
   * systemd.socket(5) avoids.
   *
   * @param fd The number of the descriptor; O_NONBLOCK and FD_CLOEXEC are set.
   * @param options Options to set; others remain unchanged.
   * @throws {ArgumentError} If it is not a UDP socket, or for an invalid option.
   * @throws {SystemError} EBADF, ENOTSOCK; the caller still owns the descriptor
   *   then.
   */
  static fromDescriptor(
    fd: number,
    options: UdpSocketSettings = {},
  ): UdpSocket {
    return new UdpSocket(new SocketState(adoptUdpSocket(fd, options)));
  }

  /**
   * The socket in another thread, from the handle that its owner posted: a
   * duplicate of its descriptor. Closing it does not close the owner's; when
   * the owner closes, this one is closed too and its operations reject.
   *
   * @param handle The owner's `handle`.
   * @throws {ClosedError} If the owner has closed it.
   */
  static attach(handle: UdpSocketHandle): UdpSocket {
    return new UdpSocket(new SocketState(handle, handle));
  }

  /**
   * The IP versions of the socket; "ipv4" also if "dual" was the default and
   * the kernel has no IPv6.
   */
  get family(): Family {
    return this.#state.family;
  }

  /**
   * The local address: with the port that the kernel chose for port 0, and the
   * source address that it chose for `connect()`.
   *
   * @throws {ClosedError} If it is closed, and was not read before.
   */
  get address(): Endpoint {
    return this.#state.address;
  }

  /**
   * The peer that it is connected to; undefined if it is not.
   *
   * @throws {ClosedError} If it is closed.
   */
  get peer(): Endpoint | undefined {
    return this.#state.peer;
  }

  /**
   * Default options that this kernel does not have, by their C names: for
   * example IP_MULTICAST_ALL in a system call emulator.
   */
  get missingOptions(): readonly string[] {
    return this.#state.options.missing ?? [];
  }

  /**
   * A handle to post to a worker of this process, for `attach`; any number of
   * workers may attach to it.
   *
   * @throws {ClosedError} If it is closed.
   */
  get handle(): UdpSocketHandle {
    const { descriptor, domain, family, options } = this.#state;
    const { address, peer, cookie } = this.#state;
    const shared = descriptor.share();
    return { ...shared, cookie, domain, family, address, peer, options };
  }

  /**
   * A wait that blocks the calling thread, for a worker with no other work.
   *
   * @param stop The event that ends it from another thread.
   * @throws {ClosedError} If it is closed.
   */
  blockingPoll(stop: StopEvent): BlockingPoll {
    return new BlockingPoll(this.#state.descriptor, stop, this);
  }

  /** The options of the open socket. */
  get options(): UdpSocketOptions {
    return this.#liveOptions ??= new UdpSocketOptions(
      this.#state.descriptor,
      this.family,
    );
  }

  /** Whether close() was called. */
  get closed(): boolean {
    return this.#state.descriptor.closed;
  }

  /**
   * Datagrams that the kernel dropped at this socket since it was opened: because
   * its receive buffer was full (`receiveBuffer`), or for a wrong checksum.
   *
   * Source: SO_MEMINFO of linux/sock_diag.h, since Linux 4.12; the column
   * "drops" of /proc/net/udp.
   *
   * @throws {ClosedError} If it is closed.
   */
  get dropped(): number {
    return droppedPackets(this.#state.descriptor.fd);
  }

  /**
   * The number of errors that `errors()` does not return, because more than
   * 1,024 were queued.
   */
  get droppedErrors(): number {
    return this.#state.errors?.lost ?? 0;
  }

  /**
   * The name of an interface in the socket's network namespace, by the ifindex
   * of a datagram; undefined if it does not exist (any more).
   *
   * Source: netdevice(7), SIOCGIFNAME.
   *
   * @param index The ifindex, as `datagram.local.ifindex`.
   * @throws {ClosedError} If it is closed.
   */
  interfaceName(index: number): string | undefined {
    return interfaceNameOf(this.#state.fd, index);
  }

  /**
   * Connects to one peer, without waiting: only its datagrams are received, and
   * its ICMP errors fail the next call unless `receiveErrors` queues them. The
   * kernel chooses the source address; `address` reads it.
   *
   * A socket that is connected to another peer is disconnected first, so that
   * the source address is chosen again. It keeps its port.
   *
   * @param to The peer.
   * @throws {ArgumentError} For an invalid address or port.
   * @throws {SystemError} ENETUNREACH without a route.
   * @throws {ClosedError} If it is closed.
   */
  connect(to: Endpoint): void {
    connectUdpSocket(this.#state, to);
  }

  /**
   * Dissolves the association with the peer: datagrams of all peers are
   * received again. The port does not change; does nothing if it is not
   * connected.
   *
   * Source: connect(2), AF_UNSPEC.
   *
   * @throws {SystemError} EADDRINUSE if another socket took an automatically
   *   chosen port at the same time.
   * @throws {ClosedError} If it is closed.
   */
  disconnect(): void {
    disconnectUdpSocket(this.#state);
  }

  /**
   * Waits for one datagram. Pending receives complete in the order in which they
   * were called.
   *
   * A pending receive takes the next datagram even if its promise lost a race:
   * cancel it by `signal` or `timeout`, or race `waitReadable()` instead.
   *
   * @param options A signal and a timeout in milliseconds.
   * @throws {ClosedError} If the socket is closed.
   * @throws {TimeoutError} After the timeout.
   * @throws {SystemError} If the kernel reports an error of an earlier send.
   */
  receive(options?: WaitOptions): Promise<Datagram> {
    return this.#receiver.one(options);
  }

  /**
   * Waits until there may be a datagram, and receives none: safe to abandon, for
   * example in `Promise.race`.
   *
   * @param options A signal and a timeout in milliseconds.
   * @throws {ClosedError} If the socket is closed.
   * @throws {TimeoutError} After the timeout.
   */
  async waitReadable(options?: WaitOptions): Promise<void> {
    options?.signal?.throwIfAborted();
    if (this.#state.unread.isEmpty) {
      await this.#state.descriptor.readable(options);
    }
  }

  /**
   * Waits for datagrams and receives as many as are queued and fit, by one call.
   *
   * @param batch The batch, whose content is overwritten.
   * @param options A signal and a timeout in milliseconds.
   * @returns The number of datagrams, at least 1; also `batch.count`.
   * @throws {ClosedError} If the socket is closed.
   * @throws {TimeoutError} After the timeout.
   * @throws {SystemError} If the kernel reports an error of an earlier send.
   */
  receiveMany(batch: ReceiveBatch, options?: WaitOptions): Promise<number> {
    return this.#receiver.many(batch, options);
  }

  /**
   * Receives queued datagrams without waiting.
   *
   * @param batch The batch, whose content is overwritten.
   * @param limit The maximum number of datagrams, from 1 to the size of the
   *   batch.
   * @returns The number of datagrams; 0 if none was queued.
   * @throws {ArgumentError} If the limit is out of range.
   * @throws {SystemError} If the kernel reports an error of an earlier send.
   */
  tryReceiveMany(batch: ReceiveBatch, limit: number = batch.size): number {
    return this.#receiver.tryReceive(batch, limit);
  }

  /**
   * Iterates over datagrams, each a copy, until the socket is closed. The next
   * receive returns datagrams that a loop received and did not return.
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
   * The same with a signal, a timeout and a size limit.
   *
   * @param options Signal, timeout for each datagram in milliseconds, and
   * `bufferSize` to cut off longer datagrams.
   * @throws {ArgumentError} For an invalid size.
   * @throws {TimeoutError} After the timeout.
   * @throws {SystemError} If the kernel reports an error of an earlier send.
   */
  datagrams(options?: DatagramsOptions): AsyncGenerator<Datagram, void, void> {
    return this.#receiver.each(options);
  }

  /**
   * Sends one datagram.
   *
   * @param data Its payload; a string is sent as UTF-8.
   * @param to The peer; optional if connected.
   * @param options Source, interface and header fields; signal and timeout.
   * @returns The bytes sent.
   * @throws {SourceUnavailableError} If it cannot be sent from that source.
   * @throws {SystemError} If the kernel rejects it.
   */
  send(
    data: Uint8Array | string,
    to?: Endpoint,
    options: SendOptions & WaitOptions = {},
  ): Promise<number> {
    return this.#transmitter.send(data, to, options);
  }

  /**
   * Replies to a received datagram from the address it was sent to; without
   * packet info the routes choose.
   *
   * @param datagram The received datagram.
   * @param data The payload; a string is sent as UTF-8.
   * @param options As for `send`; a source or interface overrides the datagram's.
   * @returns The bytes sent.
   * @throws {NoReplyPortError} If the datagram was sent from port 0.
   * @throws {SourceUnavailableError} If that address was removed; nothing is
   *   sent from another address.
   * @throws {ArgumentError} If it is not a received datagram, or its packet
   *   info was truncated.
   * @throws {SystemError} If the kernel rejects it, for example by a firewall
   *   rule.
   * @throws {TimeoutError} After the timeout.
   */
  reply(
    datagram: Datagram,
    data: Uint8Array | string,
    options: SocketReplyOptions = {},
  ): Promise<number> {
    try {
      checkReply(datagram);
      const state = this.#state;
      const { pinInterface = state.pinInterface } = options;
      state.refreshRoutes();
      const source = replySource(datagram, pinInterface, state);
      return this.send(data, datagram.peer, { ...source, ...options });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Sends datagrams with as few calls as possible. If one is invalid or
   * rejected by the kernel, the others are sent nevertheless: see `failures`.
   *
   * @param datagrams Messages, or a filled batch, which is empty afterwards. After
   * a signal or timeout the batch keeps the rest for the next call.
   * @param options A signal and a timeout in milliseconds.
   * @throws {SendInterruptedError} If a signal, timeout, close() or the
   *   iterable ended the call after a part of the messages.
   * @throws {ClosedError} If the socket is closed while the send buffer is
   *   full.
   * @throws {TimeoutError} After the timeout.
   */
  sendMany(
    datagrams: SendBatch | Iterable<Message>,
    options: WaitOptions = {},
  ): Promise<SendResult> {
    return this.#transmitter.sendMany(datagrams, options);
  }

  /**
   * Sends as much of a filled batch as the send buffer accepts, without waiting.
   *
   * @param batch The datagrams; it is empty once they are sent.
   * @returns The outcome; undefined if the send buffer is full: the next call with
   * this batch continues there.
   * @throws {ClosedError} If it is closed.
   */
  trySendMany(batch: SendBatch): SendResult | undefined {
    return this.#transmitter.trySendMany(batch);
  }

  /**
   * Iterates over errors of datagrams sent earlier, until the socket is closed;
   * needs `receiveErrors`, or `transmitTime` with `reportErrors`.
   *
   * @param options Signal, and timeout for each error in milliseconds.
   * @throws {ArgumentError} Without `receiveErrors`.
   * @throws {TimeoutError} After the timeout.
   */
  errors(options?: WaitOptions): AsyncGenerator<ErrorEvent, void, void> {
    const { errors, descriptor } = this.#state;
    return errorEvents(errors, descriptor, options, this);
  }

  /**
   * Iterates over time stamps of sent datagrams, until the socket is closed;
   * needs `timestamping` with `transmit`. At most 4,096 unread time stamps are
   * kept.
   *
   * @param options Signal, and timeout for each time stamp in milliseconds.
   * @throws {ArgumentError} Without `timestamping`.
   * @throws {TimeoutError} After the timeout.
   */
  transmitTimestamps(
    options?: WaitOptions,
  ): AsyncGenerator<TransmitTimestamp, void, void> {
    const { errors, descriptor } = this.#state;
    return transmitTimestamps(errors, descriptor, options, this);
  }

  /**
   * Joins a multicast group.
   *
   * @param group For example "224.0.0.251" or "ff02::fb".
   * @param on The interface, by name or index; default: the routes choose.
   * @throws {ArgumentError} For an invalid group or interface.
   * @throws {SystemError} If the kernel rejects it.
   * @throws {ClosedError} If it is closed.
   */
  join(group: string, on?: InterfaceRef): void {
    const { fd } = this.#state.descriptor;
    changeMulticastGroup(fd, this.family, "join", group, on);
  }

  /**
   * Leaves a multicast group.
   *
   * @param group The group.
   * @param on The interface it was joined on, by name or index.
   * @throws {ArgumentError} For an invalid group or interface.
   * @throws {SystemError} If the kernel rejects it.
   * @throws {ClosedError} If it is closed.
   */
  leave(group: string, on?: InterfaceRef): void {
    const { fd } = this.#state.descriptor;
    changeMulticastGroup(fd, this.family, "leave", group, on);
  }

  /**
   * Joins a multicast group for one source: source-specific multicast, RFC 4607.
   * Called again, it adds another source.
   *
   * @param group For example "232.1.2.3" or "ff3e::1234".
   * @param source The unicast address of the sender.
   * @param on The interface, by name or index; default: the routes choose.
   * @throws {ArgumentError} For an invalid group, source or interface.
   * @throws {SystemError} If the kernel rejects it.
   * @throws {ClosedError} If it is closed.
   */
  joinSource(group: string, source: string, on?: InterfaceRef): void {
    const { fd } = this.#state;
    changeMulticastSource(fd, this.family, "join", group, source, on);
  }

  /**
   * Leaves a multicast group for one source; with its last source, the group.
   *
   * @param group The group.
   * @param source The source.
   * @param on The interface it was joined on, by name or index.
   * @throws {ArgumentError} For an invalid group, source or interface.
   * @throws {SystemError} If the kernel rejects it.
   * @throws {ClosedError} If it is closed.
   */
  leaveSource(group: string, source: string, on?: InterfaceRef): void {
    const { fd } = this.#state;
    changeMulticastSource(fd, this.family, "leave", group, source, on);
  }

  /**
   * Blocks one source of a group that was joined by join().
   *
   * @param group The group.
   * @param source The source.
   * @param on The interface it was joined on, by name or index.
   * @throws {ArgumentError} For an invalid group, source or interface.
   * @throws {SystemError} If the kernel rejects it.
   * @throws {ClosedError} If it is closed.
   */
  blockSource(group: string, source: string, on?: InterfaceRef): void {
    const { fd } = this.#state;
    changeMulticastSource(fd, this.family, "block", group, source, on);
  }

  /**
   * Unblocks a source.
   *
   * @param group The group.
   * @param source The source.
   * @param on The interface it was joined on, by name or index.
   * @throws {ArgumentError} For an invalid group, source or interface.
   * @throws {SystemError} If the kernel rejects it.
   * @throws {ClosedError} If it is closed.
   */
  unblockSource(group: string, source: string, on?: InterfaceRef): void {
    const { fd } = this.#state;
    changeMulticastSource(fd, this.family, "unblock", group, source, on);
  }

  /**
   * Sends multicast through this interface.
   *
   * @param on Its name or index.
   * @throws {ArgumentError} For an invalid interface.
   * @throws {SystemError} If the kernel rejects it.
   * @throws {ClosedError} If it is closed.
   */
  multicastInterface(on: InterfaceRef): void {
    setMulticastInterface(this.#state.descriptor.fd, this.family, on);
  }

  /** Lets pending operations keep the process alive, which is the default. */
  ref(): void {
    this.#state.descriptor.ref();
  }

  /** Lets the process exit while operations are pending. */
  unref(): void {
    this.#state.descriptor.unref();
  }

  /**
   * Cancels pending operations with ClosedError and closes, including attached
   * sockets in other threads. The port is free when it resolves, unless another
   * thread computes for longer than 50 ms.
   */
  close(): Promise<void> {
    return this.#state.descriptor.close();
  }

  /** Equivalent to close(), for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * The text that console.log prints.
   *
   * @internal
   */
  [customInspect](inspect: Inspect, options: Deno.InspectOptions): string {
    const { closed, family } = this;
    const fields = closed ? { closed, family } : {
      closed,
      family,
      address: this.address,
      peer: this.peer,
      dropped: this.dropped,
    };
    return inspectFields("UdpSocket", fields, inspect, options);
  }
}
