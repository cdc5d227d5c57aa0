// Route events of a monitor, which the kernel notifies only in part.

import type {
  MonitorEvent,
  ObjectEvent,
} from "../../../../lib/rtnetlink/monitor/event.ts";
import type { Monitor } from "../../../../lib/rtnetlink/monitor/monitor.ts";
import type { Netns } from "../../../support/netns.ts";
import { assertEquals } from "@std/assert";
import {
  about,
  assertKnowsAll,
  is,
  openMonitor,
  routed,
  until,
} from "../../../support/monitored.ts";

/** The events of the routes to a destination after a command. */
async function eventsOf(
  watching: Monitor,
  netns: Netns,
  destination: string,
  command: string,
): Promise<ObjectEvent<"route">[]> {
  const there = (event: MonitorEvent) =>
    "object" in event && event.object === "route" &&
    event.data.destination === destination;
  await netns.ip(command);
  const events = await until(watching, there);
  events.push(...await assertKnowsAll(watching, netns));
  return about(events.filter(there), "route");
}

Deno.test("IPv4 routes of one destination keep their order: append, prepend, replace, change", async () => {
  await using lab = await routed();
  await using watching = await openMonitor(lab.ns);
  for (
    const [command, words] of [
      ["add 10.1.0.0/16 via 10.0.0.2", "new"],
      ["append 10.1.0.0/16 via 10.0.0.3", "new"],
      ["append 10.1.0.0/16 via 10.0.0.4 src 10.0.0.1", "new"],
      ["replace 10.1.0.0/16 via 10.0.0.9", "change: gateway"],
      ["prepend 10.1.0.0/16 via 10.0.0.6", "new"],
      ["change 10.1.0.0/16 via 10.0.0.7", "change: gateway"],
      ["add 10.1.0.0/16 via 10.0.0.7 metric 3", "new"],
      ["add 10.1.0.0/16 via 10.0.0.7 tos 0x10", "new"],
      ["add 10.1.0.0/16 via 10.0.0.7 table 100", "new"],
      ["replace 10.1.0.0/16 dev two", "change: scope,ifindex,gateway"],
      ["delete 10.1.0.0/16 via 10.0.0.3", "delete"],
      ["delete 10.1.0.0/16", "delete"],
      ["delete 10.1.0.0/16", "delete"],
    ]
  ) {
    const events = await eventsOf(
      watching,
      lab.ns,
      "10.1.0.0",
      `route ${command}`,
    );
    assertEquals(
      events.map(({ event, changed }) =>
        event + (changed === undefined ? "" : `: ${changed}`)
      ),
      [words],
      command,
    );
  }
});

Deno.test("IPv6 routes: nexthops are added to and deleted from one route, others remain separate", async () => {
  await using lab = await routed();
  await using watching = await openMonitor(lab.ns);
  const counts: (number | undefined)[] = [];
  for (
    const command of [
      "add 2001:db8:1::/48 via 2001:db8::2",
      "append 2001:db8:1::/48 via 2001:db8::3",
      "append 2001:db8:1::/48 nexthop via 2001:db8::4 nexthop via 2001:db8::5",
      "append 2001:db8:1::/48 dev one",
      "append 2001:db8:1::/48 dev two",
      "delete 2001:db8:1::/48 via 2001:db8::2",
      "delete 2001:db8:1::/48 via 2001:db8::5",
      "delete 2001:db8:1::/48 via 2001:db8::4",
      "replace 2001:db8:1::/48 via 2001:db8::8",
      "replace 2001:db8:1::/48 dev lo",
      "delete 2001:db8:1::/48",
      "add 2001:db8:2::/48 nexthop via 2001:db8::2 nexthop via 2001:db8::3 weight 3",
      "replace 2001:db8:2::/48 nexthop via 2001:db8::6 nexthop via 2001:db8:9::7",
      "delete 2001:db8:2::/48",
      "add blackhole 2001:db8:3::/48",
      "replace 2001:db8:3::/48 via 2001:db8::2",
    ]
  ) {
    const [, destination] = / (2001:db8:\d::)\/48/.exec(command)!;
    const events = await eventsOf(
      watching,
      lab.ns,
      destination,
      `-6 route ${command}`,
    );
    assertEquals(events.length, 1, command);
    const [{ event, data }] = events;
    counts.push(event === "delete" ? 0 : data.nexthops?.length);
  }
  const one = undefined;
  // deno-fmt-ignore
  assertEquals(counts, [
    one, 2, 4, one, one, 3, 2, one, one, one, 0, 2, 2, 0, one, one,
  ]);
});

Deno.test("after a nexthop with other attributes was deleted, its route is dumped again", async () => {
  await using lab = await routed();
  await using watching = await openMonitor(lab.ns);
  await lab.ns.batch(`
    route add 2001:db8:1::/48 via 2001:db8::2 proto static
    route append 2001:db8:1::/48 via 2001:db8::3 proto bird mtu 1300
    route delete 2001:db8:1::/48 via 2001:db8::2`);
  await assertKnowsAll(watching, lab.ns);
  const [left] = watching.all("route").filter(({ destination }) =>
    destination === "2001:db8:1::"
  );
  assertEquals([left.protocol, left.metrics?.mtu], [12, 1300]);
});

Deno.test("silent changes of routes by the kernel are reported", async () => {
  await using lab = await routed();
  await lab.ns.batch(`
    route add 10.1.0.0/16 via 10.0.0.2
    route add 10.2.0.0/16 nexthop via 10.0.0.2 nexthop via 10.9.0.3
    route add 10.3.0.0/16 via 10.9.0.3 src 10.0.0.1
    nexthop add id 1 via 10.9.0.5 dev two
    nexthop add id 2 via 10.0.0.5 dev one
    nexthop add id 10 group 1/2
    route add 10.4.0.0/16 nhid 1
    route add 10.5.0.0/16 nhid 10
    rule add iif two table 100`);
  await using watching = await openMonitor(lab.ns);
  const step = async (command: string, words: string) => {
    await lab.ns.ip(command);
    await until(watching, is(words));
    await assertKnowsAll(watching, lab.ns);
  };
  // Carrier lost.
  await step(
    "link set onepeer down",
    "change route 10.1.0.0 one: flags (unannounced)",
  );
  // Routes gone with their link, and a way of another dead.
  await step("link set one down", "delete route 10.1.0.0 one (unannounced)");
  await step(
    "link set one up",
    "change route 10.2.0.0: nexthops (unannounced)",
  );
  await step(
    "address delete 10.0.0.1/24 dev one",
    "change route 10.2.0.0: nexthops (unannounced)",
  );
  await step("nexthop delete id 1", "delete route 10.4.0.0 two (unannounced)");
  // The link's name is known though the link is gone.
  await lab.ns.batch("route add 10.6.0.0/16 via 10.9.0.6");
  await step("link delete two", "delete route 10.6.0.0 two (unannounced)");
});
