// Options of links, addresses, routes ...: one line an option says how its value
// is read and which attribute it becomes.

import type { AttributeWriter } from "../../netlink/attribute_writer.ts";
import type { OptionValues } from "../../rtnetlink/spec/attribute.ts";
import type { NameLookup } from "../../rtnetlink/spec/name_lookup.ts";
import { readOptions } from "../../rtnetlink/spec/table.ts";
import {
  bit,
  oneOf,
  type Reader,
  take,
  wholeNumber,
} from "../../rtnetlink/spec/value.ts";

/** An option, by the word iproute2 has for it. */
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

/** What can be said of something. */
export interface OptionTable {
  // deno-lint-ignore no-explicit-any -- each option has a value of its own type
  readonly [word: string]: Option<any>;
}

/** A table with a line for every option of an interface. */
export type OptionsOf<O> = {
  readonly [Word in keyof O]-?: Option<Exclude<O[Word], undefined>>;
};

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

/** A word for each number. */
export function word<const Word extends string>(
  size: NumberSize,
  attribute: number,
  words: { readonly [W in Word]: number },
): Option<Word> {
  const reader = oneOf(Object.keys(words) as Word[]);
  return numeric(size, attribute, reader, (value) => words[value]);
}
