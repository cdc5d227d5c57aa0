// Parses options in the syntax of `ip`: keywords with a value, flags, and flags
// with the prefix "no".

import { ArgumentError } from "../../lib/errors.ts";
import type { OptionTable } from "../../lib/rtnetlink/spec/table.ts";
import type { Option } from "../../lib/rtnetlink/spec/value.ts";
import { suggest } from "../suggest.ts";

/** Values by keyword. */
export type Values = Record<string, unknown>;

/**
 * Parses arguments with a table of options.
 *
 * @param whose The object, for errors.
 */
export function readWords(
  whose: string,
  table: OptionTable,
  words: readonly string[],
): Values {
  const values: Values = {};
  for (let at = 0; at < words.length;) {
    const word = words[at++];
    const name = find(table, word);
    if (name === undefined) throw unknownWord(whose, word, table);
    const option = table[name];
    if (Object.hasOwn(values, name)) {
      throw new ArgumentError(whose, word, "allowed twice");
    }
    if (name !== word) {
      values[name] = option.no;
    } else if (option.alone !== undefined) {
      values[name] = option.alone;
    } else {
      const count = option.several ? longest(option, words.slice(at)) : 1;
      if (at + count > words.length) {
        throw new ArgumentError(`${whose} ${word}`, "", option.expected);
      }
      values[name] = words.slice(at, at + count).join(" ");
      at += count;
    }
  }
  return values;
}

/** The option of a keyword, with or without the prefix "no". */
function find(table: OptionTable, word: string): string | undefined {
  if (Object.hasOwn(table, word)) return word;
  const name = word.replace(/^no/, "");
  return name !== word && Object.hasOwn(table, name) &&
      table[name].no !== undefined
    ? name
    : undefined;
}

/** The number of arguments that form the value of an option. */
export function longest(
  option: Option<unknown>,
  words: readonly string[],
): number {
  for (let count = words.length; count > 1; count--) {
    const value = words.slice(0, count).join(" ");
    if (option.read(value) !== undefined) return count;
  }
  return 1;
}

/** The error for an unknown keyword. */
export function unknownWord(
  whose: string,
  word: string,
  table: OptionTable,
): ArgumentError {
  const known = Object.entries(table).flatMap(([name, { no }]) => [
    name,
    ...no === undefined ? [] : [`no${name}`],
  ]);
  const meant = suggest(word, known);
  return new ArgumentError(
    whose,
    word,
    known.length === 0
      ? "possible: this kind has no options"
      : meant === undefined
      ? `a known option: ${known.join(", ")}`
      : `a known option; did you mean ${meant}?`,
  );
}
