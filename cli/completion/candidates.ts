// Completion candidates for the last word of a command line, from the command
// tree.

import {
  type Argument,
  type Command,
  type Option,
  Type,
} from "@cliffy/command";
import { printable } from "../output/printable.ts";
import {
  type Candidate,
  FILES,
  type Given,
  NAMED_VALUES,
  VALUES,
} from "./values.ts";

// deno-lint-ignore no-explicit-any -- commands of every shape
type AnyCommand = Command<any>;

/** The candidates, or FILES to let the shell complete files. */
export type Candidates = readonly Candidate[] | typeof FILES;

/** The parsed words before the last one. */
interface ParsedLine {
  readonly command: AnyCommand;
  /** The option whose value is next. */
  readonly pending?: Option;
  /** The number of arguments. */
  readonly position: number;
  readonly used: ReadonlySet<string>;
  /** Whether -- was given. */
  readonly literal: boolean;
  /** The values of the options. */
  readonly given: Given;
}

/**
 * @param tree The command tree, with the subcommands of the words loaded.
 * @param words The words after the program name; the last is incomplete.
 */
export async function candidates(
  tree: AnyCommand,
  words: string[],
): Promise<Candidates> {
  const current = words.at(-1) ?? "";
  const line = parse(tree, words.slice(0, -1));
  const found = line && await offer(line, current);
  if (!found || found === FILES) return found ?? [];
  // Names with control characters cannot be typed safely.
  return found.filter(({ value }) =>
    value.startsWith(current) && printable(value) === value
  );
}

function parse(tree: AnyCommand, words: string[]): ParsedLine | undefined {
  let command = tree;
  let pending: Option | undefined;
  let position = 0;
  let literal = false;
  const used = new Set<string>();
  const given = new Map<string, string>();
  for (const word of words) {
    if (pending) {
      given.set(pending.name, word);
      pending = undefined;
    } else if (word === "--") {
      literal = true;
    } else if (!literal && word.startsWith("-")) {
      const [flag, value] = word.split("=", 2);
      const option = find(command, flag);
      if (!option) continue;
      if (!option.collect) used.add(option.name);
      if (value === undefined) pending = takesValue(option);
      else given.set(option.name, value);
    } else if (command.getCommands().length > 0) {
      const next = command.getCommand(word);
      if (!next) return undefined;
      command = next;
    } else {
      position++;
    }
  }
  return { command, pending, position, used, literal, given };
}

function find(command: AnyCommand, flag: string): Option | undefined {
  return command.getOptions().find(({ flags }) => flags.includes(flag));
}

function takesValue(option: Option): Option | undefined {
  return option.args.some((arg) => !arg.optional) ? option : undefined;
}

async function offer(line: ParsedLine, current: string): Promise<Candidates> {
  const { command, pending, position, literal } = line;
  if (pending) return values(line, pending.args[0]);
  if (!literal && current.startsWith("-")) {
    const equals = current.indexOf("=");
    if (equals < 0) return options(line);
    const flag = current.slice(0, equals);
    const option = find(command, flag);
    if (!option || !takesValue(option)) return [];
    const found = await values(line, option.args[0]);
    return found === FILES ? found : found.map(({ value, description }) => ({
      value: `${flag}=${value}`,
      description,
    }));
  }
  const inside: AnyCommand[] = command.getCommands();
  if (inside.length > 0) {
    return inside.map((sub) => ({
      value: sub.getName(),
      description: sub.getShortDescription(),
    }));
  }
  const args = command.getArguments();
  const last = args.at(-1);
  const arg = args[position] ?? (last?.variadic ? last : undefined);
  if (arg) return values(line, arg);
  return literal ? [] : options(line);
}

function options({ command, used }: ParsedLine): Candidate[] {
  const known: Option[] = command.getOptions();
  const excluded = new Set(
    known.filter(({ name }) => used.has(name)).flatMap(({ conflicts }) =>
      conflicts ?? []
    ),
  );
  return known
    .filter(({ name }) => !used.has(name) && !excluded.has(name))
    .map(({ flags, description }) => ({
      value: flags.find((flag) => flag.startsWith("--")) ?? flags[0],
      description,
    }));
}

async function values(
  { command, given }: ParsedLine,
  { name, type }: Argument,
): Promise<Candidates> {
  const handler = command.getType(type)?.handler;
  if (handler instanceof Type) {
    return (handler.values?.(command) ?? []).map((value) => ({
      value: String(value),
    }));
  }
  // In commands with --in, --netns is the namespace to move to.
  const elsewhere = command.getOption("in") ? "in" : "netns";
  const machine = { netns: given.get(elsewhere) };
  const complete = handler && VALUES.get(handler) || NAMED_VALUES.get(name);
  if (complete) return await complete(machine, given);
  return name.includes("|") ? name.split("|").map((value) => ({ value })) : [];
}
