// Parses and runs a command line and sets the exit code.

import { type Command, ValidationError } from "@cliffy/command";
import { describeFailure } from "./failure.ts";
import { log } from "./log.ts";

const HELP_BESIDE = /^Option "(?:-h|--help)" cannot be combined/;

/** Runs the command line and leaves the exit code in Deno.exitCode. */
export async function run(
  // deno-lint-ignore no-explicit-any -- a tree with any options
  tree: Command<any> | Promise<Command<any>>,
  args: string[],
): Promise<void> {
  try {
    // Adding a subcommand selects it; reset() selects the root.
    await (await tree).reset().noExit().parse(args);
  } catch (error) {
    // --help after other options prints the help.
    if (error instanceof ValidationError && HELP_BESIDE.test(error.message)) {
      error.cmd?.showHelp();
      return;
    }
    const { code, sentence } = describeFailure(error, args);
    log.error(sentence);
    log.debug(() => error instanceof Error ? error.stack : String(error));
    Deno.exitCode = code;
  }
}
