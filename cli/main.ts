/**
 * The command `netplumb`: `deno run -A cli/main.ts --help`.
 *
 * @module
 */

import { Command, EnumType } from "@cliffy/command";
import manifest from "../deno.json" with { type: "json" };
import { withoutAbbreviations } from "./abbreviations.ts";
import { word } from "./arguments.ts";
import { LOG_LEVELS, setLogLevel } from "./log.ts";
import { wantsColor } from "./output/style.ts";
import { run } from "./run.ts";
import { SUBCOMMANDS } from "./subcommands.ts";

/**
 * The command tree, also for completions and the manual page.
 *
 * @param words The command line. Other subcommands than the one it names have
 *   only their summary; without a command line all are loaded.
 */
export async function netplumb(
  words?: readonly string[],
  // deno-lint-ignore no-explicit-any -- its type grows with every subcommand
): Promise<Command<any>> {
  const tree = new Command()
    .name("netplumb")
    .version(manifest.version)
    .description(
      "Linux network plumbing: UDP with packet information, TUN/TAP devices, " +
        "rtnetlink.\n\n" +
        "Run `netplumb SUBCOMMAND --help` for the options of a subcommand.",
    )
    .usage("<subcommand> [options]")
    .example(
      "Run a UDP echo server on all addresses",
      "netplumb echo --port 8888",
    )
    .example(
      "Send it a datagram and check the source of the reply",
      "netplumb send 127.0.0.2 8888 hello",
    )
    .help({ colors: wantsColor(Deno.stdout) })
    .globalType("string", word)
    .globalType("log-level", new EnumType(LOG_LEVELS))
    .globalOption("--json", "Print one JSON object per line.")
    .globalOption("--quiet", "Print only errors on stderr.")
    .globalOption(
      "--log-level <level:log-level>",
      "Log level on stderr.",
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

if (import.meta.main) {
  const words = await withoutAbbreviations(Deno.args);
  await run(netplumb(words), words);
}
