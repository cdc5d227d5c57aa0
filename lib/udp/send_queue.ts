// Queue of datagrams, combined to segmented messages (UDP GSO) if they differ
// only in their payloads. Each slot has its own iovec and control messages, so
// that a rejected message can be sent slot by slot.

import {
  ControlMessages,
  SEND_CONTROL_SIZE,
  writeSegmentSize,
} from "../socket/control_messages.ts";
import { MessageVector } from "../socket/message_vector.ts";
import {
  type Endpoint,
  readSockaddr,
  SOCKADDR_SIZE,
} from "../socket/sockaddr.ts";
import { sourceOf } from "./datagram.ts";
import { MOST_SEGMENTS } from "./errors.ts";
import { EIO } from "../../ffi/errno.ts";
import { monotonicTime } from "../io/clock.ts";

/** A queued datagram. */
export interface Outgoing {
  /** The peer; undefined for the connected one. */
  readonly peer: Endpoint | undefined;
  /**
   * The source address in its control message; undefined lets the routes
   * choose.
   */
  readonly source: string | undefined;
  /** The outgoing interface in it; absent if the routes choose. */
  readonly ifindex?: number;
  /** The struct of that control message. */
  readonly control: "in_pktinfo" | "in6_pktinfo" | "none";
  /** Bytes of its payload. */
  readonly bytes: number;
  /** Bytes of each datagram that the kernel splits it into. */
  readonly segmentSize?: number;
}

/** Whether the bytes at two offsets are equal. */
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

export class SendQueue {
  readonly vector: MessageVector;
  /** Messages, each with a header. */
  messages = 0;
  /** Datagrams, each with a slot. */
  slots = 0;
  readonly #size: number;
  readonly #capacity: number;
  /** Bytes of payloads that were copied in. */
  #used = 0;
  // The vector that holds a slot's name and payload, referenced until it is sent.
  readonly #owners: Array<MessageVector | undefined>;
  /** Byte offsets of the names in there. */
  readonly #names: Int32Array;
  /** The message of each slot. */
  readonly #messageOf: Int32Array;
  // Of each message: its first slot, the bytes of its control messages without
  // UDP_SEGMENT, and the bytes of each segment.
  readonly #first: Int32Array;
  readonly #controlLength: Int32Array;
  readonly #segmentSize: Int32Array;
  /** Whether the segments of a message's only slot are sent separately. */
  readonly #split: Uint8Array;
  /** The number of these messages. */
  splits = 0;
  readonly #segmented = new SegmentedMessage();

  /**
   * @param size The maximum number of datagrams.
   * @param capacity The total size of copied payloads, in bytes.
   */
  constructor(size: number, capacity: number) {
    this.#size = size;
    this.#capacity = capacity;
    this.vector = MessageVector.forSending({
      size,
      nameSize: SOCKADDR_SIZE,
      controlSize: SEND_CONTROL_SIZE,
    }, capacity);
    this.#owners = new Array(size).fill(undefined);
    this.#names = new Int32Array(size);
    this.#messageOf = new Int32Array(size);
    this.#first = new Int32Array(size);
    this.#controlLength = new Int32Array(size);
    this.#segmentSize = new Int32Array(size);
    this.#split = new Uint8Array(size);
  }

  /** Whether another datagram with this many bytes to copy fits. */
  fits(length: number): boolean {
    return this.slots < this.#size && this.#used + length <= this.#capacity;
  }

  /** Copies a payload that fits; returns its address. */
  copy(data: Uint8Array): number {
    const at = this.vector.dataAt(0) + this.#used;
    this.vector.bytes.set(data, at);
    this.#used += data.length;
    return this.vector.address + at;
  }

