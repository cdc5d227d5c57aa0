// Codecs of numbers: width and byte order.

import { formatLinkAddress } from "../../net/link_address.ts";
import type { AttributeReader } from "../../netlink/attribute.ts";
import type { AttributeWriter } from "../../netlink/attribute_writer.ts";

/** A width and byte order. */
export interface NumberCodec {
  readonly min: number;
  readonly max: number;
  /** Bytes. */
  readonly size: number;
  read(value: AttributeReader): number;
  write(body: AttributeWriter, attribute: number, value: number): void;
  /** The value in a listing, if it is not unsigned in host byte order. */
  show?(value: Uint8Array): number | string;
}

/** A number of a fixed size in a listing; other sizes as hexadecimal bytes. */
function showing(
  size: number,
  get: (view: DataView) => number,
): (value: Uint8Array) => number | string {
  return (value) =>
    value.length === size
      ? get(new DataView(value.buffer, value.byteOffset, size))
      : formatLinkAddress(value);
}

function unsigned(
  bits: 8 | 16 | 32,
  rest: Omit<NumberCodec, "min" | "max" | "size">,
): NumberCodec {
  return { min: 0, max: 2 ** bits - 1, size: bits / 8, ...rest };
}

/** `__u8`. */
export const u8: NumberCodec = unsigned(8, {
  read: (value) => value.u8(),
  write: (body, attribute, value) => void body.u8(attribute, value),
});

/** `__u16` in host byte order. */
export const u16: NumberCodec = unsigned(16, {
  read: (value) => value.u16(),
  write: (body, attribute, value) => void body.u16(attribute, value),
});

/** `__u32` in host byte order. */
export const u32: NumberCodec = unsigned(32, {
  read: (value) => value.u32(),
  write: (body, attribute, value) => void body.u32(attribute, value),
});

/** `__be16`. */
export const be16: NumberCodec = unsigned(16, {
  read: (value) => value.be16(),
  write: (body, attribute, value) => void body.be16(attribute, value),
  show: showing(2, (view) => view.getUint16(0)),
});

/** `__be32`. */
export const be32: NumberCodec = unsigned(32, {
  read: (value) => value.be32(),
  write: (body, attribute, value) => void body.be32(attribute, value),
  show: showing(4, (view) => view.getUint32(0)),
});

/** `__s32` in host byte order. */
export const i32: NumberCodec = {
  min: -0x8000_0000,
  max: 0x7fff_ffff,
  size: 4,
  read: (value) => value.i32(),
  write: (body, attribute, value) => void body.i32(attribute, value),
  show: showing(4, (view) => view.getInt32(0, true)),
};

/** `__u64` in host byte order, exact up to 2^53. */
export const u64: NumberCodec = {
  min: 0,
  max: Number.MAX_SAFE_INTEGER,
  size: 8,
  read: (value) => value.u64(),
  write: (body, attribute, value) => void body.u64(attribute, value),
};
