// deno-lint-ignore-file no-explicit-any
// From the words of a command line to the action of the right command.

import type { Command } from "./command.ts";
import { addDefaults, exit } from "./defaults.ts";
import { unknownCommand, ValidationError } from "./errors.ts";
import {
  findOptions,
  type Given,
  readArguments,
  readOptions,
} from "./parse.ts";
import { lineage } from "./lineage.ts";
import { Type } from "./type.ts";
import type { ArgumentValue } from "./types.ts";

export interface CommandResult<TOptions = any, TArguments = any> {
  options: TOptions;
  args: TArguments;
  literal: string[];
  cmd: Command<any>;
}

interface Line {
  args: string[];
  literal: string[];
  /** Whether there is a "--" between them. */
  hasEnd: boolean;
  /** Global options found before the subcommand's name. */
  given: Given[];
}

export function parseLine(
  cmd: Command<any>,
  args: string[],
): Promise<CommandResult> {
  cmd.settings.isRoot = true;
  const end = args.indexOf("--");
  return run(cmd, {
    args: end < 0 ? args.slice() : args.slice(0, end),
    literal: end < 0 ? [] : args.slice(end + 1),
    hasEnd: end >= 0,
    given: [],
  });
}

async function run(cmd: Command<any>, line: Line): Promise<CommandResult> {
  try {
    cmd.reset();
    addDefaults(cmd);
    cmd.settings.rawArgs = line.args.slice();
    if (cmd.settings.useRawArgs) {
      const { hasEnd, literal } = line;
      const args = [...line.args, ...hasEnd ? ["--"] : [], ...literal];
      await execute(cmd, {}, args, line);
      return { options: {}, args, literal: [], cmd };
    }
    const sub = findCommand(cmd, line);
    if (sub) return await run(sub, line);

    const known = cmd.getOptions(true);
    const { given, rest } = findOptions(
      line.args,
      known,
      cmd.settings.stopEarly,
    );
    const all = [...line.given, ...given];
    const isAlone = all.some(({ option }) => option.standalone);
    const parse = (value: ArgumentValue) => parseValue(cmd, value);
    const read = () =>
      readArguments(rest, isAlone ? [] : cmd.getArguments(), known, parse);
    // As upstream: an unknown option is reported before a missing one.
    const early = rest.some((word) => /^-./.test(word)) ? read() : undefined;
    const options = readOptions(all, known, parse);
    const { values, surplus } = early ?? read();
    if (surplus.length > 0 && !isAlone) throw unexpected(cmd, surplus);
    cmd.settings.literalArgs = line.literal;

    for (const { option } of all) {
      // deno-lint-ignore netplumb/no-data-spread -- readArguments() bounds it
      await option.action?.call(cmd, options, ...values);
    }
    if (!isAlone) await execute(cmd, options, values, line);
    return { options, args: values, literal: line.literal, cmd };
  } catch (error) {
    fail(
      cmd,
      error instanceof Error ? error : new Error(`[non-error-thrown] ${error}`),
    );
  }
}

// Global options may stand before the name of the subcommand.
function findCommand(cmd: Command<any>, line: Line): Command<any> | undefined {
  const byName = () => {
    const found = cmd.getCommand(line.args[0] ?? "", true);
    if (found) line.args.shift();
    return found;
  };
  const found = byName();
  const first = line.args[0]?.replace(/^-+/, "").split("=")[0];
  const option = first ? cmd.getOption(first, true) : undefined;
  if (found || !option?.global || option.standalone) return found;

  const globals = cmd.getOptions(true).filter((option) => option.global);
  const { given, rest } = findOptions(line.args, globals, true);
  line.given = line.given.concat(given);
  line.args = rest;
  return byName();
}

function unexpected(cmd: Command<any>, words: string[]): Error {
  if (!cmd.hasCommands(true)) {
    return new ValidationError(
      `No arguments allowed for command "${cmd.getPath()}".`,
    );
  }
  return cmd.getCommand(words[0], true)
    ? new ValidationError(`Too many arguments: ${words.join(" ")}`)
    : unknownCommand(words[0], cmd.getCommands().map((sub) => sub.getName()));
}

function parseValue(cmd: Command<any>, value: ArgumentValue): unknown {
  const handler = cmd.getType(value.type)?.handler;
  if (!handler) throw new Error(`Unknown type "${value.type}".`);
  return handler instanceof Type ? handler.parse(value) : handler(value);
}

async function execute(
  cmd: Command<any>,
  options: Record<string, unknown>,
  args: unknown[],
  line: Line,
): Promise<void> {
  const isBare = line.args.length === 0 && line.given.length === 0;
  if (isBare && cmd.hasCommands(true) && !cmd.settings.action) {
    cmd.showHelp();
    exit(cmd);
  }
  for (const above of lineage(cmd).reverse()) {
    // deno-lint-ignore netplumb/no-data-spread -- readArguments() bounds it
    await above.settings.globalAction?.call(cmd, options, ...args);
  }
  // deno-lint-ignore netplumb/no-data-spread -- readArguments() bounds it
  await cmd.settings.action?.call(cmd, options, ...args);
}

export function fail(cmd: Command<any>, error: Error): never {
  const isInput = error instanceof ValidationError;
  if (isInput) error.cmd ??= cmd;
  const line = lineage(cmd).map(({ settings }) => settings);
  line.map(({ errorHandler }) => errorHandler).find(Boolean)?.(error, cmd);
  if (!isInput || line.some(({ throwErrors }) => throwErrors)) throw error;
  cmd.showHelp();
  console.error(`  error: ${error.message}\n`);
  Deno.exit(error.exitCode);
}