  /**
   * Appends a datagram, whose control messages are in its slot already.
   *
   * @param owner The vector that holds the sockaddr and the payload.
   * @param name Byte offset of the sockaddr.
   * @param payload Address of the payload.
   * @param segmentSize Bytes of each segment of the payload; 0 for one datagram.
   */
  append(
    owner: MessageVector,
    name: number,
    nameLength: number,
    controlLength: number,
    payload: number,
    length: number,
    segmentSize: number,
  ): void {
    const { vector } = this;
    const slot = this.slots++;
    vector.setPayload(slot, payload, length);
    this.#owners[slot] = owner;
    this.#names[slot] = name;
    const size = segmentSize > 0 && length > segmentSize ? segmentSize : length;
    if (
      this.messages > 0 &&
      this.#matchesLast(slot, nameLength, controlLength) &&
      this.#segmented.append(length, size)
    ) {
      const message = this.messages - 1;
      this.#messageOf[slot] = message;
      const payloads = vector.addPayload(message);
      if (payloads === 2) {
        this.#writeHeader(message, this.#first[message]!, 2, true);
      }
      return;
    }
    const message = this.messages++;
    this.#messageOf[slot] = message;
    this.#first[message] = slot;
    this.#controlLength[message] = controlLength;
    this.#segmentSize[message] = size;
    this.#segmented.start(length, size);
    const address = nameLength === 0 ? 0 : owner.address + name;
    vector.setName(message, address, nameLength);
    this.#writeHeader(message, slot, 1, size < length);
  }

