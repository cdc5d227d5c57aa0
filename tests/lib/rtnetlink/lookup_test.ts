// RouteSocket.lookup(): what the kernel answers, beside `ip route get`.

import { assertEquals, assertRejects } from "@std/assert";
import { libc } from "../../../ffi/libc.ts";
import { ENETUNREACH } from "../../../ffi/errno.ts";
import { ArgumentError } from "../../../lib/errors.ts";
import { ipRoute } from "../../../lib/iproute2/route.ts";
import { LinkNames } from "../../../lib/rtnetlink/link/names.ts";
import type { RouteLookup } from "../../../lib/rtnetlink/route_lookup.ts";
import { RouteSocket } from "../../../lib/rtnetlink/socket.ts";
import { NetlinkError } from "../../../lib/netlink/errors.ts";
import { Lab } from "../../support/netns.ts";

// Loaded here, so that the test is not charged with it.
libc();

const CASES: readonly (readonly [string, string, RouteLookup])[] = [
  ["198.51.100.7", "", {}],
  ["198.51.100.7", "from 192.0.2.2 oif v0", { from: "192.0.2.2", oif: "v0" }],
  ["198.51.100.7", "mark 7 uid 1000", { mark: 7, uid: 1000 }],
  [
    "203.0.113.1",
    "ipproto udp sport 53 dport 99",
    { protocol: "udp", sport: 53, dport: 99 },
  ],
  ["203.0.113.1", "fibmatch", { fibMatch: true }],
  ["127.0.0.1", "", {}],
  ["2001:db8:1::1", "from 2001:db8::2", { from: "2001:db8::2" }],
];

Deno.test("lookup() returns the route that ip route get prints", async () => {
  await using lab = await Lab.open("host");
  await lab.host.batch(`
    link add v0 type veth peer name v1
    link set v0 up
    link set v1 up
    address add 192.0.2.1/24 dev v0
    address add 192.0.2.2/24 dev v0
    address add 2001:db8::1/64 dev v0
    address add 2001:db8::2/64 dev v0
    route add 198.51.100.0/24 via 192.0.2.9
    route add table 7 198.51.100.0/24 via 192.0.2.77
    rule add fwmark 7 lookup 7
    route add 203.0.113.0/24 via 192.0.2.8 mtu 1300
    rule add ipproto udp dport 99 prohibit pref 9
    rule add ipproto udp sport 53 lookup main pref 8
  `);
  await lab.host.ip("-6 route add 2001:db8:1::/48 via 2001:db8::9");
  await using socket = RouteSocket.open({ namespace: lab.host.name });
  const names = new LinkNames(await socket.links());
  for (const [destination, words, lookup] of CASES) {
    const route = await socket.lookup(destination, lookup);
    const [theirs] = await lab.host.json(`route get ${destination} ${words}`);
    assertEquals({ ...ipRoute(route, { names }) }, theirs, words);
  }
  const error = await assertRejects(
    () => socket.lookup("198.18.0.1"),
    NetlinkError,
  );
  assertEquals(error.errno, ENETUNREACH);
  await assertRejects(
    () => socket.lookup("192.0.2.9", { from: "2001:db8::1" }),
    ArgumentError,
  );
});
