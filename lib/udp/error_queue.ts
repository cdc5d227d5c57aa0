// A socket's error queue: ICMP errors and local refusals, each with the
// datagram that caused it.

import { EAGAIN, errnoName, errnoText } from "../../ffi/errno.ts";
import { errno, libc } from "../../ffi/libc.ts";
import {
  SO_EE_ORIGIN_ICMP,
  SO_EE_ORIGIN_ICMP6,
  SO_EE_ORIGIN_LOCAL,
  sock_extended_err,
} from "../../ffi/layout/linux_errqueue.ts";
import {
  MSG_DONTWAIT,
  MSG_ERRQUEUE,
  SO_ERROR,
  SOL_SOCKET,
} from "../../ffi/layout/sys_socket.ts";
import { asyncIterator } from "../io/async_iterator.ts";
import type { Descriptor } from "../io/descriptor.ts";
import { ArgumentError } from "../errors.ts";
import type { WaitOptions } from "../io/reactor.ts";
import { ERROR_CONTROL } from "./ancillary.ts";
import { ReceiveBatch } from "./receive_batch.ts";
import { type Endpoint, readSockaddr } from "./sockaddr.ts";

/** Something that became of a datagram sent earlier (IP_RECVERR, ip(7)). */
export interface ErrorEvent {
  /** The errno's name, for example "ECONNREFUSED". */
  readonly code: string;
  /** The errno itself. */
  readonly errno: number;
  /** The errno's sentence. */
  readonly text: string;
  /** Who says so: this host, or an ICMP message. */
  readonly origin: "local" | "icmp" | "icmp6" | "other";
  /** The ICMP type; 0 for a local error. */
  readonly type: number;
  /** The ICMP code; 0 for a local error. */
  readonly icmpCode: number;
  /** For EMSGSIZE: the path's MTU in bytes. */
  readonly info: number;
  /** Whom the datagram was for; the port is 0 where the kernel does not tell it. */
  readonly peer?: Endpoint;
  /** Who sent the ICMP message. */
  readonly offender?: Endpoint;
  /** The beginning of the datagram's payload, as far as it came back. */
  readonly data: Uint8Array<ArrayBuffer>;
}

const ORIGINS: Readonly<Record<number, ErrorEvent["origin"]>> = {
  [SO_EE_ORIGIN_LOCAL]: "local",
  [SO_EE_ORIGIN_ICMP]: "icmp",
  [SO_EE_ORIGIN_ICMP6]: "icmp6",
};

/** Kept for a caller who does not read errors() as fast as they come. */
const KEPT = 256;

export class ErrorQueue {
  /** Events not yet handed out, oldest first. */
  readonly events: ErrorEvent[] = [];
  /** Events for which there was no room. */
  lost = 0;
  readonly #batch = new ReceiveBatch({
    size: 8,
    bufferSize: 1500,
    controlSize: ERROR_CONTROL,
  });

  readonly #onEvents: () => void;

  /** @param onEvents Called when events were taken out of the kernel. */
  constructor(onEvents: () => void) {
    this.#onEvents = onEvents;
  }

  /** Waits until there is an event. @throws {ClosedError | TimeoutError} */
  arrival(descriptor: Descriptor, options: WaitOptions): Promise<boolean> {
    return descriptor.perform(0, () => {
      if (this.events.length === 0) this.announced(descriptor.fd);
      return this.events.length > 0 || undefined;
    }, options);
  }

  /**
   * Takes out what POLLERR announced: the kernel's queue or, where that had no
   * room, the bare error. Left in place it would end every wait at once.
   */
  announced(fd: number): void {
    if (this.drain(fd)) return;
    const pending = new Int32Array(1);
    const size = new Int32Array([4]);
    libc().getsockopt(fd, SOL_SOCKET, SO_ERROR, pending, size);
    const [code] = pending;
    if (code === 0) return;
    this.#keep({
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

  /** Takes everything out of the kernel's queue; says whether there was something. */
  drain(fd: number): boolean {
    const batch = this.#batch;
    let any = false;
    let failed = false;
    for (;;) {
      batch.reset();
      const count = libc().recvmmsg(
        fd,
        batch.memory.bytes,
        batch.size,
        MSG_ERRQUEUE | MSG_DONTWAIT,
        null,
      );
      if (count <= 0) {
        // In older kernels a pending error fails one call, and only that one.
        if (count < 0 && errno() !== EAGAIN && !failed) {
          failed = true;
          continue;
        }
        if (any) this.#onEvents();
        return any;
      }
      batch.count = count;
      any = true;
      for (let slot = 0; slot < count; slot++) this.#read(slot);
    }
  }

  #keep(event: ErrorEvent): void {
    if (this.events.length >= KEPT) {
      this.events.shift();
      this.lost++;
    }
    this.events.push(event);
  }

  #read(slot: number): void {
    const batch = this.#batch;
    const at = batch.ancillary(slot).error;
    if (at < 0) return;
    const { view } = batch.memory;
    const error = sock_extended_err.get(view, at);
    const peer = batch.nameLength(slot) === 0
      ? undefined
      : readSockaddr(view, batch.nameAt(slot));
    const offender = readSockaddr(view, at + sock_extended_err.size);
    this.#keep({
      code: errnoName(error.ee_errno),
      errno: error.ee_errno,
      text: errnoText(error.ee_errno),
      origin: ORIGINS[error.ee_origin] ?? "other",
      type: error.ee_type,
      icmpCode: error.ee_code,
      info: error.ee_info,
      ...(peer === undefined ? {} : { peer }),
      ...(offender === undefined ? {} : { offender }),
      data: batch.data(slot).slice(),
    });
  }
}

/** The events as they come, until the socket is closed: see UdpSocket.errors(). */
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
        return await queue!.arrival(
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
