// Changes faster than they are read: the kernel drops events repeatedly,
// and what is known in the end is the current state all the same.

import { assert, assertEquals } from "@std/assert";
import type { MonitorEvent } from "../../../../lib/rtnetlink/monitor/event.ts";
import { Monitor } from "../../../../lib/rtnetlink/monitor/monitor.ts";
import {
  assertKnowsAll,
  during,
  known,
  Replay,
} from "../../../support/monitored.ts";
import "../../../support/descriptors.ts";
import { Lab } from "../../../support/netns.ts";

const ROUTES = 20_000;
const LINKS = 500;
/** Number of bursts without a reader, in which the kernel has to drop events. */
const LAPSES = 4;

/** Destination of a route. */
function network(index: number): string {
  return `10.${index >> 8}.${index & 255}.0/24`;
}

/** All routes added, two thirds removed, every link up and down meanwhile. */
function storm(): string[] {
  const flap = (index: number, state: string) =>
    index % 40 === 0 ? [`link set l${index / 40} ${state}`] : [];
  return Array.from({ length: 2 * ROUTES }, (_, turn) => {
    const index = turn % ROUTES;
    return turn < ROUTES
      ? [`route add ${network(index)} via 198.51.100.2`, ...flap(index, "up")]
      : [
        ...index % 3 === 0 ? [] : [`route delete ${network(index)}`],
        ...flap(index, "down"),
      ];
  }).flat();
}

Deno.test("after a storm of 20,000 routes and 500 links with a receive buffer too small, nothing is wrong", async () => {
  await using lab = await Lab.open("ns");
  await lab.ns.batch(`
    link add gate type ifb
    link set gate up
    address add 198.51.100.1/24 dev gate
    ${
    Array.from({ length: LINKS }, (_, i) => `link add l${i} type ifb`)
      .join("\n")
  }`);
  await using watching = await Monitor.open({
    namespace: lab.ns.name,
    snapshot: true,
    receiveBuffer: 32768,
  });
  const replay = new Replay();
  const lies: string[] = [];
  const counts: Record<string, number> = {};
  let lost = false;
  const take = (events: readonly MonitorEvent[]) => {
    lies.push(...replay.apply(events));
    for (const event of events) {
      counts[event.event] = (counts[event.event] ?? 0) + 1;
      if (event.event === "overrun") lost = true;
      if (event.event === "resynchronised") lost = false;
    }
  };
  const commands = storm();
  const size = Math.ceil(commands.length / LAPSES);
  for (let at = 0; at < commands.length; at += size) {
    const half = at + size / 2;
    await lab.ns.batch(commands.slice(at, half).join("\n"));
    const rest = commands.slice(half, at + size).join("\n");
    await during(watching, lab.ns.batch(rest), take);
  }
  while (lost) take(await watching.receive({ timeout: 10_000 }));
  take(await assertKnowsAll(watching, lab.ns));
  assert(counts.overrun >= LAPSES, `overruns: ${counts.overrun}`);
  assert(counts.resynchronised > 0);
  assertEquals(lies, []);
  const { link, address, route } = known(watching);
  assert(route.length > ROUTES / 3);
  assertEquals({ link, address, route }, {
    link: replay.known.link,
    address: replay.known.address,
    route: replay.known.route,
  });
});
