// Link rates beside `ip -s -j link`, and of counters that no test can make wrap.

import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type LinkRates, RateMeter } from "../../../cli/rates/meter.ts";
import {
  type LinkCounters,
  type LinkSample,
  LinkSampler,
} from "../../../cli/rates/sampler.ts";
import "../../support/descriptors.ts";
import { Lab, type Netns } from "../../support/netns.ts";

const { signal } = new AbortController();

const COUNTERS = {
  rx_packets: 0,
  rx_bytes: 0,
  rx_dropped: 0,
  rx_errors: 0,
  tx_packets: 0,
  tx_bytes: 0,
  tx_dropped: 0,
  tx_errors: 0,
  carrier_changes: 2,
} as LinkCounters;

function sample(
  seconds: number,
  counters: Partial<LinkCounters>,
  link: Partial<LinkSample> = {},
): LinkSample {
  return {
    namespace: undefined,
    ifindex: 2,
    ifname: "eth0",
    kind: undefined,
    up: true,
    operstate: 6,
    time: seconds * 1000,
    counters: { ...COUNTERS, ...counters },
    ...link,
  };
}

/** The rates of the last of several samples. */
function rates(...samples: LinkSample[]): LinkRates | undefined {
  const meter = new RateMeter();
  return samples.map((one) => meter.update([one])[0]).at(-1);
}

Deno.test("rates: a counter passes the end of 32 or 64 bits", () => {
  const growth = fc.array(
    fc.record({
      bytes: fc.bigInt(0n, (1n << 31n) - 1n),
      packets: fc.bigInt(0n, 1n << 20n),
    }),
    { minLength: 1, maxLength: 20 },
  );
  fc.assert(fc.property(
    fc.constantFrom(32, 64),
    fc.bigInt(0n, 1n << 32n),
    growth,
    (bits, below, steps) => {
      // Start below the end, so that the sum of the steps often passes it.
      let bytes = (1n << BigInt(bits)) - below;
      let packets = 0n;
      const meter = new RateMeter();
      const at = (time: number) =>
        meter.update([sample(time, {
          rx_bytes: Number(BigInt.asUintN(bits, bytes)),
          tx_packets: Number(packets),
        })])[0];
      at(0);
      for (const [index, step] of steps.entries()) {
        bytes += step.bytes;
        packets += step.packets;
        const { rx, tx } = at(index + 1);
        // A number has 53 bits.
        assertAlmostEquals(
          rx.bytes,
          Number(step.bytes),
          bits === 64 ? 4096 : 0,
        );
        assertEquals(tx.packets, Number(step.packets));
      }
    },
  ));
});

Deno.test("rates: counters that restarted count since then", () => {
  const before = { rx_bytes: 3_000_000_000, rx_packets: 9000, tx_bytes: 10 };
  const after = { rx_bytes: 2000, rx_packets: 4, tx_bytes: 30 };
  const { rx, tx } = rates(sample(0, before), sample(2, after))!;
  assertEquals([rx.bytes, rx.packets, tx.bytes], [1000, 2, 15]);
  // A link with more traffic than the previous one, and fewer carrier changes.
  const next = { ...before, rx_packets: 9001, carrier_changes: 1 };
  assertEquals(
    rates(sample(0, before), sample(1, next))!.rx.packets,
    9001,
  );
});

Deno.test("rates: another kind with the same index, and a forgotten link, have none", () => {
  const counters = { rx_bytes: 1000 };
  assertEquals(
    rates(sample(0, counters), sample(1, counters, { kind: "veth" })),
    undefined,
  );
  const meter = new RateMeter();
  meter.update([sample(0, counters)]);
  meter.forget(undefined, 2);
  assertEquals(meter.update([sample(1, counters)]), []);
  // Two samples at one time are no rate of infinity.
  assertEquals(meter.update([sample(1, counters)]), []);
  assertEquals(meter.update([sample(2, { rx_bytes: 1500 })])[0].rx.bytes, 500);
});

/** What `ip -s -s` prints, under the names of the kernel. */
async function counted(
  netns: Netns,
  ifname: string,
): Promise<Record<string, number>> {
  const [{ stats64 }] = await netns.json<{
    stats64: Record<"rx" | "tx", Record<string, number>>;
  }>(`-s -s link show dev ${ifname}`);
  const named = Object.entries(stats64).flatMap(([way, counters]) =>
    Object.entries(counters).map(([key, value]) => [
      key === "carrier_changes" || key === "multicast" || key === "collisions"
        ? key
        : `${way}_${key}`,
      value,
    ])
  );
  return Object.fromEntries(named);
}

