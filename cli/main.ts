/**
 * The command `netplumb`: `deno run -A cli/main.ts --help`.
 *
 * @module
 */

import { Command, EnumType } from "@cliffy/command";
import manifest from "../deno.json" with { type: "json" };
import { word } from "./arguments.ts";
import { LOG_LEVELS, setLogLevel } from "./log.ts";
import { wantsColor } from "./output/style.ts";
import { run } from "./run.ts";
import { SUBCOMMANDS } from "./subcommands.ts";

/**
 * The command tree; completions and the manual page are made from it.
 *
 * @param words The command line: subcommands that it does not name are there
 * with their summary alone. Without it the tree is whole.
 */
export async function netplumb(
  words?: readonly string[],
  // deno-lint-ignore no-explicit-any -- its type grows with every subcommand
): Promise<Command<any>> {
  const tree = new Command()
    .name("netplumb")
    .version(manifest.version)
    .description(
      "Linux network plumbing: UDP that knows which address was asked, " +
        "TUN/TAP devices, and the kernel's links, addresses and routes.\n\n" +
        "`netplumb SUBCOMMAND --help` says what a subcommand takes.",
    )
    .usage("<subcommand> [options]")
    .example(
      "Answer UDP on every address",
      "netplumb echo --port 8888",
    )
    .example(
      "Ask it, and see where the answer comes from",
      "netplumb send 127.0.0.2 8888 hello",
    )
    .help({ colors: wantsColor(Deno.stdout) })
    .globalType("string", word)
    .globalType("log-level", new EnumType(LOG_LEVELS))
    .globalOption("--json", "Print one JSON object a line.")
    .globalOption("--quiet", "Say nothing on stderr but errors.")
    .globalOption(
      "--log-level <level:log-level>",
      "How much to say on stderr.",
      { defaultText: "info" },
    )
    .globalAction(setLogLevel);
  for (const { name, summary, load } of SUBCOMMANDS) {
    const command = !words || words.includes(name)
      ? await load()
      : new Command();
    const details = command.getDescription();
    command.description(details ? `${summary}\n\n${details}` : summary);
    tree.command(name, command).reset();
  }
  return tree;
}

if (import.meta.main) await run(netplumb(Deno.args), Deno.args);
