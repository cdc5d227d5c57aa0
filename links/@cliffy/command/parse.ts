// What the tokens of a command line mean, in upstream's words.

import { flag, unknownOption, ValidationError } from "./errors.ts";
import { tokens } from "./tokens.ts";
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
  const byFlag = new Map(
    options.flatMap((option) =>
      option.flags.map((typed): [string, Option] => [typed, option])
    ),
  );
  const given: Given[] = [];
  let rest: string[] = [];
  let unknown = false;
  // An option's value that was taken, and what is behind it in one word.
  let taken = -1;
  const takesValue = (typed: string) => {
    const [arg] = byFlag.get(typed)?.args ?? [];
    return arg !== undefined && !arg.optional;
  };
  for (const token of tokens(args, takesValue)) {
    const { index } = token;
    if (index <= taken) continue;
    const word = args[index];
    const option = token.kind === "option"
      ? byFlag.get(token.rawName)
      : undefined;
    if (token.kind === "option" && option !== undefined) {
      const typed = token.rawName;
      const [arg] = option.args;
      if (arg?.optional && token.value === undefined) {
        const value = optionalValue(args, index, typed);
        taken = value === undefined || word !== typed ? index : index + 1;
        given.push({ option, typed, value });
        continue;
      }
      if (arg !== undefined && token.value === undefined) {
        throw new ValidationError(
          `Missing value for option "${flag(option.name)}".`,
        );
      }
      if (arg === undefined && token.value !== undefined) {
        throw new ValidationError(
          `Option "${
            flag(option.name)
          }" doesn't take a value, but got "${token.value}".`,
        );
      }
      given.push({ option, typed, value: token.value });
      continue;
    }
    if (token.kind === "option-terminator") {
      rest = rest.concat(args.slice(unknown ? index : index + 1));
      break;
    }
    if (stopEarly) {
      rest = rest.concat(args.slice(index));
      break;
    }
    unknown ||= token.kind === "option";
    rest.push(word);
    taken = index;
  }
  return { given, rest };
}

/** What stands behind a flag in the same word, or the next if it is no option. */
function optionalValue(
  args: string[],
  index: number,
  typed: string,
): string | undefined {
  const word = args[index];
  if (word !== typed) {
    return word.startsWith(typed) ? word.slice(typed.length) : undefined;
  }
  const next: string | undefined = args[index + 1];
  return next === undefined || /^-(?!\.?\d).+/.test(next) ? undefined : next;
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

/** An action receives them as arguments of its own, which V8's stack bounds. */
const MOST_ARGUMENTS = 65536;

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
  if (values.length > MOST_ARGUMENTS) {
    throw new ValidationError(
      `Too many arguments: ${values.length}, more than ${MOST_ARGUMENTS}`,
    );
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
