// The options of a kind of link as a table: which attribute, under which of
// iproute2's keys, as which value. A kind is a list of these, in the order
// iproute2 prints them.

import { formatIPv4, formatIPv6 } from "../../address.ts";
import { formatLinkAddress } from "../../link_address.ts";
import type { AttributeReader } from "../../netlink/attribute.ts";
import { USER_HZ } from "../user_hz.ts";
import { ethernetProtocolName } from "../names/ethernet.ts";

/** A value as JSON can hold it. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/**
 * What a link's kind says of it, under the keys and with the values of
 * `ip -j -d link`; but for other links, which are their index here.
 */
export type KindData = Record<string, JsonValue>;

/** One option of a kind of link. */
export interface Field {
  /** IFLA_*, under IFLA_INFO_DATA or IFLA_INFO_SLAVE_DATA. */
  readonly attribute: number;
  /** The key its value is under. */
  readonly key: string;
  /** Whether the value is the index of a link. */
  readonly link?: boolean;
  /** What iproute2 tells where the attribute is absent, if anything. */
  readonly absent?: JsonValue;
  /** The value; undefined where iproute2 does not tell of it. */
  read(value: AttributeReader): JsonValue | undefined;
}

/** A kind of link: "bridge", "vxlan" ... */
export interface Kind {
  readonly name: string;
  /** IFLA_INFO_DATA; without one, iproute2 does not know what is in it. */
  readonly data?: readonly Field[];
  /** IFLA_INFO_SLAVE_DATA of the links that belong to one. */
  readonly port?: readonly Field[];
  /** Without these attributes nothing is told. */
  readonly needs?: readonly number[];
  /** More keys whose value is the index of a link, beside those of fields. */
  readonly links?: readonly string[];
  /** Keys that depend on several attributes at once. */
  readonly finish?: (data: KindData, level: AttributeLevel) => void;
}

/** The attributes of one level by their type, the first of each. */
export class AttributeLevel {
  readonly #found = new Map<number, readonly [at: number, length: number]>();

  constructor(readonly reader: AttributeReader) {
    while (reader.next()) {
      if (!this.#found.has(reader.type)) {
        this.#found.set(reader.type, [reader.at, reader.length]);
      }
    }
  }

  has(type: number): boolean {
    return this.#found.has(type);
  }

  /** The reader, standing on the attribute of a type. */
  get(type: number): AttributeReader | undefined {
    const found = this.#found.get(type);
    if (found === undefined) return undefined;
    [this.reader.at, this.reader.length] = found;
    this.reader.type = type;
    return this.reader;
  }
}

/** Reads a level by the table of a kind. */
export function readFields(
  fields: readonly Field[],
  level: AttributeLevel,
): KindData {
  const data: KindData = {};
  for (const field of fields) {
    const value = level.get(field.attribute);
    const read = value === undefined ? field.absent : field.read(value);
    if (read !== undefined) data[field.key] = read;
  }
  return data;
}

type Read = Field["read"];

function field(read: Read): (attribute: number, key: string) => Field {
  return (attribute, key) => ({ attribute, key, read });
}

export const u8 = field((value) => value.u8());
export const u16 = field((value) => value.u16());
export const u32 = field((value) => value.u32());
export const i32 = field((value) => value.i32());
export const u64 = field((value) => value.u64());
export const be16 = field((value) => value.be16());
/** A u8 that is true or false. */
export const onOff = field((value) => value.u8() !== 0);
/** A u8 that is told of only where it is not 0. */
export const onlyOn = field((value) => value.u8() !== 0 ? true : undefined);
/** An attribute whose being there is all it says. */
export const present = field(() => true);
export const hex16 = field((value) => hex(value.u16()));
export const hex32 = field((value) => hex(value.u32()));
/** A hexadecimal u32 that is told of only where it is not 0. */
export const hexNot0 = field((value) =>
  value.u32() === 0 ? undefined : hex(value.u32())
);
/** A u32 that is told of only where it is not 0. */
export const u32Not0 = field((value) => value.u32() || undefined);
/** A hexadecimal u8 that is told of only where it is not 0. */
export const hex8Not0 = field((value) =>
  value.u8() === 0 ? undefined : hex(value.u8())
);
export const linkAddress = field(({ bytes, at, length }) =>
  formatLinkAddress(bytes, at, length)
);
/** An EtherType by its name, as the kernel keeps it in network byte order. */
export const ethernetProtocol = field((value) =>
  ethernetProtocolName(value.be16())
);
/** A time of the kernel's in seconds with two decimals. */
export const timer = field((value) => value.u64() / USER_HZ);

/** A link, by its index. */
export function link(attribute: number, key: string): Field {
  return { attribute, key, link: true, read: (value) => value.i32() };
}

/** A link, told of only where there is one. */
export function linkNot0(attribute: number, key: string): Field {
  return {
    attribute,
    key,
    link: true,
    read: (value) => value.i32() || undefined,
  };
}

/** A small number that stands for a word. */
export function word(
  attribute: number,
  key: string,
  words: readonly string[],
  size: 8 | 32 = 8,
): Field {
  return {
    attribute,
    key,
    read: (value) => words[size === 8 ? value.u8() : value.u32()] ?? "UNKNOWN",
  };
}

/** A field of its own kind. */
export function other(attribute: number, key: string, read: Read): Field {
  return { attribute, key, read };
}

/** A number as C's %#x prints it. */
export function hex(number: number): string {
  return number === 0 ? "0" : "0x" + number.toString(16);
}

/** The names of the bits that are set, in the order given. */
export function bits(
  value: number,
  names: ReadonlyArray<readonly [number, string]>,
): string[] {
  const set: string[] = [];
  let rest = value;
  for (const [bit, name] of names) {
    if ((rest & bit) === 0) continue;
    set.push(name);
    rest &= ~bit;
  }
  if (rest !== 0) set.push((rest >>> 0).toString(16));
  return set;
}

/** An address of 4 or 16 bytes. */
export function address({ bytes, at, length }: AttributeReader): string {
  return length >= 16
    ? formatIPv6(bytes, at)
    : length >= 4
    ? formatIPv4(bytes, at)
    : "";
}

/** Whether the value is zeroes only. */
export function isZero({ bytes, at, length }: AttributeReader): boolean {
  for (let i = at; i < at + length; i++) if (bytes[i] !== 0) return false;
  return true;
}
