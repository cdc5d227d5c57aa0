// netplumb monitor: what changes of links, addresses, routes and the like, as
// it happens.

import { EnumType } from "@cliffy/command";
import { ArgumentError } from "../../lib/errors.ts";
import type { MonitoredObject } from "../../lib/rtnetlink/monitor/event.ts";
import { Monitor } from "../../lib/rtnetlink/monitor/monitor.ts";
import { count, duration, wholeNumber } from "../arguments.ts";
import { subcommand } from "../command.ts";
import { log } from "../log.ts";
import { follow, type Totals } from "../monitor/follow.ts";
import { eventJson } from "../monitor/json.ts";
import { Lines } from "../monitor/lines.ts";
import { namespace } from "../namespace.ts";
import type { Output } from "../output/output.ts";
import { perform } from "../perform.ts";
import { exportTotals } from "../output/telemetry.ts";

/** Milliseconds between two pictures. */
const INTERVAL = 1000;

/** The kinds of object, as people ask for them. */
const OBJECTS = [
  "link",
  "address",
  "route",
  "neighbour",
  "rule",
  "nexthop",
  "port",
  "netns",
] as const satisfies readonly MonitoredObject[];

export const monitor = subcommand(
  "What is told is right even where the kernel drops events: everything is " +
    "read again then, and what was missed is told, marked as recovered. So is " +
    "what the kernel changes without a word, such as the routes of a link that " +
    "goes down, marked as unannounced. A bridge's port is told of as a port, " +
    "ids of other namespaces as netns.\n\n" +
    "With --json one object a line, its data under the keys of `show`.",
)
  .type("object", new EnumType(OBJECTS))
  .type("netns", namespace)
  .type("bytes", wholeNumber(1, 0x3fffffff))
  .type("count", count)
  .type("duration", duration)
  .arguments("[objects...:object]", [
    `The kinds of object to watch: ${OBJECTS.join(", ")}; default: all.`,
  ])
  .group("What to tell")
  .option("--snapshot", "Begin with all there is.")
  .option("--details", "With --json, tell everything, as `ip -d` does.")
  .option(
    "--statistics",
    "In place of events, show how much goes through links, live.",
    { conflicts: ["snapshot", "details", "receive-buffer"] },
  )
  .group("Where")
  .option(
    "--netns <name:netns>",
    "A network namespace to watch, may be given several times.",
    { collect: true, defaultText: "this one" },
  )
  .option(
    "--all-netns",
    "Watch this network namespace and all that have a name, those that come " +
      "and go meanwhile too.",
    { conflicts: ["netns"] },
  )
  .option(
    "--receive-buffer <n:bytes>",
    "Bytes of events that may wait to be read, as far as it is allowed.",
    { defaultText: "16 MiB" },
  )
  .group("Until when")
  .option(
    "--count <n:count>",
    "Stop after this many events, those of the snapshot not counted, or " +
      "pictures.",
    { defaultText: "no end" },
  )
  .option(
    "--interval <time:duration>",
    "From picture to picture, of --statistics.",
    { defaultText: "1s" },
  )
  .option(
    "--duration <time:duration>",
    "Stop after this long: 500ms, 10s, 2m.",
    { defaultText: "no end" },
  )
  .example("Everything that changes", "netplumb monitor")
  .example(
    "The links of all namespaces, those there are first",
    "netplumb monitor link --snapshot --all-netns",
  )
  .example(
    "Addresses as they come and go, for a script",
    "netplumb monitor address --json | jq '.event, .data.local'",
  )
  .example(
    "What goes through the links, of all namespaces",
    "netplumb monitor --statistics --all-netns",
  )
  .action((options, ...objects) =>
    perform(options, async (session) => {
      const { output } = session;
      const namespaces = options.allNetns ? "all" as const : options.netns;
      const { count = Infinity, duration } = options;
      const signal = duration === undefined
        ? session.signal
        : AbortSignal.any([session.signal, AbortSignal.timeout(duration)]);
      if (options.statistics) {
        const wrong = objects.find((object) => object !== "link");
        if (wrong !== undefined) {
          throw new ArgumentError("objects", wrong, "link, for --statistics");
        }
        const { showStatistics } = await import("../monitor/statistics.ts");
        return showStatistics(output, {
          namespaces: namespaces ?? [undefined],
          interval: options.interval ?? INTERVAL,
          count,
          signal,
        });
      }
      await using monitor = await Monitor.open({
        objects: objects.length > 0 ? objects : undefined,
        snapshot: options.snapshot,
        namespaces,
        receiveBuffer: options.receiveBuffer,
      }, { signal: session.signal });
      const totals: Totals = {
        events: 0,
        overruns: 0,
        resynchronisations: 0,
        corrections: 0,
      };
      using _metrics = await exportTotals(
        "netplumb.monitor",
        () => ({ ...totals }),
      );
      const started = performance.now();
      const several = namespaces !== undefined;
      const lines = new Lines(output, several);
      const { details = false } = options;
      await follow(monitor, {
        totals,
        count,
        signal,
        tell: (told) =>
          output.json
            ? output.object(eventJson(told, { details, namespaces: several }))
            : output.event(told, (told) => lines.line(told)),
        ready: () => output.ready(),
      });
      report(output, totals, started);
    })
  );

/** What it all came to: on stdout as JSON, otherwise on stderr. */
function report(output: Output, totals: Totals, started: number): void {
  const seconds = (performance.now() - started) / 1000;
  if (output.json) {
    const time = Number(seconds.toFixed(3));
    return output.object({ event: "summary", seconds: time, ...totals });
  }
  const { events, overruns, corrections } = totals;
  const parts = [
    `${events} events`,
    ...(corrections > 0 ? [`${corrections} of them found by reading`] : []),
    ...(overruns > 0 ? [`${overruns} overruns`] : []),
  ];
  log.info(`${parts.join(", ")} in ${seconds.toFixed(1)} s`);
}
