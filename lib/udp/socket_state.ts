// What the parts of a UDP socket share.

import { Descriptor } from "../io/descriptor.ts";
import { ErrorQueue } from "../socket/error_queue.ts";
import { socketName } from "../socket/open.ts";
import type { Family } from "../socket/option.ts";
import {
  type Endpoint,
  formatEndpoint,
  readSockaddr,
  SOCKADDR_SIZE,
} from "../socket/sockaddr.ts";
import type { BindOptions } from "./options.ts";
import type { ReceiveBatch } from "./receive_batch.ts";

/** What another thread of this process needs to use the same socket. */
export interface UdpSocketHandle {
  /** The descriptor's number. */
  readonly fd: number;
  /** AF_INET or AF_INET6. */
  readonly domain: number;
  /** The IP versions that it speaks. */
  readonly family: Family;
  /** The local address. */
  readonly address: Endpoint;
  /** The peer it is connected to. */
  readonly peer?: Endpoint | undefined;
  /** The options of `bind` that its use depends on. */
  readonly options: Pick<
    BindOptions,
    "receiveErrors" | "gro" | "timestamping" | "transmitTime"
  >;
}

/** A socket that was opened; its address is read when it is needed. */
export type OpenSocket = Omit<UdpSocketHandle, "address">;

export class SocketState {
  readonly descriptor: Descriptor;
  readonly domain: number;
  readonly family: Family;
  readonly options: UdpSocketHandle["options"];
  /** With an option that has the kernel queue errors or time stamps. */
  readonly errors: ErrorQueue | undefined;
  readonly unread = new UnreadDatagrams();
  /** The peer it is connected to. */
  peer: Endpoint | undefined;
  #address: Endpoint | undefined;

  /**
   * @param borrowed Whether another thread owns the socket.
   */
  constructor(
    { fd, domain, family, peer, options }: OpenSocket,
    borrowed: boolean,
    address?: Endpoint,
  ) {
    this.descriptor = new Descriptor(
      fd,
      () => this.#describe(),
      borrowed ? BORROWED : undefined,
    );
    this.domain = domain;
    this.family = family;
    this.options = options;
    this.errors = usesErrorQueue(options)
      ? new ErrorQueue(
        () => this.descriptor.retry(),
        options.receiveErrors === true,
      )
      : undefined;
    this.peer = peer;
    this.#address = address;
  }

  /** The descriptor's number. @throws {ClosedError} Once closed. */
  get fd(): number {
    return this.descriptor.fd;
  }

  /** The local address. @throws {ClosedError} If it was never read before. */
  get address(): Endpoint {
    return this.#address ??= readName(this.descriptor.fd);
  }

  #describe(): string {
    // A descriptor that is closed is described from here: do not ask for its fd.
    if (this.#address === undefined && this.descriptor.closed) {
      return "UDP socket";
    }
    return `UDP socket ${formatEndpoint(this.address)}`;
  }
}

const BORROWED = { borrowed: true };

function readName(fd: number): Endpoint {
  const name = socketName(fd, SOCKADDR_SIZE);
  return readSockaddr(new DataView(name.buffer), 0)!;
}

/** Datagrams that a stopped iterator did not return, oldest first: the next receive takes them. */
class UnreadDatagrams {
  /** Made when it is needed: few sockets are iterated and then received from. */
  #parts: { readonly batch: ReceiveBatch; next: number }[] | undefined;

  /** Whether there are none. */
  get isEmpty(): boolean {
    return this.#parts === undefined || this.#parts.length === 0;
  }

  /** Adds those of a batch from a slot on; the batch must not be used again. */
  add(batch: ReceiveBatch, next: number): void {
    (this.#parts ??= []).push({ batch, next });
  }

  /** Moves up to `limit` of the oldest into an empty batch; returns how many. */
  moveTo(batch: ReceiveBatch, limit: number): number {
    batch.vector.reset();
    const parts = this.#parts;
    const first = parts?.[0];
    if (parts === undefined || first === undefined) return 0;
    while (batch.count < limit && first.next < first.batch.count) {
      batch.vector.append(first.batch.vector, first.next++);
      batch.count++;
    }
    if (first.next === first.batch.count) parts.shift();
    return batch.count;
  }
}

/** Whether the kernel's error queue has to be read. */
function usesErrorQueue(options: UdpSocketHandle["options"]): boolean {
  return options.receiveErrors === true ||
    (options.timestamping?.transmit?.length ?? 0) > 0 ||
    options.transmitTime?.reportErrors === true;
}
