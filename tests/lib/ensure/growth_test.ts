// The cost of parsing, comparing and correcting grows with the configuration,
// not with its square.

import { assert, assertEquals } from "@std/assert";
import type {
  NamespaceConfiguration,
  NetworkConfiguration,
} from "../../../lib/ensure/parse/configuration.ts";
import { Reconciler } from "../../../lib/ensure/reconcile/reconciler.ts";
import { parseConfiguration } from "../../../lib/ensure/parse/parse.ts";
import { assertGrowth, costOf } from "../../support/growth.ts";
import { Reconciled } from "../../support/reconciled.ts";
import { type Netns, UnmadeNetns } from "../../support/netns.ts";
import { SLOWNESS } from "../../support/timing.ts";
import { settled } from "../../support/settled.ts";

/** Four times the work takes four times the time, or a bit more: 16 is square. */
const LIMIT = 8;

const numbers = (count: number) => Array.from({ length: count }, (_, at) => at);
const low16 = (number: number) => `${number >> 8}.${number & 255}`;

/** One dimension of a configuration. */
interface Dimension {
  readonly name: string;
  /** The smaller size. */
  readonly count: number;
  describe(count: number): NamespaceConfiguration;
}

const bridge = {
  name: "br0",
  kind: "bridge",
  up: true,
  addresses: ["10.9.255.254/16"],
} as const;

const rules = (count: number) =>
  numbers(count).map((at) => ({
    priority: 1000 + at,
    from: `10.1.${low16(at)}`,
    table: 100,
  }));

const DIMENSIONS: readonly Dimension[] = [
  {
    name: "routes by gateways",
    count: 400,
    describe: (count) => ({
      links: [bridge],
      routes: numbers(count).map((at) => ({
        to: `172.16.${low16(at)}/32`,
        via: `10.9.0.${1 + at % 250}`,
      })),
    }),
  },
  {
    name: "rules",
    count: 800,
    describe: (count) => ({ rules: rules(count) }),
  },
  {
    name: "rules with exclusive",
    count: 800,
    describe: (count) => ({ rules: rules(count), exclusive: ["rules"] }),
  },
  {
    name: "addresses of a link",
    count: 1000,
    describe: (count) => ({
      links: [{
        ...bridge,
        addresses: numbers(count).map((at) => `10.1.${low16(at)}/32`),
      }],
    }),
  },
  {
    name: "addresses with exclusive",
    count: 1000,
    describe: (count) => ({
      exclusive: ["addresses"],
      links: [{
        ...bridge,
        addresses: numbers(count).map((at) => `10.1.${low16(at)}/32`),
      }],
    }),
  },
  {
    name: "neighbours",
    count: 1000,
    describe: (count) => ({
      links: [bridge],
      neighbours: numbers(count).map((at) => ({
        to: `10.9.${low16(at)}`,
        dev: "br0",
        lladdr: "02:00:00:00:00:01",
      })),
    }),
  },
  {
    name: "nexthop objects",
    count: 1000,
    describe: (count) => ({
      links: [bridge],
      nexthops: numbers(count).map((at) => ({
        id: 1 + at,
        via: `10.9.0.${1 + at % 250}`,
        dev: "br0",
      })),
    }),
  },
  {
    name: "veth pairs",
    count: 50,
    describe: (count) => ({
      links: numbers(count).map((at) => ({
        name: `a${at}`,
        kind: "veth",
        mtu: 1400,
        options: { peer: { name: `b${at}` } },
      })),
    }),
  },
];

/** A namespace that is as described. */
async function made(
  netns: Netns,
  description: NamespaceConfiguration,
): Promise<Reconciler> {
  const network = { namespaces: { [netns.name]: description } };
  const reconciler = await Reconciler.open(parseConfiguration(network));
  try {
    const { refused, unresolved } = await reconciler.apply();
    assertEquals(refused, undefined);
    assertEquals(unresolved, []);
    return reconciler;
  } catch (error) {
    await reconciler.close();
    throw error;
  }
}

async function costOfComparing(
  description: NamespaceConfiguration,
): Promise<number> {
  await using netns = new UnmadeNetns("growth");
  await using reconciler = await made(netns, description);
  return await costOf(async () => {
    assertEquals((await reconciler.plan()).actions, []);
  });
}

for (const { name, count, describe } of DIMENSIONS) {
  Deno.test(`comparing four times as many takes four times as long: ${name}`, async () => {
    const smaller = await costOfComparing(describe(count));
    assertGrowth(smaller, await costOfComparing(describe(4 * count)), LIMIT);
  });
}

Deno.test("comparing four times as many takes four times as long: namespaces", async () => {
  const cost = async (count: number) => {
    await using stack = new AsyncDisposableStack();
    const namespaces: Record<string, NamespaceConfiguration> = {};
    for (const _ of numbers(count)) {
      const { name } = stack.use(new UnmadeNetns("growth"));
      namespaces[name] = { links: [{ name: "lo", up: true }, bridge] };
    }
    const reconciler = await Reconciler.open(
      parseConfiguration({ namespaces }),
    );
    stack.use(reconciler);
    assertEquals((await reconciler.apply()).refused, undefined);
    return await costOf(() => reconciler.plan());
  };
  assertGrowth(await cost(8), await cost(32), LIMIT);
});

