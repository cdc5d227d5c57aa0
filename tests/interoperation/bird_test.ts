// A routing daemon that adds and withdraws 10,000 routes beside a monitor: the
// state built from its events by the documented keys equals `ip -j`, also after
// the kernel dropped notifications.

import { assert, assertEquals } from "@std/assert";
import { Bird, networks } from "../support/bird.ts";
import { Running } from "../support/command.ts";
import { Lab, type Netns } from "../support/netns.ts";

const MANY = 10_000;
const GATEWAY = "192.0.2.2";
const GATEWAY6 = "2001:db8::2";

type Json = Record<string, unknown>;

/** Whether the daemon added a route to this destination. */
const isTheirs = ({ dst }: Json) => /^(10\.|2001:db8:[1-9])/.test(String(dst));

/** A monitor, and the routes by all keys of `data`, as docs/monitor.md has it. */
class Followed implements AsyncDisposable {
  readonly running: Running;
  readonly #netns: Netns;
  readonly #known = new Map<string, number>();
  /** Routes of the daemon. */
  #count = 0;
  overruns = 0;

  constructor(netns: Netns, ...options: string[]) {
    this.#netns = netns;
    this.running = new Running(
      netns,
      ...["monitor", "route", "--snapshot", "--json", ...options],
    );
  }

  #apply({ event, data, changed, previous }: Json): void {
    if (event === "overrun") this.overruns++;
    if (data === undefined) return;
    const now = data as Json;
    const before: Json = { ...now };
    for (const key of (changed ?? []) as string[]) delete before[key];
    Object.assign(before, previous);
    if (event !== "new") this.#add(before, -1);
    if (event !== "delete") this.#add(now, 1);
  }

  #add(route: Json, change: 1 | -1): void {
    const key = identity(route);
    const count = (this.#known.get(key) ?? 0) + change;
    assert(count >= 0, `unknown: ${key}`);
    if (count === 0) this.#known.delete(key);
    else this.#known.set(key, count);
    if (isTheirs(route)) this.#count += change;
  }

  /** Follows until there are so many routes of the daemon, and `ip` shows the same. */
  async until(count: number): Promise<void> {
    for (;;) {
      if (this.#count === count) {
        const all = [...this.#known].flatMap(([key, count]) =>
          Array<string>(count).fill(key)
        ).toSorted();
        const there = await shown(this.#netns);
        if (JSON.stringify(all) === JSON.stringify(there)) return;
      }
      this.#apply(await this.running.object());
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.running[Symbol.asyncDispose]();
  }
}

/** The keys of a route in one order, without the time until it expires. */
function identity({ expires: _, ...route }: Json): string {
  return JSON.stringify(Object.entries(route).toSorted());
}

/** What `ip` shows. */
async function shown(netns: Netns): Promise<string[]> {
  const families = await Promise.all(
    ["-4", "-6"].map((flag) => netns.json(`${flag} route show table all`)),
  );
  return families.flat().map(identity).toSorted();
}

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
  await using steady = new Followed(netns);
  await using lossy = new Followed(netns, "--receive-buffer", "32768");
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
