// What a subcommand is built from, so that all of them read alike.

import { Command } from "@cliffy/command";
import type { LogLevel } from "./log.ts";

/** The options every subcommand has, defined once in main.ts. */
export type GlobalOptions = {
  json?: true;
  quiet?: true;
  logLevel?: LogLevel;
};

/** A new subcommand that knows the global options. */
export function subcommand(description: string): Command<GlobalOptions> {
  return new Command<GlobalOptions>().description(description);
}
