// Writes the routes of a table to a file, as the JSON of `ip -j route`, and
// updates it: for programs that read a file and do not use netlink.
//
//   deno run -A examples/route_watcher.ts --file /run/routes.json --table 254

import { ipRoute, LinkNames, Monitor } from "@netplumb/netplumb";
import { parseArgs } from "@std/cli/parse-args";

const args = parseArgs(Deno.args, {
  string: ["file", "table"],
  default: { file: "routes.json", table: "254" },
});
const table = Number(args.table);

await using monitor = await Monitor.open({ objects: ["link", "route"] });
Deno.addSignalListener("SIGINT", () => monitor.close());

async function save(): Promise<void> {
  const names = new LinkNames(monitor.all("link"));
  const routes = monitor.all("route")
    .filter((route) => route.table === table)
    .map((route) => ipRoute(route, { names, oneTable: true }));
  // Renamed into place: readers see the old or the new content, never a part.
  const draft = `${args.file}.new`;
  await Deno.writeTextFile(draft, JSON.stringify(routes) + "\n");
  await Deno.rename(draft, args.file!);
  console.log(`${routes.length} routes`);
}

await save();
try {
  for (;;) {
    // All pending events: a burst is one write, not a thousand.
    const events = await monitor.receive();
    for (const event of events) {
      if (event.event === "overrun") console.error("too many changes, reading");
    }
    if (events.some((event) => "object" in event)) await save();
  }
} catch (error) {
  if ((error as Error).name !== "ClosedError") throw error;
}
