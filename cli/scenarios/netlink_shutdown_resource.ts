// The resource of the 2018 report: an interface that is configured, monitored,
// changed by others and corrected, and whose reconcile loop is stopped.

import { IFF_UP } from "../../ffi/uapi/net_if.ts";
import { parseConfiguration, Reconciler } from "../../lib/ensure/mod.ts";
import {
  type Change,
  deleteAddress,
  deleteLink,
  deleteRoute,
  RouteSocket,
  setLink,
} from "../../lib/rtnetlink/mod.ts";
import type { Observation, Runner } from "./runner.ts";
import { TestNetwork } from "./test_network.ts";
import { IMMEDIATE, within } from "./waiting.ts";

const DEVICE = "eth9";
const ADDRESS = "192.0.2.9";
const NETWORK = "198.51.100.0";
const MTU = 1400;

/** The desired state in the format of a file of `netplumb ensure`. */
const CONFIGURATION = {
  links: [{
    name: DEVICE,
    kind: "veth",
    up: true,
    mtu: MTU,
    addresses: [`${ADDRESS}/24`],
    options: { peer: { name: "peer9", up: true } },
  }],
  routes: [{ to: `${NETWORK}/24`, via: "192.0.2.1" }],
};

/** Changes by another program. */
const FOREIGN_CHANGES: readonly (readonly [what: string, change: Change])[] = [
  ["the interface is set down", setLink(DEVICE, { up: false })],
  [
    "the address is deleted",
    deleteAddress({ address: `${ADDRESS}/24`, dev: DEVICE }),
  ],
  ["the route is deleted", deleteRoute({ to: `${NETWORK}/24` })],
  ["the MTU is changed", setLink(DEVICE, { mtu: 1280 })],
  ["the interface is renamed", setLink(DEVICE, { name: "eth8" })],
  ["the interface is deleted", deleteLink(DEVICE)],
];

/** The differences from the configuration, read from the kernel. */
async function differences({ namespace }: TestNetwork): Promise<string[]> {
  await using socket = RouteSocket.open({ namespace });
  const link = (await socket.links()).find(({ name }) => name === DEVICE);
  if (link === undefined) return ["no interface"];
  const { ifindex, flags, mtu } = link;
  const addresses = await socket.addresses({ ifindex });
  const routes = await socket.routes({ ifindex });
  return [
    ...flags & IFF_UP ? [] : ["down"],
    ...mtu === MTU ? [] : [`MTU ${mtu}`],
    ...addresses.some(({ address }) => address === ADDRESS)
      ? []
      : ["no address"],
    ...routes.some(({ destination }) => destination === NETWORK)
      ? []
      : ["no route"],
  ];
}

/** Milliseconds until there is no difference; undefined if one stays. */
async function timeToCorrect(
  network: TestNetwork,
): Promise<number | undefined> {
  const started = performance.now();
  while ((await differences(network)).length > 0) {
    if (performance.now() - started > IMMEDIATE) return undefined;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return performance.now() - started;
}

async function applyTwice(
  network: TestNetwork,
  reconciler: Reconciler,
): Promise<Observation> {
  const { applied, refused } = await reconciler.apply();
  const remaining = await differences(network);
  const { applied: again } = await reconciler.apply();
  return {
    ok: refused === undefined && applied.length > 0 && remaining.length === 0 &&
      again.length === 0,
    observed: [
      `${applied.length} actions: ${
        applied.map(({ summary }) => summary).join(", ")
      }`,
      ...remaining.length === 0 ? [] : [`remaining: ${remaining.join(", ")}`],
      `the second time ${again.length} actions`,
    ].join("; "),
    measured: { actions: applied.length, again: again.length },
  };
}

/** The reconcile loop, and how many corrections it reported. */
class ReconcileLoop implements AsyncDisposable {
  corrections = 0;
  readonly #stop = new AbortController();
  readonly #loop: Promise<void>;

  constructor(reconciler: Reconciler) {
    this.#loop = this.#run(reconciler);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    return this.#loop;
  }

  async #run(reconciler: Reconciler): Promise<void> {
    const { signal } = this.#stop;
    try {
      for await (const { event } of reconciler.reconcile({ signal })) {
        if (event === "corrected") this.corrections++;
      }
    } catch (error) {
      if (!signal.aborted || error !== signal.reason) throw error;
    }
  }
}

async function correctsChanges(
  network: TestNetwork,
  loop: ReconcileLoop | undefined,
): Promise<Observation> {
  const table: Record<string, string>[] = [];
  let longest = 0;
  for (const [what, change] of FOREIGN_CHANGES) {
    await network.apply(change);
    const time = await timeToCorrect(network);
    longest = Math.max(longest, time ?? Infinity);
    const corrected = time === undefined ? "no" : `after ${time.toFixed(1)} ms`;
    table.push({ change: what, corrected });
    if (time === undefined) break;
  }
  const ok = longest < Infinity;
  return {
    ok,
    observed: ok
      ? `each change is corrected after ${longest.toFixed(1)} ms at most`
      : `not corrected: ${(await differences(network)).join(", ")}`,
    measured: { longest, corrections: loop?.corrections ?? 0 },
    table,
  };
}

async function stops(
  network: TestNetwork,
  loop: ReconcileLoop,
): Promise<Observation> {
  const ended = await within(loop[Symbol.asyncDispose](), IMMEDIATE);
  const remaining = await differences(network);
  return {
    ok: ended !== null && remaining.length === 0,
    observed:
      (ended === null
        ? `the loop still runs ${IMMEDIATE} ms after the signal`
        : `the loop ends ${ended} ms after the signal`) +
      (remaining.length === 0
        ? "; the interface is unchanged"
        : `; differences: ${remaining.join(", ")}`),
    measured: { ended },
  };
}

/** The second half of the scenario netlink-shutdown. */
export async function runResource(runner: Runner): Promise<void> {
  const network = await runner.setup(
    "a network namespace for the resource",
    async () => runner.use(await TestNetwork.create()),
  );
  const reconciler = runner.use(
    await Reconciler.open(parseConfiguration(CONFIGURATION), {
      namespace: network.namespace,
    }),
  );
  await runner.fix(
    "the configuration is an interface, its state, its address and a route; " +
      "Reconciler.apply(), twice",
    "the first call applies it, the second changes nothing",
    () => applyTwice(network, reconciler),
  );
  const loop = runner.fault === "set-up-once"
    ? undefined
    : runner.use(new ReconcileLoop(reconciler));
  await runner.fix(
    "Reconciler.reconcile() runs; another program changes the interface in several ways",
    "each change is corrected immediately",
    () => correctsChanges(network, loop),
  );
  if (loop === undefined) return;
  await runner.fix(
    "reconcile() waits for events; its signal is aborted",
    "the loop ends immediately, and the interface is unchanged",
    () => stops(network, loop),
  );
}
