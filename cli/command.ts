// The base of all subcommands.

import { Command } from "@cliffy/command";
import type { LogLevel } from "./log.ts";

/** The options of all subcommands, defined in main.ts. */
export type GlobalOptions = {
  json?: true;
  quiet?: true;
  logLevel?: LogLevel;
};

/**
 * A new subcommand with the types of the global options.
 *
 * @param details The description after the summary of subcommands.ts.
 */
export function subcommand(details = ""): Command<GlobalOptions> {
  return new Command<GlobalOptions>().description(details);
}
