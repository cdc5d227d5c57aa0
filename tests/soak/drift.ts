// What another program changes in the network that the reconciler keeps.

import type { Netns } from "../support/netns.ts";
import { sleep } from "./sleep.ts";

const ROUTES = 100;
/**
 * Seconds after which it has to be restored: all other programs of the soak
 * share the processors.
 */
export const RESTORED = 20;

/** For `subjects/ensure.ts`. */
export const KEPT = {
  links: [
    { name: "br0", kind: "bridge", up: true, mtu: 1400 },
    {
      name: "port0",
      kind: "veth",
      up: true,
      mtu: 1400,
      master: "br0",
      options: { peer: { name: "end0" } },
    },
    { name: "end0", up: true, mtu: 1400, addresses: ["192.0.2.1/24"] },
  ],
  routes: Array.from(
    { length: ROUTES },
    (_, index) => ({ to: `10.2.${index}.0/24`, via: "192.0.2.2" }),
  ),
};

/** Links, addresses and routes as `ip` shows them, without what varies. */
async function shown(netns: Netns): Promise<string> {
  const links = await netns.json("address show");
  const routes = await netns.json("route show");
  return JSON.stringify([
    links.map(({ ifname, mtu, master, operstate, addr_info }) => [
      ifname,
      mtu,
      master,
      operstate,
      (addr_info as { family: string; local: string }[])
        .filter(({ family }) => family === "inet").map(({ local }) => local),
    ]).toSorted(),
    routes.map(({ dst, gateway }) => `${dst} ${gateway}`).toSorted(),
  ]);
}

/** The network of the reconciler. */
export class Kept {
  readonly #netns: Netns;
  readonly #wanted: string;
  /** Milliseconds that the longest restoration took, with the time to see it. */
  longest = 0;

  private constructor(netns: Netns, wanted: string) {
    this.#netns = netns;
    this.#wanted = wanted;
  }

  /** Remembers the network as it is now. */
  static async of(netns: Netns): Promise<Kept> {
    return new Kept(netns, await shown(netns));
  }

  /** Changes it, and waits until it is as before. */
  async drift(round: number): Promise<void> {
    const changes = [
      "link set br0 mtu 1300",
      "route flush 10.0.0.0/8",
      "link delete port0",
      "address flush dev end0",
    ];
    await this.#netns.ip(changes[round % changes.length]);
    const started = performance.now();
    for (;;) {
      const now = await shown(this.#netns);
      const passed = performance.now() - started;
      if (now === this.#wanted) {
        this.longest = Math.max(this.longest, passed);
        return;
      }
      if (passed > RESTORED * 1000) throw new Error(`not restored: ${now}`);
      await sleep(20);
    }
  }
}
