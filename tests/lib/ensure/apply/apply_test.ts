// A configuration applied once: from nothing, again, with unmanaged objects
// removed, and rolled back after a refusal. `ip` is the oracle.

import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { ArgumentError } from "../../../../lib/errors.ts";
import {
  type ApplyResult,
  Reconciler,
} from "../../../../lib/ensure/reconcile/reconciler.ts";
import type { NetworkConfiguration } from "../../../../lib/ensure/parse/configuration.ts";
import { parseConfiguration } from "../../../../lib/ensure/parse/parse.ts";

import { openDescriptors } from "../../../support/descriptors.ts";
import { EnsureLab, seenIn } from "../../../support/ensure_lab.ts";
import { Lab, run, UnmadeNetns } from "../../../support/netns.ts";

async function made(description: NetworkConfiguration): Promise<ApplyResult> {
  await using reconciler = await Reconciler.open(
    parseConfiguration(description),
  );
  return await reconciler.apply();
}

/** The plan, as text. */
async function differing(description: NetworkConfiguration): Promise<string[]> {
  await using reconciler = await Reconciler.open(
    parseConfiguration(description),
  );
  const { actions } = await reconciler.plan();
  return actions.map(({ summary, reasons }) =>
    [summary, ...reasons].join(": ")
  );
}

function right({ refused, unresolved }: ApplyResult): void {
  assertEquals(refused?.error.message, undefined);
  assertEquals(unresolved.map(({ summary }) => summary), []);
}

Deno.test("ensure creates a lab from nothing, and changes nothing the second time", async () => {
  await using lab = new EnsureLab();
  const before = openDescriptors();
  right(await made(lab.description));
  assertEquals(await lab.seen(), {
    router: [
      "br0 192.0.2.1/24",
      "br0 2001:db8:1::1/64",
      "link br0 up mtu 1400 kind bridge forward_delay 400 stp_state 0",
      "link lo up mtu 65536",
      "link p1 up mtu 1400 master br0 kind veth cost 10 hairpin true",
      "link p2 up mtu 1400 master br0 kind veth hairpin false",
      "route unicast 198.51.100.0/24 via 192.0.2.2 dev br0",
      "route unicast 2001:db8:9::/48 metric 1024" +
      " via 2001:db8:1::2 dev br0 weight 1 via 2001:db8:1::3 dev br0 weight 1",
      "route unicast 203.0.113.0/24" +
      " via 192.0.2.2 dev br0 weight 2 via 192.0.2.3 dev br0 weight 1",
    ],
    left: [
      "eth0 192.0.2.2/24",
      "eth0 2001:db8:1::2/64",
      "link eth0 up mtu 1400 kind veth",
      "link lo up mtu 65536",
      "link mv0 up mtu 1400 link eth0 kind macvlan mode bridge",
      "mv0 198.51.100.1/24",
      "route blackhole 10.9.0.0/16",
      "route unicast default via 192.0.2.1 dev eth0",
      "route unicast default via 2001:db8:1::1 dev eth0 metric 1024",
    ],
    right: [
      "eth0 192.0.2.3/24",
      "eth0 2001:db8:1::3/64",
      "link eth0 up mtu 1400 kind veth",
      "link lo up mtu 65536",
      "route unicast default via 192.0.2.1 dev eth0 metric 5 mtu 1300",
    ],
  });
  await lab.right.run("ping", ["-c1", "-W5", "192.0.2.2"]);
  const again = await made(lab.description);
  assertEquals(again.applied, []);
  assertEquals(await differing(lab.description), []);
  assertEquals(openDescriptors(), before);
});

