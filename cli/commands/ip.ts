// netplumb ip: the command line of iproute2's `ip`.

import { subcommand } from "../command.ts";
import { perform } from "../perform.ts";

export const ip = subcommand(
  "Takes the options, objects and words of `ip` of iproute2, abbreviations " +
    "included, and has its effects, output and exit codes: 0, 1, 2 (refused by " +
    "the kernel) or 255 (wrong command line).\n\n" +
    "`netplumb ip help` lists the objects, `netplumb ip OBJECT help` the words.",
)
  // All words are those of `ip`, options included.
  .useRawArgs()
  .example("Show addresses as JSON", "netplumb ip -j address show dev eth0")
  .example(
    "Run the lines of a file",
    "netplumb ip -force -batch network.txt",
  )
  .action(async (_, ...words: string[]) => {
    const { runIp } = await import("../ip/run.ts");
    await perform({}, async (run) => {
      Deno.exitCode = await runIp(words, run);
    });
  });
