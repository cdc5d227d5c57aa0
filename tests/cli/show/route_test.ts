// `show route` beside `ip -j [-d] [-s] route`.

import { assert, assertEquals } from "@std/assert";
import { Lab, type Netns } from "../../support/netns.ts";
import "../../support/descriptors.ts";
import { nexthopText, routeText } from "../../../cli/show/text/route.ts";
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

/** A listing of ip's, with one space between words. */
function lines(text: string): string[] {
  return text.trim().split(/\n(?=\S)/).map((line) =>
    line.replaceAll(/\s+/g, " ").trim()
  );
}

/** Fails unless the text of routes is that of `ip -d route`. */
async function assertTexts(
  here: Netns,
  routes: readonly Record<string, unknown>[],
  family: string,
): Promise<void> {
  assertEquals(
    routes.flatMap((json) => lines(routeText(json as never))),
    lines(await here.ip(`-d ${family} route`)).map((line) =>
      // The seconds left.
      line.replace(/expires \d+sec/, "expires 1000sec")
    ),
  );
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
  const v4 = await assertShows(here, "route", "route", { table: 254 });
  await assertTexts(here, v4, "-4");
  await assertShows(here, "route", "-6 route", { table: 254, family: "inet6" });
  assertEquals(
    v4.find(({ dst }) => dst === "10.11.0.0/16")?.metrics,
    [{ lock: ["mtu", "hoplimit"], mtu: 1400, hoplimit: 9 }],
  );
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

Deno.test("show route: an encapsulation keeps the route's own destination, id and table", async () => {
  await using lab = await Lab.open("here");
  const { here } = lab;
  await network(
    here,
    `
    route add 10.0.1.0/24 encap ip id 42 dst 192.0.2.77 dev eth0
    route add 10.0.2.0/24 tos 0x10 encap ip id 7 src 192.0.2.1 dst 192.0.2.77 ttl 3 tos 4 key csum dev eth0
    route add 10.0.3.0/24 encap ip6 id 8 dst 2001:db8::7 hoplimit 9 tc 2 via 192.0.2.2
    route add 10.0.4.0/24 nexthop via 192.0.2.2 weight 2 nexthop encap ip id 5 dst 192.0.2.9 via 192.0.2.3
    route add 2001:db8:a::/48 encap seg6 mode encap segs 2001:db8::a,2001:db8::b via 2001:db8::2
    route add 2001:db8:b::/48 encap seg6 mode inline segs 2001:db8::c via 2001:db8::2
    route add 2001:db8:c::1 encap seg6local action End.DT6 table 100 dev eth0
    route add 2001:db8:c::2 encap seg6local action End.X nh6 2001:db8::2 dev eth0
    route add 2001:db8:c::3 encap seg6local action End.DX4 nh4 192.0.2.2 dev eth0
    route add 2001:db8:c::4 encap seg6local action End.B6.Encaps srh segs 2001:db8::a,2001:db8::b dev eth0
    route add 2001:db8:c::5 encap seg6local action End flavors psp dev eth0
    nexthop add id 15 encap ip id 3 dst 192.0.2.7 via 192.0.2.9 dev eth0
    route add 10.0.5.0/24 nhid 15`,
  );
  const v4 = await assertShows(here, "route", "route", { table: 254 });
  assertEquals(v4.slice(0, 2).map(({ dst, tos }) => [dst, tos]), [
    ["10.0.1.0/24", undefined],
    ["10.0.2.0/24", "0x10"],
  ]);
  const v6 = await assertShows(here, "route", "-6 route", {
    table: 254,
    family: "inet6",
  });
  const [nexthop] = await assertShows(here, "nexthop", "nexthop", {});
  assertEquals(nexthop?.id, 15);
  await assertTexts(here, v4, "-4");
  await assertTexts(here, v6, "-6");
  assertEquals(
    lines(nexthopText(nexthop as never)),
    lines(await here.ip("-d nexthop")),
  );
});
