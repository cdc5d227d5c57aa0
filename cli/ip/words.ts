// The words of an `ip` command line, read from left to right.

import type { OptionTable } from "../../lib/rtnetlink/spec/table.ts";
import type { Option } from "../../lib/rtnetlink/spec/value.ts";
import { longest } from "../change/words.ts";

/** The exit codes of iproute2's `ip`. */
export const IpExit = {
  /**
   * Rejected before a request was sent: no such device, an invalid combination.
   */
  refused: 1,
  /** Rejected by the kernel. */
  kernel: 2,
  /** An invalid command line. */
  usage: 255,
} as const;

/** Ends a command with a message for stderr and an exit code. */
export class Failure extends Error {
  /**
   * @param ends Whether a batch ends too, also with -force: as `ip` does where a
   * command line is wrong.
   */
  constructor(
    message: string,
    readonly code: number,
    readonly ends: boolean = code === IpExit.usage,
  ) {
    super(message);
  }
}

/** An invalid command line. */
export function usageError(message: string): Failure {
  return new Failure(message, IpExit.usage);
}

/** An invalid value. */
export function wrong(what: string, word: string, expected: string): Failure {
  return usageError(
    `Error: argument ${
      JSON.stringify(word)
    } is wrong: ${what} is not ${expected}`,
  );
}

/** Whether a word is a keyword or an abbreviation of it. */
export function matches(word: string, keyword: string): boolean {
  return word !== "" && keyword.startsWith(word);
}

/** Values by keyword. */
export type Values = Record<string, unknown>;

/** A cursor on the words of a command line. */
export class Words {
  readonly #words: readonly string[];
  #at = 0;

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  /** Whether all words are read. */
  get done(): boolean {
    return this.#at >= this.#words.length;
  }

  /** The next word, which stays; "" at the end. */
  get next(): string {
    return this.#words[this.#at] ?? "";
  }

  /** Reads the next word. */
  take(): string {
    return this.#words[this.#at++] ?? "";
  }

  /** Reads the value of a keyword. */
  value(keyword: string): string {
    if (this.done) {
      throw usageError(
        `Command line is not complete: ${keyword} needs a value. ` +
          `Try option "help"`,
      );
    }
    return this.take();
  }

  /** Reads the next word if it is this one. */
  skip(word: string): boolean {
    if (this.done || this.next !== word) return false;
    this.#at++;
    return true;
  }

  /** Reads all other words. */
  rest(): string[] {
    const rest = this.#words.slice(this.#at);
    this.#at = this.#words.length;
    return rest;
  }

  /** Reads the value of an option that may be several words. */
  valueOf(keyword: string, option: Option<unknown>): string {
    if (!option.several) return this.value(keyword);
    const first = this.value(keyword);
    const count = longest(option, [first, ...this.#words.slice(this.#at)]);
    const words = [first, ...this.#words.slice(this.#at, this.#at + count - 1)];
    this.#at += count - 1;
    return words.join(" ");
  }
}

/** The known words of a command. */
export interface Grammar {
  /** The options that are words, as the library describes them. */
  readonly options: OptionTable;
  /** Other words of options. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Words that may be abbreviated, the preferred ones first. */
  readonly abbreviated?: readonly string[];
  /** Words that are read in their own way; the word is read already. */
  readonly special?: Readonly<
    Record<string, (words: Words, values: Values, word: string) => void>
  >;
  /** Reads a word that is no keyword. */
  other(words: Words, values: Values): void;
  /** The end of the options; the word stays unread. */
  ends?(word: string): boolean;
}

/** The keyword that a word stands for; undefined if it is none. */
export function keyword(
  { options, aliases = {}, abbreviated = [], special = {} }: Grammar,
  word: string,
): string | undefined {
  const known = (name: string) =>
    Object.hasOwn(special, name) || Object.hasOwn(options, name) ||
    Object.hasOwn(aliases, name);
  const found = known(word)
    ? word
    : abbreviated.find((name) => matches(word, name));
  if (found === undefined) return undefined;
  return Object.hasOwn(aliases, found) ? aliases[found] : found;
}

/** Reads words to the end; of a word given twice, the last value counts. */
export function readAll(words: Words, grammar: Grammar): Values {
  const values: Values = {};
  while (!words.done) {
    const word = words.next;
    if (grammar.ends?.(word)) break;
    const name = keyword(grammar, word);
    if (name === undefined) {
      grammar.other(words, values);
      continue;
    }
    words.take();
    const special = grammar.special?.[name];
    const option = grammar.options[name];
    if (special !== undefined) special(words, values, name);
    else if (option!.alone !== undefined) values[name] = option!.alone;
    else values[name] = words.valueOf(word, option!);
  }
  return values;
}

/** Reads a value that must be right. */
export function read<T>(
  what: string,
  word: string,
  { expected, read }: Pick<Option<T>, "expected" | "read">,
): T {
  const value = read(word);
  if (value === undefined) throw wrong(what, word, expected);
  return value;
}

/** The entry of a table whose key a word is or abbreviates, in its order. */
export function choose<T>(
  word: string,
  table: readonly (readonly [keyword: string, T])[],
): T | undefined {
  return table.find(([name]) => name === word)?.[1] ??
    table.find(([name]) => matches(word, name))?.[1];
}

/** A number of 32 bits. */
export function number32(what: string, word: string): number {
  const number = Number(word);
  if (!/^(\d+|0x[0-9a-f]+)$/i.test(word) || number > 0xffff_ffff) {
    throw wrong(what, word, "a number of 32 bits");
  }
  return number;
}
