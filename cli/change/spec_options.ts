// Options from the option tables of the library: each keyword of an address, route
// or link is an option of the same name, parsed by the library.

import type { Command, TypeHandler } from "@cliffy/command";
import type { OptionTable } from "../../lib/rtnetlink/spec/table.ts";
import { linkName } from "../arguments.ts";
import type { Change } from "../../lib/rtnetlink/changes/change.ts";
import { changing, make, reads } from "./make.ts";

/**
 * Keywords in the groups of --help: the name of the value, "" for a flag, and the
 * description.
 */
export type SpecGroups = readonly (readonly [
  group: string,
  words: Readonly<Record<string, readonly [value: string, about: string]>>,
])[];

/** Keywords whose values are links, for completion. */
const LINKS = ["dev", "iif", "oif", "master", "link"];

const isLink = (word: string, table: OptionTable) =>
  LINKS.includes(word) || (table[word] !== undefined && "link" in table[word]);

const flagOf = (word: string) => word.replaceAll("_", "-");
const propertyOf = (word: string) =>
  flagOf(word).replace(/-([a-z])/g, (_, letter) => letter.toUpperCase());

/** Adds options to a command. */
export function withOptions(
  // deno-lint-ignore no-explicit-any -- any command
  command: Command<any>,
  table: OptionTable,
  groups: SpecGroups,
  special: Readonly<Record<string, TypeHandler>> = {},
  // deno-lint-ignore no-explicit-any -- as above
): Command<any> {
  for (const [group, words] of groups) {
    command.group(group);
    for (const [word, [value, about]] of Object.entries(words)) {
      const flag = `--${flagOf(word)}`;
      if (value === "") {
        command.option(flag, about);
        continue;
      }
      const type = `spec-${flagOf(word)}`;
      const handler = special[word] ??
        (isLink(word, table) ? linkName : reads<unknown>(table[word]));
      command.type(type, handler).option(`${flag} <${value}:${type}>`, about);
    }
  }
  return command;
}

/** The values of these options, by keyword. */
export function valuesOf(
  options: Readonly<Record<string, unknown>>,
  groups: SpecGroups,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [, words] of groups) {
    for (const word of Object.keys(words)) {
      const value = options[propertyOf(word)];
      if (value !== undefined) values[word] = value;
    }
  }
  return values;
}

/**
 * A command that builds one change from its options and arguments.
 *
 * @param start The command with its arguments.
 * @param build Builds the change from the values by keyword.
 * @param flags See changing().
 */
export function changeCommand<Args extends readonly unknown[]>(
  // deno-lint-ignore no-explicit-any -- any command
  start: Command<any>,
  table: OptionTable,
  groups: SpecGroups,
  // deno-lint-ignore no-explicit-any -- a specification of the library
  build: (values: any, ...args: Args) => Change,
  flags?: string,
  // deno-lint-ignore no-explicit-any -- as above
): Command<any> {
  return changing(withOptions(start, table, groups), flags)
    .action((options, ...args: unknown[]) =>
      make(
        options,
        // deno-lint-ignore netplumb/no-data-spread -- the arguments of one command
        () => [build(valuesOf(options, groups), ...args as unknown as Args)],
      )
    );
}
