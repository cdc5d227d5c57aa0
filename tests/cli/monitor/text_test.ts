// The text output of `netplumb monitor`, in its usual wording.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { testOfRenaming } from "../../support/kinds.ts";
import { Lab } from "../../support/netns.ts";
import { Watching } from "./watching.ts";

testOfRenaming(
  "monitor tells of links and addresses in the words people know",
  async () => {
    await using lab = await Lab.open("ns");
    await using watching = await Watching.open(lab.ns, "link", "address");
    await lab.ns.batch(`
    link add veth0 type veth peer name veth1
    link set veth1 up
    link set veth0 up
    address add 10.0.0.1/24 dev veth0
    address add 10.0.1.1 peer 10.0.1.2/32 dev veth0
    address change 10.0.0.1/24 dev veth0 valid_lft 500 preferred_lft 400
    link set veth0 mtu 1400
    link set veth0 name uplink
    address delete 10.0.0.1/24 dev uplink
    link delete uplink`);
    const lines = await watching.until(/uplink was removed/);
    const reported = lines.filter((line) =>
      !/fe80|veth1|RUNNING: flags|\[/.test(line)
    ).map((line) => line.replace(/[\da-f:]{17}/, "MAC"));
    assertEquals(reported, [
      "New network interface veth0, state: DOWN NOT RUNNING (veth, mtu 1500, MAC)",
      "Interface veth0: new address was assigned: 10.0.0.1/24",
      "Interface veth0: new address was assigned: 10.0.1.1 peer 10.0.1.2/32",
      "Interface veth0: address was changed: 10.0.0.1/24: valid_life_time forever -> 500, preferred_life_time forever -> 400, +dynamic",
      "Network interface veth0 was changed: mtu 1500 -> 1400",
      "Network interface veth0 was renamed to uplink",
      "Interface uplink: address was changed: 10.0.0.1/24: label veth0 -> uplink",
      "Interface uplink: address was changed: 10.0.1.1 peer 10.0.1.2/32: label veth0 -> uplink:2",
      "Interface uplink: address was removed: 10.0.0.1/24",
      "Interface uplink: address was removed: 10.0.1.1 peer 10.0.1.2/32",
      "Network interface uplink was removed",
    ]);
    assert(
      lines.some((line) =>
        line.startsWith(
          "Network interface veth0 was changed, state: UP RUNNING: flags",
        )
      ),
      lines.join("\n"),
    );
    const { code, stderr } = await watching.running.stop();
    assertEquals(code, 0);
    assertMatch(stderr, /^\d+ events.* in \d+\.\d s\n$/);
  },
);

Deno.test("monitor reports routes, neighbours, rules and nexthops, and the origin of events", async () => {
  await using lab = await Lab.open("ns");
  await lab.ns.batch(`
    link add gate type ifb
    link set gate up
    address add 10.0.0.1/24 dev gate`);
  await using watching = await Watching.open(lab.ns);
  await watching.until(/IPv6 rule: 32766/);
  await lab.ns.batch(`
    route add 10.1.0.0/16 via 10.0.0.2
    route replace 10.1.0.0/16 via 10.0.0.3
    route add 10.2.0.0/16 nexthop via 10.0.0.2 nexthop via 10.0.0.3
    route add 2001:db8:5::/48 dev gate
    neighbour add 10.0.0.9 lladdr 02:00:00:00:00:09 dev gate
    rule add from 10.1.0.0/16 table 7
    nexthop add id 3 via 10.0.0.4 dev gate
    route delete 10.1.0.0/16`);
  await lab.ns.ip("-6 rule add to 2001:db8::/32 table 7");
  await lab.ns.ip("link set gate down");
  const lines = await watching.until(/nexthop was deleted/);
  lines.push(...await watching.until(/route was deleted: 10\.2/));
  const gate = lines.filter((line) =>
    /10\.[12]\.|2001:db8|\.9 |id 3/
      .test(line)
  );
  assertEquals(gate, [
    "Routing table was changed: new route: 10.1.0.0/16 via 10.0.0.2 dev gate",
    "Routing table was changed: route was changed: 10.1.0.0/16 via 10.0.0.3 dev gate: gateway 10.0.0.2 -> 10.0.0.3",
    "Routing table was changed: new route: 10.2.0.0/16 nexthop via 10.0.0.2 dev gate weight 1 nexthop via 10.0.0.3 dev gate weight 1",
    "Routing table was changed: new IPv6 route: 2001:db8:5::/48 dev gate metric 1024 pref medium",
    "Neighbour table was changed: new neighbour: 10.0.0.9 dev gate lladdr 02:00:00:00:00:09 PERMANENT",
    "Routing rules were changed: new rule: 32765: from 10.1.0.0/16 lookup 7",
    "Nexthop objects were changed: new nexthop: id 3 via 10.0.0.4 dev gate scope link",
    "Routing table was changed: route was deleted: 10.1.0.0/16 via 10.0.0.3 dev gate",
    "Routing rules were changed: new IPv6 rule: 32765: from all to 2001:db8::/32 lookup 7",
    "Neighbour table was changed: neighbour was deleted: 10.0.0.9 dev gate lladdr 02:00:00:00:00:09 PERMANENT",
    "Routing table was changed: IPv6 route was deleted: 2001:db8:5::/48 dev gate metric 1024 pref medium",
    "Nexthop objects were changed: nexthop was deleted: id 3 via 10.0.0.4 dev gate scope link [unannounced]",
    "Routing table was changed: route was deleted: 10.2.0.0/16 nexthop via 10.0.0.2 dev gate weight 1 nexthop via 10.0.0.3 dev gate weight 1 [unannounced]",
  ]);
});

Deno.test("monitor reports ports that join and leave, and links that move", async () => {
  await using lab = await Lab.open("ns", "other");
  await lab.ns.batch(`
    link add br0 type bridge
    link add left type veth peer name right`);
  const where = ["--netns", lab.ns.name, "--netns", lab.other.name];
  await using watching = await Watching.open(
    lab.ns,
    ...["link", "port", "netns"],
    ...where,
  );
  const [ns, other] = [lab.ns.name, lab.other.name];
  await watching.until(/right/);
  await lab.ns.batch(`
    link set left master br0
    link set left type bridge_slave cost 7
    link set left nomaster
    link set left netns ${other}`);
  const lines = await watching.until(/left was moved/);
  const port = lines.filter((line) => /bridge br0|moved/.test(line));
  assertEquals(port.map((line) => line.replace(/number \d+/, "number N")), [
    `${ns}: Interface left joined bridge br0: state disabled`,
    `${ns}: Interface left was changed as a port of bridge br0: cost 2 -> 7`,
    `${ns}: Interface left left bridge br0`,
    `${ns}: Network interface left was moved to namespace ${other}, as number N`,
  ]);
  assert(
    lines.some((line) =>
      new RegExp(`^${ns}: Namespace id \\d is assigned to ${other}$`).test(line)
    ),
    lines.join("\n"),
  );
});

testOfRenaming(
  "monitor shows what others named as text, whatever is in it",
  async () => {
    await using lab = await Lab.open("ns");
    // Of a link that is down, the kernel does not report names and texts.
    await lab.ns.ip("link add one up type ifb");
    await using watching = await Watching.open(lab.ns, "link");
    await watching.until(/ one/);
    await lab.ns.run("ip", [
      "link",
      "set",
      "one",
      "alias",
      "\x1b[31m\u202ered",
    ]);
    await lab.ns.run("ip", ["link", "set", "one", "name", "\x1b]0;x\x07"]);
    const lines = await watching.until(/renamed/);
    assertEquals(lines, [
      "Network interface one was changed: ifalias none -> \\x1b[31m\\u202ered",
      "Network interface one was renamed to \\x1b]0;x\\x07",
    ]);
  },
);
