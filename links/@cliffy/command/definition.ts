import type { Command } from "./command.ts";
import type { Argument, Option, OptionOptions } from "./types.ts";

export interface Definition {
  /** What stands before the arguments: names of a command, flags of an option. */
  names: string[];
  /** The arguments as written, "<host:string> [port:integer]". */
  arguments: string;
}

export function splitDefinition(definition: string): Definition {
  const parts = definition.trim().split(/[, =] */g);
  const first = parts.findIndex((part) => /^[<[].+[\]>]$/.test(part));
  const split = first < 0 ? parts.length : first;
  return {
    names: parts.slice(0, split),
    arguments: parts.slice(split).join(" "),
  };
}

export function parseArguments(
  definition: string,
  descriptions: string[] = [],
): Argument[] {
  return definition.split(/ +/).filter(Boolean).map((raw, i) => {
    const [word, type = "string", action = type] = raw.slice(1, -1).split(":");
    return {
      name: word.replace(/^\.\.\.|\.\.\.$/g, ""),
      type: type.replace(/\[\]$/, ""),
      action: action.replace(/\[\]$/, ""),
      raw,
      description: descriptions[i],
      optional: raw.startsWith("["),
      variadic: word.startsWith("...") || word.endsWith("..."),
      list: type.endsWith("[]"),
    };
  });
}

export function addOption(
  // deno-lint-ignore no-explicit-any
  cmd: Command<any>,
  definition: string,
  description: string,
  opts: OptionOptions = {},
): void {
  const { names: flags, arguments: args } = splitDefinition(definition);
  const names = flags.map((flag) => flag.replace(/^--?/, ""));
  for (const name of names) {
    if (!cmd.getBaseOption(name, true)) continue;
    if (!opts.override) {
      throw new Error(
        `An option with name '${name}' is already registered on command '${cmd.getPath()}'.`,
      );
    }
    cmd.removeOption(name);
  }
  const long = flags.findIndex((flag) => flag.startsWith("--"));
  const name = names[Math.max(long, 0)];
  const option: Option = {
    ...opts,
    name,
    aliases: names.filter((other) => other !== name),
    description,
    flags,
    args: parseArguments(args),
    typeDefinition: args || undefined,
    groupName: cmd.settings.group,
  };
  if (option.args.length > 1 || option.args[0]?.variadic) {
    throw new Error(`Option "${definition}": one value, or use collect`);
  }
  if (option.prepend) cmd.settings.options.unshift(option);
  else cmd.settings.options.push(option);
}
