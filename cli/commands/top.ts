// netplumb top: link rates in the terminal.

import { EnumType } from "@cliffy/command";
import { count, duration } from "../arguments.ts";
import { subcommand } from "../command.ts";
import { namespace } from "../namespace.ts";
import { perform } from "../perform.ts";
import { showRates } from "../top/run.ts";
import { SORT_KEYS } from "../top/view.ts";

/** The default of --interval, in milliseconds. */
const INTERVAL = 1000;

export const top = subcommand(
  "One line per link, with bytes and packets per second in both directions; links " +
    "that drop packets or have errors are marked with !. On a terminal, keys sort " +
    "(b, p, d, e, n), reverse (r), filter (/), scroll and quit (q).\n\n" +
    "Elsewhere one sample is printed after another, with --json one object for " +
    "each link. A link is shown from its second sample on.",
)
  .type("netns", namespace)
  .type("count", count)
  .type("duration", duration)
  .type("sort-key", new EnumType(SORT_KEYS))
  .group("Links")
  .option("--sort <key:sort-key>", "Sort by this rate or by name.", {
    default: "bytes" as const,
  })
  .option("--reverse", "Reverse the order.")
  .option(
    "--filter <text:string>",
    "Show links with this text in their name, namespace or kind.",
  )
  .group("Source")
  .option(
    "--netns <name:netns>",
    "Show the links of this network namespace; can be repeated.",
    { collect: true },
  )
  .option(
    "--all-netns",
    "Show the links of the current and all named network namespaces, also those " +
      "added later.",
    { conflicts: ["netns"] },
  )
  .option("--interval <time:duration>", "Time between samples.", {
    defaultText: "1s",
  })
  .group("End")
  .option("--count <n:count>", "Stop after this many samples.")
  .option(
    "--duration <time:duration>",
    "Stop after this time, such as 500ms, 10s or 2m.",
  )
  .example(
    "Show the busiest links of all namespaces",
    "netplumb top --all-netns",
  )
  .example(
    "Find links that drop packets",
    "netplumb top --sort drops --interval 5s",
  )
  .example(
    "Print three samples as JSON",
    "netplumb top --json --count 3 | jq '.ifname, .rx.bytes'",
  )
  .action((options) =>
    perform(options, ({ output, signal }) =>
      showRates(output, {
        namespaces: options.allNetns ? "all" : options.netns ?? [undefined],
        sort: options.sort,
        reversed: options.reverse ?? false,
        filter: options.filter ?? "",
        interval: options.interval ?? INTERVAL,
        count: options.count ?? Infinity,
        signal: options.duration === undefined
          ? signal
          : AbortSignal.any([signal, AbortSignal.timeout(options.duration)]),
      }))
  );
