// A monitor at work: what it tells when the network changes, and that what it
// knows then is what there is.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { ArgumentError, ClosedError } from "../../../../lib/errors.ts";
import type {
  MonitoredObject,
  MonitorEvent,
  ObjectEvent,
} from "../../../../lib/route/monitor/event.ts";
import {
  Monitor,
  monitor,
  type MonitorOptions,
} from "../../../../lib/route/monitor/monitor.ts";
import {
  assertDescriptors,
  ownedDescriptors,
} from "../../../support/descriptors.ts";
import {
  assertKnowsAll,
  brief,
  during,
  known,
  Replay,
  until,
} from "../../../support/monitored.ts";
import { renameUp } from "../../../support/kinds.ts";
import { Lab, type Netns } from "../../../support/netns.ts";
import { AS_NOBODY } from "../../../support/privileges.ts";
import { RunningProgram } from "../../../support/program.ts";

function open(netns: Netns, options: MonitorOptions = {}): Promise<Monitor> {
  return Monitor.open({ namespace: netns.name, ...options });
}

/** Is it this, told in few words? */
const is = (words: string) => (event: MonitorEvent) => brief(event) === words;

/** The events about one kind of object. */
function about<K extends MonitoredObject>(
  events: readonly MonitorEvent[],
  object: K,
): ObjectEvent<K>[] {
  return events.filter((event) => "object" in event && event.object === object)
    .map((event) => event as unknown as ObjectEvent<K>);
}

/** In few words, what was told of one kind of object. */
function wordsAbout(
  events: readonly MonitorEvent[],
  object: MonitoredObject,
): string[] {
  return about(events, object).map((event) => brief(event as MonitorEvent));
}

Deno.test("links: new, renamed, changed, altnames, gone, each told as what it is", async () => {
  await using lab = await Lab.open("ns");
  await using watching = await open(lab.ns);
  // Of a link that is down, the kernel does not tell of names and texts.
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
  // Names are those of the moment, however late one asks.
  assertEquals(
    links.map(({ names, data }) => names.name(data.ifindex)),
    links.map(({ data }) => data.name),
  );
  await assertKnowsAll(watching, lab.ns);
});

