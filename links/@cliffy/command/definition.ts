import type { Argument } from "./types.ts";

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
