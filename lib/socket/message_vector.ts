// Message vector of recvmmsg(2) and sendmmsg(2): headers, socket addresses,
// control messages and payloads in one block of memory. The block itself is the
// buffer argument of the call, so that V8 does not collect what headers point to.

import { libc } from "../../ffi/libc.ts";
import {
  iovec,
  mmsghdr,
  MSG_CTRUNC,
  MSG_TRUNC,
  msghdr,
} from "../../ffi/uapi/sys_socket.ts";
import { ControlMessages } from "./control_messages.ts";

// Local constants: offsets in 32-bit words, for reading through an Int32Array.
const HEADER_WORDS = mmsghdr.size / 4;
const NAME = msghdr.fields.msg_name.offset / 4;
const NAME_LENGTH = msghdr.fields.msg_namelen.offset / 4;
const IOV = msghdr.fields.msg_iov.offset / 4;
const IOV_COUNT = msghdr.fields.msg_iovlen.offset / 4;
const CONTROL = msghdr.fields.msg_control.offset / 4;
const CONTROL_LENGTH = msghdr.fields.msg_controllen.offset / 4;
const FLAGS = msghdr.fields.msg_flags.offset / 4;
const LENGTH = mmsghdr.fields.msg_len.offset / 4;
const IOV_WORDS = iovec.size / 4;
const IOV_BASE = iovec.fields.iov_base.offset / 4;
const IOV_LENGTH = iovec.fields.iov_len.offset / 4;

const HI = 2 ** 32;

/** Sizes of a vector's parts. */
export interface MessageVectorSizes {
  /** Messages. */
  readonly size: number;
  /** Bytes for the socket address of each. */
  readonly nameSize: number;
  /** Bytes for the control messages of each; rounded down to a multiple of 8. */
  readonly controlSize: number;
}

function align8(size: number): number {
  return (size + 7) & ~7;
}

/**
 * A slot is one socket address, one control buffer and one iovec; a header makes
 * a message of them. Receiving uses header n for slot n; sending may combine the
 * payloads of several slots in one message.
 */
export class MessageVector {
  /** The block, as bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The block, as signed words. */
  readonly words: Int32Array<ArrayBuffer>;
  /** The block, for other sizes and byte orders. */
  readonly view: DataView<ArrayBuffer>;
  /** Its address; below 2^47, so exact as a number. */
  readonly address: number;
  readonly #nameSize: number;
  readonly #nameStride: number;
  readonly #controlSize: number;
  // Byte offsets of the regions.
  readonly #iovs: number;
  readonly #names: number;
  readonly #controls: number;
  readonly #data: number;
  /** Bytes for the payload of a slot, and from one payload to the next. */
  readonly #bufferSize: number;
  readonly #stride: number;
  /** Headers that the kernel filled. */
  #filled = 0;
  readonly #control = new ControlMessages();
  /** The slot that #control holds. */
  #decoded = -1;

