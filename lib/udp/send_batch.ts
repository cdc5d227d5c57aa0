// Datagrams sent by one sendmmsg(). New payloads are copied in; replies may send
// the payload of a received batch from its own memory.

import { customInspect, type Inspect, inspectFields } from "../io/handle.ts";
import { wholeNumber } from "../errors.ts";
import { checkSlot, type ReceiveBatch } from "./receive_batch.ts";
import { packetInfoCutOff, writeReplySource } from "./reply.ts";
import type { Progress } from "./send.ts";
import { type Outgoing, SendQueue } from "./send_queue.ts";

/** Options of the reply to a received datagram. */
export interface ReplyOptions {
  /** The payload; default: the received one, without a copy. */
  readonly data?: Uint8Array | undefined;
  /**
   * Send through the interface the datagram arrived on. For IPv4 regardless of
   * the routes; for IPv6 the kernel considers only the best routes there.
   * Default: the socket's `pinInterface`.
   */
  readonly pinInterface?: boolean | undefined;
}

/**
 * Memory for the datagrams of one `sendMany` call, reused by the next.
 *
 * Consecutive datagrams to the same peer, from the same source and of the same
 * size (the last may be shorter) are sent as one message that the kernel splits
 * (UDP GSO), which costs far less than a message each. The peer receives the same
 * datagrams, and `failures` reports each by its own index.
 *
 * Source: sendmmsg(2), udp(7) for UDP_SEGMENT.
 *
 * @example
 * ```ts
 * import { ReceiveBatch, SendBatch, UdpSocket } from "@netplumb/netplumb";
 *
 * await using server = UdpSocket.bind({ address: "127.0.0.1" });
 * await using client = UdpSocket.bind({ address: "127.0.0.1" });
 * await client.send("ping", server.address);
 *
 * const received = new ReceiveBatch();
 * const replies = new SendBatch(received.size);
 * await server.receiveMany(received);
 * for (let i = 0; i < received.count; i++) replies.reply(received, i);
 * console.log(await server.sendMany(replies));
 * // { sent: 1, failures: [] }
 * ```
 */
export class SendBatch {
  /** The maximum number of datagrams. */
  readonly size: number;

  /**
   * The queued datagrams.
   *
   * @internal
   */
  readonly queue: SendQueue;

  /**
   * The progress of an interrupted send.
   *
   * @internal
   */
  progress: Progress | undefined;

  /**
   * Allocates the memory.
   *
   * @param size The maximum number of datagrams.
   * @param capacity The total size of copied payloads, in bytes.
   * @throws {ArgumentError} For a size out of range.
   */
  constructor(size = 64, capacity = 65536) {
    this.size = wholeNumber("size", size, 1, 1024);
    wholeNumber("capacity", capacity, 0, 0x3fffffff);
    this.queue = new SendQueue(size, capacity);
  }

  /** The number of queued datagrams. */
  get count(): number {
    return this.queue.slots;
  }

  /** Whether another datagram with this many bytes to copy fits. */
  fits(length: number): boolean {
    return this.queue.fits(length);
  }

  /**
   * Appends the reply to a received datagram, from the address it was sent to;
   * without packet info the routes choose.
   *
   * The received batch must not be filled again before this one is sent.
   *
   * A datagram from port 0 is reported in the `failures` of the send.
   *
   * @throws {RangeError} If the batch is full (see `fits`), or the datagram
   *   does not exist.
   * @throws {ArgumentError} If the datagram's packet info was truncated.
   */
  reply(
    received: ReceiveBatch,
    index: number,
    { data, pinInterface }: ReplyOptions = {},
  ): void {
    const { queue } = this;
    if (!queue.fits(data === undefined ? 0 : data.length)) {
      throw new RangeError("the batch is full");
    }
    checkSlot(index, received.count);
    const { vector, routes } = received;
    const control = vector.control(index);
    const hasInfo = control.in_pktinfo >= 0 || control.in6_pktinfo >= 0;
    if (!hasInfo && vector.controlTruncated(index)) throw packetInfoCutOff();
    const controlLength = writeReplySource(
      vector.words,
      control,
      received.isIPv4(index),
      pinInterface ?? routes?.pinInterface ?? false,
      routes,
      queue.vector.words,
      queue.vector.controlAt(queue.slots),
    );
    queue.append(
      vector,
      vector.nameAt(index),
      vector.nameLength(index),
      controlLength,
      data === undefined
        ? vector.address + vector.dataAt(index)
        : queue.copy(data),
      data === undefined ? received.length(index) : data.length,
      data === undefined ? control.segmentSize : 0,
    );
  }

  /** Bytes of a queued datagram's payload. @throws {RangeError} */
  length(slot: number): number {
    checkSlot(slot, this.count);
    return this.queue.length(slot);
  }

  /** Peer, source and size of a queued datagram. @throws {RangeError} */
  describe(slot: number): Outgoing {
    checkSlot(slot, this.count);
    return this.queue.describe(slot);
  }

  /**
   * The text that console.log prints.
   *
   * @internal
   */
  [customInspect](inspect: Inspect, options: Deno.InspectOptions): string {
    const { size, count } = this;
    return inspectFields("SendBatch", { size, count }, inspect, options);
  }

  /** Removes all queued datagrams. */
  clear(): void {
    this.queue.clear();
    this.progress = undefined;
  }
}
