// Attributes of one level of a message, by number.

import { NLA_HDRLEN } from "../../../ffi/uapi/linux_netlink.ts";
import type { AttributeReader } from "../../netlink/attribute.ts";

/** The exclusive maximum of attribute numbers in rtnetlink. */
const NUMBERS = 256;

/** The attributes of one level by number, the first of each. */
export class AttributeLevel {
  /** The reader; has() and get() change its position. */
  readonly reader: AttributeReader;
  /** The position of each value; 0 is inside the message's header. */
  readonly #values: number[] = [];

  constructor(reader: AttributeReader) {
    this.reader = reader;
    const values = this.#values;
    while (reader.next()) {
      const { type } = reader;
      if (type >= NUMBERS) continue;
      // No holes: V8 searches the prototypes for a hole.
      while (values.length <= type) values.push(-1);
      if (values[type] === -1) values[type] = reader.at;
    }
  }

  /** Whether the level has an attribute. */
  has(number: number): boolean {
    return (this.#values[number] ?? -1) >= 0;
  }

  /** The reader at an attribute; undefined if the level does not have it. */
  get(number: number): AttributeReader | undefined {
    const at = this.#values[number] ?? -1;
    if (at < 0) return undefined;
    const { reader } = this;
    reader.at = at;
    reader.length = (reader.words[at - NLA_HDRLEN >> 2]! & 0xffff) - NLA_HDRLEN;
    reader.type = number;
    return reader;
  }
}
