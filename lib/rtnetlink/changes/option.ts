// Options of addresses, routes ...: one line an option says how its value is
// read.

import type { OptionValues } from "../spec/attribute.ts";
import { readOptions } from "../spec/table.ts";
import { bit, type Reader, take } from "../spec/value.ts";

/** An option, by the word iproute2 has for it. */
export interface Option<T> extends Reader<T> {
  /** What its word means on a command line where no value follows. */
  readonly alone?: T;
  /** What its word means with "no" before it. */
  readonly no?: T;
  /** Whether several words make its value. */
  readonly several?: boolean;
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
