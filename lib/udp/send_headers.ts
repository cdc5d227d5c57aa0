// Which datagrams of a send batch leave by which message header: each by its
// own, or as a train with its neighbours, where they are alike but for their
// payloads. Every slot has an iovec and control messages of its own, so that a
// train that is refused can be taken apart again.

import { iovec } from "../../ffi/layout/sys_socket.ts";
import { SEND_CONTROL, writeSegmentSize } from "./ancillary.ts";
import {
  CONTROL,
  CONTROLLEN,
  HEADER_WORDS,
  IOV,
  IOV_BASE,
  IOV_LENGTH,
  IOVLEN,
  type Memory,
  NAME,
  NAMELEN,
} from "./memory.ts";
import { Train } from "./train.ts";

/** Whether so many bytes at one offset are those at another. */
function equal(
  words: Int32Array,
  left: number,
  right: number,
  bytes: number,
): boolean {
  for (let word = 0; word < bytes >> 2; word++) {
    if (words[(left >> 2) + word] !== words[(right >> 2) + word]) return false;
  }
  return true;
}

/** The headers at the beginning of a batch's memory. */
export class SendHeaders {
  /** Headers that wait. */
  count = 0;
  /** Slots that leave by them. */
  slots = 0;
  readonly #memory: Memory;
  readonly #iovs: number;
  readonly #controls: number;
  // Whose memory a slot's name and payload stand in: named here, it is not
  // collected before it is sent.
  readonly #owners: Array<Memory | undefined>;
  readonly #names: Int32Array;
  /** By which header a slot leaves. */
  readonly #headers: Int32Array;
  // Of each header: its first slot, the bytes of its control messages without
  // the segment size, and what of its payloads is one datagram.
  readonly #first: Int32Array;
  readonly #control: Int32Array;
  readonly #size: Int32Array;
  readonly #train = new Train();

  /** @param iovs, controls Byte offsets of the first slot's. */
  constructor(memory: Memory, size: number, iovs: number, controls: number) {
    this.#memory = memory;
    this.#iovs = iovs;
    this.#controls = controls;
    this.#owners = new Array(size).fill(undefined);
    this.#names = new Int32Array(size);
    this.#headers = new Int32Array(size);
    this.#first = new Int32Array(size);
    this.#control = new Int32Array(size);
    this.#size = new Int32Array(size);
  }

  /**
   * Appends a slot, whose control messages are written already.
   *
   * @param owner Whose memory the sockaddr and the payload stand in.
   * @param name Byte offset of the sockaddr.
   * @param payload Address of the payload.
   * @param segmentSize What of the payload is one datagram; 0 for all of it.
   */
  append(
    owner: Memory,
    name: number,
    nameLength: number,
    controlLength: number,
    payload: number,
    length: number,
    segmentSize: number,
  ): void {
    const memory = this.#memory;
    const slot = this.slots++;
    const iov = (this.#iovs + slot * iovec.size) / 4;
    memory.point(iov + IOV_BASE, payload);
    memory.words[iov + IOV_LENGTH] = length;
    this.#owners[slot] = owner;
    this.#names[slot] = name;
    const size = segmentSize > 0 && length > segmentSize ? segmentSize : length;
    if (
      this.count > 0 && this.#alike(slot, nameLength, controlLength) &&
      this.#train.add(length, size)
    ) {
      this.#lengthen(slot);
      return;
    }
    const header = this.count++;
    this.#headers[slot] = header;
    this.#first[header] = slot;
    this.#control[header] = controlLength;
    this.#size[header] = size;
    this.#train.begin(length, size);
    const at = header * HEADER_WORDS;
    memory.point(at + NAME, nameLength === 0 ? 0 : owner.address + name);
    memory.words[at + NAMELEN] = nameLength;
    memory.point(at + CONTROL, memory.address + this.#controlAt(slot));
    this.#point(header, slot, 1, size < length);
  }

  #controlAt(slot: number): number {
    return this.#controls + slot * SEND_CONTROL;
  }

  /** Whether a slot goes where the last header goes, with the same beside it. */
  #alike(slot: number, nameLength: number, controlLength: number): boolean {
    const header = this.count - 1;
    const first = this.#first[header];
    const owner = this.#owners[slot]!;
    const { words } = this.#memory;
    return owner === this.#owners[first] &&
      nameLength === words[header * HEADER_WORDS + NAMELEN] &&
      equal(owner.words, this.#names[slot], this.#names[first], nameLength) &&
      controlLength === this.#control[header] &&
      equal(
        words,
        this.#controlAt(slot),
        this.#controlAt(first),
        controlLength,
      );
  }

  /** Has a slot leave by the last header too. */
  #lengthen(slot: number): void {
    const header = this.count - 1;
    this.#headers[slot] = header;
    const payloads = ++this.#memory.words[header * HEADER_WORDS + IOVLEN];
    if (payloads === 2) this.#point(header, this.#first[header], 2, true);
  }

  /** Has a header carry so many payloads, cut into datagrams or not. */
  #point(header: number, slot: number, payloads: number, cut: boolean): void {
    const { words, address } = this.#memory;
    const at = header * HEADER_WORDS;
    const iov = this.#iovs + slot * iovec.size;
    this.#memory.point(at + IOV, address + iov);
    words[at + IOVLEN] = payloads;
    let length = this.#control[header];
    if (cut) {
      const end = this.#controlAt(this.#first[header]) + length;
      length += writeSegmentSize(words, end, this.#size[header]);
    }
    words[at + CONTROLLEN] = length;
  }

  /** How many slots leave by a header. */
  slotsOf(header: number): number {
    const next = header + 1 < this.count ? this.#first[header + 1] : this.slots;
    return next - this.#first[header];
  }

  /** Has a header carry one of its slots alone. */
  single(header: number, nth: number): void {
    const slot = this.#first[header] + nth;
    this.#point(header, slot, 1, this.segmentSize(slot) < this.length(slot));
  }

  /**
   * Notes that what a header carries was refused as a whole and then taken one
   * by one: its like will not be joined again.
   */
  refusedTogether(header: number): void {
    this.#train.refused(this.#size[header]);
  }

  /** Bytes of a slot's payload. */
  length(slot: number): number {
    const iov = (this.#iovs + slot * iovec.size) / 4;
    return this.#memory.words[iov + IOV_LENGTH];
  }

  /** What of a slot's payload is one datagram. */
  segmentSize(slot: number): number {
    return Math.min(this.#size[this.#headers[slot]], this.length(slot));
  }

  /** Bytes of a slot's control messages, the segment size left out. */
  controlLength(slot: number): number {
    return this.#control[this.#headers[slot]];
  }

  /** Where a slot's sockaddr stands; undefined for the connected peer. */
  name(slot: number): { owner: Memory; at: number } | undefined {
    const at = this.#headers[slot] * HEADER_WORDS;
    return this.#memory.words[at + NAMELEN] === 0
      ? undefined
      : { owner: this.#owners[slot]!, at: this.#names[slot] };
  }

  /** Forgets everything that waits. */
  clear(): void {
    this.#owners.fill(undefined, 0, this.slots);
    this.count = this.slots = 0;
  }
}
