// The UDP socket: one descriptor, batches in, batches out.

import { EAGAIN, EINTR, SystemError } from "../../ffi/errno.ts";
import { errno, libc, unwrap } from "../../ffi/libc.ts";
import {
  AF_INET,
  MSG_DONTWAIT,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
} from "../../ffi/layout/sys_socket.ts";
import { POLLERR, POLLIN } from "../../ffi/layout/poll.ts";
import { BlockingPoll, type StopEvent } from "../blocking_poll.ts";
import { Deadline } from "../deadline.ts";
import { Descriptor } from "../descriptor.ts";
import { ArgumentError } from "../errors.ts";
import { inNamespace } from "../namespace.ts";
import type { WaitOptions } from "../poller.ts";
import type { Datagram } from "./datagram.ts";
import { type ErrorEvent, ErrorQueue } from "./error_queue.ts";
import { bindContext } from "./errors.ts";
import { append, type Message, payload, type SendOptions } from "./message.ts";
import {
  type InterfaceRef,
  membership,
  multicastInterface,
} from "./multicast.ts";
import {
  applyOptions,
  type BindOptions,
  type Family,
  planBind,
} from "./options.ts";
import { ReceiveBatch } from "./receive_batch.ts";
import { Progress, push, type SendResult } from "./send.ts";
import { SendBatch } from "./send_batch.ts";
import {
  type Endpoint,
  formatEndpoint,
  parseEndpoint,
  readSockaddr,
  SOCKADDR_SIZE,
  writeSockaddr,
} from "./sockaddr.ts";

/** What another thread of this process needs to use the same socket. */
export interface UdpSocketHandle {
  /** The descriptor's number. */
  readonly fd: number;
  /** AF_INET or AF_INET6. */
  readonly domain: number;
  /** Which IP versions it speaks. */
  readonly family: Family;
  /** Where it is bound. */
  readonly address: Endpoint;
  /** The options it was made with, as far as using it depends on them. */
  readonly options: Pick<BindOptions, "receiveErrors" | "gro">;
}

