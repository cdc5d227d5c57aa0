// A monitor at work: what it reports when the network changes, and that what it
// knows then is the current state.

import { assert, assertEquals } from "@std/assert";
import type {
  MonitoredObject,
  MonitorEvent,
} from "../../../../lib/rtnetlink/monitor/event.ts";
import {
  about,
  assertKnowsAll,
  brief,
  is,
  openMonitor,
  routed,
  until,
} from "../../../support/monitored.ts";
import { renameUp } from "../../../support/kinds.ts";
import { Lab } from "../../../support/netns.ts";

/** A short form of the events of one type of object. */
function wordsAbout(
  events: readonly MonitorEvent[],
  object: MonitoredObject,
): string[] {
  return about(events, object).map((event) => brief(event as MonitorEvent));
}

Deno.test("links: added, renamed, changed, altnames, deleted, each reported as such", async () => {
  await using lab = await Lab.open("ns");
  await using watching = await openMonitor(lab.ns);
  // Of a link that is down, the kernel does not report names and texts.
  await lab.ns.batch(`
    link add one up type ifb
    link set one mtu 1400`);
  const stayedUp = await renameUp(lab.ns, "one", "two");
  await lab.ns.batch(`
    link property add dev two altname a-name-longer-than-fifteen
    link set two alias text
    link property del dev two altname a-name-longer-than-fifteen
    link delete two`);
  const events = await until(watching, is("delete link two"));
  assertEquals(wordsAbout(events, "link"), [
    "new link one",
    "change link one: mtu",
    ...stayedUp ? ["change link two: name"] : [
      "change link one: flags,operstate",
      "change link two: name",
      "change link two: flags,operstate",
    ],
    "change link two: altNames",
    "change link two: alias",
    "change link two: altNames",
    "change link two: flags,operstate",
    "delete link two",
  ]);
  const links = about(events, "link");
  const change = (field: string) =>
    links.find(({ changed }) => changed?.includes(field))!;
  assertEquals(change("mtu").previous?.mtu, 1500);
  assertEquals(change("mtu").data.mtu, 1400);
  assertEquals(change("name").previous?.name, "one");
  assertEquals(change("altNames").data.altNames, [
    "a-name-longer-than-fifteen",
  ]);
  // Names are those of the event, regardless of when they are read.
  assertEquals(
    links.map(({ names, data }) => names.name(data.ifindex)),
    links.map(({ data }) => data.name),
  );
  await assertKnowsAll(watching, lab.ns);
});

Deno.test("a move to another namespace is reported as one, on both sides and at the peer", async () => {
  await using lab = await Lab.open("here", "there");
  await lab.here.ip("link add stays type veth peer name moves");
  await using here = await openMonitor(lab.here);
  await using there = await openMonitor(lab.there);
  await lab.here.ip(`link set moves netns ${lab.there.name}`);
  const left = await until(
    here,
    is("change link stays: linkNetnsid (unannounced)"),
  );
  const gone = about(left, "link").find(({ event }) => event === "delete");
  const [arrived] = about(await until(there, is("new link moves")), "link");
  const [{ data: { nsid } }] = about(left, "netns");
  assertEquals(gone?.data.name, "moves");
  assertEquals(gone?.data.newNetnsid, nsid);
  assertEquals(gone?.data.newIfindex, arrived.data.ifindex);
  assertEquals(about(left, "link").at(-1)?.data.linkNetnsid, nsid);
  await assertKnowsAll(here, lab.here);
  await assertKnowsAll(there, lab.there);
});

Deno.test("a port joins its bridge, changes and leaves; the link stays", async () => {
  await using lab = await Lab.open("ns");
  await lab.ns.batch(`
    link add br0 type bridge
    link set br0 up
    link add left type veth peer name right
    link set left up
    link set right up`);
  await using watching = await openMonitor(lab.ns);
  await lab.ns.ip("link set left master br0");
  const joined = await until(watching, is("new port left"));
  assertEquals(about(joined, "link")[0].changed?.slice(0, 2), [
    "master",
    "masterKind",
  ]);
  await assertKnowsAll(watching, lab.ns);
  await lab.ns.ip("link set left type bridge_slave cost 7");
  await until(watching, is("change port left: cost"));
  await lab.ns.ip("link set left nomaster");
  const parted = await until(
    watching,
    is("change link left: master,masterKind"),
  );
  assertEquals(wordsAbout(parted, "port"), [
    "change port left: state",
    "delete port left",
  ]);
  assert(!parted.some(is("delete link left")));
  await assertKnowsAll(watching, lab.ns);
});