Deno.test("parsing four times as many takes four times as long", async (t) => {
  const links = (count: number) =>
    numbers(count).map((at) => ({
      name: `a${at}`,
      kind: "veth",
      options: { peer: { name: `b${at}` } },
    }));
  const blue = { links: [], exclusive: false };
  const sizes: Record<string, (count: number) => NetworkConfiguration> = {
    "veth pairs": (count) => ({ links: links(count) }),
    "veth pairs whose ends are both described": (count) => ({
      links: [
        ...links(count),
        ...numbers(count).map((at) => ({ name: `b${at}`, mtu: 1400 })),
      ],
    }),
    "links for another namespace": (count) => ({
      links: links(count).map((link) => ({ ...link, netns: "blue" })),
      namespaces: { blue },
    }),
  };
  for (const [name, describe] of Object.entries(sizes)) {
    await t.step(name, async () => {
      const cost = (count: number) => {
        const description = describe(count);
        return costOf(() => parseConfiguration(description));
      };
      await cost(1000);
      assertGrowth(await cost(3000), await cost(12_000), LIMIT);
    });
  }
});

Deno.test("a route that needs others comes after them, however many there are", async () => {
  await using netns = new UnmadeNetns("chain");
  const chain = numbers(2000).map((at) => ({
    to: `10.${low16(at)}.0/24`,
    via: `10.${low16(at + 1)}.1`,
  }));
  const description = {
    namespaces: { [netns.name]: { routes: chain } },
  };
  await using reconciler = await Reconciler.open(
    parseConfiguration(description),
  );
  const { actions } = await reconciler.plan();
  const orders = new Map(
    actions.flatMap(({ name, parts: [part] }) =>
      part === undefined ? [] : [[name, part.order] as const]
    ),
  );
  const order = (at: number) => orders.get(chain[at].to)!;
  for (const at of numbers(98)) {
    const below = order(chain.length - 1 - at);
    assertEquals(order(chain.length - 2 - at), below + 1);
  }
});

/** What a hundred routes by gateways on many links take, and many more. */
const FABRIC = (count: number): NamespaceConfiguration => ({
  links: numbers(100).map((at) => ({
    name: `a${at}`,
    kind: "veth",
    up: true,
    addresses: [`10.${at}.0.1/24`],
    options: { peer: { name: `b${at}`, up: true } },
  })),
  routes: numbers(count).map((at) => ({
    to: `172.16.${low16(at)}/32`,
    via: `10.${at % 100}.0.2`,
  })),
});

Deno.test("one of 1,600 routes is back at once, all of them soon", async () => {
  await using netns = new UnmadeNetns("back");
  await using reconciled = await Reconciled.open({
    namespaces: { [netns.name]: FABRIC(1600) },
  });
  // Long after the goal of 100 ms, long before the seconds that a comparison of
  // each with each takes.
  const soon = 500 * SLOWNESS;
  for (const at of [7, 8, 9]) {
    await netns.ip(`route delete 172.16.0.${at}/32`);
    const { action, milliseconds } = await reconciled.report("corrected");
    assertEquals(action.name, `172.16.0.${at}/32`);
    assert(milliseconds < soon, `after ${milliseconds} ms`);
  }
  await netns.ip("route flush proto boot");
  const names = new Set<string>();
  // ip lists routes again while it deletes: one that is back may go once more.
  while (names.size < 1600) {
    const { action } = await reconciled.report("corrected");
    names.add(action.name);
  }
  await settled(async () => {
    assertEquals((await netns.json("route show proto boot")).length, 1600);
  });
});

Deno.test("a change of another link compares no addresses", async () => {
  /** Processor time for changes of `other`, beside so many addresses. */
  const cost = async (count: number) => {
    await using netns = new UnmadeNetns("other");
    await using reconciled = await Reconciled.open({
      namespaces: {
        [netns.name]: {
          links: [
            {
              ...bridge,
              addresses: numbers(count).map((at) => `10.1.${low16(at)}/32`),
            },
            { name: "other", kind: "bridge" },
          ],
        },
      },
    });
    const changes = numbers(20).map((at) => `link set other mtu ${1400 + at}`);
    return await costOf(async () => {
      for (const change of changes) await netns.ip(change);
      // The events have been read when this one has been corrected.
      await netns.ip("address delete 10.1.0.7/32 dev br0");
      await reconciled.report("corrected");
    });
  };
  await cost(100);
  const [few, many] = [await cost(250), await cost(4000)];
  // Compared for each event, they take sixteen times as long.
  assert(many < 4 * few, `${many.toFixed(1)} ms, ${few.toFixed(1)} ms`);
});
