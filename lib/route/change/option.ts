// Options of a kind of link: one line an option says how its value is read and
// which attribute it becomes.

import { parseIPv4, tryParseIPv4, tryParseIPv6 } from "../../address.ts";
import { ArgumentError } from "../../errors.ts";
import { parseLinkAddress } from "../../link_address.ts";
import type { AttributeWriter } from "../../netlink/attribute_writer.ts";
import type { NameLookup } from "./change.ts";
import {
  bit,
  ethernetAddress,
  ipAddress,
  ipv4,
  linkName,
  oneOf,
  orWord,
  type Reader,
  take,
  wholeNumber,
} from "./value.ts";

/** An option of a kind of link, by the word iproute2 has for it. */
export interface Option<T> extends Reader<T> {
  /** What its word means on a command line where no value follows. */
  readonly alone?: T;
  /** What its word means with "no" before it. */
  readonly no?: T;
  /** Whether several words make its value. */
  readonly several?: boolean;
  /** Writes its attribute; without, its kind does so in `finish`. */
  write?(body: AttributeWriter, value: T, names: NameLookup): void;
}

/** The values of some options, read. */
export type OptionValues = { readonly [word: string]: unknown };

/** What can be said of a kind of link. */
export interface OptionTable {
  // deno-lint-ignore no-explicit-any -- each option has a value of its own type
  readonly [word: string]: Option<any>;
}

/** A table with a line for every option of an interface. */
export type OptionsOf<O> = {
  readonly [Word in keyof O]-?: Option<Exclude<O[Word], undefined>>;
};

/**
 * Reads options; each must be one of the table's.
 *
 * @param whose Whose options they are, for errors.
 */
export function readOptions(
  whose: string,
  table: OptionTable,
  given: OptionValues,
): OptionValues {
  const values: Record<string, unknown> = {};
  for (const [word, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(table, word)) {
      const words = Object.keys(table).join(", ");
      throw new ArgumentError(
        `${whose} option`,
        word,
        words === "" ? "possible: there are none" : `one of ${words}`,
      );
    }
    values[word] = take(`${whose} ${word}`, value, table[word]);
  }
  return values;
}

/**
 * Reads a specification: all of it is in the table, and what is required there.
 *
 * @param whose What it specifies, for errors.
 */
export function readSpec<O extends object>(
  whose: string,
  table: OptionsOf<O>,
  given: O,
  ...required: readonly (keyof O & string)[]
): O {
  const values = readOptions(whose, table, { ...given as OptionValues });
  for (const word of required) {
    if (values[word] === undefined) {
      take(`${whose} ${word}`, undefined, table[word]);
    }
  }
  return values as O;
}

/** Writes the attributes of options that were read. */
export function writeOptions(
  body: AttributeWriter,
  table: OptionTable,
  values: OptionValues,
  names: NameLookup,
): void {
  for (const [word, value] of Object.entries(values)) {
    table[word].write?.(body, value, names);
  }
}

type Writer = (
  body: AttributeWriter,
  attribute: number,
  value: number,
) => unknown;

const WRITERS = {
  u8: (body, attribute, value) => body.u8(attribute, value),
  u16: (body, attribute, value) => body.u16(attribute, value),
  u32: (body, attribute, value) => body.u32(attribute, value),
  u64: (body, attribute, value) => body.u64(attribute, value),
  be16: (body, attribute, value) => body.be16(attribute, value),
  be32: (body, attribute, value) => body.be32(attribute, value),
  i32: (body, attribute, value) => body.i32(attribute, value),
} satisfies Record<string, Writer>;

/** How a number lies in an attribute. */
export type NumberSize = keyof typeof WRITERS;

const RANGES: Record<NumberSize, readonly [number, number]> = {
  u8: [0, 0xff],
  u16: [0, 0xffff],
  u32: [0, 0xffff_ffff],
  u64: [0, Number.MAX_SAFE_INTEGER],
  be16: [0, 0xffff],
  be32: [0, 0xffff_ffff],
  i32: [-0x8000_0000, 0x7fff_ffff],
};

