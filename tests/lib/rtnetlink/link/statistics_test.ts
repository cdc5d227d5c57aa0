// Counters of links beside those of /proc: iproute2 has the same C header, so
// it is no reference for where the kernel puts them.

import { assert, assertEquals } from "@std/assert";
import { RouteSocket } from "../../../../lib/rtnetlink/socket.ts";
import { Lab } from "../../../support/netns.ts";
import "../../../support/descriptors.ts";
import { settled } from "../../../support/settled.ts";

Deno.test("IPv6 counters of a link are those of /proc/net/dev_snmp6", async () => {
  await using lab = await Lab.open("here");
  const { here } = lab;
  await here.ip("link set lo up");
  const sent = await here.output("ping", [
    "-6",
    "-c",
    "2",
    "-i",
    "0.01",
    "::1",
  ]);
  assertEquals(sent.code, 0, sent.stderr);
  await using route = RouteSocket.open({ namespace: here.name });
  await settled(async () => {
    const [lo] = await route.links({ family: "inet6" });
    const { code, stdout } = await here.output("cat", [
      "/proc/net/dev_snmp6/lo",
    ]);
    assertEquals(code, 0);
    const counts = new Map(
      stdout.split("\n").map((line) => {
        const [name = "", count] = line.split(/\s+/);
        return [name, Number(count)];
      }),
    );
    const { rx_packets, rx_bytes, tx_packets, tx_bytes, multicast } = lo
      ?.statistics ?? {};
    assertEquals({ rx_packets, rx_bytes, tx_packets, tx_bytes, multicast }, {
      rx_packets: counts.get("Ip6InReceives"),
      rx_bytes: counts.get("Ip6InOctets"),
      tx_packets: counts.get("Ip6OutRequests"),
      tx_bytes: counts.get("Ip6OutOctets"),
      multicast: counts.get("Ip6InMcastPkts"),
    });
    assert(rx_packets! >= 4 && tx_packets! >= 4);
  });
});

Deno.test("a bridge's port as the bridge reports it has no counters", async () => {
  await using lab = await Lab.open("here");
  const { here } = lab;
  await here.batch(`
    link add br0 type bridge
    link add left master br0 type veth peer name right`);
  await using route = RouteSocket.open({ namespace: here.name });
  const links = await route.links({ family: "bridge", statistics: true });
  const left = links.find(({ name }) => name === "left");
  assertEquals([left?.master !== 0, left?.statistics], [true, undefined]);
});
