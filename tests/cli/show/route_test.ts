// `show route` beside `ip -j [-d] [-s] route`.

import { assert } from "@std/assert";
import { Lab, type Netns } from "../../support/netns.ts";
import "../../support/descriptors.ts";
import { assertShows } from "./compare.ts";

async function network(netns: Netns, routes: string): Promise<void> {
  await netns.batch(`
    link add eth0 type veth peer name eth1
    link set eth0 up
    link set eth1 up
    address add 192.0.2.1/24 dev eth0
    address add 198.51.100.1/24 dev eth1
    address add 2001:db8::1/64 dev eth0 nodad
    address add 2001:db8:1::1/64 dev eth1 nodad
    ${routes}`);
}

Deno.test("show route: gateways, types, metrics, sources, every table", async () => {
  await using lab = await Lab.open("here");
  const { here } = lab;
  await network(
    here,
    `
    route add default via 192.0.2.2
    route add default via 192.0.2.3 metric 100 proto static
    route add 10.0.0.0/8 via 192.0.2.2 src 192.0.2.1 proto bird
    route add 10.1.0.0/16 dev eth0 scope link metric 7
    route add 10.2.0.1 via 192.0.2.2 tos 0x10
    route add blackhole 10.3.0.0/16
    route add unreachable 10.4.0.0/16 metric 9
    route add prohibit 10.5.0.0/16
    route add throw 10.6.0.0/16 table 100
    route add 10.7.0.0/16 via 203.0.113.9 dev eth0 onlink
    route add 10.8.0.0/16 via inet6 2001:db8::2 dev eth0
    route add 10.9.0.0/16 via 192.0.2.2 table 100
    route add 10.9.0.0/16 via 192.0.2.2 table 1000000 proto 77
    route add 10.10.0.0/16 via 192.0.2.2 mtu 1400 advmss 1300 window 5000 rtt 100ms rttvar 50ms ssthresh 10 cwnd 20 initcwnd 30 initrwnd 40 hoplimit 7 reordering 3 rto_min 2s quickack 1 features ecn congctl reno fastopen_no_cookie 1
    route add 10.11.0.0/16 via 192.0.2.2 mtu lock 1400 hoplimit lock 9
    route add 10.12.0.0/16 via 192.0.2.2 realms 3/7
    route add 10.13.0.0/16 via 192.0.2.2 realms 5
    route add local 10.14.0.0/16 dev lo table 101
    route add broadcast 10.15.0.0/16 dev eth0 table 101
    route add multicast 239.0.0.0/8 dev eth0
    route append 10.0.0.0/8 via 192.0.2.4
    route add default via 2001:db8::2
    route add 2001:db8:2::/48 via 2001:db8::2 metric 5 pref high
    route add 2001:db8:3::/48 via 2001:db8::2 pref low expires 1000
    route add 2001:db8:4::/48 via fe80::2 dev eth0 proto ra mtu 1300
    route add blackhole 2001:db8:5::/48
    route add unreachable 2001:db8:6::/48
    route add prohibit 2001:db8:7::/48 table 100
    route add 2001:db8:8::1 via 2001:db8::2 table 100
    route add 2001:db8:9::/48 from 2001:db8:1::/64 via 2001:db8::2`,
  );
  await assertShows(here, "route", "route", { table: 254 });
  await assertShows(here, "route", "-6 route", { table: 254, family: "inet6" });
  const all = await assertShows(here, "route", "route show table all", {});
  assert(all.some(({ via }) => via));
  await assertShows(here, "route", "-4 route show table all", {
    family: "inet",
  });
  await assertShows(here, "route", "-6 route show table all", {
    family: "inet6",
  });
  await assertShows(here, "route", "route show table 100", { table: 100 });
  await assertShows(here, "route", "-6 route show table 100", {
    table: 100,
    family: "inet6",
  });
  await assertShows(here, "route", "route show table local", { table: 255 });
  await assertShows(here, "route", "-6 route show table local", {
    table: 255,
    family: "inet6",
  });
  await assertShows(here, "route", "route show dev eth0", {
    table: 254,
    dev: "eth0",
  });
  await assertShows(here, "route", "route show table all dev eth1", {
    dev: "eth1",
  });
  await assertShows(here, "route", "route show proto static", {
    table: 254,
    protocol: 4,
  });
  await assertShows(here, "route", "route show scope link", {
    table: 254,
    scope: 253,
  });
  await assertShows(here, "route", "route show type blackhole", {
    table: 254,
    type: 6,
  });
});

Deno.test("show route: several ways at once, weights, links that are down", async () => {
  await using lab = await Lab.open("here");
  const { here } = lab;
  await network(
    here,
    `
    route add 10.0.0.0/8 nexthop via 192.0.2.2 weight 3 nexthop via 198.51.100.2 dev eth1
    route add 10.1.0.0/16 nexthop via 203.0.113.9 dev eth0 onlink nexthop dev eth1 weight 256
    route add 10.2.0.0/16 nexthop via inet6 fe80::2 dev eth0 nexthop via 192.0.2.2 realms 3/4
    route add 2001:db8:2::/48 nexthop via 2001:db8::2 weight 9 nexthop via 2001:db8:1::2
    route add 10.3.0.0/16 via 192.0.2.2 metric 4294967295
    link set eth1 down`,
  );
  // The other end hears of it a moment later, and its routes with it.
  while (!(await here.ip("link show eth0")).includes("state LOWERLAYERDOWN")) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await assertShows(here, "route", "route show table all", {});
  const routes = await assertShows(here, "route", "route", { table: 254 });
  assert(routes.some(({ nexthops }) => nexthops));
});

Deno.test("show route, show nexthop: nexthop objects, groups, by their id", async () => {
  await using lab = await Lab.open("here");
  const { here } = lab;
  await network(
    here,
    `
    nexthop add id 1 via 192.0.2.2 dev eth0
    nexthop add id 2 via 198.51.100.2 dev eth1 onlink proto static
    nexthop add id 3 group 1/2,7
    nexthop add id 4 blackhole
    nexthop add id 5 via 2001:db8::2 dev eth0
    nexthop add id 6 dev eth0
    nexthop add id 7 group 1/2 type resilient buckets 32 idle_timer 60 unbalanced_timer 300
    nexthop add id 8 via 192.0.2.9 fdb
    route add 10.0.0.0/8 nhid 1
    route add 10.1.0.0/16 nhid 3
    route add 10.2.0.0/16 nhid 4
    route add 10.3.0.0/16 nhid 7
    route add 2001:db8:2::/48 nhid 5`,
  );
  await assertShows(here, "route", "route show table all", {});
  await assertShows(here, "nexthop", "nexthop", {});
  await assertShows(here, "nexthop", "nexthop show dev eth0", { dev: "eth0" });
  const routes = await assertShows(here, "route", "route", { table: 254 });
  assert(routes.some(({ nh_info }) => nh_info));
});
