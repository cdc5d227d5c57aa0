// Encodes the body of a request: a fixed struct and nested attributes, in a
// buffer that grows.

import type { Layout } from "../../ffi/struct.ts";
import {
  NLA_ALIGN,
  NLA_F_NESTED,
  NLA_HDRLEN,
  nlattr,
} from "../../ffi/uapi/linux_netlink.ts";

const encoder = new TextEncoder();
/** nla_len is a __u16. */
const LONGEST = 0xffff;

const LENGTH_AT = nlattr.fields.nla_len.offset;
const TYPE_AT = nlattr.fields.nla_type.offset;

/** Memory of a writer, filled with zeros. */
interface Memory {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;
}

const FIRST_SIZE = 256;
/** Memory of released writers. */
const spare: Memory[] = [];
const MOST_SPARE = 4;

/** Memory that several results share: an allocation for each takes longer. */
let chunk = new ArrayBuffer(0);
let used = 0;
const CHUNK_SIZE = 4096;

/** Zeros in the current chunk, at a multiple of 4. */
function place(size: number): Uint8Array<ArrayBuffer> {
  if (used + size > chunk.byteLength) {
    chunk = new ArrayBuffer(CHUNK_SIZE);
    used = 0;
  }
  const at = used;
  used += NLA_ALIGN(size);
  return new Uint8Array(chunk, at, size);
}

function memory(size: number): Memory {
  const bytes = new Uint8Array(size);
  return { bytes, view: new DataView(bytes.buffer) };
}

/**
 * Encodes the body of a netlink message.
 *
 * Source: netlink(7), rtnetlink(3).
 *
 * @example
 * ```ts
 * import { AttributeWriter, NetlinkConnection } from "@netplumb/netplumb";
 *
 * // struct ifinfomsg, then IFLA_IFNAME.
 * const body = new AttributeWriter().raw(new Uint8Array(16)).string(3, "lo")
 *   .finish();
 * await using connection = NetlinkConnection.open({ protocol: 0 });
 * const { objects } = await connection.request(
 *   { type: 18, body }, // RTM_GETLINK
 *   (message) => message.type,
 * );
 * console.log(objects); // [ 16 ], RTM_NEWLINK
 * ```
 */
export class AttributeWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView<ArrayBuffer>;
  #length = 0;

  constructor() {
    const { bytes, view } = spare.pop() ?? memory(FIRST_SIZE);
    this.#bytes = bytes;
    this.#view = view;
  }

  /** The number of bytes so far, a multiple of 4. */
  get length(): number {
    return this.#length;
  }

  /**
   * Appends bytes that are not an attribute: a fixed struct, or an rtnexthop.
   */
  raw(bytes: Uint8Array): this {
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  /** Appends an attribute with these bytes. */
  bytes(type: number, value: Uint8Array): this {
    const at = this.#attribute(type, value.length);
    this.#bytes.set(value, at);
    return this;
  }

  /** Appends an attribute without a value. */
  flag(type: number): this {
    this.#attribute(type, 0);
    return this;
  }

  /** Appends a `__u8` attribute. */
  u8(type: number, value: number): this {
    const at = this.#attribute(type, 1);
    this.#view.setUint8(at, value);
    return this;
  }

  /** Appends a `__u16` attribute in host byte order. */
  u16(type: number, value: number): this {
    const at = this.#attribute(type, 2);
    this.#view.setUint16(at, value, true);
    return this;
  }

  /** Appends a `__be16` attribute. */
  be16(type: number, value: number): this {
    const at = this.#attribute(type, 2);
    this.#view.setUint16(at, value);
    return this;
  }

  /** Appends a `__u32` attribute in host byte order. */
  u32(type: number, value: number): this {
    const at = this.#attribute(type, 4);
    this.#view.setUint32(at, value, true);
    return this;
  }

  /** Appends a `__be32` attribute. */
  be32(type: number, value: number): this {
    const at = this.#attribute(type, 4);
    this.#view.setUint32(at, value);
    return this;
  }

  /** Appends a `__s32` attribute in host byte order. */
  i32(type: number, value: number): this {
    const at = this.#attribute(type, 4);
    this.#view.setInt32(at, value, true);
    return this;
  }

  /** Appends a `__u64` attribute in host byte order. */
  u64(type: number, value: number | bigint): this {
    const at = this.#attribute(type, 8);
    this.#view.setBigUint64(at, BigInt(value), true);
    return this;
  }

  /** Appends a `__be64` attribute. */
  be64(type: number, value: number | bigint): this {
    const at = this.#attribute(type, 8);
    this.#view.setBigUint64(at, BigInt(value));
    return this;
  }

  /**
   * Appends a string attribute with the NUL that the kernel usually requires.
   */
  string(type: number, value: string): this {
    return this.bytes(type, encoder.encode(value + "\0"));
  }

  /** Appends a string attribute without a NUL, as iproute2 sends link kinds. */
  text(type: number, value: string): this {
    return this.bytes(type, encoder.encode(value));
  }

  /**
   * Appends an attribute with nested attributes.
   *
   * @param type nla_type; NLA_F_NESTED is added unless `plain` is set.
   * @param write Appends the nested attributes to this writer.
   * @param plain Omits NLA_F_NESTED, as iproute2 does for some attributes.
   */
  nest(type: number, write: (inner: this) => void, plain = false): this {
    const start = this.#length;
    this.#attribute(plain ? type : type | NLA_F_NESTED, 0);
    write(this);
    const length = this.#length - start;
    if (length > LONGEST) throw tooLong(type, length);
    this.#view.setUint16(start, length, true);
    return this;
  }

  /** A copy of the encoded bytes. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  /**
   * Appends a struct of zeros; assign() sets its fields.
   *
   * @returns Its offset.
   *
   * @internal
   */
  reserve({ size }: Layout): number {
    return this.#grow(size);
  }

  /**
   * Sets fields of a struct.
   *
   * @param at The offset that reserve() returned.
   *
   * @internal
   */
  assign(layout: Layout, at: number, values: Record<string, unknown>): void {
    layout.assign(this.#view, at, values);
  }

  /**
   * finish(), after which the writer must not be used: the next one gets its
   * memory.
   *
   * @internal
   */
  release(): Uint8Array<ArrayBuffer> {
    const [bytes, view, length] = [this.#bytes, this.#view, this.#length];
    if (bytes.length > FIRST_SIZE) return this.finish();
    const copy = place(length);
    // Faster than set() for a message of a few dozen bytes.
    for (let at = 0; at < length; at++) copy[at] = bytes[at]!;
    bytes.fill(0, 0, length);
    if (spare.length < MOST_SPARE) spare.push({ bytes, view });
    return copy;
  }

  #attribute(type: number, size: number): number {
    const length = NLA_HDRLEN + size;
    if (length > LONGEST) throw tooLong(type, length);
    const at = this.#grow(length);
    this.#view.setUint16(at + LENGTH_AT, length, true);
    this.#view.setUint16(at + TYPE_AT, type, true);
    return at + NLA_HDRLEN;
  }

  #grow(size: number): number {
    const at = this.#length;
    this.#length = at + NLA_ALIGN(size);
    if (this.#length > this.#bytes.length) {
      const larger = memory(Math.max(this.#bytes.length * 2, this.#length));
      larger.bytes.set(this.#bytes);
      this.#bytes = larger.bytes;
      this.#view = larger.view;
    }
    return at;
  }
}

function tooLong(type: number, length: number): RangeError {
  return new RangeError(
    `netlink attribute ${type} would be ${length} bytes long, the most is ${LONGEST}`,
  );
}
