// The words of `show` and `flush`, which select objects.

import { Failure, IpExit, matches, type Words } from "./words.ts";

/** The action of a keyword of a filter. */
export type FilterWord = () => unknown;

/**
 * Parses the keywords of a filter.
 *
 * @param object The object whose help is printed for "help".
 * @param known Keywords; a name with a star at its end can be abbreviated.
 * @param other Parses a word that is not a keyword.
 */
export async function readFilters(
  words: Words,
  object: string,
  known: Readonly<Record<string, FilterWord>>,
  other: (word: string) => unknown,
): Promise<void> {
  while (!words.done) {
    const word = words.take();
    const name = Object.hasOwn(known, word)
      ? word
      : Object.keys(known).find((one) =>
        one.endsWith("*") && matches(word, one.slice(0, -1))
      );
    if (name !== undefined) await known[name]!();
    else if (matches(word, "help")) throw new HelpRequest(object);
    else await other(word);
  }
}

/** A command line that requests the usage of an object. */
export class HelpRequest extends Failure {
  constructor(readonly object: string) {
    super("", IpExit.usage);
  }
}
