// A routing daemon that adds and withdraws 10,000 routes beside a monitor: the
// state built from its events by the documented keys equals `ip -j`, also after
// the kernel dropped notifications.

import { assert, assertEquals } from "@std/assert";
import { Bird, networks } from "../support/bird.ts";
import { FollowedRoutes } from "../support/followed_routes.ts";
import { Lab, type Netns } from "../support/netns.ts";

const MANY = 10_000;
const GATEWAY = "192.0.2.2";
const GATEWAY6 = "2001:db8::2";

/** Whether the daemon added a route to this destination. */
const isTheirs = (destination: string) =>
  /^(10\.|2001:db8:[1-9])/.test(destination);

/** A namespace with a gateway, and a folder, for a daemon. */
async function opened(): Promise<
  AsyncDisposable & { readonly ns: Netns; readonly folder: string }
> {
  const lab = await Lab.open("ns");
  const folder = await Deno.makeTempDir({ prefix: "netplumb-routing-" });
  await lab.ns.batch(`
    link add eth0 type veth peer name eth1
    link set lo up
    link set eth1 addrgenmode none up
    link set eth0 addrgenmode none up
    address add 192.0.2.1/24 dev eth0
    address add 2001:db8::1/64 dev eth0 nodad`);
  return {
    ns: lab.ns,
    folder,
    async [Symbol.asyncDispose]() {
      await lab[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
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
  await using lab = await opened();
  const { ns, folder } = lab;
  await using bird = await Bird.start(ns, folder, {
    4: { networks: networks(MANY / 2, 1, 4), gateway: GATEWAY },
    6: { networks: networks(MANY / 2, 1, 6), gateway: GATEWAY6 },
  });
  await check(ns, (what) => bird.announce(what === "add"));
});
