// Error queue of a socket (MSG_ERRQUEUE): ICMP errors and local errors, each
// with the datagram that caused it, and time stamps of sent datagrams.

import { EAGAIN, errnoName, errnoText } from "../../ffi/errno.ts";
import { errno } from "../../ffi/libc.ts";
import {
  SCM_TSTAMP_SCHED,
  SO_EE_ORIGIN_ICMP,
  SO_EE_ORIGIN_ICMP6,
  SO_EE_ORIGIN_LOCAL,
  SO_EE_ORIGIN_TIMESTAMPING,
  SO_EE_ORIGIN_TXTIME,
  sock_extended_err,
} from "../../ffi/uapi/linux_errqueue.ts";
import {
  MSG_DONTWAIT,
  MSG_ERRQUEUE,
  SO_ERROR,
  SOL_SOCKET,
} from "../../ffi/uapi/sys_socket.ts";
import { ArgumentError } from "../errors.ts";
import { asyncIterator } from "../io/async_iterator.ts";
import type { Descriptor } from "../io/descriptor.ts";
import type { WaitOptions } from "../io/reactor.ts";
import { ERROR_CONTROL_SIZE } from "./control_messages.ts";
import { MessageVector } from "./message_vector.ts";
import { getOption } from "./option.ts";
import { type Endpoint, readSockaddr, SOCKADDR_SIZE } from "./sockaddr.ts";
import { type PacketTimestamps, readTimestamps } from "./timestamping.ts";

/** An error of a datagram sent earlier (IP_RECVERR, ip(7)). */
export interface ErrorEvent {
  /** The errno's name, for example "ECONNREFUSED". */
  readonly code: string;
  /** The errno itself. */
  readonly errno: number;
  /** The errno's text. */
  readonly text: string;
  /**
   * The source of the error: this host, an ICMP message, or the queueing
   * discipline that dropped a datagram for its `transmitTime`.
   */
  readonly origin: "local" | "icmp" | "icmp6" | "txtime" | "other";
  /** The ICMP type; 0 for a local error. */
  readonly type: number;
  /** The ICMP code; 0 for a local error. */
  readonly icmpCode: number;
  /** For EMSGSIZE: the path's MTU in bytes. */
  readonly info: number;
  /** With origin "txtime": the datagram's `transmitTime`, which was invalid or missed. */
  readonly transmitTime?: bigint;
  /** The destination of the datagram; the port is 0 where the kernel does not report it. */
  readonly peer?: Endpoint;
  /** The sender of the ICMP message. */
  readonly offender?: Endpoint;
  /** The beginning of the datagram's payload, as much as the ICMP message returned. */
  readonly data: Uint8Array<ArrayBuffer>;
}

/**
 * When a datagram was sent (SO_TIMESTAMPING).
 *
 * Source: Documentation/networking/timestamping.rst of the kernel.
 */
export interface TransmitTimestamp extends PacketTimestamps {
  /**
   * Which message: the number of sent messages before it, from 0. Datagrams that
   * were combined to one message (UDP GSO) have one number.
   */
  readonly id: number;
  /** Where: on its way to the packet scheduler, or to or on the device. */
  readonly point: "scheduled" | "sent";
}

const ORIGINS: Readonly<Record<number, ErrorEvent["origin"]>> = {
  [SO_EE_ORIGIN_LOCAL]: "local",
  [SO_EE_ORIGIN_ICMP]: "icmp",
  [SO_EE_ORIGIN_ICMP6]: "icmp6",
  [SO_EE_ORIGIN_TXTIME]: "txtime",
};

/** Messages read by one system call. */
const SIZE = 8;

/** Events that wait for errors(); with more of them the oldest are dropped. */
const MAX_EVENTS = 1024;
/** The same for transmitTimestamps(). */
const MAX_TIMESTAMPS = 4096;

