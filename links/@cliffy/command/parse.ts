// commander finds the options in a command line; what they mean is decided
// here, in upstream's words.

import {
  Command as Commander,
  CommanderError,
  Option as Flag,
} from "commander";
import { flag, unknownOption, ValidationError } from "./errors.ts";
import type { Argument, ArgumentValue, Option } from "./types.ts";

/** One option as it was typed. */
export interface Given {
  option: Option;
  typed: string;
  value?: string;
}

export interface Found {
  given: Given[];
  /** Everything that is no known option, in order. */
  rest: string[];
}

export type ParseValue = (value: ArgumentValue) => unknown;

/** Separates options from the rest, up to the first other word if asked. */
export function findOptions(
  args: string[],
  options: Option[],
  stopEarly: boolean,
): Found {
  const given: Given[] = [];
  const commander = new Commander()
    .helpOption(false)
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .passThroughOptions(stopEarly);
  for (const option of options) {
    const value = option.args.map((arg) => arg.optional ? "[v]" : "<v>").join();
    for (const typed of option.flags) {
      const added = new Flag(`${typed} ${value}`);
      commander.addOption(added);
      commander.on(`option:${added.name()}`, (value?: string | null) => {
        given.push({ option, typed, value: value ?? undefined });
      });
    }
  }
  try {
    const { operands, unknown } = commander.parseOptions(args);
    return { given, rest: [...operands, ...unknown] };
  } catch (error) {
    if (
      error instanceof CommanderError &&
      error.code === "commander.optionMissingArgument"
    ) {
      const last = options.find(({ flags }) => flags.includes(args.at(-1)!));
      throw new ValidationError(
        `Missing value for option "${flag(last?.name ?? args.at(-1)!)}".`,
      );
    }
    throw error;
  }
}

/** The name under which an action receives the option. */
export function property(option: Option): string {
  return option.name.replace(/^no-/, "")
    .replace(/-([a-z])/g, (_, letter) => letter.toUpperCase());
}

function convert(
  label: string,
  name: string,
  { type, list }: Argument,
  value: string,
  parse: ParseValue,
): unknown {
  const one = (value: string) => parse({ label, name, type, value });
  return list ? value.split(",").map(one) : one(value);
}

function isNegated(option: Option): boolean {
  return option.name.startsWith("no-");
}

function defaultOf(option: Option, options: Option[]): unknown {
  if (option.default !== undefined) {
    const value = typeof option.default === "function"
      ? option.default()
      : option.default;
    return option.value ? option.value(value) : value;
  }
  const positive = option.name.slice("no-".length);
  return isNegated(option) && !options.some(({ name }) => name === positive)
    ? true
    : undefined;
}

/** The values an action receives, refused when they cannot go together. */
export function readOptions(
  given: Given[],
  options: Option[],
  parse: ParseValue,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const { option, typed, value } of given) {
    const key = property(option);
    const previous = values[key];
    if (previous !== undefined && !option.collect) {
      throw new ValidationError(
        `Option "${
          typed.replace(/^--no-/, "--")
        }" can only occur once, but was found several times.`,
      );
    }
    let next: unknown = !isNegated(option);
    if (value !== undefined) {
      next = convert(
        "Option",
        `--${option.name}`,
        option.args[0],
        value,
        parse,
      );
    }
    if (option.value) next = option.value(next, previous);
    else if (option.collect) {
      next = [...previous as unknown[] ?? [], next];
    }
    values[key] = next;
  }

  const typed = new Set(given.map(({ option }) => option));
  const standalone = given.find(({ option }) => option.standalone)?.option;
  if (standalone) {
    if (typed.size > 1) {
      throw new ValidationError(
        `Option "${
          flag(standalone.name)
        }" cannot be combined with other options.`,
      );
    }
    return values;
  }
  checkTogether(typed, options, values);
  for (const option of options) {
    const value = values[property(option)] ?? defaultOf(option, options);
    if (value !== undefined) values[property(option)] = value;
  }
  return values;
}

function checkTogether(
  typed: Set<Option>,
  options: Option[],
  values: Record<string, unknown>,
): void {
  const called = (name: string) => (option: Option) =>
    option.name === name || option.aliases?.includes(name);
  for (const option of typed) {
    for (const other of option.conflicts ?? []) {
      if ([...typed].some(called(other))) {
        throw new ValidationError(
          `Option "${flag(option.name)}" conflicts with option "${
            flag(other)
          }".`,
        );
      }
    }
    for (const other of option.depends ?? []) {
      const found = options.find(called(other));
      if (
        found && values[property(found)] === undefined &&
        found.default === undefined
      ) {
        throw new ValidationError(
          `Option "${flag(option.name)}" depends on option "${flag(other)}".`,
        );
      }
    }
  }
  for (const option of options) {
    const excused = [...typed].some((other) =>
      other.conflicts?.some((name) => called(name)(option)) ||
      option.conflicts?.some((name) => called(name)(other))
    );
    if (
      option.required && !excused && values[property(option)] === undefined
    ) {
      throw new ValidationError(
        `Missing required option "${flag(option.name)}".`,
      );
    }
  }
}

export interface ReadArguments {
  values: unknown[];
  /** Words no argument was left for. */
  surplus: string[];
}

/** Gives each word to the next argument; as upstream, even one with a dash. */
export function readArguments(
  rest: string[],
  args: Argument[],
  options: Option[],
  parse: ParseValue,
): ReadArguments {
  const values: unknown[] = [];
  const surplus: string[] = [];
  for (const word of rest) {
    const last = args.at(-1);
    const arg = args[values.length] ?? (last?.variadic ? last : undefined);
    if (arg) values.push(convert("Argument", arg.name, arg, word, parse));
    else if (word.length > 1 && word.startsWith("-")) {
      throw unknownOption(word.split("=")[0], options);
    } else surplus.push(word);
  }
  if (surplus.length > 0 && args.length > 0) {
    throw new ValidationError(`Too many arguments: ${surplus.join(" ")}`);
  }
  const missing = args.slice(values.length).filter((arg) => !arg.optional);
  if (missing.length > 0) {
    const names = missing.map((arg) => arg.name).join(", ");
    throw new ValidationError(
      values.length === 0
        ? `Missing argument(s): ${names}`
        : `Missing argument: ${missing[0].name}`,
    );
  }
  return { values, surplus };
}