Deno.test("ensure gives reasons, changes only what is mentioned, and recreates what it must", async () => {
  await using lab = await Lab.open("one");
  const { one } = lab;
  await one.batch(`
    link add br0 type bridge stp_state 1 forward_delay 900
    link set br0 mtu 1300 up
    link add v0 type veth peer name v1
    link add mv0 link v0 type macvlan mode private
    link add mv1 link v1 type macvlan mode vepa
    address add 192.0.2.1/24 dev br0 metric 3
    address add 192.0.2.9/24 dev br0
    route add 10.0.0.0/8 via 192.0.2.7
    route add 10.1.0.0/16 via 192.0.2.7 metric 4`);
  const description: NetworkConfiguration = {
    namespaces: {
      [one.name]: {
        links: [
          {
            name: "br0",
            mtu: 1400,
            kind: "bridge",
            alias: "the one",
            options: { forward_delay: 400, stp_state: true },
            addresses: [{ address: "192.0.2.1/24", metric: 7 }],
          },
          { name: "v0", kind: "bridge" },
          {
            name: "mv1",
            kind: "macvlan",
            link: "v1",
            options: { mode: "bridge" },
          },
          { name: "v1", kind: "veth", options: { peer: { name: "v2" } } },
        ],
        routes: [
          { to: "10.0.0.0/8", via: "192.0.2.8" },
          { to: "10.1.0.0/16", via: "192.0.2.7", metric: 4, mtu: 1200 },
        ],
      },
    },
  };
  assertEquals(await differing(description), [
    "delete link v0, to recreate it: is a veth, wanted a bridge",
    "delete link v1, to recreate it: peer is another link, wanted v2",
    "change link br0: mtu is 1300, wanted 1400: alias is not set, wanted " +
    "the one: forward_delay is 900, wanted 400",
    "add link v0 (bridge)",
    "add link mv1 (macvlan)",
    "add link v1 (veth, peer v2)",
    "change address 192.0.2.1/24 of br0: metric is 3, wanted 7",
    "change route 10.0.0.0/8: via is 192.0.2.7, wanted 192.0.2.8",
    "change route 10.1.0.0/16 metric 4: mtu is not set, wanted 1200",
  ]);
  right(await made(description));
  assertEquals(await differing(description), []);
  assertEquals(await seenIn(one), [
    "br0 192.0.2.1/24",
    "br0 192.0.2.9/24",
    "link br0 up mtu 1400 kind bridge forward_delay 400 stp_state 1",
    "link lo up mtu 65536",
    "link mv1 mtu 1500 link v1 kind macvlan mode bridge",
    "link v0 mtu 1500 kind bridge forward_delay 1500 stp_state 0",
    "link v1 mtu 1500 kind veth",
    "link v2 mtu 1500 kind veth",
    "route unicast 10.0.0.0/8 via 192.0.2.8 dev br0",
    "route unicast 10.1.0.0/16 via 192.0.2.7 dev br0 metric 4 mtu 1200",
  ]);
});