function numeric<T>(
  size: NumberSize,
  attribute: number,
  reader: Reader<T>,
  number: (value: T) => number,
): Option<T> {
  const write: Writer = WRITERS[size];
  return {
    ...reader,
    write(body, value) {
      write(body, attribute, number(value));
    },
  };
}

/** A number. */
export function number(
  size: NumberSize,
  attribute: number,
  min: number = RANGES[size][0],
  max: number = RANGES[size][1],
): Option<number> {
  return numeric(size, attribute, wholeNumber(min, max), (value) => value);
}

/** Yes or no, as a number. */
export function onOff(
  attribute: number,
  size: NumberSize = "u8",
): Option<boolean> {
  return numeric(size, attribute, bit, Number);
}

/** Yes or no, whose word stands alone on a command line: csum, nocsum. */
export const toggleBit: Option<boolean> = { ...bit, alone: true, no: false };

/** The same as an attribute of its own. */
export function toggle(attribute: number): Option<boolean> {
  return { ...onOff(attribute), alone: true, no: false };
}

/** What options that are bits of one attribute say together. */
export function bitsOf(
  values: OptionValues,
  bits: { readonly [word: string]: number },
): { value: number; mask: number } {
  let [value, mask] = [0, 0];
  for (const [word, bit] of Object.entries(bits)) {
    if (values[word] === undefined) continue;
    mask |= bit;
    if (values[word]) value |= bit;
  }
  return { value, mask };
}

/** Something to do or to have: there is no attribute for not having it. */
export function flag(attribute: number): Option<boolean> {
  return {
    ...bit,
    alone: true,
    write(body, value) {
      if (value) body.flag(attribute);
    },
  };
}

/** A word for each number. */
export function word<const Word extends string>(
  size: NumberSize,
  attribute: number,
  words: { readonly [W in Word]: number },
): Option<Word> {
  const reader = oneOf(Object.keys(words) as Word[]);
  return numeric(size, attribute, reader, (value) => words[value]);
}

/** Some numbers by words of their own, the others as they are. */
export function numberOr<const Word extends string>(
  size: NumberSize,
  attribute: number,
  words: { readonly [W in Word]: number },
  max: number = RANGES[size][1],
): Option<number | Word> {
  const names = Object.keys(words) as Word[];
  const plain = wholeNumber(0, max);
  const reader: Reader<number | Word> = {
    expected: `${names.join(", ")} or ${plain.expected}`,
    schema: { anyOf: [{ enum: names }, plain.schema] },
    read: (given) => names.find((name) => name === given) ?? plain.read(given),
  };
  return numeric(
    size,
    attribute,
    reader,
    (value) => typeof value === "number" ? value : words[value],
  );
}

/** An IPv4 address. */
export function address4(attribute: number): Option<string> {
  return {
    ...ipv4,
    write(body, value) {
      body.bytes(attribute, parseIPv4(value));
    },
  };
}

/** An address, in an attribute of its own for each IP version. */
export function address(
  attribute4: number,
  attribute6: number,
): Option<string> {
  return {
    ...ipAddress,
    write(body, value) {
      const v4 = tryParseIPv4(value);
      if (v4 !== undefined) body.bytes(attribute4, v4);
      else body.bytes(attribute6, tryParseIPv6(value)!);
    },
  };
}

/** An Ethernet address. */
export function ethernet(attribute: number): Option<string> {
  return {
    ...ethernetAddress,
    write(body, value) {
      body.bytes(attribute, parseLinkAddress(value));
    },
  };
}

/** Another link. */
export function link(attribute: number): Option<string | number> {
  return {
    ...linkName,
    write(body, value, names) {
      body.u32(attribute, names.index(value));
    },
  };
}

/** Another link, or none. */
export function linkOrNone(attribute: number): Option<string | number> {
  const reader = orWord("none", linkName);
  return {
    ...reader,
    no: "none",
    write(body, value, names) {
      body.u32(attribute, value === "none" ? 0 : names.index(value));
    },
  };
}