/** Calls that find data at once, before the event loop gets its turn. */
const STREAK = 16;
/** A datagram's payload is never longer. */
const LONGEST = 65535;

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
  #single: ReceiveBatch | undefined;
  #outgoing: SendBatch | undefined;
  #streak = 0;
  #interrupted: Progress | undefined;
  #connected = false;

  /** Which IP versions it speaks. */
  readonly family: Family;
  /** Where it is bound; the port is the one the kernel picked where 0 was asked for. */
  readonly address: Endpoint;

  private constructor(handle: UdpSocketHandle, borrowed: boolean) {
    const { fd, domain, family, address, options } = handle;
    const what = `UDP socket ${formatEndpoint(address)}`;
    this.#descriptor = new Descriptor(fd, what, { borrowed });
    this.#domain = domain;
    this.#options = options;
    this.#errors = options.receiveErrors ? new ErrorQueue() : undefined;
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
    return inNamespace(options.namespace, () => UdpSocket.#bind(options));
  }

  static #bind(options: BindOptions): UdpSocket {
    const plan = planBind(options);
    const { socket, bind, close, getsockname } = libc();
    const type = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    const fd = unwrap(socket(plan.domain, type, 0), "socket", {
      tried: "make a UDP socket",
    });
    try {
      applyOptions(fd, plan, options);
      const name = new Uint8Array(SOCKADDR_SIZE);
      const view = new DataView(name.buffer);
      const length = writeSockaddr(view, 0, plan.domain, plan);
      const wanted = formatEndpoint(readSockaddr(view, 0)!);
      if (bind(fd, name, length) < 0) {
        const code = errno();
        throw new SystemError(
          "bind",
          code,
          bindContext(code, wanted, plan.port),
        );
      }
      const size = new Int32Array([name.length]);
      unwrap(getsockname(fd, name, size), "getsockname");
      const { receiveErrors, gro } = options;
      return new UdpSocket({
        fd,
        domain: plan.domain,
        family: plan.family,
        address: readSockaddr(view, 0)!,
        options: { receiveErrors, gro },
      }, false);
    } catch (error) {
      close(fd);
      throw error;
    }
  }

  /**
   * The socket in another thread, from the handle its owner posted there.
   * Closing it here leaves it open for the owner.
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
      options: this.#options,
    };
  }

  /** A wait that blocks the calling thread, for a worker with nothing else to do. */
  blockingPoll(stop: StopEvent): BlockingPoll {
    return new BlockingPoll(this.#descriptor, stop);
  }

  /** Whether close() was called. */
  get closed(): boolean {
    return this.#descriptor.closed;
  }

  /**
   * Sends to one peer only and hears only that one, which also makes its ICMP
   * errors fail the next call. Nothing here waits.
   *
   * @throws {SystemError} When no route leads there.
   */
  connect(to: Endpoint): void {
    const name = new Uint8Array(SOCKADDR_SIZE);
    const parsed = parseEndpoint(to);
    const length = writeSockaddr(
      new DataView(name.buffer),
      0,
      this.#domain,
      parsed,
    );
    unwrap(libc().connect(this.#descriptor.fd, name, length), "connect", {
      tried: `connect a UDP socket to ${formatEndpoint(to)}`,
    });
    this.#connected = true;
  }

  /**
   * Waits for one datagram.
   *
   * @throws {ClosedError} When the socket is closed meanwhile.
   * @throws {TimeoutError} When the time is over.
   */
  async receive(options?: WaitOptions): Promise<Datagram> {
    const batch = this.#single ??= new ReceiveBatch({
      size: 1,
      bufferSize: LONGEST,
    });
    await this.receiveMany(batch, options);
    return batch.datagram(0);
  }

  /**
   * Waits for datagrams and takes as many as are there and fit, by one call.
   *
   * @param batch Where they go; what was there is overwritten.
   * @returns How many came, at least 1; also `batch.count`.
   * @throws {ClosedError} When the socket is closed meanwhile.
   * @throws {TimeoutError} When the time is over.
   */
  async receiveMany(
    batch: ReceiveBatch,
    options: WaitOptions = {},
  ): Promise<number> {
    options.signal?.throwIfAborted();
    const deadline = new Deadline(this.#descriptor.what, options);
    // Data that is always there must not keep timers and signals from running.
    if (this.#streak >= STREAK) await this.#wait(deadline.bounds());
    for (;;) {
      const count = this.tryReceiveMany(batch);
      if (count > 0) {
        this.#streak++;
        return count;
      }
      await this.#wait(deadline.bounds());
    }
  }

  async #wait(options: WaitOptions): Promise<void> {
    this.#streak = 0;
    const revents = await this.#descriptor.wait(POLLIN, options);
    if (revents & POLLERR) this.#errors?.drain(this.#descriptor.fd);
  }

  /**
   * Takes the datagrams that are there, without waiting.
   *
   * @param batch Where they go; what was there is overwritten.
   * @param limit Datagrams to take at most.
   * @returns How many came; 0 where none was there.
   * @throws {SystemError} When the kernel reports an error of an earlier send.
   */
  tryReceiveMany(batch: ReceiveBatch, limit: number = batch.size): number {
    batch.reset();
    const fd = this.#descriptor.fd;
    for (;;) {
      const count = libc().recvmmsg(
        fd,
        batch.memory.bytes,
        limit,
        MSG_DONTWAIT,
        null,
      );
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

  /** The same with a signal and a timeout for each wait. */
  async *datagrams(
    options?: WaitOptions,
  ): AsyncGenerator<Datagram, void, void> {
    const batch = new ReceiveBatch({
      bufferSize: this.#options.gro ? LONGEST : 2048,
    });
    while (!this.closed) {
      try {
        await this.receiveMany(batch, options);
      } catch (error) {
        if (this.closed) return;
        throw error;
      }
      for (let slot = 0; slot < batch.count; slot++) yield batch.datagram(slot);
    }
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
    const { failures } = await this.sendMany(
      [{ ...options, data: bytes, to }],
      options,
    );
    if (failures.length > 0) throw failures[0].error;
    return bytes.length;
  }

  /**
   * Answers a received datagram from the address it was sent to.
   *
   * @throws {SourceUnavailableError} When that address is gone; nothing is sent
   * from another one.
   */
  reply(
    datagram: Datagram,
    data: Uint8Array | string,
    options: SendOptions & WaitOptions = {},
  ): Promise<number> {
    const { local, peer } = datagram;
    const scoped = peer.scope !== undefined ||
      local?.address.startsWith("fe80:") || local?.source === undefined;
    return this.send(data, peer, {
      ...(local?.source === undefined ? {} : { source: local.source }),
      ...(local !== undefined && scoped ? { interface: local.ifindex } : {}),
      ...options,
    });
  }

  /**
   * Sends many datagrams with as few calls as possible. A refused one does not
   * keep the others from being sent.
   *
   * @param datagrams Messages, or a filled batch, which is empty afterwards.
   * @throws {ClosedError} When the socket is closed while the queue is full.
   */
  async sendMany(
    datagrams: SendBatch | Iterable<Message>,
    options: WaitOptions = {},
  ): Promise<SendResult> {
    options.signal?.throwIfAborted();
    const progress = new Progress();
    const deadline = new Deadline(this.#descriptor.what, options);
    const flush = async (batch: SendBatch) => {
      while (!this.#push(batch, progress)) {
        await this.#descriptor.writable(deadline.bounds());
      }
    };
    if (datagrams instanceof SendBatch) {
      await flush(datagrams);
      return progress.result();
    }
    // Taken for the length of the call: another call meanwhile makes its own.
    const batch = this.#outgoing ?? new SendBatch(64, 256 * 1024);
    this.#outgoing = undefined;
    try {
      for (const message of datagrams) {
        const data = payload(message.data);
        if (data.length > LONGEST) {
          throw new ArgumentError(
            "data",
            `${data.length} bytes`,
            `at most ${LONGEST} bytes`,
          );
        }
        if (!batch.fits(data.length)) await flush(batch);
        append(batch, this.#domain, data, message);
      }
      await flush(batch);
    } finally {
      batch.clear();
      this.#outgoing = batch;
    }
    return progress.result();
  }

  /**
   * Sends as much of a filled batch as the queue has room for, without waiting.
   *
   * @returns What became of it; undefined where the queue is full, and then the
   * same call with the same batch goes on where it stopped.
   */
  trySendMany(batch: SendBatch): SendResult | undefined {
    const progress = this.#interrupted ?? new Progress();
    const through = this.#push(batch, progress);
    this.#interrupted = through ? undefined : progress;
    return through ? progress.result() : undefined;
  }

  #push(batch: SendBatch, progress: Progress): boolean {
    const fd = this.#descriptor.fd;
    return push(fd, batch, progress, () => {
      this.#errors?.drain(fd);
      return this.#connected || this.#errors !== undefined;
    });
  }

  /**
   * Waits for what became of datagrams sent earlier; needs `receiveErrors`.
   * Ends when the socket is closed.
   *
   * @throws {ArgumentError} Without `receiveErrors`.
   */
  async *errors(options?: WaitOptions): AsyncGenerator<ErrorEvent, void, void> {
    const queue = this.#errors;
    if (queue === undefined) {
      throw new ArgumentError("receiveErrors", false, "true on this socket");
    }
    for (;;) {
      if (this.closed) return;
      queue.drain(this.#descriptor.fd);
      for (
        let event = queue.events.shift();
        event !== undefined;
        event = queue.events.shift()
      ) yield event;
      try {
        // POLLERR comes without being asked for.
        await this.#descriptor.wait(0, options);
      } catch (error) {
        if (this.closed) return;
        throw error;
      }
    }
  }

  /**
   * Joins a multicast group.
   *
   * @param group For example "224.0.0.251" or "ff02::fb".
   * @param on The interface, by name or index; default: as the routes say.
   */
  join(group: string, on?: InterfaceRef): void {
    membership(this.#descriptor.fd, "join", group, on);
  }

  /** Leaves a multicast group. */
  leave(group: string, on?: InterfaceRef): void {
    membership(this.#descriptor.fd, "leave", group, on);
  }

  /** Sends multicast through this interface. */
  multicastInterface(on: InterfaceRef): void {
    multicastInterface(this.#descriptor.fd, {
      four: this.family !== "ipv6",
      six: this.#domain !== AF_INET,
    }, on);
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
