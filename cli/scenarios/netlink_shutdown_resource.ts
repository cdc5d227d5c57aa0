// The resource of the report itself: a device with an address and a state that
// is set up, watched, disturbed and corrected, and stopped while it waits.

import { IFF_UP } from "../../ffi/uapi/net_if.ts";
import { deleteAddress } from "../../lib/rtnetlink/changes/address.ts";
import { deleteLink, setLink } from "../../lib/rtnetlink/changes/link.ts";
import { deleteRoute } from "../../lib/rtnetlink/changes/route.ts";
import type { Change } from "../../lib/rtnetlink/changes/change.ts";
import { Reconciler } from "../../lib/ensure/reconcile/reconciler.ts";
import { parseConfiguration } from "../../lib/ensure/parse/parse.ts";
import { RouteSocket } from "../../lib/rtnetlink/socket.ts";
import { AT_ONCE, within } from "./stage/patience.ts";
import { Scene } from "./stage/scene.ts";
import type { Observation, Stage } from "./stage/stage.ts";

const DEVICE = "eth9";
const ADDRESS = "192.0.2.9";
const NETWORK = "198.51.100.0";
const MTU = 1400;

/** The resource, as a file of `netplumb ensure` would configure it. */
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

/** What somebody does to it. */
const DISTURBANCES: readonly (readonly [what: string, change: Change])[] = [
  ["the device goes down", setLink(DEVICE, { up: false })],
  [
    "its address is removed",
    deleteAddress({ address: `${ADDRESS}/24`, dev: DEVICE }),
  ],
  ["the route is deleted", deleteRoute({ to: `${NETWORK}/24` })],
  ["its MTU is changed", setLink(DEVICE, { mtu: 1280 })],
  ["it is renamed", setLink(DEVICE, { name: "eth8" })],
  ["it is deleted", deleteLink(DEVICE)],
];

/** What differs from the description, as the kernel tells it. */
async function wrong(network: Scene): Promise<string[]> {
  await using socket = RouteSocket.open({ namespace: network.namespace });
  const link = (await socket.links()).find(({ name }) => name === DEVICE);
  if (link === undefined) return ["no device"];
  const addresses = await socket.addresses({ ifindex: link.ifindex });
  const routes = await socket.routes({ ifindex: link.ifindex });
  return [
    ...link.flags & IFF_UP ? [] : ["down"],
    ...link.mtu === MTU ? [] : [`MTU ${link.mtu}`],
    ...addresses.some(({ address }) => address === ADDRESS)
      ? []
      : ["no address"],
    ...routes.some(({ destination }) => destination === NETWORK)
      ? []
      : ["no route"],
  ];
}

/** How long a disturbance lasts, in milliseconds; undefined if it stays. */
async function lasts(network: Scene): Promise<number | undefined> {
  const started = performance.now();
  while ((await wrong(network)).length > 0) {
    if (performance.now() - started > AT_ONCE) return undefined;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return performance.now() - started;
}

async function setUp(
  network: Scene,
  reconciler: Reconciler,
): Promise<Observation> {
  const { applied, refused } = await reconciler.apply();
  const amiss = await wrong(network);
  const { applied: again } = await reconciler.apply();
  return {
    held: refused === undefined && applied.length > 0 && amiss.length === 0 &&
      again.length === 0,
    happened: [
      `${applied.length} actions: ${
        applied.map(({ summary }) => summary).join(", ")
      }`,
      ...amiss.length === 0 ? [] : [`still ${amiss.join(", ")}`],
      `then ${again.length}`,
    ].join("; "),
    measured: { actions: applied.length, again: again.length },
  };
}

/** The loop over corrections, as long as the resource is kept. */
class Keeping implements AsyncDisposable {
  corrections = 0;
  readonly #stop = new AbortController();
  readonly #loop: Promise<void>;

  constructor(reconciler: Reconciler) {
    this.#loop = this.#keep(reconciler);
  }

  /** Ends it. */
  stop(): Promise<void> {
    this.#stop.abort();
    return this.#loop;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #keep(reconciler: Reconciler): Promise<void> {
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

async function disturb(
  network: Scene,
  keeping: Keeping | undefined,
): Promise<Observation> {
  const rows: Record<string, string>[] = [];
  let [held, longest] = [true, 0];
  for (const [what, change] of DISTURBANCES) {
    await network.apply(change);
    const milliseconds = await lasts(network);
    held &&= milliseconds !== undefined;
    longest = Math.max(longest, milliseconds ?? Infinity);
    rows.push({
      "what happens": what,
      "as described again": milliseconds === undefined
        ? "no"
        : `after ${milliseconds.toFixed(1)} ms`,
    });
    if (milliseconds === undefined) break;
  }
  return {
    held,
    happened: held
      ? `each time it was back, after ${longest.toFixed(1)} ms at most`
      : `it stays: ${(await wrong(network)).join(", ")}`,
    measured: { longest, corrections: keeping?.corrections ?? 0 },
    table: rows,
  };
}

async function stop(network: Scene, keeping: Keeping): Promise<Observation> {
  const over = await within(keeping.stop(), AT_ONCE);
  const amiss = await wrong(network);
  return {
    held: over.ended && amiss.length === 0,
    happened: over.ended
      ? `the loop is over ${over.milliseconds} ms after the signal; the device ` +
        (amiss.length === 0 ? "is as it was" : amiss.join(", "))
      : `the loop goes on ${AT_ONCE} ms after the signal`,
    measured: { ended: over.ended ? over.milliseconds : null },
  };
}

/** The second half of the scenario. */
export async function playResource(stage: Stage): Promise<void> {
  const network = await stage.setup(
    "a network for the resource",
    async () => stage.use(await Scene.create()),
  );
  const reconciler = stage.use(
    await Reconciler.open(parseConfiguration(CONFIGURATION), {
      namespace: network.namespace,
    }),
  );
  await stage.cure(
    "the resource is described: a device, its state, its address, a route; " +
      "Reconciler.apply(), twice",
    "it is made as described, and the second time there is nothing to do",
    () => setUp(network, reconciler),
  );
  const keeping = stage.fault === "set-up-once"
    ? undefined
    : stage.use(new Keeping(reconciler));
  await stage.cure(
    "Reconciler.reconcile() monitors; the device is disturbed in one way after the other",
    "each time it is as described again, at once",
    () => disturb(network, keeping),
  );
  if (keeping === undefined) return;
  await stage.cure(
    "reconcile() waits for events; its signal is aborted",
    "the loop is over at once, and the device stays as it is",
    () => stop(network, keeping),
  );
}
