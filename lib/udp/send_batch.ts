// Many datagrams by one sendmmsg(). Own payloads are copied in; answers to a
// received batch are sent from where they lie.

import { iovec, mmsghdr } from "../../ffi/layout/sys_socket.ts";
import { Ancillary, SEND_CONTROL, writeSegmentSize } from "./ancillary.ts";
import { wholeNumber } from "../whole_number.ts";
import { sourceOf } from "./datagram.ts";
import {
  CONTROL,
  CONTROLLEN,
  HEADER_WORDS,
  IOV,
  IOV_BASE,
  IOV_LENGTH,
  IOVLEN,
  Memory,
  NAME,
  NAME_STRIDE,
  NAMELEN,
} from "./memory.ts";
import type { ReceiveBatch } from "./receive_batch.ts";
import { writeReplySource } from "./reply.ts";
import type { Progress } from "./send.ts";
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
  /** Datagrams that wait to be sent. */
  count = 0;

  /**
   * For the code that fills it.
   *
   * @internal
   */
  readonly memory: Memory;
  readonly #iovs: number;
  readonly #names: number;
  readonly #controls: number;
  readonly #data: number;
  readonly #capacity: number;
  #used = 0;
  // What a slot's header points into beside this batch's own memory: named here,
  // it is not collected before it is sent.
  readonly #lenders: Array<ReceiveBatch | undefined>;
  /** Which of its lender's datagrams a slot answers. */
  readonly #origin: Int32Array;

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
    this.#lenders = new Array(size).fill(undefined);
    this.#origin = new Int32Array(size);
    this.#iovs = size * mmsghdr.size;
    this.#names = this.#iovs + size * iovec.size;
    this.#controls = this.#names + size * NAME_STRIDE;
    this.#data = this.#controls + size * SEND_CONTROL;
    const memory = this.memory = new Memory(this.#data + capacity);
    for (let slot = 0; slot < size; slot++) {
      const header = slot * HEADER_WORDS;
      memory.point(
        header + IOV,
        memory.address + this.#iovs + slot * iovec.size,
      );
      memory.words[header + IOVLEN] = 1;
    }
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
   * Appends a datagram with its own payload; name and control are already written.
   *
   * @internal
   */
  push(data: Uint8Array, nameLength: number, controlLength: number): void {
    const slot = this.count++;
    this.#address(
      slot,
      this.memory.address + this.nameAt(slot),
      nameLength,
      controlLength,
      this.memory.address + this.#copy(data),
      data.length,
    );
    this.#lenders[slot] = undefined;
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
    const slot = this.count++;
    const lender = received.memory;
    const name = received.nameAt(index);
    const ipv4 = received.isIPv4(index);
    const found = received.ancillary(index);
    const segmentSize = found.segmentSize;
    const control = this.controlAt(slot);
    let controlLength = writeReplySource(
      lender.words,
      found,
      ipv4,
      pinInterface,
      this.memory.words,
      control,
    );
    let payload = lender.address + received.dataAt(index);
    let length = received.length(index);
    if (data !== undefined) {
      payload = this.memory.address + this.#copy(data);
      length = data.length;
    } else if (segmentSize > 0 && length > segmentSize) {
      controlLength += writeSegmentSize(
        this.memory.words,
        control + controlLength,
        segmentSize,
      );
    }
    this.#address(
      slot,
      lender.address + name,
      received.nameLength(index),
      controlLength,
      payload,
      length,
    );
    this.#lenders[slot] = received;
    this.#origin[slot] = index;
  }

  #copy(data: Uint8Array): number {
    const at = this.#data + this.#used;
    this.memory.bytes.set(data, at);
    this.#used += data.length;
    return at;
  }

  #address(
    slot: number,
    name: number,
    nameLength: number,
    controlLength: number,
    payload: number,
    length: number,
  ): void {
    const { memory } = this;
    const header = slot * HEADER_WORDS;
    memory.point(header + NAME, nameLength === 0 ? 0 : name);
    memory.words[header + NAMELEN] = nameLength;
    memory.point(
      header + CONTROL,
      controlLength === 0 ? 0 : memory.address + this.controlAt(slot),
    );
    memory.words[header + CONTROLLEN] = controlLength;
    const iov = (this.#iovs + slot * iovec.size) / 4;
    memory.point(iov + IOV_BASE, payload);
    memory.words[iov + IOV_LENGTH] = length;
  }

  /** Bytes of a waiting datagram's payload. */
  length(slot: number): number {
    return this.memory.words[
      (this.#iovs + slot * iovec.size) / 4 + IOV_LENGTH
    ];
  }

  /** Whom a waiting datagram is for and from where it leaves. */
  describe(slot: number): Outgoing {
    const { bytes, view, words } = this.memory;
    const header = slot * HEADER_WORDS;
    const lender = this.#lenders[slot];
    const peer = words[header + NAMELEN] === 0
      ? undefined
      : lender === undefined
      ? readSockaddr(view, this.nameAt(slot))
      : readSockaddr(lender.memory.view, lender.nameAt(this.#origin[slot]));
    const found = new Ancillary();
    found.scan(words, view, this.controlAt(slot), words[header + CONTROLLEN]);
    return {
      peer,
      source: sourceOf(bytes, view, found),
      control: found.in_pktinfo >= 0
        ? "in_pktinfo"
        : found.in6_pktinfo >= 0
        ? "in6_pktinfo"
        : "none",
      bytes: this.length(slot),
      ...(found.segmentSize === 0 ? {} : { segmentSize: found.segmentSize }),
    };
  }

  /** Forgets everything that waits. */
  clear(): void {
    this.#lenders.fill(undefined, 0, this.count);
    this.count = 0;
    this.#used = 0;
    this.progress = undefined;
  }
}
