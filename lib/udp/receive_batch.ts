// Batch of datagrams for one recvmmsg(), in preallocated memory.

import { customInspect, type Inspect, inspectFields } from "../io/handle.ts";
import { RECEIVE_CONTROL_SIZE } from "../socket/control_messages.ts";
import { MessageVector } from "../socket/message_vector.ts";
import {
  type Endpoint,
  isIPv4Peer,
  readSockaddr,
  SOCKADDR_SIZE,
  sockaddrPort,
} from "../socket/sockaddr.ts";
import { wholeNumber } from "../errors.ts";
import type { ReplyRoutes } from "./reply.ts";
import {
  type Datagram,
  type DatagramInfo,
  NO_PACKET_INFO,
  setControlFields,
} from "./datagram.ts";

/** Sizes of a batch. */
export interface ReceiveBatchOptions {
  /** Datagrams received by one call, 1 to 1024; default 64. */
  readonly size?: number | undefined;
  /**
   * Bytes of each datagram; longer ones are cut off and marked `truncated`.
   * Default 65535: none is. The kernel provides memory only for what arrives.
   */
  readonly bufferSize?: number | undefined;
  /** Bytes for the control messages of each; the default is enough for every option of `bind`. */
  readonly controlSize?: number | undefined;
}

/** The longest payload of a datagram. */
export const MAX_PAYLOAD = 65535;

/** Checks the index of a slot. @throws {RangeError} If it has no datagram. */
export function checkSlot(slot: number, count: number): void {
  if (!(slot >= 0 && slot < count)) {
    throw new RangeError(`no datagram ${slot} of ${count}`);
  }
}

const UNKNOWN = { address: "", port: 0 } as const;

/**
 * Memory for the datagrams of one `receiveMany` call, reused by the next.
 *
 * Views of it are valid until the next call; `datagram(i)` returns a copy. An
 * index that is not below `count` throws RangeError.
 *
 * Source: recvmmsg(2).
 *
 * @example
 * ```ts
 * import { ReceiveBatch, UdpSocket } from "@netplumb/netplumb";
 *
 * await using server = UdpSocket.bind({ address: "127.0.0.1" });
 * await using client = UdpSocket.bind({ address: "127.0.0.1" });
 * await client.send("a", server.address);
 * const batch = new ReceiveBatch({ size: 16 });
 * await server.receiveMany(batch);
 * for (let i = 0; i < batch.count; i++) console.log(batch.data(i).length);
 * // 1
 * ```
 */
export class ReceiveBatch {
  /** The maximum number of datagrams. */
  readonly size: number;
  /** The maximum size of each datagram, in bytes. */
  readonly bufferSize: number;
  /** The number of received datagrams. */
  count = 0;

  /**
   * The memory, with one slot for each datagram.
   *
   * @internal
   */
  readonly vector: MessageVector;

  /**
   * Information of the socket that filled it, for replies.
   *
   * @internal
   */
  routes: ReplyRoutes | undefined;

  /**
   * Allocates the memory.
   *
   * @throws {ArgumentError} For a size out of range.
   */
  constructor(
    { size = 64, bufferSize = MAX_PAYLOAD, controlSize = RECEIVE_CONTROL_SIZE }:
      ReceiveBatchOptions = {},
  ) {
    this.size = wholeNumber("size", size, 1, 1024);
    this.bufferSize = wholeNumber("bufferSize", bufferSize, 1, MAX_PAYLOAD);
    this.vector = MessageVector.forReceiving({
      size,
      nameSize: SOCKADDR_SIZE,
      controlSize: wholeNumber("controlSize", controlSize, 0, 65528),
    }, bufferSize);
  }

  /** The number of bytes in a slot. */
  length(slot: number): number {
    checkSlot(slot, this.count);
    return Math.min(this.vector.length(slot), this.bufferSize);
  }

  /** The length of the datagram in a slot, including truncated bytes. */
  fullLength(slot: number): number {
    checkSlot(slot, this.count);
    return this.vector.length(slot);
  }

  /** Whether a slot's datagram was longer than the buffer. */
  truncated(slot: number): boolean {
    checkSlot(slot, this.count);
    return this.vector.truncated(slot);
  }

  /** Whether a slot's control messages were longer than their buffer. */
  controlTruncated(slot: number): boolean {
    checkSlot(slot, this.count);
    return this.vector.controlTruncated(slot);
  }

  /** A slot's payload, a view that the next receive overwrites. */
  data(slot: number): Uint8Array<ArrayBuffer> {
    checkSlot(slot, this.count);
    return this.vector.data(slot);
  }

  /** With `gro`: bytes of each segment in a slot, 0 for a single datagram. */
  segmentSize(slot: number): number {
    checkSlot(slot, this.count);
    return this.vector.control(slot).segmentSize;
  }

  /** Whether a slot's peer has an IPv4 address. */
  isIPv4(slot: number): boolean {
    checkSlot(slot, this.count);
    return isIPv4Peer(this.vector.bytes, this.vector.nameAt(slot));
  }

  /** The port of a slot's peer. */
  peerPort(slot: number): number {
    checkSlot(slot, this.count);
    return sockaddrPort(this.vector.bytes, this.vector.nameAt(slot));
  }

  /** The properties of a slot's datagram without its payload, copied. */
  describe(slot: number): DatagramInfo {
    checkSlot(slot, this.count);
    const info = {
      peer: this.#peer(slot),
      control: NO_PACKET_INFO,
      truncated: this.truncated(slot),
      controlTruncated: this.controlTruncated(slot),
    };
    const { bytes, view } = this.vector;
    setControlFields(info, bytes, view, this.vector.control(slot));
    return info.truncated
      ? { ...info, fullLength: this.fullLength(slot) }
      : info;
  }

  /** A slot's datagram, copied. */
  datagram(slot: number): Datagram {
    checkSlot(slot, this.count);
    // Not through describe(): a spread would copy every field of the most
    // frequent object.
    const datagram = {
      data: this.vector.copyData(slot),
      peer: this.#peer(slot),
      control: NO_PACKET_INFO,
      truncated: this.truncated(slot),
      controlTruncated: this.controlTruncated(slot),
    };
    const { bytes, view } = this.vector;
    setControlFields(datagram, bytes, view, this.vector.control(slot));
    return datagram.truncated
      ? { ...datagram, fullLength: this.fullLength(slot) }
      : datagram;
  }

  /**
   * The text that console.log prints.
   *
   * @internal
   */
  [customInspect](inspect: Inspect, options: Deno.InspectOptions): string {
    const { size, bufferSize, count } = this;
    const fields = { size, bufferSize, count };
    return inspectFields("ReceiveBatch", fields, inspect, options);
  }

  #peer(slot: number): Endpoint {
    const { bytes, view } = this.vector;
    return readSockaddr(view, this.vector.nameAt(slot), bytes) ?? UNKNOWN;
  }
}