/** Two namespaces without traffic of the kernel's own. */
async function quietLab() {
  const lab = await Lab.open("left", "right");
  for (const netns of [lab.left, lab.right]) {
    await netns.sysctl("net.ipv6.conf.default.disable_ipv6", 1);
  }
  await lab.veth("left", "eth0", "right", "eth0");
  await lab.left.ip("address add 192.0.2.1/24 dev eth0");
  await lab.right.ip("address add 192.0.2.2/24 dev eth0");
  return lab;
}

const ping = (netns: Netns) =>
  netns.run("ping", "-q -c 20 -i 0.002 -s 972 192.0.2.2".split(" "));

Deno.test("rates are what `ip -s -j link` counts, also of a renamed link", async () => {
  await using lab = await quietLab();
  const names = [lab.left.name, lab.right.name];
  const sampler = new LinkSampler(names);
  const meter = new RateMeter();
  const first = await sampler.read(signal);
  assertEquals(meter.update(first), []);
  const find = <T extends { namespace?: string; ifname: string }>(
    all: readonly T[],
    ifname: string,
    namespace = lab.left.name,
  ) => all.find((a) => a.ifname === ifname && a.namespace === namespace)!;
  for (
    const [netns, name] of [[lab.left, "eth0"], [lab.right, "lo"]] as const
  ) {
    const { counters } = find(first, name, netns.name);
    for (const [key, value] of Object.entries(await counted(netns, name))) {
      assertEquals(counters[key as keyof LinkCounters], value, key);
    }
  }

  const before = await counted(lab.left, "eth0");
  await ping(lab.left);
  await lab.left.ip("link set eth0 down");
  await lab.left.ip("link set eth0 name wan0");
  const after = await counted(lab.left, "wan0");
  const second = await sampler.read(signal);
  const { rx, tx, up } = find(meter.update(second), "wan0");
  const seconds = (find(second, "wan0").time - find(first, "eth0").time) / 1000;
  assertEquals(up, false);
  for (const [way, rate] of [["rx", rx], ["tx", tx]] as const) {
    for (const [key, value] of Object.entries(rate)) {
      const name = `${way}_${key}`;
      assertAlmostEquals(value * seconds, after[name] - before[name], 1e-6);
    }
  }
  assert(tx.packets * seconds > 19);
});

Deno.test("rates of a link that moves, vanishes and comes back", async () => {
  await using lab = await quietLab();
  const sampler = new LinkSampler([lab.left.name, lab.right.name]);
  const meter = new RateMeter();
  const of = (all: readonly LinkRates[]) =>
    all.filter(({ ifname }) => ifname !== "lo").map((
      { namespace, rx, tx },
    ) => [
      namespace === lab.left.name ? "left" : "right",
      rx.bytes + tx.bytes > 0,
    ]);
  const read = async () => of(meter.update(await sampler.read(signal)));
  await ping(lab.left);
  assertEquals(await read(), []);
  assertEquals(await read(), [["left", false], ["right", false]]);

  // What it counted before it moved is no traffic of this interval.
  await lab.left.ip(`link set eth0 netns ${lab.right.name} name eth1`);
  assertEquals(await read(), [["right", false]]);
  assertEquals(await read(), [["right", false], ["right", false]]);

  // The same names and indexes, other links.
  const [{ ifindex }] = await lab.right.json("link show dev eth0");
  await lab.right.ip("link delete eth0");
  await lab.right.ip(
    `link add eth0 index ${ifindex} type veth peer name eth0 netns ${lab.left.name}`,
  );
  await lab.right.batch(`
    link set eth0 up
    address add 192.0.2.2/24 dev eth0`);
  await lab.left.batch(`
    link set eth0 up
    address add 192.0.2.1/24 dev eth0`);
  await lab.left.carries("eth0");
  await lab.left.run("ping", "-q -c 1 192.0.2.2".split(" "));
  const samples = await sampler.read(signal);
  const { tx } = meter.update(samples)
    .find((one) => one.ifname === "eth0" && one.namespace === lab.right.name)!;
  const all = await counted(lab.right, "eth0");
  const share = tx.bytes / tx.packets;
  assertAlmostEquals(share, all.tx_bytes / all.tx_packets, 1e-6);
  assert(tx.bytes > 0);

  // A deleted namespace is left out.
  await using gone = await Lab.open("gone");
  const both = new LinkSampler([lab.left.name, gone.gone.name]);
  await both.read(signal);
  await gone[Symbol.asyncDispose]();
  const left = await both.read(signal);
  assertEquals(new Set(left.map((a) => a.namespace)), new Set([lab.left.name]));
});