Deno.test("addresses: new, changed and gone, of both families, with peers", async () => {
  await using lab = await Lab.open("ns");
  await lab.ns.batch(`
    link add one type ifb
    link set one up`);
  await using watching = await openMonitor(lab.ns, { objects: ["address"] });
  await lab.ns.batch(`
    address add 192.0.2.1/24 dev one
    address add 192.0.2.1/25 dev one
    address add 192.0.2.9 peer 192.0.2.10 dev one
    address change 192.0.2.1/24 dev one valid_lft 500 preferred_lft 400
    address delete 192.0.2.1/25 dev one
    address add 2001:db8::1/64 dev one`);
  const events = await until(watching, is("new address 2001:db8::1 one"));
  // The kernel notifies a change of IPv6 later.
  await lab.ns.ip(
    "address change 2001:db8::1/64 dev one valid_lft 500 preferred_lft 400",
  );
  events.push(
    ...await until(
      watching,
      is("change address 2001:db8::1 one: flags,lifetime"),
    ),
  );
  await lab.ns.ip("address delete 2001:db8::1/64 dev one");
  events.push(
    ...await until(watching, is("delete address 2001:db8::1 one")),
  );
  const [four, six] = (["inet", "inet6"] as const).map((family) =>
    about(events, "address").filter(({ data }) =>
      data.family === family && !data.address.startsWith("fe80")
    )
  );
  assertEquals(four.map((event) => brief(event as MonitorEvent)), [
    "new address 192.0.2.1 one",
    "new address 192.0.2.1 one",
    "new address 192.0.2.9 one",
    "change address 192.0.2.1 one: flags,lifetime",
    "delete address 192.0.2.1 one",
  ]);
  // It may be new before it is known to be no duplicate.
  assertEquals(six[0].event, "new");
  assertEquals(six.slice(-2).map((event) => brief(event as MonitorEvent)), [
    "change address 2001:db8::1 one: flags,lifetime",
    "delete address 2001:db8::1 one",
  ]);
  assertEquals(four[2].data.peer, "192.0.2.10");
  assertEquals(four[4].data.prefixLength, 25);
});

Deno.test("nexthop objects and rules change with links, neighbours with notifications", async () => {
  await using lab = await routed();
  await using watching = await openMonitor(lab.ns);
  await lab.ns.batch(`
    nexthop add id 1 via 10.9.0.5 dev two
    nexthop add id 2 via 10.0.0.5 dev one
    nexthop add id 10 group 1/2
    nexthop replace id 1 via 10.9.0.6 dev two
    rule add from 192.0.2.0/24 iif one table 100
    rule add from 192.0.2.0/24 goto 40000
    neighbour add 10.9.0.7 lladdr 02:00:00:00:00:07 dev two
    neighbour change 10.9.0.7 lladdr 02:00:00:00:00:08 dev two
    neighbour add 2001:db8:9::7 lladdr 02:00:00:00:00:07 dev two nud stale
    neighbour delete 10.9.0.7 dev two`);
  const events = await until(watching, is("delete neighbour 10.9.0.7 two"));
  assertEquals(wordsAbout(events, "nexthop"), [
    "new nexthop 1 two",
    "new nexthop 2 one",
    "new nexthop 10",
    "change nexthop 1 two: gateway",
  ]);
  assertEquals(wordsAbout(events, "neighbour").slice(0, 3), [
    "new neighbour 10.9.0.7 two",
    "change neighbour 10.9.0.7 two: linkAddress",
    "new neighbour 2001:db8:9::7 two",
  ]);
  await assertKnowsAll(watching, lab.ns);
  await lab.ns.ip("link set two down");
  await until(watching, is("delete nexthop 1 two (unannounced)"));
  await assertKnowsAll(watching, lab.ns);
  await lab.ns.ip("link delete one");
  const rest = await assertKnowsAll(watching, lab.ns);
  const rules = about(rest, "rule");
  assertEquals([rules[0].changed, rules[0].origin], [["flags"], "unannounced"]);
  // The rule that one went to is there at last.
  await lab.ns.ip("rule add priority 40000 table 7");
  const resolved = await assertKnowsAll(watching, lab.ns);
  assertEquals(about(resolved, "rule").map(({ event }) => event), [
    "new",
    "change",
  ]);
});
