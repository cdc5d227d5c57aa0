// Many datagrams by one sendmmsg(). Own payloads are copied in; answers to a
// received batch are sent from where they lie.

import { iovec, mmsghdr } from "../../ffi/layout/sys_socket.ts";
import { Ancillary, SEND_CONTROL } from "./ancillary.ts";
import { wholeNumber } from "../whole_number.ts";
import { sourceOf } from "./datagram.ts";
import { Memory, NAME_STRIDE } from "./memory.ts";
import type { ReceiveBatch } from "./receive_batch.ts";
import { writeReplySource } from "./reply.ts";
import type { Progress } from "./send.ts";
import { SendHeaders } from "./send_headers.ts";
import { type Endpoint, readSockaddr } from "./sockaddr.ts";

/** How a received datagram is answered. */
export interface ReplyOptions {
  /** The answer; default: the payload that was received, from where it lies. */
  readonly data?: Uint8Array;
  /**
   * Leave through the interface the datagram came in by. For IPv4 whatever the
   * routes say; for IPv6 the kernel looks only among the best routes there.
   */
  readonly pinInterface?: boolean;
}

/** Whom a waiting datagram is for and from where it leaves. */
export interface Outgoing {
  /** Whom it is for; undefined for the connected peer. */
  readonly peer: Endpoint | undefined;
  /** The source its control message asks for; undefined leaves it to the routes. */
  readonly source: string | undefined;
  /** The struct that carries it. */
  readonly control: "in_pktinfo" | "in6_pktinfo" | "none";
  /** Bytes of its payload. */
  readonly bytes: number;
  /** Bytes of each datagram the kernel is to cut it into. */
  readonly segmentSize?: number;
}

/**
 * Memory for the datagrams of one `sendMany` call, reused by the next.
 *
 * Datagrams next to each other that go to the same peer from the same source
 * and are of the same size (the last may be shorter) are handed to the kernel as
 * one message that it cuts apart, which costs it far less than one each. What
 * arrives is the same, and so is what is told of those that are refused.
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
 * const answers = new SendBatch(received.size);
 * await server.receiveMany(received);
 * for (let i = 0; i < received.count; i++) answers.reply(received, i);
 * console.log(await server.sendMany(answers));
 * // { sent: 1, failures: [] }
 * ```
 */
export class SendBatch {
  /** Datagrams that fit. */
  readonly size: number;

  /**
   * For the code that fills it.
   *
   * @internal
   */
  readonly memory: Memory;

  /**
   * For the code that sends it.
   *
   * @internal
   */
  readonly headers: SendHeaders;
  readonly #names: number;
  readonly #controls: number;
  readonly #data: number;
  readonly #capacity: number;
  #used = 0;

  /**
   * How far sending it has come, where it was stopped on the way.
   *
   * @internal
   */
  progress: Progress | undefined;

  /**
   * Makes the memory; nothing is allocated later.
   *
   * @param size Datagrams that fit.
   * @param capacity Bytes of own payloads that fit, all together.
   * @throws {ArgumentError} For a size out of range.
   */
  constructor(size = 64, capacity = 65536) {
    this.size = wholeNumber("size", size, 1, 1024);
    this.#capacity = wholeNumber("capacity", capacity, 0, 0x3fffffff);
    const iovs = size * mmsghdr.size;
    this.#names = iovs + size * iovec.size;
    this.#controls = this.#names + size * NAME_STRIDE;
    this.#data = this.#controls + size * SEND_CONTROL;
    this.memory = new Memory(this.#data + capacity);
    this.headers = new SendHeaders(this.memory, size, iovs, this.#controls);
  }

  /** Datagrams that wait to be sent. */
  get count(): number {
    return this.headers.slots;
  }

  /** Whether another datagram with this many bytes of own payload fits. */
  fits(length: number): boolean {
    return this.count < this.size && this.#used + length <= this.#capacity;
  }

  /**
   * Byte offset of a slot's sockaddr, for writing.
   *
   * @internal
   */
  nameAt(slot: number): number {
    return this.#names + slot * NAME_STRIDE;
  }

  /**
   * Byte offset of a slot's control messages, for writing.
   *
   * @internal
   */
  controlAt(slot: number): number {
    return this.#controls + slot * SEND_CONTROL;
  }

  /**
   * Appends a datagram with its own payload; name and control are already
   * written. With a segment size the kernel cuts the payload into datagrams.
   *
   * @internal
   */
  push(
    data: Uint8Array,
    nameLength: number,
    controlLength: number,
    segmentSize: number,
  ): void {
    const slot = this.count;
    this.headers.append(
      this.memory,
      this.nameAt(slot),
      nameLength,
      controlLength,
      this.memory.address + this.#copy(data),
      data.length,
      segmentSize,
    );
  }

  /**
   * Appends the answer to a received datagram, from the address it was sent to;
   * without packet info the routes choose.
   *
   * The received batch must not be filled again before this one is sent.
   *
   * @throws {RangeError} When the batch is full; ask `fits` first. When there is
   * no such datagram.
   */
  reply(
    received: ReceiveBatch,
    index: number,
    { data, pinInterface = false }: ReplyOptions = {},
  ): void {
    if (!this.fits(data === undefined ? 0 : data.length)) {
      throw new RangeError("the batch is full");
    }
    if (!(index >= 0 && index < received.count)) {
      throw new RangeError(`no datagram ${index} of ${received.count}`);
    }
    const slot = this.count;
    const lender = received.memory;
    const name = received.nameAt(index);
    const found = received.ancillary(index);
    const controlLength = writeReplySource(
      lender.words,
      found,
      received.isIPv4(index),
      pinInterface,
      this.memory.words,
      this.controlAt(slot),
    );
    this.headers.append(
      lender,
      name,
      received.nameLength(index),
      controlLength,
      data === undefined
        ? lender.address + received.dataAt(index)
        : this.memory.address + this.#copy(data),
      data === undefined ? received.length(index) : data.length,
      data === undefined ? found.segmentSize : 0,
    );
  }

  #copy(data: Uint8Array): number {
    const at = this.#data + this.#used;
    this.memory.bytes.set(data, at);
    this.#used += data.length;
    return at;
  }

  /** Bytes of a waiting datagram's payload. */
  length(slot: number): number {
    return this.headers.length(slot);
  }

  /** Whom a waiting datagram is for and from where it leaves. */
  describe(slot: number): Outgoing {
    const { bytes, view, words } = this.memory;
    const { headers } = this;
    const name = headers.name(slot);
    const length = headers.length(slot);
    const segmentSize = headers.segmentSize(slot);
    const found = new Ancillary();
    const control = this.controlAt(slot);
    found.scan(words, view, control, headers.controlLength(slot));
    return {
      peer: name && readSockaddr(name.owner.view, name.at),
      source: sourceOf(bytes, view, found),
      control: found.in_pktinfo >= 0
        ? "in_pktinfo"
        : found.in6_pktinfo >= 0
        ? "in6_pktinfo"
        : "none",
      bytes: length,
      ...(segmentSize < length ? { segmentSize } : {}),
    };
  }

  /** Forgets everything that waits. */
  clear(): void {
    this.headers.clear();
    this.#used = 0;
    this.progress = undefined;
  }
}
