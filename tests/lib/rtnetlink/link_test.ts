// Attributes of a Link without fields, compared with iproute2 and sysfs.

import { assert, assertEquals } from "@std/assert";
import { IFLA_PROMISCUITY } from "../../../ffi/uapi/linux_if_link.ts";
import { LinkNames } from "../../../lib/rtnetlink/link/names.ts";
import { RouteSocket } from "../../../lib/rtnetlink/socket.ts";
import "../../support/descriptors.ts";
import { Lab } from "../../support/netns.ts";

Deno.test("a bridge reports the same about its port as the port itself", async () => {
  await using lab = await Lab.open("ns");
  await lab.ns.batch(`
    link add bridge0 type bridge
    link add port0 type veth peer name end0
    link set port0 master bridge0
    link set port0 type bridge_slave cost 77 hairpin on
    link set port0 up`);
  await using route = RouteSocket.open({ namespace: lab.ns.name });
  const [reported] = (await route.links({ family: "bridge" }))
    .filter(({ name }) => name === "port0");
  const itself = await route.link("port0");
  assertEquals(reported.family, "bridge");
  assertEquals(reported.master, itself.master);
  assertEquals(itself.portData?.cost, 77);
  for (const key of ["cost", "hairpin", "state", "priority", "learning"]) {
    assertEquals(reported.portData?.[key], itself.portData?.[key], key);
  }
});

Deno.test("links inside the options of a link are indexes, named only in JSON", async () => {
  await using lab = await Lab.open("ns");
  await lab.ns.batch(`
    link add low0 type veth peer name low1
    link add vx0 type vxlan id 5 remote 192.0.2.2 dstport 4789 dev low0`);
  await using route = RouteSocket.open({ namespace: lab.ns.name });
  const { data } = await route.link("vx0");
  assertEquals(data?.id, 5);
  assertEquals(data?.link, (await route.link("low0")).ifindex);
});

Deno.test("a link of an unknown kind has no options, a link without a kind has none", async () => {
  await using lab = await Lab.open("ns");
  await lab.ns.ip("link add plain type ifb");
  await using route = RouteSocket.open({ namespace: lab.ns.name });
  const plain = await route.link("plain");
  assertEquals([plain.kind, plain.data], ["ifb", undefined]);
  const lo = await route.link("lo");
  assertEquals([lo.kind, lo.data, lo.portData], [
    undefined,
    undefined,
    undefined,
  ]);
});

Deno.test("the counters are those of sysfs", async () => {
  await using lab = await Lab.open("ns");
  await using route = RouteSocket.open({ namespace: lab.ns.name });
  await lab.ns.run("ping", ["-c", "3", "-i", "0.01", "127.0.0.1"]);
  const names = ["rx_packets", "tx_bytes", "rx_dropped", "multicast"] as const;
  const files = names.map((name) => `/sys/class/net/lo/statistics/${name}`);
  const { statistics } = await route.link("lo", { statistics: true });
  assertEquals(
    names.map((name) => statistics?.[name]),
    // sysfs is that of the namespace that `ip netns exec` mounts it in.
    (await lab.ns.run("cat", files)).trim().split("\n").map(Number),
  );
  assertEquals(statistics?.rx_packets, 6);
});

Deno.test("a link is found by any of its names; a deleted one is named by its ifindex", async () => {
  await using lab = await Lab.open("ns");
  await lab.ns.batch(`
    link add plain type ifb
    link property add dev plain altname an-altogether-different-name`);
  await using route = RouteSocket.open({ namespace: lab.ns.name });
  const plain = await route.link("an-altogether-different-name");
  assertEquals(plain.name, "plain");
  const names = new LinkNames(await route.links());
  assertEquals(names.index("plain"), plain.ifindex);
  assertEquals(names.index("an-altogether-different-name"), plain.ifindex);
  assertEquals(names.name(plain.ifindex), "plain");
  assertEquals(names.isDown(plain.ifindex), true);
  names.delete(plain.ifindex);
  assertEquals(names.name(plain.ifindex), `if${plain.ifindex}`);
  assertEquals(names.name(0), "*");
  assertEquals(names.index("plain"), undefined);
});

Deno.test("attributes without a field are read from the message", async () => {
  await using lab = await Lab.open("ns");
  await lab.ns.batch(`
    link add plain type ifb
    link set plain promisc on`);
  await using route = RouteSocket.open({ namespace: lab.ns.name });
  const plain = await route.link("plain");
  assertEquals(plain.attribute(IFLA_PROMISCUITY)?.u32(), 1);
  assertEquals(plain.attribute(4000), undefined);
  let count = 0;
  const attributes = plain.attributes();
  while (attributes.next()) count++;
  assert(count > 30);
});
