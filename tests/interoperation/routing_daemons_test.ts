// Routing daemons that add and withdraw 10,000 routes beside a monitor: the state
// built from its events by the documented keys equals `ip -j`, also after
// the kernel dropped notifications.

import { assert, assertEquals } from "@std/assert";
import { Bird, networks } from "../support/bird.ts";
import { Frr } from "../support/frr.ts";
import { FollowedRoutes } from "../support/followed_routes.ts";
import { Lab, type Netns } from "../support/netns.ts";

const MANY = 10_000;
const GATEWAY = "192.0.2.2";
const GATEWAY6 = "2001:db8::2";

/** Whether the daemon added a route to this destination. */
const isTheirs = (destination: string) =>
  /^(10\.|2001:db8:[1-9])/.test(destination);

/** A folder for a daemon. */
class Folder implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async create(): Promise<Folder> {
    return new Folder(
      await Deno.makeTempDir({ prefix: "netplumb-routing-" }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

/** Two monitors: one with the usual buffer, one that loses notifications. */
async function check(
  netns: Netns,
  change: (what: "add" | "withdraw") => Promise<void>,
): Promise<void> {
  await using steady = new FollowedRoutes(netns, isTheirs);
  await using lossy = new FollowedRoutes(
    netns,
    isTheirs,
    ...["--receive-buffer", "32768"],
  );
  await Promise.all([steady.until(0), lossy.until(0)]);
  for (const [what, count] of [["add", MANY], ["withdraw", 0]] as const) {
    lossy.running.kill("SIGSTOP");
    await change(what);
    await steady.until(count);
    lossy.running.kill("SIGCONT");
    await lossy.until(count);
  }
  assertEquals(steady.overruns, 0);
  assert(lossy.overruns > 0);
}

Deno.test(`a monitor beside bird, which adds and withdraws ${MANY} routes`, async () => {
  await using lab = await Lab.open("ns");
  const { ns } = lab;
  await ns.batch(`
    link add eth0 type veth peer name eth1
    link set lo up
    link set eth1 addrgenmode none up
    link set eth0 addrgenmode none up
    address add 192.0.2.1/24 dev eth0
    address add 2001:db8::1/64 dev eth0 nodad`);
  await using folder = await Folder.create();
  await using bird = await Bird.start(ns, folder.path, {
    4: { networks: networks(MANY / 2, 1, 4), gateway: GATEWAY },
    6: { networks: networks(MANY / 2, 1, 6), gateway: GATEWAY6 },
  });
  await check(ns, (what) => bird.announce(what === "add"));
});

Deno.test(`a monitor beside FRR, which learns ${MANY} routes from bird by BGP and loses them`, async () => {
  await using lab = await Lab.open("ns", "peer");
  const { ns, peer } = lab;
  await ns.batch(`
    link add eth0 type veth peer name eth1 netns ${peer.name}
    link set lo up
    link set eth0 up
    address add 192.0.2.1/24 dev eth0
    address add 2001:db8::1/64 dev eth0 nodad`);
  await peer.batch(`
    link set lo up
    link set eth1 up
    address add ${GATEWAY}/24 dev eth1
    address add ${GATEWAY6}/64 dev eth1 nodad`);
  await using ours = await Folder.create();
  await using theirs = await Folder.create();
  await using _frr = await Frr.start(
    ns,
    ours.path,
    `router bgp 65002
      bgp router-id 192.0.2.1
      no bgp ebgp-requires-policy
      no bgp default ipv4-unicast
      neighbor ${GATEWAY} remote-as 65001
      neighbor ${GATEWAY6} remote-as 65001
      address-family ipv4 unicast
        neighbor ${GATEWAY} activate
      exit-address-family
      address-family ipv6 unicast
        neighbor ${GATEWAY6} activate
      exit-address-family
    `,
  );
  await using bird = await Bird.start(peer, theirs.path, {
    4: { networks: networks(MANY / 2, 1, 4), gateway: "192.0.2.9" },
    6: { networks: networks(MANY / 2, 1, 6), gateway: "2001:db8::9" },
  }, {
    local: { 4: GATEWAY, 6: GATEWAY6 },
    neighbor: { 4: "192.0.2.1", 6: "2001:db8::1" },
  });
  await check(ns, (what) => bird.announce(what === "add"));
});
