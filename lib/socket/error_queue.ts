// A socket's error queue (MSG_ERRQUEUE): ICMP errors and local errors, each with
// the datagram that caused it.

import { EAGAIN, errnoName, errnoText } from "../../ffi/errno.ts";
import { errno } from "../../ffi/libc.ts";
import {
  SO_EE_ORIGIN_ICMP,
  SO_EE_ORIGIN_ICMP6,
  SO_EE_ORIGIN_LOCAL,
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

/** An error of a datagram sent earlier (IP_RECVERR, ip(7)). */
export interface ErrorEvent {
  /** The errno's name, for example "ECONNREFUSED". */
  readonly code: string;
  /** The errno itself. */
  readonly errno: number;
  /** The errno's text. */
  readonly text: string;
  /** The source of the error: this host, or an ICMP message. */
  readonly origin: "local" | "icmp" | "icmp6" | "other";
  /** The ICMP type; 0 for a local error. */
  readonly type: number;
  /** The ICMP code; 0 for a local error. */
  readonly icmpCode: number;
  /** For EMSGSIZE: the path's MTU in bytes. */
  readonly info: number;
  /** The destination of the datagram; the port is 0 where the kernel does not report it. */
  readonly peer?: Endpoint;
  /** The sender of the ICMP message. */
  readonly offender?: Endpoint;
  /** The beginning of the datagram's payload, as much as the ICMP message returned. */
  readonly data: Uint8Array<ArrayBuffer>;
}

const ORIGINS: Readonly<Record<number, ErrorEvent["origin"]>> = {
  [SO_EE_ORIGIN_LOCAL]: "local",
  [SO_EE_ORIGIN_ICMP]: "icmp",
  [SO_EE_ORIGIN_ICMP6]: "icmp6",
};

/** Messages read by one system call. */
const SIZE = 8;

/** Events that wait for errors(); with more of them the oldest are dropped. */
const MAX_EVENTS = 256;

export class ErrorQueue {
  /** Events that errors() did not return yet, oldest first. */
  readonly events: ErrorEvent[] = [];
  /** Events that were dropped. */
  lost = 0;
  readonly #vector = MessageVector.forReceiving({
    size: SIZE,
    nameSize: SOCKADDR_SIZE,
    controlSize: ERROR_CONTROL_SIZE,
  }, 1500);
  readonly #onEvents: () => void;

  /** @param onEvents Called when events were read from the kernel. */
  constructor(onEvents: () => void) {
    this.#onEvents = onEvents;
  }

  /** Waits until there is an event. @throws {ClosedError | TimeoutError} */
  waitForEvent(descriptor: Descriptor, options: WaitOptions): Promise<boolean> {
    return descriptor.perform(0, () => {
      if (this.events.length === 0) this.handlePollError(descriptor.fd);
      return this.events.length > 0 || undefined;
    }, options);
  }

  /**
   * Clears what POLLERR reported: the kernel's queue or, where that was full,
   * the pending error alone. Otherwise every wait would end at once.
   */
  handlePollError(fd: number): void {
    if (this.drain(fd)) return;
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

  /** Reads the kernel's queue until it is empty; whether there was anything. */
  drain(fd: number): boolean {
    const flags = MSG_ERRQUEUE | MSG_DONTWAIT;
    let any = false;
    let failed = false;
    for (;;) {
      const count = this.#vector.receive(fd, SIZE, flags);
      if (count <= 0) {
        // In older kernels a pending error fails one call, and only that one.
        if (count < 0 && errno() !== EAGAIN && !failed) {
          failed = true;
          continue;
        }
        if (any) this.#onEvents();
        return any;
      }
      any = true;
      for (let slot = 0; slot < count; slot++) this.#read(slot);
    }
  }

  #add(event: ErrorEvent): void {
    if (this.events.length >= MAX_EVENTS) {
      this.events.shift();
      this.lost++;
    }
    this.events.push(event);
  }

  #read(slot: number): void {
    const vector = this.#vector;
    const at = vector.control(slot).error;
    if (at < 0) return;
    const { view } = vector;
    const error = sock_extended_err.get(view, at);
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
      ...(peer === undefined ? {} : { peer }),
      ...(offender === undefined ? {} : { offender }),
      data: vector.data(slot).slice(),
    });
  }
}

/** The events until the socket is closed: see UdpSocket.errors(). */
export function errorEvents(
  queue: ErrorQueue | undefined,
  descriptor: Descriptor,
  { signal, timeout }: WaitOptions = {},
): AsyncGenerator<ErrorEvent, void, void> {
  return asyncIterator({
    take() {
      if (queue === undefined) {
        throw new ArgumentError("receiveErrors", false, "true on this socket");
      }
      return descriptor.closed ? undefined : queue.events.shift();
    },
    async wait(signal) {
      try {
        return await queue!.waitForEvent(
          descriptor,
          timeout === undefined ? { signal } : { signal, timeout },
        );
      } catch (error) {
        if (descriptor.closed) return false;
        throw error;
      }
    },
  }, signal);
}
