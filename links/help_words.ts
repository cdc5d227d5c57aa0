// Prints the words of the help of every command as JSON, without the layout:
// spaces, line breaks, and the order of the columns of a wrapped table row.

import type { Command } from "@cliffy/command";
import { netplumb } from "../cli/main.ts";

/** Sorted, by the path of the command. */
type HelpWords = Record<string, readonly string[]>;

// deno-lint-ignore no-explicit-any -- every command, whatever it takes
function add(command: Command<any>, words: HelpWords): HelpWords {
  words[command.getPath()] = command.getHelp().trim().split(/\s+/).sort();
  for (const subcommand of command.getCommands()) add(subcommand, words);
  return words;
}

console.log(JSON.stringify(add(await netplumb(), {})));
