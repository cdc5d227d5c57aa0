// Abbreviated subcommands, as iproute2 accepts them: `neigh`, `del`, `help`.

import { SUBCOMMANDS } from "./subcommands.ts";

/**
 * Replaces the first words of a command line, up to the first option, by the
 * only subcommand that begins with each, and `help` by --help.
 */
export async function withoutAbbreviations(
  words: readonly string[],
): Promise<string[]> {
  const [first = "", second = "", ...rest] = words;
  const name = completed(first, SUBCOMMANDS.map(({ name }) => name));
  const command = SUBCOMMANDS.find((one) => one.name === name);
  if (command === undefined || words.length < 2 || second.startsWith("-")) {
    return words.length === 0 ? [] : [name, ...words.slice(1)];
  }
  // What fails to load fails again, and is reported, when it is to run.
  const inner = await command.load().then(
    (loaded) => loaded.getCommands(),
    () => [],
  );
  return inner.length === 0
    ? [name, ...words.slice(1)]
    : [name, completed(second, inner.map((one) => one.getName())), ...rest];
}

/** The only name that begins with a word; the word itself without one. */
function completed(word: string, names: readonly string[]): string {
  if (word === "" || word.startsWith("-") || names.includes(word)) return word;
  if (word === "help") return "--help";
  const [name, ...others] = names.filter((one) => one.startsWith(word));
  return name === undefined || others.length > 0 ? word : name;
}
