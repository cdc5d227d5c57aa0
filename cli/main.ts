/**
 * The command `netplumb`: `deno run -A cli/main.ts --help`.
 *
 * @module
 */

import { Command, EnumType } from "@cliffy/command";
import manifest from "../deno.json" with { type: "json" };
import { word } from "./arguments.ts";
import { echo } from "./commands/echo.ts";
import { send } from "./commands/send.ts";
import { LOG_LEVELS, setLogLevel } from "./log.ts";
import { wantsColor } from "./output/style.ts";
import { run } from "./run.ts";

/** The whole command tree; completions and manual pages are made from it. */
// deno-lint-ignore no-explicit-any -- its type grows with every subcommand
export function netplumb(): Command<any> {
  return new Command()
    .name("netplumb")
    .version(manifest.version)
    .description("Linux network plumbing: UDP, TUN/TAP and rtnetlink.")
    .help({ colors: wantsColor(Deno.stdout) })
    .globalType("string", word)
    .globalType("log-level", new EnumType(LOG_LEVELS))
    .globalOption("--json", "Print one JSON object a line.")
    .globalOption("--quiet", "Say nothing on stderr but errors.")
    .globalOption("--log-level <level:log-level>", "How much to say on stderr.")
    .globalAction(setLogLevel)
    .command("echo", echo)
    .command("send", send);
}

if (import.meta.main) await run(netplumb(), Deno.args);
