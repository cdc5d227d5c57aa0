// Reads the parts of a description by their words and notes all that is wrong,
// each with its path.

import { ArgumentError } from "../../errors.ts";
import { allows } from "./allows.ts";
import type { Path, Problem } from "./problem.ts";
import type { Words } from "./words.ts";
import type { Reader } from "../../rtnetlink/spec/value.ts";

/** A value as a message shows it. */
export function shown(value: unknown): string {
  if (value === null) return "nothing";
  if (typeof value !== "object") return JSON.stringify(value) ?? String(value);
  return Array.isArray(value) ? "a list" : "a mapping";
}

/** What was found wrong so far. */
export class Findings {
  readonly problems: Problem[] = [];

  /** Notes a problem. */
  add(path: Path, message: string): void {
    this.problems.push({ path, message });
  }

  /** Notes a word that nobody knows. */
  unknown(path: Path, word: string, known: readonly string[]): void {
    this.problems.push({
      path: [...path, word],
      message: known.length === 0
        ? `no word is known here, and this is one`
        : `this word is not known here`,
      unknown: word,
      known,
    });
  }

  /** Notes what a function refuses; undefined if it did. */
  try<T>(path: Path, body: () => T): T | undefined {
    try {
      return body();
    } catch (error) {
      if (!(error instanceof ArgumentError)) throw error;
      this.add(path, error.message);
      return undefined;
    }
  }

  /** A mapping; undefined, and noted, if it is something else. */
  mapping(path: Path, value: unknown): Record<string, unknown> | undefined {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return { ...value };
    }
    this.add(path, `${shown(value)} is not a mapping of words to values`);
    return undefined;
  }

  /** A list; empty, and noted, if it is something else. */
  list(path: Path, value: unknown): unknown[] {
    if (value === undefined) return [];
    if (Array.isArray(value)) return value;
    this.add(path, `${shown(value)} is not a list`);
    return [];
  }

  /** A value by its reader. */
  value<T>(path: Path, given: unknown, reader: Reader<T>): T | undefined {
    let expected = reader.expected;
    try {
      if (allows(reader.schema, given)) {
        const value = reader.read(given);
        if (value !== undefined) return value;
      } else if (typeof given === "string" && /^(yes|no)$/i.test(given)) {
        expected += "; yes and no are plain text";
      } else if (
        typeof given !== "string" &&
        reader.read(String(given)) === String(given)
      ) {
        expected += "; it is text, so put it in quotes";
      }
    } catch (error) {
      if (!(error instanceof ArgumentError)) throw error;
      this.add(path, `${shown(error.value)} is not ${error.expected}`);
      return undefined;
    }
    this.add(path, `${shown(given)} is not ${expected}`);
    return undefined;
  }

  /**
   * The values of a mapping by its words.
   *
   * @param others Words that somebody else reads.
   */
  words(
    path: Path,
    given: Readonly<Record<string, unknown>>,
    words: Words,
    required: readonly string[] = [],
    others: readonly string[] = [],
  ): Record<string, unknown> {
    const values: Record<string, unknown> = {};
    for (const [word, value] of Object.entries(given)) {
      if (others.includes(word)) continue;
      if (!Object.hasOwn(words, word)) {
        this.unknown(path, word, [...Object.keys(words), ...others]);
        continue;
      }
      const read = this.value([...path, word], value, words[word]!);
      if (read !== undefined) values[word] = read;
    }
    for (const word of required) {
      if (given[word] === undefined) this.add(path, `${word} is missing`);
    }
    return values;
  }
}
