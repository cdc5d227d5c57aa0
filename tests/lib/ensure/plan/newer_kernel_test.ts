// A kernel that is newer than netplumb reports attributes that it does not know
// and longer structs: no difference is found, and nothing is lost.

import { assert, assertEquals } from "@std/assert";
import { parseConfiguration, Reconciler } from "../../../../mod.ts";
import { RouteSocket } from "../../../../lib/rtnetlink/socket.ts";
import { Lab } from "../../../support/netns.ts";
import { newerKernel, UNKNOWN } from "../../../support/newer_kernel.ts";
import "../../../support/descriptors.ts";

const CONFIGURATION = {
  exclusive: ["addresses", "neighbours", "nexthops", "routes", "rules"],
  links: [
    {
      name: "d0",
      kind: "veth",
      options: { peer: { name: "d1" } },
      up: true,
      mtu: 1400,
      addresses: ["192.0.2.1/24", { address: "2001:db8::1/64", nodad: true }],
    },
    { name: "d1", up: true, master: "br0" },
    { name: "br0", kind: "bridge", options: { stp_state: false }, up: true },
    {
      name: "vx0",
      kind: "vxlan",
      options: { id: 7, local: "192.0.2.1", dstport: 4789 },
    },
    { name: "mv0", kind: "macvlan", link: "d0", options: { mode: "bridge" } },
  ],
  neighbours: [{ to: "192.0.2.9", dev: "d0", lladdr: "02:00:5e:00:53:09" }],
  nexthops: [
    { id: 1, via: "192.0.2.8", dev: "d0" },
    { id: 2, group: [{ id: 1, weight: 3 }] },
  ],
  routes: [
    { to: "198.51.100.0/24", via: "192.0.2.8", dev: "d0", mtu: 1300 },
    { to: "203.0.113.0/24", nhid: 2 },
    { to: "2001:db8:9::/48", via: "2001:db8::8", dev: "d0" },
    {
      to: "203.0.113.128/25",
      nexthops: [{ via: "192.0.2.7", weight: 2 }, { via: "192.0.2.8" }],
    },
  ],
  rules: [
    { priority: 50, ipproto: 17, dport: 53, table: 100 },
    { priority: 51, ipproto: 17, sport: 53, table: 101 },
    { priority: 52, ipproto: 6, dport: "80-90", table: 102 },
  ],
};

Deno.test("ensure finds no difference in what a newer kernel adds", async () => {
  await using lab = await Lab.open("ns");
  await using reconciler = await Reconciler.open(
    parseConfiguration(CONFIGURATION),
    { namespace: lab.ns.name },
  );
  const applied = await reconciler.apply();
  assertEquals([applied.refused, applied.unresolved], [undefined, []]);
  assertEquals((await reconciler.plan()).actions, []);
  using kernel = newerKernel();
  const { actions } = await reconciler.plan();
  assertEquals(actions.map(({ summary, reasons }) => [summary, reasons]), []);
  assert(kernel.datagrams > 0);

  await lab.ns.batch("link set d0 mtu 1450");
  const drifted = await reconciler.plan();
  assertEquals(drifted.actions.map(({ reasons }) => reasons), [
    ["mtu is 1450, wanted 1400"],
  ]);
});

Deno.test("attributes that a newer kernel adds are kept", async () => {
  await using lab = await Lab.open("ns");
  await lab.ns.batch(`
    link add d0 type veth peer name d1
    link set d0 addrgenmode none
    link set d1 addrgenmode none
    link set d0 up
    link set d1 up
    address add 192.0.2.1/24 dev d0
    neighbour add 192.0.2.9 lladdr 02:00:5e:00:53:09 dev d0
    nexthop add id 1 via 192.0.2.8 dev d0
    route add 198.51.100.0/24 via 192.0.2.8 dev d0`);
  await using socket = RouteSocket.open({ namespace: lab.ns.name });
  const read = async () => ({
    addresses: await socket.addresses(),
    neighbours: await socket.neighbours(),
    nexthops: await socket.nexthops(),
    routes: await socket.routes(),
    rules: await socket.rules(),
  });
  const before = await read();
  using _kernel = newerKernel();
  const after = await read();
  const unknown = UNKNOWN.map(({ type, value }) => ({
    type: type & 0x3fff,
    value,
  }));
  for (const [name, objects] of Object.entries(after)) {
    const plain = before[name as keyof typeof before];
    assert(objects.length === plain.length && objects.length > 0, name);
    for (const [at, object] of objects.entries()) {
      const { unknown: had = [], ...same } = plain[at];
      const expected = name === "rules" ? had : [...had, ...unknown];
      const { unknown: kept = [], ...rest } = object;
      assertEquals(kept, expected, name);
      assertEquals(withoutTimes(rest), withoutTimes(same), name);
    }
  }
  for (const link of await socket.links()) {
    // The message of a link contains attributes that are not decoded yet.
    assert(link.message.toHex().includes("0800fb0001020304"), link.name);
  }
});

/** What changes by itself. */
function withoutTimes(object: object): object {
  return Object.fromEntries(
    Object.entries(object).filter(([key, value]) =>
      value !== undefined && key !== "cacheInfo" && key !== "cache"
    ),
  );
}
