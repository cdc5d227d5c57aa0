import { closestString } from "@std/text/closest-string";
import type { Command } from "./command.ts";
import type { ArgumentValue, Option } from "./types.ts";

export interface ValidationErrorOptions extends ErrorOptions {
  exitCode?: number;
}

/** What the person who typed the command line did wrong. */
export class ValidationError extends Error {
  readonly exitCode: number;
  // deno-lint-ignore no-explicit-any
  cmd?: Command<any>;

  constructor(
    message: string,
    { exitCode = 2, ...options }: ValidationErrorOptions = {},
  ) {
    super(message, options);
    // As upstream: `instanceof` cannot tell a subclass apart.
    Object.setPrototypeOf(this, ValidationError.prototype);
    this.exitCode = exitCode;
  }
}

/** The name as it is typed: "-p" or "--port". */
export function flag(name: string): string {
  if (name.startsWith("-")) return name;
  return name.length > 1 ? `--${name}` : `-${name}`;
}

function didYouMean(kind: string, typed: string, known: string[]): string {
  return known.length > 0
    ? ` Did you mean ${kind} "${closestString(typed, known)}"?`
    : "";
}

export function unknownOption(typed: string, options: Option[]): Error {
  const known = options.flatMap((option) => [
    option.name,
    ...option.aliases ?? [],
  ]).map(flag);
  return new ValidationError(
    `Unknown option "${flag(typed)}".${didYouMean("option", typed, known)}`,
  );
}

export function unknownCommand(typed: string, names: string[]): Error {
  return new ValidationError(
    `Unknown command "${typed}".${didYouMean("command", typed, names)}`,
  );
}

export function invalidType(
  { label, name, value, type }: ArgumentValue,
  expected?: ReadonlyArray<string | number | boolean>,
): Error {
  const values = expected?.map((value) => `"${value}"`).join(", ");
  return new ValidationError(
    `${label} "${name}" must be of type "${type}", but got "${value}".${
      values ? ` Expected values: ${values}` : ""
    }`,
  );
}
