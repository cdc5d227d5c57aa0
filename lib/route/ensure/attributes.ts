// What a description wants, written as the kernel would be told, beside what
// the kernel tells: attribute by attribute, so that no kind of link needs a
// comparison of its own.

import { AttributeReader } from "../../netlink/attribute.ts";
import { AttributeWriter } from "../../netlink/attribute_writer.ts";
import { noCounts } from "../../netlink/counters.ts";
import { NetlinkBuffer } from "../../netlink/message.ts";

/** The attributes that are written. */
export function written(
  write: (body: AttributeWriter) => void,
): AttributeReader {
  const body = new AttributeWriter();
  write(body);
  const bytes = body.finish();
  const reader = new AttributeReader(NetlinkBuffer.of(bytes), noCounts());
  reader.reset(0, bytes.length);
  return reader;
}

/** The values of one level by their types, the first of each. */
export function valuesOf(
  level: AttributeReader | undefined,
): Map<number, Uint8Array<ArrayBuffer>> {
  const values = new Map<number, Uint8Array<ArrayBuffer>>();
  while (level?.next()) {
    if (!values.has(level.type)) values.set(level.type, level.copy());
  }
  return values;
}

/** Whether two values are the same number or text: zeroes may be left out. */
export function sameValue(
  wanted: Uint8Array,
  found: Uint8Array = new Uint8Array(),
): boolean {
  const length = Math.max(wanted.length, found.length);
  for (let i = 0; i < length; i++) {
    if ((wanted[i] ?? 0) !== (found[i] ?? 0)) return false;
  }
  return true;
}

/** Whether attributes are among others, looking into those that nest. */
export function within(
  wanted: AttributeReader,
  found: AttributeReader | undefined,
  depth: number,
): boolean {
  const there = valuesOf(found);
  for (const [type, value] of valuesOf(wanted)) {
    const other = there.get(type);
    const same = depth === 0
      ? sameValue(value, other)
      : other !== undefined && within(inside(value), inside(other), depth - 1);
    if (!same) return false;
  }
  return true;
}

function inside(value: Uint8Array<ArrayBuffer>): AttributeReader {
  const reader = new AttributeReader(NetlinkBuffer.of(value), noCounts());
  reader.reset(0, value.length);
  return reader;
}