export class ErrorQueue {
  /** Events that errors() did not return yet, oldest first. */
  readonly events: ErrorEvent[] = [];
  /** Events that were dropped. */
  lost = 0;
  /** Time stamps that transmitTimestamps() did not return yet, oldest first. */
  readonly timestamps: TransmitTimestamp[] = [];
  /** Messages read, which says whether a wait missed some. */
  #read = 0;
  readonly #vector = MessageVector.forReceiving({
    size: SIZE,
    nameSize: SOCKADDR_SIZE,
    controlSize: ERROR_CONTROL_SIZE,
  }, 1500);
  readonly #onEvents: () => void;

  /**
   * @param onEvents Called when events were read from the kernel.
   * @param queuesErrors Whether errors are queued (IP_RECVERR); otherwise they
   * stay pending and fail the next call.
   */
  constructor(onEvents: () => void, readonly queuesErrors = true) {
    this.#onEvents = onEvents;
  }

  /**
   * Waits until something was read from the queue; it may belong to the next
   * caller.
   *
   * @param list The list that the caller takes from.
   * @throws {ClosedError | TimeoutError}
   */
  waitForEvent(
    descriptor: Descriptor,
    list: ArrayLike<unknown>,
    options: WaitOptions,
  ): Promise<boolean> {
    const before = this.#read;
    return descriptor.perform(0, () => {
      if (list.length === 0) this.handlePollError(descriptor.fd);
      return list.length > 0 || this.#read !== before || undefined;
    }, options);
  }

  /**
   * Clears the cause of POLLERR: the kernel's queue, or only the pending error
   * if the queue was full. Otherwise every wait would end immediately.
   */
  handlePollError(fd: number): void {
    if (this.drain(fd) || !this.queuesErrors) return;
    const code = getOption(fd, SOL_SOCKET, { SO_ERROR });
    if (code === 0) return;
    this.#add({
      code: errnoName(code),
      errno: code,
      text: errnoText(code),
      origin: "other",
      type: 0,
      icmpCode: 0,
      info: 0,
      data: new Uint8Array(0),
    });
    this.#onEvents();
  }

  /**
   * Reads the kernel's queue until it is empty; returns whether it had an
   * error.
   */
  drain(fd: number): boolean {
    const flags = MSG_ERRQUEUE | MSG_DONTWAIT;
    const before = this.#read;
    let anyError = false;
    let failed = false;
    for (;;) {
      const count = this.#vector.receive(fd, SIZE, flags);
      if (count <= 0) {
        // In older kernels, a pending error fails exactly one call.
        if (count < 0 && errno() !== EAGAIN && !failed) {
          failed = true;
          continue;
        }
        if (this.#read !== before) this.#onEvents();
        return anyError;
      }
      this.#read += count;
      for (let slot = 0; slot < count; slot++) {
        if (this.#take(slot)) anyError = true;
      }
    }
  }

  #add(event: ErrorEvent): void {
    if (this.events.length >= MAX_EVENTS) {
      this.events.shift();
      this.lost++;
    }
    this.events.push(event);
  }

  /** Handles a message; returns whether it is an error. */
  #take(slot: number): boolean {
    const vector = this.#vector;
    const { error: at, timestamping } = vector.control(slot);
    if (at < 0) return false;
    const { view } = vector;
    const error = sock_extended_err.get(view, at);
    if (error.ee_origin === SO_EE_ORIGIN_TIMESTAMPING) {
      if (timestamping < 0) return false;
      if (this.timestamps.length >= MAX_TIMESTAMPS) this.timestamps.shift();
      this.timestamps.push({
        id: error.ee_data,
        point: error.ee_info === SCM_TSTAMP_SCHED ? "scheduled" : "sent",
        ...readTimestamps(view, timestamping),
      });
      return false;
    }
    const peer = vector.nameLength(slot) === 0
      ? undefined
      : readSockaddr(view, vector.nameAt(slot));
    const offender = readSockaddr(view, at + sock_extended_err.size);
    this.#add({
      code: errnoName(error.ee_errno),
      errno: error.ee_errno,
      text: errnoText(error.ee_errno),
      origin: ORIGINS[error.ee_origin] ?? "other",
      type: error.ee_type,
      icmpCode: error.ee_code,
      info: error.ee_info,
      ...(error.ee_origin === SO_EE_ORIGIN_TXTIME
        ? { transmitTime: BigInt(error.ee_data) << 32n | BigInt(error.ee_info) }
        : {}),
      ...(peer === undefined ? {} : { peer }),
      ...(offender === undefined ? {} : { offender }),
      data: vector.data(slot).slice(),
    });
    return true;
  }
}

/**
 * The events until the socket is closed: see UdpSocket.errors().
 *
 * @param owner The socket.
 */
export function errorEvents(
  queue: ErrorQueue | undefined,
  descriptor: Descriptor,
  options?: WaitOptions,
  owner?: object,
): AsyncGenerator<ErrorEvent, void, void> {
  const option = "receiveErrors";
  return eventsOf(queue, queue?.events, option, descriptor, options, owner);
}

/**
 * The time stamps until the socket is closed: see UdpSocket.transmitTimestamps().
 *
 * @param owner The socket.
 */
export function transmitTimestamps(
  queue: ErrorQueue | undefined,
  descriptor: Descriptor,
  options?: WaitOptions,
  owner?: object,
): AsyncGenerator<TransmitTimestamp, void, void> {
  const option = "timestamping";
  const stamps = queue?.timestamps;
  return eventsOf(queue, stamps, option, descriptor, options, owner);
}

function eventsOf<T>(
  queue: ErrorQueue | undefined,
  events: T[] | undefined,
  option: string,
  descriptor: Descriptor,
  { signal, timeout }: WaitOptions = {},
  owner?: object,
): AsyncGenerator<T, void, void> {
  const source = {
    // The iteration keeps the socket from collection, which would close it.
    owner,
    take(): T | undefined {
      if (events === undefined) {
        throw new ArgumentError(option, false, "enabled on this socket");
      }
      return descriptor.closed ? undefined : events.shift();
    },
    async wait(signal: AbortSignal): Promise<boolean> {
      try {
        return await queue!.waitForEvent(
          descriptor,
          events!,
          timeout === undefined ? { signal } : { signal, timeout },
        );
      } catch (error) {
        if (descriptor.closed) return false;
        throw error;
      }
    },
  };
  return asyncIterator(source, signal);
}
