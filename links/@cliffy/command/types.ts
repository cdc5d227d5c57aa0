// deno-lint-ignore-file no-explicit-any
import type { Command } from "./command.ts";
import type { Type } from "./type.ts";
import type { ValidationError } from "./errors.ts";

/** The text given for an argument or option, and where it stands. */
export interface ArgumentValue {
  label: string;
  type: string;
  name: string;
  value: string;
}

export type TypeHandler<TReturn = unknown> = (arg: ArgumentValue) => TReturn;
export type TypeOrTypeHandler<TValue> = Type<TValue> | TypeHandler<TValue>;

/** One `<name:type>` or `[name:type]` of a command or an option. */
export interface Argument {
  name: string;
  type: string;
  /** The completion to use, the type unless another is named. */
  action: string;
  raw: string;
  description?: string;
  optional: boolean;
  variadic: boolean;
  list: boolean;
}

export interface OptionOptions {
  required?: boolean;
  collect?: boolean;
  hidden?: boolean;
  global?: boolean;
  standalone?: boolean;
  prepend?: boolean;
  override?: boolean;
  depends?: string[];
  conflicts?: string[];
  default?: any;
  defaultText?: string | ((value: any) => string);
  value?: (value: any, previous?: any) => any;
  action?: ActionHandler<any, any>;
}

export interface Option extends OptionOptions {
  name: string;
  aliases?: string[];
  description: string;
  flags: string[];
  args: Argument[];
  typeDefinition?: string;
  groupName?: string;
}

export interface Example {
  name: string;
  description: string;
}

export type ActionHandler<
  TOptions = any,
  TArguments extends unknown[] = any,
> = (
  this: Command<any>,
  options: TOptions,
  ...args: TArguments
) => unknown | Promise<unknown>;

export type ErrorHandler = (
  error: Error | ValidationError,
  cmd: Command<any>,
) => unknown;
