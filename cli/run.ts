// Parses and runs a command line and sets the exit code.

import { type Command, ValidationError } from "@cliffy/command";
import { describeFailure, failureObject } from "./failure.ts";
import { log, logJson } from "./log.ts";
import { exitIfBlocked } from "./output/output.ts";

const HELP_BESIDE = /^Option "(?:-h|--help)" cannot be combined/;

/** Whether --json is among the options, also of an invalid command line. */
function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return args.slice(0, end < 0 ? args.length : end).includes("--json");
}

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
    const failure = describeFailure(error, args);
    if (wantsJson(args)) logJson(failureObject(error, failure));
    else log.error(failure.sentence);
    log.debug(() => error instanceof Error ? error.stack : String(error));
    Deno.exitCode = failure.code;
  }
  exitIfBlocked();
}
