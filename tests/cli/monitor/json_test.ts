// What `netplumb monitor --json` reports to programs: the keys and values of `ip -j`,
// and what happened to what.

import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
} from "@std/assert";
import { Running } from "../../support/command.ts";
import { Lab, type Netns } from "../../support/netns.ts";
import { type Line, Watching } from "./watching.ts";

/** The last report of each object of a kind, except deleted ones. */
function last(events: readonly Line[], object: string, key: string): Line[] {
  const found = new Map<string, Line>();
  for (const { event, object: kind, data } of events) {
    if (kind !== object) continue;
    if (event === "delete") found.delete(data[key]);
    else found.set(data[key], data);
  }
  return [...found.values()];
}

/** Objects in no order, without what only events report. */
function plain(objects: readonly Line[]): string[] {
  return objects.map(({ event: _, ...rest }) =>
    JSON.stringify(rest, Object.keys(rest).sort())
  ).sort();
}

Deno.test("monitor --json: the version of events is printed before a change", async () => {
  await using lab = await Lab.open("ns");
  await using monitor = new Running(lab.ns, "monitor", "link", "--json");
  assertEquals(await monitor.object(), { event: "start", schema: 1 });
  await lab.ns.ip("link add one type ifb");
  const { event, data } = await monitor.object();
  assertEquals([event, data.ifname], ["new", "one"]);
});

