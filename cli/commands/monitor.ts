// netplumb monitor: prints changes of links, addresses, routes and other objects.

import { EnumType } from "@cliffy/command";
import type { MonitoredObject } from "../../lib/rtnetlink/monitor/event.ts";
import { Monitor } from "../../lib/rtnetlink/monitor/monitor.ts";
import { count, duration, wholeNumber } from "../arguments.ts";
import { subcommand } from "../command.ts";
import { START } from "../formats.ts";
import { monitorMetrics } from "../metrics/commands.ts";
import { exportMetrics } from "../metrics/otlp.ts";
import { follow } from "../monitor/follow.ts";
import { eventJson } from "../monitor/json.ts";
import { Lines } from "../monitor/lines.ts";
import type { NamedEvent } from "../monitor/named_event.ts";
import { NexthopObjects } from "../monitor/nexthop_objects.ts";
import { noTotals } from "../monitor/totals.ts";
import { namespace } from "../namespace.ts";
import { reportTotals } from "../output/summary.ts";
import { perform } from "../perform.ts";

/** The object types, in the order of --help. */
const OBJECTS = [
  "link",
  "address",
  "route",
  "neighbour",
  "rule",
  "nexthop",
  "port",
  "netns",
  "fdb",
  "vlan",
  "mdb",
  "vni",
  "qdisc",
  "class",
] as const satisfies readonly MonitoredObject[];

export const monitor = subcommand(
  "When the kernel drops notifications, all objects are dumped and the missed " +
    "changes are reported as recovered. Changes that the kernel does not notify, " +
    "such as the routes of a link that goes down, are reported as unannounced. " +
    "Bridge ports are reported as port, ids of other namespaces as netns.\n\n" +
    "With --json, print one object per line with the keys of `show`.",
)
  .type("object", new EnumType(OBJECTS))
  .type("netns", namespace)
  .type("bytes", wholeNumber(1, 0x3fffffff))
  .type("count", count)
  .type("duration", duration)
  .arguments("[objects...:object]", [
    `Object types: ${OBJECTS.join(", ")} (default: all up to netns).`,
  ])
  .group("Output")
  .option("--snapshot", "Print the existing objects first.")
  .option("--details", "With --json, print all keys, as `ip -d` does.")
  .group("Source")
  .option(
    "--netns <name:netns>",
    "Monitor this network namespace; can be repeated.",
    { collect: true },
  )
  .option(
    "--all-netns",
    "Monitor the current and all named network namespaces, also those added " +
      "later.",
    { conflicts: ["netns"] },
  )
  .option(
    "--receive-buffer <n:bytes>",
    "Size of the socket receive buffer, limited by net.core.rmem_max.",
    { defaultText: "16 MiB" },
  )
  .option(
    "--sweep <time:duration>",
    "Dump all objects at this interval, to find changes that the kernel does " +
      "not notify (default: never).",
  )
  .group("End")
  .option(
    "--count <n:count>",
    "Stop after this many events, excluding the snapshot.",
  )
  .option(
    "--duration <time:duration>",
    "Stop after this time, such as 500ms, 10s or 2m.",
  )
  .example("Monitor all changes", "netplumb monitor")
  .example(
    "Monitor the links of all namespaces, starting with a snapshot",
    "netplumb monitor link --snapshot --all-netns",
  )
  .example(
    "Process address changes in a script",
    "netplumb monitor address --json | jq '.event, .data.local'",
  )
  .action((options, ...objects) =>
    perform(options, async (session) => {
      const { output } = session;
      const namespaces = options.allNetns ? "all" as const : options.netns;
      const { count = Infinity, duration } = options;
      const signal = duration === undefined
        ? session.signal
        : AbortSignal.any([session.signal, AbortSignal.timeout(duration)]);
      await using monitor = await Monitor.open({
        objects: objects.length > 0 ? objects : undefined,
        snapshot: options.snapshot,
        namespaces,
        receiveBuffer: options.receiveBuffer,
        sweepInterval: options.sweep,
      }, { signal: session.signal });
      const totals = noTotals(OBJECTS);
      using _metrics = await exportMetrics(() => monitorMetrics(totals));
      const started = performance.now();
      const several = namespaces !== undefined;
      const lines = new Lines(output, several);
      const { details = false } = options;
      if (output.json) output.object(START);
      const nexthops =
        details && (objects.length === 0 || objects.includes("nexthop"))
          ? new NexthopObjects(monitor)
          : undefined;
      const json = (named: NamedEvent) =>
        eventJson(named, {
          details,
          namespaces: several,
          nexthops: nexthops?.at(named.event),
        });
      await follow(monitor, {
        totals,
        count,
        signal,
        report: (event) =>
          output.json
            ? output.object(json(event))
            : output.event(event, (event) => lines.line(event)),
        ready: () => output.ready(),
      });
      const { byObject: _, ...printed } = totals;
      const { events, overruns, corrections } = printed;
      reportTotals(output, "summary", started, printed, [
        `${events} events`,
        ...(corrections > 0 ? [`${corrections} of them found by dumps`] : []),
        ...(overruns > 0 ? [`${overruns} overruns`] : []),
      ]);
    })
  );
