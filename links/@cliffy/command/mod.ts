// The part of @cliffy/command that the command uses, on node:util.

export { Command } from "./command.ts";
export { ValidationError, type ValidationErrorOptions } from "./errors.ts";
export type { HelpOptions } from "./help.ts";
export {
  BooleanType,
  EnumType,
  IntegerType,
  NumberType,
  StringType,
  Type,
} from "./type.ts";
export type {
  ActionHandler,
  Argument,
  ArgumentValue,
  ErrorHandler,
  Example,
  Option,
  OptionOptions,
  TypeHandler,
  TypeOrTypeHandler,
} from "./types.ts";
