// What a subcommand is built from, so that all of them read alike.

import { Command } from "@cliffy/command";
import type { LogLevel } from "./log.ts";

/** The options every subcommand has, defined once in main.ts. */
export type GlobalOptions = {
  json?: true;
  quiet?: true;
  logLevel?: LogLevel;
};

/**
 * A new subcommand that knows the global options.
 *
 * @param details What --help and the manual page say after the summary, which
 * stands in subcommands.ts.
 */
export function subcommand(details = ""): Command<GlobalOptions> {
  return new Command<GlobalOptions>().description(details);
}
