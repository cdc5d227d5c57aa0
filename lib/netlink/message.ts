// Reads the messages of a datagram in place.

import {
  NLMSG_ALIGN,
  NLMSG_HDRLEN,
  nlmsghdr,
} from "../../ffi/uapi/linux_netlink.ts";
import { AttributeReader } from "./attribute.ts";
import type { NetlinkBuffer } from "./buffer.ts";
import { type NetlinkCounters, noCounts } from "./counters.ts";

// Local constant for next(): V8 inlines it; an imported binding costs a load
// and a check.
const HEADER = NLMSG_HDRLEN;

let walks = 0;

/**
 * Iterates over the messages of a datagram. It always terminates: each step
 * advances by at least a header, and an invalid length ends the iteration.
 *
 * Source: netlink(7), netlink(3).
 *
 * @example
 * ```ts
 * import { NetlinkConnection } from "@netplumb/netplumb";
 *
 * await using connection = NetlinkConnection.open({ protocol: 0 });
 * const names = await connection.dump(
 *   { type: 18, body: new Uint8Array(16) }, // RTM_GETLINK
 *   (message) => {
 *     const attributes = message.attributes(16); // behind struct ifinfomsg
 *     while (attributes.next()) {
 *       if (attributes.type === 3) return attributes.string(); // IFLA_IFNAME
 *     }
 *   },
 * );
 * console.log(names.includes("lo")); // true
 * ```
 */
export class MessageReader {
  /** The memory, as bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The memory, as signed words. */
  readonly words: Int32Array<ArrayBuffer>;
  /** The memory, for other sizes and byte orders. */
  readonly view: DataView<ArrayBuffer>;
  /** nlmsg_type of the current message. */
  type = 0;
  /** nlmsg_flags. */
  flags = 0;
  /** Offset of the message's header. */
  start = 0;
  /** Offset of its payload. */
  payload = 0;
  /** End offset, without padding. */
  end = 0;
  /** End offset of the datagram. */
  limit = 0;
  /**
   * Identifies an iteration over a datagram: each reset() has its own number.
   */
  walk = 0;
  readonly #attributes: AttributeReader;
  #next = 0;

  /** Creates a reader of nothing: see reset(). */
  constructor(
    /** @internal */
    readonly buffer: NetlinkBuffer,
    readonly counters: NetlinkCounters = noCounts(),
  ) {
    this.bytes = buffer.bytes;
    this.words = buffer.words;
    this.view = buffer.view;
    this.#attributes = new AttributeReader(buffer, counters);
  }

  /** nlmsg_seq as an unsigned number. */
  get sequence(): number {
    return this.words[(this.start >> 2) + 2]! >>> 0;
  }

  /** nlmsg_pid as an unsigned number. */
  get port(): number {
    return this.words[(this.start >> 2) + 3]! >>> 0;
  }

  /** Restarts with the datagram in `[start, end)`; start a multiple of 4. */
  reset(start: number, end: number): void {
    this.#next = start;
    this.limit = end;
    this.walk = ++walks;
  }

  /** Moves to the next message; false at the end. */
  next(): boolean {
    const at = this.#next;
    const rest = this.limit - at;
    if (rest < HEADER) {
      if (rest > 0) this.#giveUp();
      return false;
    }
    const words = this.words;
    const word = at >> 2;
    const length = words[word]!;
    if (length < HEADER || length > rest) {
      this.#giveUp();
      return false;
    }
    const typeAndFlags = words[word + 1]!;
    this.type = typeAndFlags & 0xffff;
    this.flags = typeAndFlags >>> 16;
    this.start = at;
    this.payload = at + HEADER;
    this.end = at + length;
    this.#next = at + (length + 3 & ~3);
    return true;
  }

  /**
   * A reader of the message's attributes after a struct of `header` bytes;
   * reused. A message that is shorter than the struct has no attributes.
   */
  attributes(header: number): AttributeReader {
    this.#attributes.reset(
      Math.min(this.payload + NLMSG_ALIGN(header), this.end),
      this.end,
    );
    return this.#attributes;
  }

  /**
   * Whether the payload has this size; a shorter one is counted as malformed.
   */
  holds(size: number): boolean {
    if (this.end - this.payload >= size) return true;
    this.counters.malformed++;
    return false;
  }

  /** A copy of the current message with its header. */
  copy(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(this.start, this.end);
  }

  #giveUp(): void {
    this.counters.malformed++;
    this.#next = this.limit;
  }
}

/** Encodes the header of a message before its body. */
export function writeHeader(
  view: DataView,
  at: number,
  header: {
    readonly length: number;
    readonly type: number;
    readonly flags: number;
    readonly sequence: number;
  },
): void {
  const { nlmsg_len, nlmsg_type, nlmsg_flags, nlmsg_seq, nlmsg_pid } =
    nlmsghdr.fields;
  nlmsg_len.set(view, at, header.length);
  nlmsg_type.set(view, at, header.type);
  nlmsg_flags.set(view, at, header.flags);
  nlmsg_seq.set(view, at, header.sequence);
  nlmsg_pid.set(view, at, 0);
}
