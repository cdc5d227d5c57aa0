// Many datagrams by one recvmmsg(), in memory that is made once and reused.

import {
  iovec,
  mmsghdr,
  MSG_CTRUNC,
  MSG_TRUNC,
} from "../../ffi/layout/sys_socket.ts";
import { wholeNumber } from "../whole_number.ts";
import { Ancillary, RECEIVE_CONTROL } from "./ancillary.ts";
import {
  type Datagram,
  type DatagramInfo,
  describeAncillary,
} from "./datagram.ts";
import {
  CONTROL,
  CONTROLLEN,
  FLAGS,
  HEADER_WORDS,
  IOV,
  IOV_BASE,
  IOV_LENGTH,
  IOVLEN,
  LENGTH,
  Memory,
  NAME,
  NAME_STRIDE,
  NAMELEN,
} from "./memory.ts";
import {
  isIPv4Peer,
  readSockaddr,
  SOCKADDR_SIZE,
  sockaddrPort,
} from "./sockaddr.ts";

/** How much a batch holds. */
export interface ReceiveBatchOptions {
  /** Datagrams received by one call, 1 to 1024; default 64. */
  readonly size?: number;
  /**
   * Bytes of each datagram; longer ones are cut and marked `truncated`.
   * Default 2048; a socket with `gro` needs 65535.
   */
  readonly bufferSize?: number;
  /** Bytes for control messages of each; the default has room for all this library asks for. */
  readonly controlSize?: number;
}

const UNKNOWN = { address: "", port: 0 } as const;

