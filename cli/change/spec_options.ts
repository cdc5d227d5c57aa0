// Options made from a table of the library's: each word of an address, a route
// or a link is an option of the same name, read as the library reads it.

import type { Command, TypeHandler } from "@cliffy/command";
import type { OptionTable } from "../../lib/rtnetlink/spec/table.ts";
import { linkName } from "../arguments.ts";
import { reads } from "./make.ts";

/**
 * Words in groups for --help: for each, the name of its value and what it says.
 * A word that stands alone has no value.
 */
export type SpecGroups = readonly (readonly [
  group: string,
  words: Readonly<Record<string, readonly [value: string, about: string]>>,
])[];

/** Words whose values are links, which the shell can complete. */
const LINKS = ["dev", "iif", "oif", "master", "link"];

const flagOf = (word: string) => word.replaceAll("_", "-");
const propertyOf = (word: string) =>
  flagOf(word).replace(/-([a-z])/g, (_, letter) => letter.toUpperCase());

/** Adds options to a command. */
export function withOptions(
  // deno-lint-ignore no-explicit-any -- any command, and options by the dozen
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
        (LINKS.includes(word) ? linkName : reads<unknown>(table[word]));
      command.type(type, handler).option(`${flag} <${value}:${type}>`, about);
    }
  }
  return command;
}

/** The values of those options on a command line, by their words. */
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
