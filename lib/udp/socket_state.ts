// Shared state of the parts of a UDP socket.

import { ClosedError } from "../errors.ts";
import { Descriptor } from "../io/descriptor.ts";

import { ErrorQueue } from "../socket/error_queue.ts";
import { peerName, socketCookie, socketName } from "../socket/open.ts";
import type { Family } from "../socket/option.ts";
import {
  type Endpoint,
  formatEndpoint,
  readSockaddr,
  SOCKADDR_SIZE,
} from "../socket/sockaddr.ts";
import { VrfTable } from "../socket/vrf.ts";
import type { BindOptions } from "./options.ts";
import type { ReceiveBatch } from "./receive_batch.ts";
import type { ReplyRoutes } from "./reply.ts";
import type { SegmentationRefusals } from "./send_queue.ts";

/** The data for another thread of this process to attach to the socket. */
export interface UdpSocketHandle {
  /** The owner's descriptor number: duplicate it, never use it. */
  readonly fd: number;
  /** An eventfd that the owner signals when it closes. */
  readonly end: number;
  /** The owner's state, and the number of duplicates in other threads. */
  readonly state: SharedArrayBuffer;
  /** AF_INET or AF_INET6. */
  readonly domain: number;
  /** The IP versions of the socket. */
  readonly family: Family;
  /** The local address when the handle was created. */
  readonly address: Endpoint;
  /** The peer when the handle was created. */
  readonly peer?: Endpoint | undefined;
  /** The options of `bind` that operations depend on. */
  readonly options: SocketOptions;
  /** Identifies the socket (SO_COOKIE). */
  readonly cookie: string;
}

/** Options that operations depend on. */
export type SocketOptions =
  & Pick<
    BindOptions,
    | "receiveErrors"
    | "gro"
    | "gso"
    | "pinInterface"
    | "timestamping"
    | "transmitTime"
  >
  & {
    /** Default options that this kernel does not have, by their C names. */
    readonly missing?: readonly string[] | undefined;
  };

/** A socket that was opened; its address is read on first use. */
export interface OpenSocket {
  /** The descriptor's number. */
  readonly fd: number;
  readonly domain: number;
  readonly family: Family;
  readonly options: SocketOptions;
}

export class SocketState implements ReplyRoutes {
  readonly descriptor: Descriptor;
  readonly domain: number;
  readonly family: Family;
  readonly options: SocketOptions;
  /** With an option that queues errors or time stamps in the kernel. */
  readonly errors: ErrorQueue | undefined;
  readonly unread = new UnreadDatagrams();
  /** Paths that rejected segmented messages; undefined for none. */
  refusals: SegmentationRefusals | undefined;
  /** The interface that the socket was bound to before it was connected; 0 for none. */
  boundIfindex: number | undefined;
  /** The last address that was read, for errors after close(). */
  #address: Endpoint | undefined;
  #vrfs: VrfTable | undefined;

  /**
   * @param handle With the handle of another thread's socket, a duplicate of it.
   */
  constructor(
    { fd, domain, family, options }: OpenSocket,
    handle?: UdpSocketHandle,
  ) {
    const describe = () => this.#describe();
    this.#address = handle?.address;
    this.descriptor = handle === undefined
      ? new Descriptor(fd, describe)
      : Descriptor.attach(handle, describe);
    if (handle !== undefined && this.cookie !== handle.cookie) {
      // A terminated worker owned it: the number has been reused by another
      // socket.
      this.descriptor.close();
      throw new ClosedError(describe());
    }
    this.domain = domain;
    this.family = family;
    this.options = options;
    this.errors = usesErrorQueue(options)
      ? new ErrorQueue(
        () => this.descriptor.retry(),
        options.receiveErrors === true,
      )
      : undefined;
  }

  /** The descriptor's number. @throws {ClosedError} Once closed. */
  get fd(): number {
    return this.descriptor.fd;
  }

  /**
   * The local address, which connect() changes, also in another thread; the
   * last known one after close().
   *
   * @throws {ClosedError} If it is closed, and was not read before.
   */
  get address(): Endpoint {
    if (this.#address !== undefined && this.descriptor.closed) {
      return this.#address;
    }
    return this.#address = endpointOf(socketName(this.fd, SOCKADDR_SIZE));
  }

  /**
   * The peer that the socket is connected to.
   *
   * @throws {ClosedError} If it is closed.
   */
  get peer(): Endpoint | undefined {
    const name = peerName(this.fd, SOCKADDR_SIZE);
    return name === undefined ? undefined : endpointOf(name);
  }

  /** Identifies the socket. */
  get cookie(): string {
    return socketCookie(this.fd);
  }

  get pinInterface(): boolean {
    return this.options.pinInterface ?? false;
  }

  /** The VRFs of interfaces; opened at the first reply. */
  get vrfs(): VrfTable {
    if (this.#vrfs !== undefined) return this.#vrfs;
    const vrfs = this.#vrfs = VrfTable.open(this.fd);
    this.descriptor.atClose = () => vrfs.close();
    return vrfs;
  }

  /** Updates VRFs before replies to received datagrams. */
  refreshRoutes(): void {
    this.#vrfs?.refresh();
  }

  #describe(): string {
    // A closed descriptor has no fd.
    if (this.#address === undefined && this.descriptor.closed) {
      return "UDP socket";
    }
    return `UDP socket ${formatEndpoint(this.#address ?? this.address)}`;
  }
}

function endpointOf(name: Uint8Array<ArrayBuffer>): Endpoint {
  return readSockaddr(new DataView(name.buffer), 0)!;
}

/** Datagrams that a stopped iterator did not return, oldest first: the next receive takes them. */
class UnreadDatagrams {
  /**
   * Allocated on first use: few sockets are iterated and then received from.
   */
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