Deno.test("exclusive leaves what the kernel and protocols add", async () => {
  await using lab = await Lab.open("one");
  const { one } = lab;
  await one.batch(`
    link add v0 type veth peer name v1
    link add v2 type veth peer name v3
    link set v0 up
    link set v1 up
    link set v3 up
    address add 192.0.2.1/24 dev v0
    address add 192.0.2.2/24 dev v0 valid_lft 500 preferred_lft 500
    address add 2001:db8::5/64 dev v0 nodad
    address add 198.51.100.1/24 dev v1
    route add 10.0.0.0/8 via 192.0.2.7
    route add 10.2.0.0/16 via 192.0.2.7 protocol dhcp
    route add 10.3.0.0/16 dev v1
    route add unreachable 10.4.0.0/16
    route add 2001:db8:7::/48 via 2001:db8::9
    neighbour add 192.0.2.77 dev v0 lladdr 02:00:00:00:00:77
    rule add from 10.0.0.0/8 table 100 priority 50`);
  await one.ip("-6 rule add from 2001:db8::/32 table 100 priority 51");
  const kernel = async () =>
    (await one.json("-6 route show dev v0 proto kernel")).length;
  const before = await kernel();
  // Of one link alone.
  const only = (extra: object): NetworkConfiguration => ({
    namespaces: {
      [one.name]: {
        links: [
          {
            name: "v0",
            kind: "veth",
            options: { peer: { name: "v1" } },
            ...extra,
          },
        ],
      },
    },
  });
  assertEquals(await differing(only({})), []);
  assertEquals(await differing(only({ exclusive: ["addresses"] })), [
    "delete address 192.0.2.1/24 of v0",
    "delete address 2001:db8::5/64 of v0",
  ]);
  assertEquals(
    await differing(only({ exclusive: ["addresses", "dynamic"] })),
    [
      "delete address 192.0.2.1/24 of v0",
      "delete address 192.0.2.2/24 of v0",
      "delete address 2001:db8::5/64 of v0",
    ],
  );
  assertEquals(await differing(only({ exclusive: ["routes", "neighbours"] })), [
    "delete route 10.0.0.0/8",
    "delete route 2001:db8:7::/48 metric 1024",
    "delete neighbour 192.0.2.77 of v0",
  ]);
  const all: NetworkConfiguration = {
    namespaces: {
      [one.name]: {
        exclusive: true,
        links: [{
          name: "v0",
          kind: "veth",
          options: { peer: { name: "v1" } },
          addresses: ["192.0.2.1/24"],
        }],
      },
    },
  };
  right(await made(all));
  assertEquals(await differing(all), []);
  assertEquals(await seenIn(one), [
    "link lo up mtu 65536",
    "link v0 up mtu 1500 kind veth",
    "link v1 up mtu 1500 kind veth",
    "route unicast 10.2.0.0/16 via 192.0.2.7 dev v0",
    "v0 192.0.2.1/24",
    "v0 192.0.2.2/24",
  ]);
  assertEquals((await one.json("rule")).length, 3);
  assertEquals((await one.json("-6 rule")).length, 2);
  assertEquals((await one.json("neighbour show nud permanent")).length, 0);
  // Link-local addresses and the routes of connected networks.
  assert(before > 1);
  assertEquals(await kernel(), before - 1);
});

Deno.test("ensure raises the MTU of a lower link first", async () => {
  await using lab = await Lab.open("one");
  const { one } = lab;
  await one.batch(`
    link add v0 type veth peer name v1
    link set v0 mtu 1300
    link set v1 mtu 1300
    link add mv0 link v0 type macvlan mode bridge`);
  const description: NetworkConfiguration = {
    namespaces: {
      [one.name]: {
        links: [
          { name: "mv0", kind: "macvlan", link: "v0", mtu: 1450 },
          { name: "v0", mtu: 1450 },
        ],
      },
    },
  };
  right(await made(description));
  assertEquals(await differing(description), []);
});

Deno.test("ensure rolls additions back when an action is refused", async () => {
  await using lab = await Lab.open("here");
  await using fresh = new UnmadeNetns("fresh");
  const { here } = lab;
  await here.batch(`
    link add v0 type veth peer name v1
    link set v0 up`);
  const before = await seenIn(here);
  const applied = await made({
    namespaces: {
      [here.name]: {
        links: [
          { name: "v0", mtu: 1400, addresses: ["192.0.2.1/24"] },
          { name: "br0", kind: "bridge", up: true },
          { name: "bad0", kind: "nosuchkind" },
        ],
      },
      [fresh.name]: { links: [{ name: "br1", kind: "bridge" }] },
    },
  });
  assertEquals(applied.refused?.action.name, "bad0");
  assertStringIncludes(
    applied.refused?.error.message ?? "",
    "module nosuchkind",
  );
  assertEquals(applied.notRolledBack, []);
  assertEquals(await seenIn(here), before);
  assert(!(await run("ip", ["netns", "list"])).includes(fresh.name));

  // A refused route, after something that is changed: that is said.
  const late = await made({
    namespaces: {
      [here.name]: {
        links: [
          { name: "v0", mtu: 1400, addresses: ["192.0.2.1/24"] },
          { name: "br0", kind: "bridge", up: true },
        ],
        rules: [{ priority: 7, table: 9 }],
        routes: [{ to: "10.0.0.0/8", via: "203.0.113.1" }],
      },
    },
  });
  assertEquals(late.refused?.error.code, "ENETUNREACH");
  assertEquals(late.notRolledBack.map(({ action }) => action.summary), [
    "change link v0",
  ]);
  assertEquals(
    await seenIn(here),
    before.map((line) => line.replace("v0 up mtu 1500", "v0 up mtu 1400")),
  );
  assertEquals((await here.json("rule")).length, 3);
});

