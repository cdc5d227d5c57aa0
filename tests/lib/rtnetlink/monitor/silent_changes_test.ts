// Changes that the kernel does not notify, or notifies as something else: the
// monitor's state equals a dump, and no event has equal values before and after.

import { assertEquals } from "@std/assert";
import { Monitor } from "../../../../lib/rtnetlink/monitor/monitor.ts";
import {
  about,
  assertExplained,
  assertKnowsAll,
  is,
  openMonitor,
  routed,
  until,
} from "../../../support/monitored.ts";
import { advertise, hostAndRouter } from "../../../support/router.ts";
import { Lab } from "../../../support/netns.ts";
import "../../../support/descriptors.ts";
import { testWith } from "../../../support/kinds.ts";

Deno.test("an IPv6 route loses its source with the address", async () => {
  await using lab = await routed();
  const { ns } = lab;
  await ns.batch(`
    address add 2001:db8::7/64 dev one nodad
    route add 2001:db8:7::/48 via 2001:db8::2 dev one src 2001:db8::7`);
  await using monitor = await openMonitor(ns);
  await ns.ip("address delete 2001:db8::7/64 dev one");
  const events = await until(
    monitor,
    (event) =>
      "object" in event && event.object === "route" &&
      event.changed?.includes("preferredSource") === true,
  );
  assertExplained([...events, ...await assertKnowsAll(monitor, ns)]);
});

Deno.test("the MTU of a link changes that of its IPv6 routes", async () => {
  await using lab = await routed();
  const { ns } = lab;
  await ns.ip("route add 2001:db8:7::/48 via 2001:db8::2 dev one mtu 1500");
  await using monitor = await openMonitor(ns);
  await ns.ip("link set one mtu 1400");
  const events = await until(
    monitor,
    (event) =>
      "object" in event && event.object === "route" &&
      event.changed?.includes("metrics") === true,
  );
  assertExplained([...events, ...await assertKnowsAll(monitor, ns)]);
});

Deno.test("a static route beside one of a router advertisement is its own route", async () => {
  await using lab = await Lab.open("ns", "router");
  const { ns, router } = lab;
  await ns.batch(
    `link add eth0 type veth peer name up0 netns ${router.name}
     link set eth0 up`,
  );
  await router.batch("link set up0 up");
  const both = "2001:db8:5::/64 via fe80::2 dev eth0 metric 1024";
  await using monitor = await openMonitor(ns);
  await ns.ip(`route add ${both} proto ra mtu 1400`);
  await assertKnowsAll(monitor, ns);
  await ns.ip(`route append ${both.replace("::2 ", "::3 ")} proto static`);
  const added = await assertKnowsAll(monitor, ns);
  await ns.ip(`route delete ${both.replace("::2 ", "::3 ")} proto static`);
  const deleted = await assertKnowsAll(monitor, ns);
  assertExplained([...added, ...deleted]);
  await ns.ip(`route delete ${both} proto ra`);
  await assertKnowsAll(monitor, ns);
});

Deno.test("the default route of a router advertisement has its metrics", async () => {
  await using lab = await hostAndRouter();
  const { host, router } = lab;
  await using monitor = await openMonitor(host);
  const events = [];
  for (const options of [{}, { mtu: 1350, hopLimit: 77 }, { lifetime: 0 }]) {
    await advertise(router, options);
    // The address of the advertised prefix, or the end of the default route.
    events.push(
      ...await until(
        monitor,
        (event) =>
          "object" in event && event.object === "route" &&
          event.data.prefixLength === 0 &&
          (options.lifetime === 0
            ? event.event === "delete"
            : event.data.metrics?.mtu === (options.mtu ?? 1370)),
      ),
    );
    events.push(...await assertKnowsAll(monitor, host));
  }
  assertExplained(events);
});

await testWith(
  ["type bridge vlan_filtering 1"],
  "a bridge with a VLAN of its own is not its own port",
  async () => {
    await using lab = await Lab.open("ns");
    const { ns } = lab;
    await ns.ip("link add br0 up type bridge vlan_filtering 1");
    await using monitor = await openMonitor(ns);
    await ns.run("bridge", ["vlan", "add", "dev", "br0", "vid", "100", "self"]);
    await ns.ip("link set br0 mtu 1400");
    const events = await until(monitor, is("change link br0: mtu"));
    assertEquals([...about(events, "port")], []);
    assertEquals(monitor.all("port"), []);
  },
);

Deno.test("the expiry of an IPv6 route is set, changed and removed", async () => {
  await using lab = await routed();
  const { ns } = lab;
  const route = "2001:db8:7::/48 via 2001:db8::2 dev one";
  await ns.ip(`route add ${route}`);
  await using monitor = await openMonitor(ns, { objects: ["route"] });
  for (const expires of ["expires 1000", "expires 500", ""]) {
    await ns.ip(`route replace ${route} ${expires}`);
    const events = await until(
      monitor,
      (event) =>
        "object" in event && event.data !== undefined &&
        event.changed?.includes("cache") === true,
    );
    assertExplained(events);
  }
});

Deno.test("how IPv6 makes addresses is a change of its link", async () => {
  await using lab = await routed();
  await using monitor = await openMonitor(lab.ns, { objects: ["link"] });
  await lab.ns.ip("link set one addrgenmode none");
  const events = await until(
    monitor,
    (event) =>
      "object" in event &&
      event.changed?.includes("IFLA_INET6_ADDR_GEN_MODE") === true,
  );
  assertExplained(events);
});

Deno.test("another root qdisc is a change of its link", async () => {
  await using lab = await routed();
  await using monitor = await openMonitor(lab.ns, { objects: ["link"] });
  await lab.ns.run("tc", ["qdisc", "add", "dev", "one", "root", "pfifo"]);
  const [event] = about(
    await until(monitor, is("change link one: qdisc (unannounced)")),
    "link",
  );
  assertEquals(event?.data.qdisc, "pfifo");
});

Deno.test("a sweep finds what the kernel notifies with nothing else", async () => {
  await using lab = await Lab.open("ns");
  const { ns } = lab;
  await ns.ip("link add quiet type veth peer name other");
  await using monitor = await openMonitor(ns, { sweepInterval: 50 });
  await ns.batch(`
    link set quiet group 7
    link set quiet alias hidden
    link set quiet addrgenmode random`);
  const seen = new Set<string>();
  await until(monitor, (event) => {
    if ("object" in event && event.object === "link") {
      for (const key of event.changed ?? []) seen.add(key);
    }
    return seen.has("group") && seen.has("alias");
  });
  await assertKnowsAll(monitor, ns);
});

Deno.test("the namespace of a process is removed with the process", async () => {
  const child = new Deno.Command("unshare", {
    args: ["--net", "sh", "-c", "echo ready; exec sleep 60"],
    stdout: "piped",
  }).spawn();
  try {
    const reader = child.stdout.getReader();
    await reader.read();
    reader.releaseLock();
    const path = `/proc/${child.pid}/ns/net`;
    await using monitor = await Monitor.open({ namespaces: [path] });
    child.kill();
    await child.status;
    await until(monitor, ({ event }) => event === "removed");
    assertEquals(monitor.namespaces, []);
  } finally {
    try {
      child.kill();
    } catch { /* it has ended */ }
    await child.status;
    await child.stdout.cancel();
  }
});
