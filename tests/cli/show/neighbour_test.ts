// `show neighbour` beside `ip -j [-s] neighbour`.

import { assert, assertEquals } from "@std/assert";
import { Lab } from "../../support/netns.ts";
import "../../support/descriptors.ts";
import { assertShows } from "./compare.ts";

Deno.test("show neighbour: every state, routers, proxies, who made them", async () => {
  await using lab = await Lab.open("here");
  const { here } = lab;
  await here.ip("link add eth0 type veth peer name eth1");
  // No state may move on between one look and the other: the first timer runs
  // at once, and takes DELAY to PROBE, the next in an hour.
  for (const family of ["ipv4", "ipv6"]) {
    const timers = `net.${family}.neigh.eth0`;
    await here.sysctl(`${timers}.delay_first_probe_time`, 3600);
    await here.sysctl(`${timers}.retrans_time_ms`, 3_600_000);
    await here.sysctl(`${timers}.base_reachable_time_ms`, 3_600_000);
  }
  await here.batch(`
    link set eth0 up
    link set eth1 up
    address add 192.0.2.1/24 dev eth0
    address add 2001:db8::1/64 dev eth0 nodad
    neighbour add 192.0.2.10 lladdr 02:00:5e:10:00:0a dev eth0
    neighbour add 192.0.2.11 lladdr 02:00:5e:10:00:0b dev eth0 nud reachable
    neighbour add 192.0.2.12 lladdr 02:00:5e:10:00:0c dev eth0 nud stale
    neighbour add 192.0.2.13 lladdr 02:00:5e:10:00:0d dev eth0 nud delay
    neighbour add 192.0.2.14 lladdr 02:00:5e:10:00:0e dev eth0 nud probe
    neighbour add 192.0.2.15 dev eth0 nud failed
    neighbour add 192.0.2.16 lladdr 02:00:5e:10:00:10 dev eth0 nud noarp
    neighbour add 192.0.2.17 dev eth0 nud incomplete
    neighbour add 192.0.2.18 dev eth0 nud none
    neighbour add 192.0.2.19 lladdr 02:00:5e:10:00:13 dev eth0 extern_learn
    neighbour add 192.0.2.20 lladdr 02:00:5e:10:00:14 dev eth0 protocol bird
    neighbour add 2001:db8::10 lladdr 02:00:5e:10:00:0a dev eth0 router
    neighbour add 2001:db8::11 lladdr 02:00:5e:10:00:0b dev eth0 nud stale
    neighbour add proxy 192.0.2.99 dev eth0
    neighbour add proxy 2001:db8::99 dev eth0 router`);
  const states = async () => JSON.stringify(await here.json("neighbour"));
  while ((await states()).includes("DELAY"));
  const { ipNeighbours } = {
    ipNeighbours: await assertShows(here, "neighbour", "neighbour", {}),
  };
  const shown = new Set(
    ipNeighbours.flatMap(({ state }) => (state ?? []) as string[]),
  );
  for (const state of ["PERMANENT", "REACHABLE", "STALE", "FAILED"]) {
    assert(shown.has(state), state);
  }
  await assertShows(here, "neighbour", "neighbour show nud all", { all: true });
  await assertShows(here, "neighbour", "neighbour show nud stale", {
    state: 4,
  });
  await assertShows(here, "neighbour", "-6 neighbour", { family: "inet6" });
  await assertShows(here, "neighbour", "neighbour show dev eth0", {
    dev: "eth0",
  });
  const proxies = () =>
    assertShows(here, "neighbour", "neighbour show proxy", { proxy: true });
  await here.ip("neighbour add proxy 192.0.2.98");
  try {
    const without = (await proxies()).filter(({ dev }) => dev === undefined);
    assert(without.some(({ dst }) => dst === "192.0.2.98"));
  } finally {
    // One that is of no link outlives its namespace, and the next one made may
    // find it: the kernel (6.18) forgets to take it along.
    await here.ip("neighbour delete proxy 192.0.2.98");
  }
  const [one, other] = (await proxies()).filter(({ dev }) => dev === "eth0");
  assertEquals([one.dst, other.dst], ["192.0.2.99", "2001:db8::99"]);
});
