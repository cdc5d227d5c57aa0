// Command lines parsed by the command's own tree, without running their action.

import type { Command } from "@cliffy/command";
import { netplumb } from "../../cli/main.ts";

// deno-lint-ignore no-explicit-any -- commands of every shape
export type AnyCommand = Command<any>;

/** The commands that do something, not those that only group others. */
export function leaves(command: AnyCommand): AnyCommand[] {
  const inside: AnyCommand[] = command.getCommands();
  return inside.length === 0 ? [command] : inside.flatMap(leaves);
}

/** Splits a command line at spaces, except inside single quotes. */
export function splitCommandLine(line: string): string[] {
  return line.match(/'[^']*'|\S+/g)!.map((word) =>
    word.replace(/^'(.*)'$/, "$1")
  );
}

/** Parses the words after `netplumb`; fails where they are not valid. */
export async function parseCommandLine(words: string[]): Promise<void> {
  const tree = await netplumb(words);
  for (const command of tree.getCommands().flatMap(leaves)) {
    command.action(() => {});
  }
  await tree.reset().noExit().parse(words);
}

/** Whether the words name a command or a group of commands, and nothing else. */
export async function namesCommand(words: string[]): Promise<boolean> {
  let command: AnyCommand | undefined = await netplumb(words);
  for (const word of words) command = command?.getCommand(word);
  return command !== undefined;
}
