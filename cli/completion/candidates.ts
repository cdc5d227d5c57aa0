// What the last word of an unfinished command line could become, read off the
// command tree.

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

/** The candidates, or that the shell should offer files. */
export type Candidates = readonly Candidate[] | typeof FILES;

/** Where the unfinished line has got to. */
interface Place {
  readonly command: AnyCommand;
  /** The option whose value comes next. */
  readonly pending?: Option;
  /** How many arguments there were. */
  readonly position: number;
  readonly used: ReadonlySet<string>;
  /** Whether everything is an argument now. */
  readonly literal: boolean;
  /** The values that options have been given. */
  readonly given: Given;
}

/**
 * @param tree The command tree, with every subcommand the words name loaded.
 * @param words What follows the program's name; the last is still being typed.
 */
export async function candidates(
  tree: AnyCommand,
  words: string[],
): Promise<Candidates> {
  const current = words.at(-1) ?? "";
  const place = walk(tree, words.slice(0, -1));
  const found = place && await offer(place, current);
  if (!found || found === FILES) return found ?? [];
  // A name nobody could type safely is not offered either.
  return found.filter(({ value }) =>
    value.startsWith(current) && printable(value) === value
  );
}

function walk(tree: AnyCommand, words: string[]): Place | undefined {
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

async function offer(place: Place, current: string): Promise<Candidates> {
  const { command, pending, position, literal } = place;
  if (pending) return values(place, pending.args[0]);
  if (!literal && current.startsWith("-")) {
    const equals = current.indexOf("=");
    if (equals < 0) return options(place);
    const flag = current.slice(0, equals);
    const option = find(command, flag);
    if (!option || !takesValue(option)) return [];
    const found = await values(place, option.args[0]);
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
  if (arg) return values(place, arg);
  return literal ? [] : options(place);
}

function options({ command, used }: Place): Candidate[] {
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
  { command, given }: Place,
  { name, type }: Argument,
): Promise<Candidates> {
  const handler = command.getType(type)?.handler;
  if (handler instanceof Type) {
    return (handler.values?.(command) ?? []).map((value) => ({
      value: String(value),
    }));
  }
  // Where a command has --in as well, --netns is the namespace to move to.
  const elsewhere = command.getOption("in") ? "in" : "netns";
  const machine = { netns: given.get(elsewhere) };
  const complete = handler && VALUES.get(handler) || NAMED_VALUES.get(name);
  if (complete) return await complete(machine, given);
  return name.includes("|") ? name.split("|").map((value) => ({ value })) : [];
}