Deno.test("apply() reports missing devices, and one namespace under two names is refused", async () => {
  await using lab = await Lab.open("one");
  await using reconciler = await Reconciler.open(parseConfiguration({
    namespaces: {
      [lab.one.name]: {
        links: [{ name: "eth9", up: true, addresses: ["192.0.2.1/24"] }],
        routes: [{ to: "10.0.0.0/8", dev: "eth9" }],
      },
    },
  }));
  const { actions, missing } = await reconciler.plan();
  assertEquals(actions, []);
  assertEquals(missing, [
    { object: "link", namespace: lab.one.name, name: "eth9" },
  ]);

  await using twice = new UnmadeNetns("twice");
  await run("touch", [`/run/netns/${twice.name}`]);
  await run("mount", [
    "--bind",
    `/run/netns/${lab.one.name}`,
    `/run/netns/${twice.name}`,
  ]);
  await assertRejects(
    () =>
      Reconciler.open(parseConfiguration({
        namespaces: { [lab.one.name]: {}, [twice.name]: {} },
      })),
    ArgumentError,
    "configured too",
  );
});

Deno.test("ensure creates links of many kinds, in their namespaces", async () => {
  await using lab = await Lab.open("under", "over");
  const { under, over } = lab;
  const description: NetworkConfiguration = {
    namespaces: {
      [under.name]: {
        links: [
          {
            name: "vx0",
            kind: "vxlan",
            up: true,
            options: {
              id: 7,
              remote: "192.0.2.9",
              dstport: 4789,
              ttl: 9,
              learning: false,
            },
          },
          { name: "tap0", kind: "tap", options: { user: 1234 }, mtu: 1400 },
          { name: "ifb0", kind: "ifb", txqueuelen: 77, group: 5 },
          {
            name: "a0",
            kind: "veth",
            address: "02:00:00:00:00:07",
            altnames: ["the-long-name-of-a0"],
            addrgenmode: "none",
            options: { peer: { name: "a1", mtu: 1450, up: true } },
          },
          // Made on a link of here, for the other namespace.
          {
            name: "mv0",
            kind: "macvlan",
            link: "a0",
            netns: over.name,
            up: true,
          },
        ],
        nexthops: [{ id: 5, via: "192.0.2.9", dev: "a0" }],
        routes: [{ to: "10.0.0.0/8", nhid: 5 }],
      },
      [over.name]: {},
    },
  };
  const { links = [] } = description.namespaces![under.name];
  Object.assign(links[3], { up: true, addresses: ["192.0.2.1/24"] });
  right(await made(description));
  assertEquals(await differing(description), []);
  const [vxlan] = await under.json<{ linkinfo: Record<string, object> }>(
    "-d link show vx0",
  );
  assertEquals(
    { ...vxlan.linkinfo.info_data, ...{ id: 7, ttl: 9, port: 4789 } },
    vxlan.linkinfo.info_data,
  );
  const [macvlan] = await over.json<{ link_netnsid: number; flags: string[] }>(
    "link show mv0",
  );
  assert(macvlan.flags.includes("UP"));
  assertEquals(typeof macvlan.link_netnsid, "number");
  await under.batch(`
    link set ifb0 txqueuelen 5 group 0
    link set a1 mtu 1500
    link property del dev a0 altname the-long-name-of-a0
    link set a0 addrgenmode eui64
    link set tap0 mtu 1500
    nexthop replace id 5 via 192.0.2.8 dev a0`);
  assertEquals(await differing(description), [
    "change link tap0: mtu is 1500, wanted 1400",
    "change link ifb0: txqueuelen is 5, wanted 77: group is default, wanted 5",
    "change link a0: addrgenmode is eui64, wanted none: lacks " +
    "altname the-long-name-of-a0",
    "change link a1: mtu is 1500, wanted 1450",
    "change nexthop 5: via is 192.0.2.8, wanted 192.0.2.9",
  ]);
  right(await made(description));
  assertEquals(await differing(description), []);
});
