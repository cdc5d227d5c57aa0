// Posts JSON to a webhook when a link goes down or comes back. A link that
// flaps is reported when it has been stable for a while, with its number of
// flaps.
//
//   deno run -A examples/link_alert.ts --webhook http://127.0.0.1:9000/alert \
//     --interface eth0 --interface eth1 --settle 500

import { type Link, Monitor } from "@netplumb/netplumb";
import { parseArgs } from "@std/cli/parse-args";

const args = parseArgs(Deno.args, {
  string: ["webhook", "interface", "settle"],
  collect: ["interface"],
  default: { settle: "1000" },
});

const IFF_LOWER_UP = 0x10000;
const carries = (link?: Link) => ((link?.flags ?? 0) & IFF_LOWER_UP) !== 0;

/** A link that has changed recently. */
interface Unrest {
  readonly since: string;
  /** Whether it had a carrier before. */
  readonly before: boolean;
  now: boolean;
  changes: number;
  timer?: ReturnType<typeof setTimeout>;
}
const unrest = new Map<string, Unrest>();

function changed(name: string, before: boolean, now: boolean): void {
  const entry = unrest.get(name) ??
    { since: new Date().toISOString(), before, now, changes: 0 };
  unrest.set(name, entry);
  entry.now = now;
  entry.changes++;
  clearTimeout(entry.timer);
  entry.timer = setTimeout(() => settled(name, entry), Number(args.settle));
}

async function settled(name: string, entry: Unrest): Promise<void> {
  unrest.delete(name);
  const { since, before, now, changes } = entry;
  const state = now ? "up" : "down";
  const alert = {
    link: name,
    state,
    was: before ? "up" : "down",
    changes,
    since,
  };
  try {
    const response = await fetch(args.webhook!, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(alert),
      signal: AbortSignal.timeout(10_000),
    });
    await response.body?.cancel();
    console.log(`${name} is ${state}: reported, ${response.status}`);
  } catch (error) {
    console.error(
      `${name} is ${state}: not reported, ${(error as Error).message}`,
    );
  }
}

await using monitor = await Monitor.open({ objects: ["link"] });
Deno.addSignalListener("SIGINT", () => monitor.close());
console.log(`watching ${args.interface.join(", ") || "every link"}`);
for await (const event of monitor) {
  if (!("object" in event) || event.object !== "link") continue;
  const { name } = event.data;
  if (args.interface.length > 0 && !args.interface.includes(name)) continue;
  const before = carries(event.previous);
  const now = event.event !== "delete" && carries(event.data);
  if (before !== now) changed(name, before, now);
}