/**
 * Memory for the datagrams of one `receiveMany` call, reused by the next.
 *
 * What it gives out is valid until the batch is filled again; `datagram(i)`
 * makes a copy that stays.
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
  /** Datagrams that fit. */
  readonly size: number;
  /** Bytes that fit of each. */
  readonly bufferSize: number;
  /** Datagrams that are there. */
  count = 0;

  /**
   * For the code that fills and answers it: headers, names, controls, data.
   *
   * @internal
   */
  readonly memory: Memory;
  readonly #controlSize: number;
  readonly #names: number;
  readonly #controls: number;
  readonly #data: number;
  readonly #stride: number;
  readonly #found = new Ancillary();
  #scanned = -1;

  /**
   * Makes the memory; nothing is allocated later.
   *
   * @throws {ArgumentError} For a size out of range.
   */
  constructor(
    { size = 64, bufferSize = 2048, controlSize = RECEIVE_CONTROL }:
      ReceiveBatchOptions = {},
  ) {
    this.size = wholeNumber("size", size, 1, 1024);
    this.bufferSize = wholeNumber("bufferSize", bufferSize, 1, 65535);
    this.#controlSize = wholeNumber("controlSize", controlSize, 0, 65528) & ~7;
    const iovs = size * mmsghdr.size;
    this.#names = iovs + size * iovec.size;
    this.#controls = this.#names + size * NAME_STRIDE;
    this.#data = this.#controls + size * this.#controlSize;
    // A cache line more than a power of two: large buffers would otherwise all
    // begin in the same set of the cache.
    this.#stride = bufferSize < 4096 ? bufferSize : ((bufferSize + 127) & ~63);
    const memory = this.memory = new Memory(this.#data + size * this.#stride);
    for (let slot = 0; slot < size; slot++) {
      const header = slot * HEADER_WORDS;
      const iov = iovs + slot * iovec.size;
      memory.point(header + NAME, memory.address + this.nameAt(slot));
      memory.point(header + IOV, memory.address + iov);
      memory.words[header + IOVLEN] = 1;
      memory.point(header + CONTROL, memory.address + this.#controlAt(slot));
      memory.point(iov / 4 + IOV_BASE, memory.address + this.dataAt(slot));
      memory.words[iov / 4 + IOV_LENGTH] = bufferSize;
    }
    this.count = size;
    this.reset();
  }

  /**
   * Restores what the kernel overwrote in the headers it filled last.
   *
   * @internal
   */
  reset(): void {
    const words = this.memory.words;
    for (let slot = 0; slot < this.count; slot++) {
      const header = slot * HEADER_WORDS;
      words[header + NAMELEN] = SOCKADDR_SIZE;
      words[header + CONTROLLEN] = this.#controlSize;
      words[header + FLAGS] = 0;
    }
    this.count = 0;
    this.#scanned = -1;
  }

  /**
   * Takes over a datagram of another batch, as if it had been received here.
   *
   * @internal
   */
  adopt(other: ReceiveBatch, slot: number): void {
    const to = this.count++;
    const { memory } = other;
    const from = slot * HEADER_WORDS;
    const header = to * HEADER_WORDS;
    const control = Math.min(
      memory.words[from + CONTROLLEN],
      this.#controlSize,
    );
    const data = other.data(slot).subarray(0, this.bufferSize);
    const put = (at: number, length: number, target: number) =>
      this.memory.bytes.set(memory.bytes.subarray(at, at + length), target);
    put(other.nameAt(slot), NAME_STRIDE, this.nameAt(to));
    put(other.#controlAt(slot), control, this.#controlAt(to));
    this.memory.bytes.set(data, this.dataAt(to));
    this.memory.words[header + NAMELEN] = memory.words[from + NAMELEN];
    this.memory.words[header + CONTROLLEN] = control;
    this.memory.words[header + LENGTH] = data.length;
    this.memory.words[header + FLAGS] = memory.words[from + FLAGS] |
      (data.length < other.length(slot) ? MSG_TRUNC : 0) |
      (control < memory.words[from + CONTROLLEN] ? MSG_CTRUNC : 0);
  }

  /**
   * Byte offset of a slot's sockaddr.
   *
   * @internal
   */
  nameAt(slot: number): number {
    return this.#names + slot * NAME_STRIDE;
  }

  /**
   * Byte offset of a slot's payload.
   *
   * @internal
   */
  dataAt(slot: number): number {
    return this.#data + slot * this.#stride;
  }

  #controlAt(slot: number): number {
    return this.#controls + slot * this.#controlSize;
  }

  /** Bytes received in a slot. */
  length(slot: number): number {
    // MSG_TRUNC is never asked for as a flag, so this is what is in the buffer.
    return this.memory.words[slot * HEADER_WORDS + LENGTH];
  }

  /** Whether a slot's datagram was longer than the buffer. */
  truncated(slot: number): boolean {
    return (this.memory.words[slot * HEADER_WORDS + FLAGS] & MSG_TRUNC) !== 0;
  }

  /** Whether a slot's control messages were more than the buffer. */
  controlTruncated(slot: number): boolean {
    return (this.memory.words[slot * HEADER_WORDS + FLAGS] & MSG_CTRUNC) !== 0;
  }

  /** A slot's payload, a view that the next fill overwrites. */
  data(slot: number): Uint8Array<ArrayBuffer> {
    const at = this.dataAt(slot);
    return this.memory.bytes.subarray(at, at + this.length(slot));
  }

  /**
   * Where a slot's control messages stand; valid until another slot is asked for.
   *
   * @internal
   */
  ancillary(slot: number): Ancillary {
    if (this.#scanned !== slot) {
      this.#scanned = slot;
      this.#found.scan(
        this.memory.words,
        this.memory.view,
        this.#controlAt(slot),
        this.memory.words[slot * HEADER_WORDS + CONTROLLEN],
      );
    }
    return this.#found;
  }

  /** With `gro`: the size of each datagram in a slot's train, 0 for a single one. */
  segmentSize(slot: number): number {
    return this.ancillary(slot).segmentSize;
  }

  /** Whether a slot's peer is an IPv4 one. */
  isIPv4(slot: number): boolean {
    return isIPv4Peer(this.memory.bytes, this.nameAt(slot));
  }

  /** The port of a slot's peer. */
  peerPort(slot: number): number {
    return sockaddrPort(this.memory.bytes, this.nameAt(slot));
  }

  /**
   * Bytes of a slot's sockaddr.
   *
   * @internal
   */
  nameLength(slot: number): number {
    return this.memory.words[slot * HEADER_WORDS + NAMELEN];
  }

  /** Everything but the payload of a slot, as an object that stays. */
  describe(slot: number): DatagramInfo {
    return {
      peer: readSockaddr(this.memory.view, this.nameAt(slot)) ?? UNKNOWN,
      ...describeAncillary(
        this.memory.bytes,
        this.memory.view,
        this.ancillary(slot),
      ),
      truncated: this.truncated(slot),
      controlTruncated: this.controlTruncated(slot),
    };
  }

  /** A slot's datagram, an own copy. */
  datagram(slot: number): Datagram {
    return { data: this.data(slot).slice(), ...this.describe(slot) };
  }
}