Deno.test("a move to another namespace is told as one, on both sides and at the peer", async () => {
  await using lab = await Lab.open("here", "there");
  await lab.here.ip("link add stays type veth peer name moves");
  await using here = await open(lab.here);
  await using there = await open(lab.there);
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
  await using watching = await open(lab.ns);
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
  await using watching = await open(lab.ns, { objects: ["address"] });
  await lab.ns.batch(`
    address add 192.0.2.1/24 dev one
    address add 192.0.2.1/25 dev one
    address add 192.0.2.9 peer 192.0.2.10 dev one
    address change 192.0.2.1/24 dev one valid_lft 500 preferred_lft 400
    address delete 192.0.2.1/25 dev one
    address add 2001:db8::1/64 dev one`);
  const events = await until(watching, is("new address 2001:db8::1 one"));
  // Of a change of IPv6 the kernel tells when it comes to it.
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

/** What was told of the routes to somewhere when a command has its effect. */
async function toldOf(
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

/** A link up with addresses, its peer, and another pair. */
async function routed(): Promise<Lab<"ns"> & { readonly ns: Netns }> {
  const lab = await Lab.open("ns");
  await lab.ns.batch(`
    link add one type veth peer name onepeer
    link add two type veth peer name twopeer
    link set one up
    link set two up
    link set onepeer up
    link set twopeer up
    address add 10.0.0.1/24 dev one
    address add 10.9.0.1/24 dev two
    address add 2001:db8::1/64 dev one
    address add 2001:db8:9::1/64 dev two`);
  return lab;
}

Deno.test("IPv4 routes of one destination keep their order: append, prepend, replace, change", async () => {
  await using lab = await routed();
  await using watching = await open(lab.ns);
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
    const events = await toldOf(
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

Deno.test("IPv6 routes: ways join and leave one route, others stand beside it", async () => {
  await using lab = await routed();
  await using watching = await open(lab.ns);
  const ways: (number | undefined)[] = [];
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
    const events = await toldOf(
      watching,
      lab.ns,
      destination,
      `-6 route ${command}`,
    );
    assertEquals(events.length, 1, command);
    const [{ event, data }] = events;
    ways.push(event === "delete" ? 0 : data.nexthops?.length);
  }
  const one = undefined;
  // deno-fmt-ignore
  assertEquals(ways, [
    one, 2, 4, one, one, 3, 2, one, one, one, 0, 2, 2, 0, one, one,
  ]);
});

Deno.test("a way that was said more of: what is left is read again", async () => {
  await using lab = await routed();
  await using watching = await open(lab.ns);
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

Deno.test("what the kernel does to routes without a word is told all the same", async () => {
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
  await using watching = await open(lab.ns);
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

Deno.test("nexthop objects and rules change with links, neighbours with what is told them", async () => {
  await using lab = await routed();
  await using watching = await open(lab.ns);
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

Deno.test("a snapshot is all there is, once, whatever changes meanwhile", async () => {
  await using lab = await routed();
  // Changes that begin before the monitor and end after it.
  const churn = lab.ns.batch(
    Array.from({ length: 3000 }, (_, i) => `
      route add 10.${100 + (i >> 8)}.${i & 255}.0/24 via 10.9.0.2
      ${i % 2 ? `route delete 10.${100 + (i >> 8)}.${i & 255}.0/24` : ""}`)
      .join("\n"),
  );
  await using watching = await open(lab.ns, { snapshot: true });
  const replay = new Replay();
  const lies: string[] = [];
  await during(watching, churn, (events) => lies.push(...replay.apply(events)));
  lies.push(...replay.apply(await assertKnowsAll(watching, lab.ns)));
  assertEquals(lies, []);
  assertEquals(
    replay.known.route,
    known(watching).route,
    "the events make what is known",
  );
  assert(watching.all("route").length > 1500);
});

Deno.test("only what was asked for is told, and nothing else is known", async () => {
  await using lab = await routed();
  await using watching = await open(lab.ns, {
    objects: ["rule"],
    snapshot: true,
  });
  await lab.ns.batch(`
    link set one down
    rule add table 7`);
  const events = await until(
    watching,
    (event) => "origin" in event && event.origin === "kernel",
  );
  assert(events.every((event) => "object" in event && event.object === "rule"));
  assert(watching.all("link").length > 0, "names are known in any case");
  let thrown: unknown;
  try {
    watching.all("route");
  } catch (error) {
    thrown = error;
  }
  assert(thrown instanceof ArgumentError);
  await assertRejects(
    () => open(lab.ns, { objects: ["interface" as "link"] }),
    ArgumentError,
    "link",
  );
});

Deno.test("closing and aborting end a pending receive at once", async () => {
  const before = ownedDescriptors();
  {
    await using lab = await Lab.open("ns");
    const watching = await open(lab.ns);
    const stop = new AbortController();
    const aborted = watching.receive({ signal: stop.signal });
    const began = performance.now();
    stop.abort(new Error("enough"));
    await assertRejects(() => aborted, Error, "enough");
    const pending = watching.receive();
    const closing = watching.close();
    await assertRejects(() => pending, ClosedError);
    await closing;
    assert(performance.now() - began < 1000);
    await assertRejects(() => watching.receive(), ClosedError);
    const loop = new AbortController();
    let first = "";
    const looping = assertRejects(
      async () => {
        const options = { namespace: lab.ns.name, snapshot: true };
        const { signal } = loop;
        for await (const event of monitor(options, { signal })) {
          first ||= brief(event);
          if (first !== "") loop.abort(new Error("enough of it"));
        }
      },
      Error,
      "enough of it",
    );
    await looping;
    assertEquals(first, "new link lo (snapshot)");
  }
  await assertDescriptors(before);
});

Deno.test("closing ends a loop over it as a loop ends", async () => {
  await using lab = await Lab.open("here");
  await using watching = await open(lab.here, { objects: ["link"] });
  const names: string[] = [];
  const loop = (async () => {
    for await (const event of watching) {
      if ("object" in event && event.object === "link") {
        names.push(event.data.name);
        void watching.close();
      }
    }
  })();
  await lab.here.ip("link add br0 type bridge");
  await loop;
  assertEquals(names[0], "br0");
});

Deno.test("what a loop that is left had taken is told to whoever receives next", async () => {
  await using lab = await Lab.open("here");
  await using watching = await open(lab.here, { objects: ["link"] });
  await lab.here.batch(`
    link add one type bridge
    link add two type bridge
    link add three type bridge
  `);
  const names: string[] = [];
  const take = (event: MonitorEvent) => {
    if (event.event !== "new" || event.object !== "link") return;
    names.push(event.data.name);
  };
  for await (const event of watching) {
    take(event);
    break;
  }
  while (names.at(-1) !== "three") {
    (await watching.receive({ timeout: 5000 })).forEach(take);
  }
  assertEquals(names, ["one", "two", "three"]);
});

Deno.test("leaving the loop closes it; a thousand monitors leave nothing behind", async () => {
  const before = ownedDescriptors();
  {
    await using lab = await Lab.open("ns");
    const options = { namespace: lab.ns.name, snapshot: true };
    for (let turn = 0; turn < 1000; turn++) {
      for await (const _ of monitor(options)) break;
    }
  }
  await assertDescriptors(before);
});

Deno.test("without any capability it reads, tells and recovers", async () => {
  await using lab = await routed();
  const library = new URL("../../../../mod.ts", import.meta.url).href;
  const program = `
    import { Monitor } from "${library}";
    const options = { snapshot: true, receiveBuffer: 65536 };
    await using monitor = await Monitor.open(options);
    const told = new Set();
    let recovered = 0;
    for await (const event of monitor) {
      if (event.origin === "snapshot") told.add(event.object);
      if (event.origin === "recovered") recovered++;
      if (told.size === 4 && recovered === 0) console.log([...told].join());
      if (event.event === "resynchronised") break;
    }
    console.log(recovered);`;
  await using running = new RunningProgram(
    { netns: lab.ns },
    ...[...AS_NOBODY, Deno.execPath(), "eval", "--quiet", program],
  );
  assertEquals(await running.line(), "link,address,route,rule");
  const [pid] = await lab.ns.pids();
  Deno.kill(pid, "SIGSTOP");
  try {
    await lab.ns.batch(
      Array.from(
        { length: 5000 },
        (_, i) => `route add 10.${100 + (i >> 8)}.${i & 255}.0/24 via 10.9.0.2`,
      )
        .join("\n"),
    );
  } finally {
    Deno.kill(pid, "SIGCONT");
  }
  const { code, stdout, stderr } = await running.end();
  assertEquals([code, stderr], [0, ""]);
  assert(Number(stdout.trim().split("\n").at(-1)) > 1000, stdout);
});
