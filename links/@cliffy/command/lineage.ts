// deno-lint-ignore-file no-explicit-any
import type { Command } from "./command.ts";
import type { CommandTree } from "./tree.ts";

/** This command, the one above it, and so on to the main one. */
export function lineage(cmd: CommandTree<any>): Command<any>[] {
  const { parent } = cmd.settings;
  return [cmd as Command<any>, ...parent ? lineage(parent) : []];
}