  /** Whether a slot has the name and control messages of the last message. */
  #matchesLast(
    slot: number,
    nameLength: number,
    controlLength: number,
  ): boolean {
    const { vector } = this;
    const message = this.messages - 1;
    const first = this.#first[message]!;
    const owner = this.#owners[slot]!;
    return owner === this.#owners[first] &&
      nameLength === vector.nameLength(message) &&
      equal(owner.words, this.#names[slot]!, this.#names[first]!, nameLength) &&
      controlLength === this.#controlLength[message] &&
      equal(
        vector.words,
        vector.controlAt(slot),
        vector.controlAt(first),
        controlLength,
      );
  }

  /** Makes a message of `count` slots, split into segments or not. */
  #writeHeader(
    message: number,
    slot: number,
    count: number,
    split: boolean,
  ): void {
    const { vector } = this;
    const first = this.#first[message]!;
    vector.setPayloads(message, slot, count);
    let length = this.#controlLength[message]!;
    if (split) {
      const end = vector.controlAt(first) + length;
      length += writeSegmentSize(
        vector.words,
        end,
        this.#segmentSize[message]!,
      );
    }
    vector.setControl(message, first, length);
  }

  /** The number of slots of a message. */
  slotsOf(message: number): number {
    const next = message + 1 < this.messages
      ? this.#first[message + 1]!
      : this.slots;
    return next - this.#first[message]!;
  }

  /** Reduces a message to one of its slots. */
  selectSlot(message: number, nth: number): void {
    const slot = this.#first[message]! + nth;
    const split = this.segmentSize(slot) < this.length(slot);
    this.#writeHeader(message, slot, 1, split);
  }

  /** Bytes of a message's segments. */
  segmentSizeOf(message: number): number {
    return this.#segmentSize[message]!;
  }

  /** The size of a message's payloads, and the number of its datagrams. */
  sizeOf(message: number): { bytes: number; segments: number } {
    const first = this.#first[message]!;
    const size = Math.max(1, this.#segmentSize[message]!);
    let bytes = 0;
    let segments = 0;
    for (let nth = this.slotsOf(message) - 1; nth >= 0; nth--) {
      const length = this.length(first + nth);
      bytes += length;
      segments += Math.ceil(length / size);
    }
    return { bytes, segments };
  }

  /** Whether the kernel is to split a message into several datagrams. */
  isSegmented(message: number): boolean {
    return this.slotsOf(message) > 1 ||
      this.#segmentSize[message]! < this.length(this.#first[message]!);
  }

  /** Whether the segments of a message's only slot are sent separately. */
  isSplit(message: number): boolean {
    return this.#split[message] !== 0;
  }

  /** The number of consecutive messages that are not split. */
  runLength(message: number): number {
    if (this.splits === 0) return this.messages - message;
    let end = message;
    while (end < this.messages && this.#split[end] === 0) end++;
    return end - message;
  }

  /** The destination address of a message; "" is the connected peer. */
  destination(message: number): string {
    if (this.vector.nameLength(message) === 0) return "";
    const slot = this.#first[message]!;
    const { view } = this.#owners[slot]!;
    return readSockaddr(view, this.#names[slot]!)?.address ?? "";
  }

  /**
   * Splits segmented messages that `allows` rejects into one message for each
   * slot, and marks those slots that have segments as split.
   */
  separate(allows: (message: number) => boolean): void {
    const apart = new Uint8Array(this.messages);
    let messages = this.messages;
    for (let message = 0; message < this.messages; message++) {
      if (!this.isSegmented(message) || allows(message)) continue;
      apart[message] = 1;
      messages += this.slotsOf(message) - 1;
    }
    if (!apart.includes(1)) return;
    // From the last one: a message moves to a later header or stays.
    let to = messages;
    let end = this.slots;
    for (let message = this.messages - 1; message >= 0; message--) {
      const first = this.#first[message]!;
      const nameLength = this.vector.nameLength(message);
      const controlLength = this.#controlLength[message]!;
      const size = this.#segmentSize[message]!;
      const count = apart[message] === 0 ? end - first : 1;
      for (let slot = end - count; slot >= first; slot -= count) {
        to--;
        const split = apart[message] !== 0 && size < this.length(slot);
        this.#put(to, slot, count, nameLength, controlLength, size, split);
      }
      end = first;
    }
    this.messages = messages;
  }

  /** Writes a header of `separate`. */
  #put(
    message: number,
    slot: number,
    count: number,
    nameLength: number,
    controlLength: number,
    segmentSize: number,
    split: boolean,
  ): void {
    this.#first[message] = slot;
    this.#controlLength[message] = controlLength;
    this.#segmentSize[message] = segmentSize;
    this.#messageOf.fill(message, slot, slot + count);
    this.#split[message] = split ? 1 : 0;
    if (split) this.splits++;
    const address = nameLength === 0
      ? 0
      : this.#owners[slot]!.address + this.#names[slot]!;
    this.vector.setName(message, address, nameLength);
    const segmented = count > 1 || segmentSize < this.length(slot);
    this.#writeHeader(message, slot, count, segmented && !split);
  }

  /**
   * Writes segments of a slot, each as a message of its own, into another vector.
   *
   * @param offset Bytes of the slot that were sent.
   * @param most Headers of the vector.
   * @returns How many segments were written.
   */
  writeSegments(
    slot: number,
    offset: number,
    to: MessageVector,
    most: number,
  ): number {
    const { vector } = this;
    const message = this.#messageOf[slot]!;
    const nameLength = vector.nameLength(message);
    const owner = this.#owners[slot]!;
    const name = nameLength === 0 ? 0 : owner.address + this.#names[slot]!;
    const controlLength = this.#controlLength[message]!;
    const at = vector.controlAt(this.#first[message]!);
    to.bytes.set(
      vector.bytes.subarray(at, at + controlLength),
      to.controlAt(0),
    );
    const payload = vector.payloadAddress(slot);
    const length = this.length(slot);
    const size = this.segmentSize(slot);
    let count = 0;
    for (; count < most && offset < length; count++, offset += size) {
      to.setName(count, name, nameLength);
      to.setControl(count, 0, controlLength);
      to.setPayload(count, payload + offset, Math.min(size, length - offset));
      to.setPayloads(count, count, 1);
    }
    return count;
  }

  /** Bytes of a slot's payload. */
  length(slot: number): number {
    return this.vector.payloadLength(slot);
  }

  /** Bytes of each datagram in a slot's payload. */
  segmentSize(slot: number): number {
    const size = this.#segmentSize[this.#messageOf[slot]!]!;
    return Math.min(size, this.length(slot));
  }

  /** The peer, source and size of a slot. */
  describe(slot: number): Outgoing {
    const { bytes, view, words } = this.vector;
    const message = this.#messageOf[slot]!;
    const owner = this.#owners[slot]!;
    const length = this.length(slot);
    const segmentSize = this.segmentSize(slot);
    const control = new ControlMessages();
    const at = this.vector.controlAt(slot);
    control.decode(words, view, at, this.#controlLength[message]!);
    const ifindex = control.in_pktinfo >= 0
      ? words[control.in_pktinfo >> 2]!
      : control.in6_pktinfo >= 0
      ? words[(control.in6_pktinfo >> 2) + 4]!
      : 0;
    return {
      peer: this.vector.nameLength(message) === 0
        ? undefined
        : readSockaddr(owner.view, this.#names[slot]!),
      source: sourceOf(bytes, view, control),
      ...(ifindex === 0 ? {} : { ifindex }),
      control: control.in_pktinfo >= 0
        ? "in_pktinfo"
        : control.in6_pktinfo >= 0
        ? "in6_pktinfo"
        : "none",
      bytes: length,
      ...(segmentSize < length ? { segmentSize } : {}),
    };
  }

  /** Removes all datagrams. */
  clear(): void {
    this.#owners.fill(undefined, 0, this.slots);
    if (this.splits > 0) {
      this.#split.fill(0);
      this.splits = 0;
    }
    this.messages = this.slots = this.#used = 0;
  }
}

// UDP GSO: combines datagrams that the kernel can split again (UDP_SEGMENT).
// They have the same peer, source and size, except for a shorter last one, and
// pass the network stack as one message.

/** Below the maximum length of a message, for headers of any length. */
const MOST_BYTES = 65000;

/** Segments of the message that is being filled, and whether more fit. */
export class SegmentedMessage {
  #segments = 0;
  /** Bytes of each segment. */
  #segmentSize = 0;
  #bytes = 0;
  /** Whether another segment may follow: none may follow a shorter one. */
  #open = false;

  /** Starts a message with a payload of segments of `size` bytes. */
  start(length: number, size: number): void {
    this.#segmentSize = size;
    this.#bytes = length;
    this.#segments = length === size ? 1 : Math.ceil(length / size);
    this.#open = length > 0 && length % size === 0;
  }

  /** Appends a payload; false if it does not fit. */
  append(length: number, size: number): boolean {
    if (!this.#open) return false;
    const segments = length === size ? 1 : Math.ceil(length / size);
    if (
      (segments === 1
        ? length > this.#segmentSize
        : size !== this.#segmentSize) ||
      length === 0 ||
      this.#segments + segments > MOST_SEGMENTS ||
      this.#bytes + length > MOST_BYTES
    ) return false;
    this.#segments += segments;
    this.#bytes += length;
    this.#open = length % this.#segmentSize === 0;
    return true;
  }
}

// Paths that rejected segmented messages (UDP GSO), for each socket: their
// datagrams are sent separately for some time.

/** Milliseconds until segmented messages are tried again on a path. */
const REFUSED_FOR = 60_000;
/** Maximum number of cached paths; the oldest is removed first. */
const MOST_PATHS = 1024;

interface Refusal {
  /** The largest segments that the path may accept; 0 for none. */
  readonly largest: number;
  readonly until: number;
}

export class SegmentationRefusals {
  /** By destination address; "" is the connected peer. */
  readonly #paths = new Map<string, Refusal>();

  /**
   * Records that a segmented message was rejected and its segments were
   * accepted separately.
   *
   * @param code The errno: EIO if the path does not support segmentation (no
   *   checksum offload, IPsec), else the segments were too large for it.
   */
  record(destination: string, segmentSize: number, code: number): void {
    this.#paths.delete(destination);
    if (this.#paths.size >= MOST_PATHS) {
      for (const [oldest] of this.#paths) {
        this.#paths.delete(oldest);
        break;
      }
    }
    this.#paths.set(destination, {
      largest: code === EIO ? 0 : segmentSize - 1,
      until: monotonicTime() + REFUSED_FOR,
    });
  }

  /** Splits the messages of a queue that their paths would reject. */
  apply(queue: SendQueue): void {
    const now = monotonicTime();
    queue.separate((message) => {
      const refusal = this.#paths.get(queue.destination(message));
      return refusal === undefined || refusal.until <= now ||
        queue.segmentSizeOf(message) <= refusal.largest;
    });
  }
}
