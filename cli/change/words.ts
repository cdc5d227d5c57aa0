// Values in words as `ip` takes them: most words have a value behind them, some
// stand alone, some have "no" in front.

import { ArgumentError } from "../../lib/errors.ts";
import type { OptionTable } from "../../lib/rtnetlink/spec/table.ts";
import type { Option } from "../../lib/rtnetlink/spec/value.ts";
import { suggest } from "../suggest.ts";

/** Values by their words. */
export type Values = Record<string, unknown>;

/**
 * Reads words by a table of options.
 *
 * @param whose Whose words they are, for errors.
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
      throw new ArgumentError(whose, word, "wanted twice");
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

/** The option a word speaks of, with or without "no" in front. */
function find(table: OptionTable, word: string): string | undefined {
  if (Object.hasOwn(table, word)) return word;
  const name = word.replace(/^no/, "");
  return name !== word && Object.hasOwn(table, name) &&
      table[name].no !== undefined
    ? name
    : undefined;
}

/** How many of the next words make a value of an option that takes several. */
function longest(option: Option<unknown>, words: readonly string[]): number {
  for (let count = words.length; count > 1; count--) {
    const value = words.slice(0, count).join(" ");
    if (option.read(value) !== undefined) return count;
  }
  return 1;
}

/** What to say of a word that no option has. */
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
      ? "possible: there are no options"
      : meant === undefined
      ? `an option: those there are are ${known.join(", ")}`
      : `an option; did you mean ${meant}?`,
  );
}