  private constructor(
    { size, nameSize, controlSize }: MessageVectorSizes,
    bufferSize: number,
    stride: number,
    dataSize: number,
  ) {
    this.#nameSize = nameSize;
    this.#nameStride = align8(nameSize);
    this.#controlSize = controlSize & ~7;
    this.#bufferSize = bufferSize;
    this.#stride = stride;
    this.#iovs = size * mmsghdr.size;
    this.#names = this.#iovs + size * iovec.size;
    this.#controls = this.#names + size * this.#nameStride;
    this.#data = this.#controls + size * this.#controlSize;
    const buffer = new ArrayBuffer(align8(this.#data + dataSize));
    this.bytes = new Uint8Array(buffer);
    this.words = new Int32Array(buffer);
    this.view = new DataView(buffer);
    this.address = Number(
      Deno.UnsafePointer.value(Deno.UnsafePointer.of(this.bytes)),
    );
  }

  /** A vector to receive into, with `bufferSize` bytes for each payload. */
  static forReceiving(
    sizes: MessageVectorSizes,
    bufferSize: number,
  ): MessageVector {
    // A cache line more than a power of two: large buffers would otherwise all
    // begin in the same set of the cache.
    const stride = bufferSize < 4096
      ? align8(bufferSize)
      : ((bufferSize + 127) & ~63);
    const { size } = sizes;
    const vector = new MessageVector(sizes, bufferSize, stride, size * stride);
    for (let slot = 0; slot < size; slot++) {
      vector.setName(slot, vector.address + vector.nameAt(slot), 0);
      vector.setControl(slot, slot, 0);
      vector.setPayload(
        slot,
        vector.address + vector.dataAt(slot),
        bufferSize,
      );
      vector.setPayloads(slot, slot, 1);
    }
    vector.#filled = size;
    return vector;
  }

  /** A vector to send from, with `dataSize` bytes for payloads at `dataAt(0)`. */
  static forSending(
    sizes: MessageVectorSizes,
    dataSize: number,
  ): MessageVector {
    return new MessageVector(sizes, 0, 0, dataSize);
  }

  /**
   * Receives up to `limit` messages.
   *
   * @param flags MSG_DONTWAIT, MSG_TRUNC ...
   * @returns How many, or -1: errno() says why.
   */
  receive(fd: number, limit: number, flags: number): number {
    this.reset();
    const count = libc().recvmmsg(fd, this.bytes, limit, flags, null);
    if (count > 0) this.#filled = count;
    return count;
  }

  /**
   * Sends messages, `count` headers from `first` on.
   *
   * @returns How many the kernel accepted, or -1: errno() says why.
   */
  send(fd: number, first: number, count: number, flags: number): number {
    const headers = first === 0
      ? this.bytes
      : this.bytes.subarray(first * mmsghdr.size);
    return libc().sendmmsg(fd, headers, count, flags);
  }

  /** Restores the lengths and flags that the kernel overwrote. */
  reset(): void {
    const { words } = this;
    const end = this.#filled * HEADER_WORDS;
    for (let header = 0; header < end; header += HEADER_WORDS) {
      words[header + NAME_LENGTH] = this.#nameSize;
      words[header + CONTROL_LENGTH] = this.#controlSize;
      words[header + FLAGS] = 0;
    }
    this.#filled = 0;
    this.#decoded = -1;
  }

  /**
   * Appends a message that another vector received, as if it had been received
   * into the next slot of this one.
   */
  append(from: MessageVector, slot: number): void {
    const to = this.#filled++;
    const header = to * HEADER_WORDS;
    const control = Math.min(from.controlLength(slot), this.#controlSize);
    const data = from.data(slot).subarray(0, this.#bufferSize);
    const { bytes, words } = this;
    const put = (at: number, length: number, target: number) =>
      bytes.set(from.bytes.subarray(at, at + length), target);
    put(from.nameAt(slot), this.#nameStride, this.nameAt(to));
    put(from.controlAt(slot), control, this.controlAt(to));
    bytes.set(data, this.dataAt(to));
    words[header + NAME_LENGTH] = from.nameLength(slot);
    words[header + CONTROL_LENGTH] = control;
    words[header + LENGTH] = from.length(slot);
    words[header + FLAGS] = from.words[slot * HEADER_WORDS + FLAGS]! |
      (data.length < from.length(slot) ? MSG_TRUNC : 0) |
      (control < from.controlLength(slot) ? MSG_CTRUNC : 0);
  }

  /** Byte offset of a slot's socket address. */
  nameAt(slot: number): number {
    return this.#names + slot * this.#nameStride;
  }

  /** Byte offset of a slot's control messages. */
  controlAt(slot: number): number {
    return this.#controls + slot * this.#controlSize;
  }

  /** Byte offset of a slot's payload. */
  dataAt(slot: number): number {
    return this.#data + slot * this.#stride;
  }

  /** Bytes of a header's socket address. */
  nameLength(header: number): number {
    return this.words[header * HEADER_WORDS + NAME_LENGTH]!;
  }

  /** Bytes of a header's control messages. */
  controlLength(header: number): number {
    return this.words[header * HEADER_WORDS + CONTROL_LENGTH]!;
  }

  /** Bytes that were received; with MSG_TRUNC among the flags, all that came. */
  length(header: number): number {
    return this.words[header * HEADER_WORDS + LENGTH]!;
  }

  /** Whether a message was longer than the buffer. */
  truncated(header: number): boolean {
    return (this.words[header * HEADER_WORDS + FLAGS]! & MSG_TRUNC) !== 0;
  }

  /** Whether the control messages were longer than their buffer. */
  controlTruncated(header: number): boolean {
    return (this.words[header * HEADER_WORDS + FLAGS]! & MSG_CTRUNC) !== 0;
  }

  /** The payload received into a slot, a view that the next receive overwrites. */
  data(slot: number): Uint8Array<ArrayBuffer> {
    const at = this.dataAt(slot);
    const length = Math.min(this.length(slot), this.#bufferSize);
    return this.bytes.subarray(at, at + length);
  }

  /** A copy of the payload received into a slot. */
  copyData(slot: number): Uint8Array<ArrayBuffer> {
    const at = this.dataAt(slot);
    const length = Math.min(this.length(slot), this.#bufferSize);
    return this.bytes.slice(at, at + length);
  }

  /** The control messages received into a slot; valid until the next call. */
  control(slot: number): ControlMessages {
    const control = this.#control;
    if (this.#decoded !== slot) {
      this.#decoded = slot;
      const length = this.controlLength(slot);
      control.decode(this.words, this.view, this.controlAt(slot), length);
    }
    return control;
  }

  /** Sets a header's socket address; 0 for none. */
  setName(header: number, address: number, length: number): void {
    const at = header * HEADER_WORDS;
    this.#setPointer(at + NAME, address);
    this.words[at + NAME_LENGTH] = length;
  }

  /** Makes a slot's control buffer that of a header. */
  setControl(header: number, slot: number, length: number): void {
    const at = header * HEADER_WORDS;
    this.#setPointer(at + CONTROL, this.address + this.controlAt(slot));
    this.words[at + CONTROL_LENGTH] = length;
  }

  /** Makes the payloads of `count` slots those of a header. */
  setPayloads(header: number, slot: number, count: number): void {
    const at = header * HEADER_WORDS;
    this.#setPointer(
      at + IOV,
      this.address + this.#iovs + slot * iovec.size,
    );
    this.words[at + IOV_COUNT] = count;
  }

  /** Adds the next slot's payload to a header's; returns how many it has. */
  addPayload(header: number): number {
    return ++this.words[header * HEADER_WORDS + IOV_COUNT]!;
  }

  /** Sets a slot's payload, in this block or another. */
  setPayload(slot: number, address: number, length: number): void {
    const at = (this.#iovs >> 2) + slot * IOV_WORDS;
    this.#setPointer(at + IOV_BASE, address);
    this.words[at + IOV_LENGTH] = length;
  }

  /** Bytes of a slot's payload to send. */
  payloadLength(slot: number): number {
    return this.words[(this.#iovs >> 2) + slot * IOV_WORDS + IOV_LENGTH]!;
  }

  /** The address of a slot's payload to send. */
  payloadAddress(slot: number): number {
    const word = (this.#iovs >> 2) + slot * IOV_WORDS + IOV_BASE;
    return this.words[word + 1]! * HI + (this.words[word]! >>> 0);
  }

  /** Writes an address at a word index, without a BigInt. */
  #setPointer(word: number, address: number): void {
    this.words[word] = address | 0;
    this.words[word + 1] = (address / HI) | 0;
  }
}
