// `show address` beside `ip -j [-d] [-s] address`.

import { assert } from "@std/assert";
import { Lab } from "../../support/netns.ts";
import "../../support/descriptors.ts";
import { assertShows } from "./compare.ts";

function info(links: Record<string, unknown>[]): Record<string, unknown>[] {
  return links.flatMap(({ addr_info }) =>
    addr_info as Record<string, unknown>[]
  );
}

Deno.test("show address: point-to-point, secondary, labels, scopes, lifetimes", async () => {
  await using lab = await Lab.open("here");
  const { here } = lab;
  await here.batch(`
    link add eth0 type veth peer name eth1
    link set eth0 up
    link set eth1 up
    address add 192.0.2.1/24 brd + dev eth0
    address add 192.0.2.2/24 dev eth0
    address add 192.0.2.3/24 brd 192.0.2.255 label eth0:two dev eth0
    address add 198.51.100.1 peer 198.51.100.2/32 dev eth0
    address add 203.0.113.1/24 dev eth0 scope link
    address add 203.0.113.2/25 dev eth0 scope host noprefixroute metric 50
    address add 10.0.0.1/8 dev eth0 scope 77
    address add 10.1.0.1/16 dev eth0 valid_lft 1000 preferred_lft 500
    address add 10.2.0.1/16 dev eth0 valid_lft 1000 preferred_lft 0
    address add 2001:db8::1/64 dev eth0
    address add 2001:db8::2/64 dev eth0 nodad noprefixroute metric 99
    address add 2001:db8::3/64 dev eth0 home
    address add 2001:db8::4/64 dev eth0 valid_lft 1000 preferred_lft 0
    address add 2001:db8::5/64 dev eth0 valid_lft 2000 preferred_lft 1500
    address add 2001:db8:1::1 peer 2001:db8:1::2 dev eth0
    address add fec0::1/64 dev eth0
    address add fd00::1/64 dev eth0 optimistic
    address add ::ffff:192.0.2.1/96 dev eth0`);
  const links = await assertShows(here, "address", "address", {});
  const addresses = info(links);
  assert(addresses.some(({ secondary }) => secondary));
  assert(addresses.some(({ deprecated }) => deprecated));
  assert(addresses.some(({ address }) => address === "198.51.100.2"));
  await assertShows(here, "address", "-4 address", { family: "inet" });
  await assertShows(here, "address", "-6 address", { family: "inet6" });
  await assertShows(here, "address", "address show scope link", { scope: 253 });
  await assertShows(here, "address", "-4 address show dev eth0", {
    family: "inet",
    dev: "eth0",
  });
  await assertShows(here, "address", "address show type veth", {
    kind: "veth",
  });
});

Deno.test("show address: temporary addresses and the one that makes them", async () => {
  await using lab = await Lab.open("here");
  const { here } = lab;
  await here.batch(`
    link add eth0 type veth peer name eth1
    link set eth1 up`);
  await here.sysctl("net.ipv6.conf.eth0.use_tempaddr", 2);
  // Or an address would stop being tentative between ip's look and ours.
  await here.sysctl("net.ipv6.conf.eth0.accept_dad", 0);
  await here.ip("link set eth0 up");
  await here.ip(
    "address add 2001:db8::1/64 dev eth0 mngtmpaddr valid_lft 2000 preferred_lft 1900",
  );
  // The kernel makes it a moment later.
  while (!(await here.ip("-6 address show dev eth0")).includes("temporary")) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const addresses = info(await assertShows(here, "address", "address", {}));
  assert(addresses.some(({ temporary }) => temporary));
  assert(addresses.some(({ mngtmpaddr }) => mngtmpaddr));
});

Deno.test("show address: stable-privacy, tentative and failed addresses", async () => {
  await using lab = await Lab.open("here");
  const { here } = lab;
  await here.batch(`
    link add eth0 type veth peer name eth1
    link set eth0 addrgenmode random
    link set eth1 addrgenmode none`);
  await here.sysctl("net.ipv6.conf.eth0.accept_dad", 0);
  await here.batch(`
    link set eth0 up
    link set eth1 up
    address add 2001:db8::1/64 dev eth0 nodad`);
  await here.sysctl("net.ipv6.conf.eth1.accept_dad", 1);
  await here.sysctl("net.ipv6.conf.eth1.dad_transmits", 1);
  await here.ip("address add 2001:db8::1/64 dev eth1");
  while (!(await here.ip("-6 address show dev eth1")).includes("dadfailed")) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const addresses = info(await assertShows(here, "address", "address", {}));
  assert(addresses.some((one) => one["stable-privacy"]));
  assert(addresses.some(({ dadfailed }) => dadfailed));
});

Deno.test("show address: loopback of a new namespace, links without addresses", async () => {
  await using lab = await Lab.open("here");
  await lab.here.batch(`
    link add bare type ifb
    link add bridge0 type bridge
    link set bare master bridge0`);
  await assertShows(lab.here, "address", "address", {});
  await assertShows(lab.here, "address", "address show master bridge0", {
    master: "bridge0",
  });
  await assertShows(lab.here, "address", "address show up", { up: true });
});