Deno.test("monitor --json: data has the keys and values of ip -j", async () => {
  await using lab = await Lab.open("ns");
  await using watching = await Watching.open(lab.ns, "--json");
  await lab.ns.batch(`
    link add br0 type bridge
    link add gate up type ifb
    link add port0 type veth peer name far
    link set port0 master br0
    link set port0 up
    link set port0 alias text
    address add 10.0.0.1/24 brd + dev gate
    address add 10.0.1.1 peer 10.0.1.2/32 dev gate
    address add 2001:db8::1/64 dev gate nodad
    route add 10.1.0.0/16 via 10.0.0.2 src 10.0.0.1 metric 7 mtu 1400
    route add 10.2.0.0/16 nexthop via 10.0.0.2 nexthop via 10.0.0.3 weight 3
    route add blackhole 10.3.0.0/16
    route add 10.4.0.0/16 via inet6 2001:db8::2 dev gate table 100
    nexthop add id 3 via 10.0.0.4 dev gate
    neighbour add 10.0.0.9 lladdr 02:00:00:00:00:09 dev gate
    rule add from 10.1.0.0/16 fwmark 7/0xff iif gate table 100
    rule add priority 1 table 9`);
  const events = await watching.events(({ object, data }) =>
    object === "rule" && data.priority === 1
  );
  // The first of a pair was reported before it had a second.
  const paired = ({ data, unannounced }: Line) =>
    unannounced && data.ifname === "far";
  if (!events.some(paired)) events.push(...await watching.events(paired));
  const reported = (object: string, key: string) =>
    plain(last(events, object, key));
  const ip = async (command: string) => plain(await lab.ns.json(command));
  const but = (lines: string[], some: RegExp) =>
    lines.filter((line) => !some.test(line));
  const LOOPBACK = /"lo"/;
  // Whether the link at the other end was down at that moment is not of its own.
  const ownState = (lines: string[]) =>
    lines.map((line) => line.replace(',"M-DOWN"', ""));
  const same = async () => {
    assertEquals(
      ownState(reported("link", "ifname")),
      ownState(but(await ip("link show"), LOOPBACK)),
    );
    assertEquals(
      reported("neighbour", "dst"),
      await ip("neighbour show nud permanent"),
    );
    assertEquals(reported("nexthop", "id"), await ip("nexthop show"));
    const ours = (lines: string[]) =>
      lines.filter((line) => /"dst":"10\.[1-4]\./.test(line));
    assertEquals(
      ours(reported("route", "dst")),
      ours(await ip("-4 route show table all")),
    );
    assertEquals(
      plain(
        events.filter(({ object, family, snapshot }) =>
          object === "rule" && family === "inet" && !snapshot
        ).map(({ data }) => data),
      ),
      but(await ip("rule show"), /"src":"all","table":"(local|main|default)"/),
    );
    const addresses = (await lab.ns.json<Line>("address show"))
      .flatMap(({ ifindex, ifname, addr_info }: Line) =>
        addr_info.map((one: Line) => ({ ifindex, ifname, ...one }))
      );
    const v4 = (lines: string[]) => lines.filter((line) => /"10\./.test(line));
    assertEquals(v4(reported("address", "local")), v4(plain(addresses)));
  };
  // The kernel goes on after its last answer: links find their state.
  for (let error: unknown;;) {
    try {
      await same();
      break;
    } catch (unequal) {
      error = unequal;
    }
    const more = watching.events(() => true).catch(() => {
      throw error;
    });
    events.push(...await more);
  }
  assert(reported("route", "dst").length > 5);
});

Deno.test("monitor --json: what happened, to what, and how it was before", async () => {
  await using lab = await Lab.open("ns", "other");
  await lab.ns.batch(`
    link add br0 type bridge
    link add one up type veth peer name two`);
  const { name } = lab.ns;
  const other = lab.other.name;
  await using watching = await Watching.open(
    lab.ns,
    ...["--json", "link", "port", "--netns", name, "--netns", other],
  );
  await watching.events(({ data }) => data?.ifname === "one");
  await lab.ns.batch(`
    link set one mtu 1400
    link set one down
    link set one name uno
    link set uno master br0
    link set uno type bridge_slave cost 7
    link set uno nomaster
    link set uno netns ${other}`);
  const events = await watching.events(({ action }) => action === "moved");
  const what = (fits: (event: Line) => boolean): Line => {
    const event = events.find(fits);
    assert(event, JSON.stringify(events));
    assertMatch(event.time, /^\d{4}-\d\d-\d\dT[\d:]+\.\d{9}Z$/);
    assertEquals(event.namespace, name);
    const { time: _, namespace: _n, data, ...rest } = event;
    return { ...rest, ifname: data.ifname };
  };
  assertEquals(what(({ changed }) => changed?.[0] === "mtu"), {
    event: "change",
    object: "link",
    changed: ["mtu"],
    previous: { mtu: 1500 },
    ifname: "one",
  });
  assertEquals(what(({ action }) => action === "renamed"), {
    event: "change",
    object: "link",
    action: "renamed",
    changed: ["ifname"],
    previous: { ifname: "one" },
    ifname: "uno",
  });
  assertEquals(what(({ action }) => action === "joined"), {
    event: "new",
    object: "port",
    action: "joined",
    ifname: "uno",
  });
  assertEquals(what(({ changed }) => changed?.includes("cost")), {
    event: "change",
    object: "port",
    changed: ["cost"],
    previous: { cost: 2 },
    ifname: "uno",
  });
  assertEquals(what(({ action }) => action === "left"), {
    event: "delete",
    object: "port",
    action: "left",
    ifname: "uno",
  });
  const [{ ifindex }] = await lab.other.json<Line>("link show uno");
  const { to, ...moved } = what(({ action }) => action === "moved");
  assertEquals(moved, {
    event: "delete",
    object: "link",
    action: "moved",
    ifname: "uno",
  });
  assertEquals(to, { nsid: to.nsid, namespace: other, ifindex });
});

Deno.test("monitor --json: links of routes by index, nexthop objects, renewals", async () => {
  await using lab = await Lab.open("ns");
  await lab.ns.batch(`
    link add one up type veth peer name two
    link set two up
    address add 192.0.2.1/24 dev one
    address add 2001:db8::1/64 dev one nodad valid_lft 900 preferred_lft 800
    nexthop add id 7 via 192.0.2.7 dev one`);
  await using watching = await Watching.open(
    lab.ns,
    ...["--json", "--details", "address", "route", "nexthop", "neighbour"],
  );
  const [one] = await lab.ns.json<Line>("link show one");
  const [two] = await lab.ns.json<Line>("link show two");
  await lab.ns.batch(`
    route add 10.1.0.0/16 via 192.0.2.2
    route add 10.2.0.0/16 nexthop via 192.0.2.2 nexthop dev two
    route add 10.3.0.0/16 nhid 7
    nexthop replace id 7 via 192.0.2.8 dev one
    neighbour add 192.0.2.9 lladdr 02:00:00:00:00:09 dev two
    address change 2001:db8::1/64 dev one nodad valid_lft 1900 preferred_lft 1800
    route add 10.4.0.0/16 nhid 7`);
  const events = await watching.events(({ data }) =>
    data?.dst === "10.4.0.0/16"
  );
  const to = (dst: string) => events.find(({ data }) => data.dst === dst)!;
  assertEquals(to("10.1.0.0/16").ifindex, one.ifindex);
  assertEquals(to("10.2.0.0/16").ifindexes, [one.ifindex, two.ifindex]);
  assertEquals(to("192.0.2.9").ifindex, two.ifindex);
  assertEquals(
    events.find(({ object }) => object === "nexthop")!.ifindex,
    one.ifindex,
  );
  const shown = await lab.ns.json<Line>("-d route show 10.4.0.0/16");
  assertEquals(to("10.4.0.0/16").data.nh_info, shown[0].nh_info);
  // A renewal has the keys of data, with both values.
  const renewal = events.find(({ event, object }) =>
    event === "change" && object === "address"
  )!;
  assertEquals(renewal.changed, ["valid_life_time", "preferred_life_time"]);
  assertEquals(Object.keys(renewal.previous), renewal.changed);
  assert(renewal.previous.valid_life_time <= 900);
});

Deno.test("monitor --json: a key that the object did not have has no previous value", async () => {
  await using lab = await Lab.open("ns");
  await lab.ns.batch(`
    link add one up type ifb
    address add 192.0.2.1/24 dev one`);
  await using watching = await Watching.open(lab.ns, "--json", "route");
  const add = (words: string) => lab.ns.ip(`route replace ${words}`);
  await add("10.1.0.0/16 via 192.0.2.2");
  const before = await lab.ns.json<Line>("route show 10.1.0.0/16");
  await add("unreachable 10.1.0.0/16");
  const between = await lab.ns.json<Line>("route show 10.1.0.0/16");
  await add("10.1.0.0/16 via 192.0.2.2");
  await add("10.2.0.0/16 dev one");
  const events = await watching.events(({ data }) =>
    data?.dst === "10.2.0.0/16"
  );
  const changes = events.filter(({ event, object }) =>
    event === "change" && object === "route"
  );
  const previous = changes.map(({ data, changed, previous }) => {
    const was = { ...data };
    for (const key of changed) delete was[key];
    return { ...was, ...previous };
  });
  assertEquals(previous, [before[0], between[0]]);
});

Deno.test("monitor --json: a change of metrics or of their locks differs from before", async () => {
  await using lab = await Lab.open("ns");
  await lab.ns.batch(`
    link add one up type ifb
    address add 192.0.2.1/24 dev one`);
  await using watching = await Watching.open(lab.ns, "--json", "route");
  const steps = [
    "10.1.0.0/16 dev one mtu 1400",
    "10.1.0.0/16 dev one mtu lock 1400",
    "10.1.0.0/16 dev one mtu lock 1400 advmss lock 900",
    "10.1.0.0/16 dev one mtu lock 1400 advmss 900",
  ];
  for (const step of steps) await lab.ns.ip(`route replace ${step}`);
  const changes: Line[] = [];
  while (changes.length < steps.length - 1) {
    changes.push(
      ...(await watching.events(({ event }) => event === "change")).slice(-1),
    );
  }
  for (const { data, changed, previous } of changes) {
    assertEquals(changed, ["metrics"]);
    assertEquals(Object.keys(previous), ["metrics"]);
    assertNotEquals(previous.metrics, data.metrics);
  }
  // Each was as the one before had left it.
  assertEquals(
    changes.slice(1).map(({ previous }) => previous.metrics),
    changes.slice(0, -1).map(({ data }) => data.metrics),
  );
});

/** Adds routes and removes every third while no process reads: more than the buffer holds. */
async function flood(netns: Netns, pid: number): Promise<void> {
  Deno.kill(pid, "SIGSTOP");
  try {
    await netns.batch(
      Array.from({ length: 5000 }, (_, i) => {
        const route = `10.${100 + (i >> 8)}.${i & 255}.0/24 dev gate`;
        return `route add ${route}` +
          (i % 3 === 0 ? `\nroute delete ${route}` : "");
      }).join("\n"),
    );
  } finally {
    Deno.kill(pid, "SIGCONT");
  }
}

Deno.test("monitor --json: changes lost in an overrun are reported as recovered", async () => {
  await using lab = await Lab.open("ns");
  await lab.ns.ip("link add gate up type ifb");
  await using watching = await Watching.open(
    lab.ns,
    ...["--json", "route", "link", "--receive-buffer", "65536"],
  );
  const [pid] = await lab.ns.pids();
  await flood(lab.ns, pid);
  const events = await watching.events(({ event }) =>
    event === "resynchronised"
  );
  const known = new Set<string>();
  for (const { event, object, data } of events) {
    if (object !== "route" || !/^10\.1\d\d\./.test(data.dst)) continue;
    // Nothing comes twice, and nothing goes that was not reported.
    assertEquals(known.has(data.dst), event !== "new", data.dst);
    if (event === "new") known.add(data.dst);
    else known.delete(data.dst);
  }
  const there = await lab.ns.json<Line>("route show");
  assertEquals([...known].sort(), there.map(({ dst }) => dst).sort());
  assert(events.some(({ event }) => event === "overrun"));
  const recovered = events.filter(({ recovered }) => recovered === true);
  assert(recovered.length > 1000, `${recovered.length}`);
  const end = events.at(-1);
  assertEquals(Object.keys(end), [
    "event",
    "time",
    "recovered",
    "milliseconds",
  ]);
  assert(end.recovered >= recovered.length && end.milliseconds > 0);
  const { code, stdout } = await watching.running.stop("SIGTERM");
  const summary = JSON.parse(stdout.trim().split("\n").at(-1)!);
  assertEquals([code, summary.event], [0, "summary"]);
  assert(summary.events >= known.size && summary.overruns > 0);
  assert(summary.corrections >= recovered.length);
});
