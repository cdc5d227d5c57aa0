// Reads attributes in place. Byte order depends on the attribute, so the
// methods name it.

import {
  NLA_F_NESTED,
  NLA_HDRLEN,
  NLA_TYPE_MASK,
} from "../../ffi/uapi/linux_netlink.ts";
import type { NetlinkCounters } from "./counters.ts";
import type { NetlinkBuffer } from "./buffer.ts";
import { attributeText } from "./attribute_text.ts";

/** An unknown attribute, as it was received. */
export interface UnknownAttribute {
  /** nla_type without its flag bits. */
  readonly type: number;
  /** Its value, without the header. */
  readonly value: Uint8Array<ArrayBuffer>;
}

// Local constant for next(): V8 inlines it; an imported binding costs a load
// and a check.
const HEADER = NLA_HDRLEN;
const TYPE_MASK = NLA_TYPE_MASK;
const NESTED = NLA_F_NESTED;

/**
 * Iterates over the attributes of one level. It always terminates: each step
 * advances by at least a header, and an invalid length ends the iteration.
 *
 * Each method returns 0 or the empty string if the attribute is too short, and
 * never reads outside of it.
 *
 * Source: netlink(7), rtnetlink(3).
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
export class AttributeReader {
  /** nla_type of the current attribute, without its flag bits. */
  type = 0;
  /** Whether NLA_F_NESTED is set; the kernel often omits it. */
  nested = false;
  /** Offset of its value. */
  at = 0;
  /** Length of its value. */
  length = 0;
  /** The memory, as bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The memory, as signed words. */
  readonly words: Int32Array<ArrayBuffer>;
  /** The memory, for other sizes and byte orders. */
  readonly view: DataView<ArrayBuffer>;
  #next = 0;
  #limit = 0;
  #inner: AttributeReader | undefined;

  /** Creates a reader of nothing: see reset(). */
  constructor(
    /** @internal */
    readonly buffer: NetlinkBuffer,
    readonly counters: NetlinkCounters,
  ) {
    this.bytes = buffer.bytes;
    this.words = buffer.words;
    this.view = buffer.view;
  }

  /** Restarts with the attributes in `[start, end)`; start a multiple of 4. */
  reset(start: number, end: number): void {
    this.#next = start;
    this.#limit = end;
  }

  /** Moves to the next attribute; false at the end. */
  next(): boolean {
    const at = this.#next;
    const rest = this.#limit - at;
    if (rest < HEADER) {
      if (rest > 0) this.#giveUp();
      return false;
    }
    const header = this.words[at >> 2]!;
    const length = header & 0xffff;
    if (length < HEADER || length > rest) {
      this.#giveUp();
      return false;
    }
    const type = header >>> 16;
    this.type = type & TYPE_MASK;
    this.nested = (type & NESTED) !== 0;
    this.at = at + HEADER;
    this.length = length - HEADER;
    this.#next = at + (length + 3 & ~3);
    return true;
  }

  /** A reader of the nested attributes; reused on each level. */
  enter(offset = 0): AttributeReader {
    this.#inner ??= new AttributeReader(this.buffer, this.counters);
    const end = this.at + this.length;
    this.#inner.reset(Math.min(this.at + offset, end), end);
    return this.#inner;
  }

  /** The value as `__u8`. */
  u8(): number {
    return this.length >= 1 ? this.bytes[this.at]! : this.#short();
  }

  /** The value as `__u16` in host byte order. */
  u16(): number {
    return this.length >= 2
      ? this.view.getUint16(this.at, true)
      : this.#short();
  }

  /** The value as `__be16`. */
  be16(): number {
    return this.length >= 2 ? this.view.getUint16(this.at) : this.#short();
  }

  /** The value as `__u32` in host byte order. */
  u32(): number {
    return this.length >= 4 ? this.words[this.at >> 2]! >>> 0 : this.#short();
  }

  /** The value as `__be32`. */
  be32(): number {
    return this.length >= 4 ? this.view.getUint32(this.at) : this.#short();
  }

  /** The value as `__s32` in host byte order. */
  i32(): number {
    return this.length >= 4 ? this.words[this.at >> 2]! : this.#short();
  }

  /** The value as `__u64`, exact up to 2^53; may be aligned to 4 bytes only. */
  u64(): number {
    if (this.length < 8) return this.#short();
    const word = this.at >> 2;
    return (this.words[word]! >>> 0) +
      (this.words[word + 1]! >>> 0) * 0x1_0000_0000;
  }

  /** The value as `__be64`, exact. */
  be64(): bigint {
    return this.length >= 8
      ? this.view.getBigUint64(this.at)
      : BigInt(this.#short());
  }

  /** The value as a string, up to its first NUL. */
  string(): string {
    return attributeText(this.words, this.bytes, this.at, this.length);
  }

  /** A copy of the value. */
  copy(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(this.at, this.at + this.length);
  }

  /** The attribute as bytes, for an unknown one. */
  unknown(): UnknownAttribute {
    return { type: this.type, value: this.copy() };
  }

  #short(): number {
    this.counters.malformed++;
    return 0;
  }

  #giveUp(): void {
    this.counters.malformed++;
    this.#next = this.#limit;
  }
}
