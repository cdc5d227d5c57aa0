// ensure --export: a file with which ensure changes nothing, and which makes the
// same network in an empty namespace.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { exportConfiguration } from "../../lib/ensure/export/export.ts";
import { parseConfiguration } from "../../lib/ensure/parse/parse.ts";
import { Reconciler } from "../../lib/ensure/reconcile/reconciler.ts";
import { netplumb } from "../support/command.ts";
import { Lab, type Netns } from "../support/netns.ts";

const SETUP = `
  link set lo up
  link add br0 type bridge stp_state 1 forward_delay 1500 ageing_time 1000
  link set br0 up
  address add 192.0.2.1/24 dev br0
  address add 2001:db8::1/64 dev br0 nodad
  link add e0 type veth peer name e1
  link property add dev e0 altname uplink
  link set e0 up
  link set e1 up mtu 1400 alias "to a switch"
  link add p0 type veth peer name p1
  link set p0 up master br0
  link set p1 up
  link add mv0 link e0 type macvlan mode bridge
  link add i0 type ifb
  address add 198.51.100.1/24 brd + dev e0
  address add 203.0.113.1 peer 203.0.113.2/32 dev e0 label e0:1
  route add 10.0.0.0/8 via 192.0.2.2 metric 5 mtu 1300
  route add 10.9.0.0/16 nexthop via 192.0.2.3 nexthop via 192.0.2.4 weight 3
  route add blackhole 10.10.0.0/16 table 70
  route add default via 192.0.2.9 proto static
  route add 10.12.0.0/16 via 192.0.2.9 proto bird
  nexthop add id 5 via 198.51.100.7 dev e0
  nexthop add id 6 via 198.51.100.8 dev e0
  nexthop add id 9 group 5,2/6
  route add 10.11.0.0/16 nhid 9
  route add 2001:db8:9::/48 via 2001:db8::9
  route add ::/0 via 2001:db8::8 metric 77
  rule add priority 100 from 10.0.0.0/8 fwmark 0x10/0xff lookup 70
  rule add priority 101 iif br0 ipproto tcp dport 53 lookup 71
  neighbour add 192.0.2.50 lladdr 02:00:00:00:00:50 dev br0
  neighbour add 2001:db8::50 lladdr 02:00:00:00:00:51 dev br0`;

/** What administrators configure, as `ip` shows it. */
async function shown(netns: Netns): Promise<string[]> {
  const lines: string[] = [];
  for (
    const command of [
      "address",
      "route show table all",
      "-6 route show table all",
      "rule",
      "neighbour show nud permanent",
      "nexthop",
      "-d link show type bridge",
      "-d link show type macvlan",
    ]
  ) lines.push(...(await netns.ip(`-o ${command}`)).split("\n"));
  return lines.map((line) =>
    line.replace(/^\d+: |if\d+|expires .*/g, "").replaceAll(
      /valid_lft.*|(tcn|topology_change|gc|hello)_timer +[\d.]+/g,
      "",
    ).trim()
  ).filter((line) =>
    line !== "" && !/fe80|ff00::|anycast|proto bird|link-netns/.test(line)
  ).toSorted();
}

Deno.test("ensure --export: ensure changes nothing, and makes the same elsewhere", async () => {
  await using lab = await Lab.open("one", "two");
  const { one, two } = lab;
  await one.batch(SETUP);
  const file = await Deno.makeTempFile({ suffix: ".yaml" });
  try {
    const { code, stdout, stderr } = await netplumb(
      undefined,
      ...["ensure", "--export", "--netns", one.name],
    );
    assertEquals([code, stderr], [0, ""]);
    await Deno.writeTextFile(file, stdout);
    const once = (netns: Netns) =>
      netplumb(undefined, "ensure", file, "--once", "--in", netns.name);
    const again = await once(one);
    assertEquals([again.code, again.stdout], [0, "no change\n"], again.stderr);
    const other = await once(two);
    assertEquals(other.code, 0, other.stderr);
    assertEquals(await shown(two), await shown(one));
    assertStringIncludes(
      (await netplumb(undefined, "ensure")).stderr,
      "FILE",
    );
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("exportConfiguration() writes a veth between namespaces once", async () => {
  await using lab = await Lab.open("one", "two");
  const { one, two } = lab;
  await one.batch(`
    link add v0 type veth peer name eth0 netns ${two.name}
    link set v0 up
    address add 192.0.2.1/24 dev v0`);
  await two.batch(`
    link set lo up
    link set eth0 up
    address add 192.0.2.2/24 dev eth0
    route add default via 192.0.2.1`);
  const configuration = await exportConfiguration({
    namespace: one.name,
    namespaces: [two.name],
  });
  const [, v0] = configuration.links!;
  assertEquals(v0!.options?.peer, { name: "eth0", netns: two.name });
  const inside = configuration.namespaces![two.name]!;
  assertEquals(inside.links?.map(({ name, kind }) => `${name} ${kind}`), [
    "lo undefined",
    "eth0 undefined",
  ]);
  assertEquals(inside.routes, [{
    to: "default",
    via: "192.0.2.1",
    dev: "eth0",
  }]);
  await using reconciler = await Reconciler.open(
    parseConfiguration(configuration),
    { namespace: one.name },
  );
  assertEquals(await reconciler.plan(), { actions: [], missing: [] });
  await one.ip("link delete v0");
  await reconciler.apply();
  assertEquals((await two.json("route")).length, 2);
});
