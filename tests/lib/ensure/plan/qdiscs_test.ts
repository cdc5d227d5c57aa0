// Queueing disciplines and classes of links: every kind that the kernel has is
// added, compared again, changed, corrected; read by `tc -j`.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { exportConfiguration, parseConfiguration } from "../../../../mod.ts";
import { applied } from "../../../support/applied.ts";
import { testUnless } from "../../../support/kinds.ts";
import { Lab, type Netns, output, run } from "../../../support/netns.ts";
import { Reconciled } from "../../../support/reconciled.ts";
import "../../../support/descriptors.ts";

type Json = Record<string, unknown>;

const TBF = { rate: "1mbit", burst: "10kb", latency: "50ms" };

async function tc(netns: Netns, words: string): Promise<Json[]> {
  const args = ["-n", netns.name, "-j", ...words.split(" ")];
  return JSON.parse(await run("tc", args) || "[]");
}

/** The last one that was added, if there is one beside the default. */
async function last(netns: Netns): Promise<Json> {
  return (await tc(netns, "qdisc show dev v0")).at(-1) ?? {};
}

/** The kernel does not have all kinds. */
async function kernelHas(netns: Netns, kind: string): Promise<boolean> {
  const isIngress = ["ingress", "clsact"].includes(kind);
  const place = isIngress ? kind : `root ${kind}`;
  const limit = kind === "tbf" ? " rate 1mbit burst 10kb latency 50ms" : "";
  const words = `qdisc add dev lo ${place}${limit}`.split(" ");
  const { code } = await output("tc", ["-n", netns.name, ...words]);
  const removal = `qdisc del dev lo ${isIngress ? kind : "root"}`.split(" ");
  await output("tc", ["-n", netns.name, ...removal]);
  return code === 0;
}

/** Applies a configuration; returns the reasons of the changes. */
async function apply(netns: Netns, configuration: object): Promise<string[]> {
  const lines = await applied(netns, configuration);
  return lines.flatMap((line) => line.split(": ").slice(1));
}

/** Options, other options, and the reasons of the change. */
const KINDS: Readonly<
  Record<string, readonly [object, object, readonly string[]]>
> = {
  netem: [
    {
      delay: "50ms",
      jitter: "5ms",
      loss: "1%",
      loss_correlation: "25%",
      duplicate: "0.5%",
      reorder: "5%",
    },
    { delay: "20ms", corrupt: "1%", rate: "1mbit" },
    [
      "delay is 0.05, wanted 0.02",
      "jitter is 0.005, wanted 0",
      "loss is 0.01, wanted 0",
      "loss-random correlation is 0.25, wanted 0",
      "reorder is 0.05, wanted 0",
      "gap is 1, wanted 0",
      "duplicate is 0.005, wanted 0",
      "corrupt is 0, wanted 0.01",
      "rate is 0, wanted 125000",
    ],
  ],
  tbf: [
    { rate: "1mbit", burst: "10kb", latency: "50ms" },
    { rate: "8mbit", burst: "10kb", latency: "50ms" },
    ["rate is 125000, wanted 1000000"],
  ],
  htb: [{ default: "10" }, { default: "20" }, ["default is 0x10, wanted 0x20"]],
  fq_codel: [
    { target: "7ms", ecn: true },
    { target: "20ms", ecn: false, limit: 500 },
    [
      "target is 6999us, wanted 20ms",
      "ecn is on, wanted off",
      "limit is 10240, wanted 500",
    ],
  ],
  fq: [{ limit: 500, pacing: true }, { pacing: false }, [
    "pacing is on, wanted off",
  ]],
  pfifo: [{ limit: 77 }, { limit: 88 }, ["limit is 77, wanted 88"]],
  bfifo: [{ limit: "10kb" }, { limit: 5000 }, ["limit is 10240, wanted 5000"]],
  prio: [{ bands: 4 }, { bands: 5 }, ["bands is 4, wanted 5"]],
  ingress: [{}, {}, []],
  clsact: [{}, {}, []],
};

const link = (rest: object) => ({
  name: "v0",
  kind: "veth",
  up: true,
  options: { peer: { name: "v1", up: true } },
  ...rest,
});

Deno.test("each kind of qdisc is added, stable, and changed", async (t) => {
  await using lab = await Lab.open("one");
  const { one } = lab;
  await apply(one, { links: [link({})] });
  let tested = 0;
  for (const [kind, [first, second, reasons]] of Object.entries(KINDS)) {
    const ignore = !await kernelHas(one, kind);
    await t.step({
      name: kind,
      ignore,
      async fn() {
        tested++;
        const wanted = (options: object) => ({
          links: [link({ qdisc: { kind, options } })],
        });
        await apply(one, wanted(first));
        const before = await last(one);
        assertEquals(before.kind, kind);
        const changed = await apply(one, wanted(second));
        assertEquals(new Set(changed), new Set(reasons));
        const own = await last(one);
        // Made again, it has another id.
        if (kind !== "htb") assertEquals(own.handle, before.handle);
        // The same by tc(8) itself.
        if (kind === "tbf") {
          const words = "qdisc replace dev v1 root tbf rate 8mbit burst 10kb " +
            "latency 50ms";
          await run("tc", ["-n", one.name, ...words.split(" ")]);
          const [theirs] = await tc(one, "qdisc show dev v1");
          assertEquals(own.options, theirs.options);
        }
        await output("tc", [
          "-n",
          one.name,
          ..."qdisc del dev v0 root".split(" "),
        ]);
        await output("tc", [
          "-n",
          one.name,
          ..."qdisc del dev v0 ingress".split(" "),
        ]);
      },
    });
  }
  assert(tested >= 5, `${tested} kinds tested`);
});

const hasNetem = await (async () => {
  await using lab = await Lab.open("probe");
  return await kernelHas(lab.probe, "netem");
})();

testUnless(
  hasNetem ? undefined : "has no netem",
  "netem delays and loses what ping sends",
  async () => {
    await using lab = await Lab.open("one", "two");
    const { one, two } = lab;
    const qdisc = { kind: "netem", options: { delay: "50ms", loss: "1%" } };
    await apply(one, {
      links: [{
        name: "v0",
        kind: "veth",
        up: true,
        options: { peer: { name: "v1", netns: two.name } },
        addresses: ["192.0.2.1/24"],
        qdisc,
      }],
      namespaces: {
        [two.name]: {
          links: [{ name: "v1", up: true, addresses: ["192.0.2.2/24"] }],
        },
      },
    });
    const { stdout } = await one.output("ping", [
      ...["-q", "-c", "1000", "-i", "0.002", "-W", "3", "192.0.2.2"],
    ]);
    const [, received] = /(\d+) received/.exec(stdout) ?? [];
    const [, least] = /= ([\d.]+)\//.exec(stdout) ?? [];
    // 10 are lost on average, with a standard deviation of 3.
    const lost = 1000 - Number(received);
    assert(lost >= 1 && lost <= 25, stdout);
    assert(Number(least) >= 50 && Number(least) < 75, stdout);
  },
);

const HTB = link({
  qdisc: [
    { kind: "htb", handle: "1:", options: { default: "20" } },
    { kind: "bfifo", parent: "1:10", options: { limit: "20kb" } },
    { kind: "clsact" },
  ],
  classes: [
    // A class that another one is in follows it.
    {
      classid: "1:10",
      parent: "1:1",
      options: { rate: "1mbit", ceil: "2mbit" },
    },
    { classid: "1:20", parent: "1:1", options: { rate: "1mbit", prio: 3 } },
    { classid: "1:1", options: { rate: "5mbit" } },
  ],
});

/** The qdiscs, and the lines of the classes, which tc 6.1 has as text only. */
async function shaping(
  netns: Netns,
): Promise<{ readonly qdiscs: Json[]; readonly classes: string[] }> {
  const [qdiscs, classes] = await Promise.all([
    tc(netns, "qdisc show dev v0"),
    run("tc", ["-n", netns.name, "class", "show", "dev", "v0"]),
  ]);
  return {
    qdiscs: qdiscs.map(({ handle, options, ...rest }): Json => ({
      ...rest,
      handle: rest.kind === "htb" ? handle : undefined,
      options: { ...options as object, direct_packets_stat: 0 },
    })).sort((a, b) => String(a.kind).localeCompare(String(b.kind))),
    classes: classes.trim().split("\n").map((line) =>
      line.replace(/leaf \S+ /, "").trim()
    ).sort(),
  };
}

async function comesBack(netns: Netns, before: unknown): Promise<void> {
  const end = performance.now() + 20_000;
  for (;;) {
    const now = await shaping(netns).catch(String);
    if (JSON.stringify(now) === JSON.stringify(before)) return;
    if (performance.now() > end) assertEquals(now as unknown, before);
  }
}

Deno.test("htb with classes and what is attached to them is kept", async (t) => {
  await using lab = await Lab.open("one");
  const { one } = lab;
  await using reconciled = await Reconciled.open({
    namespaces: { [one.name]: { links: [HTB] } },
  });
  const before = await shaping(one);
  const { qdiscs, classes } = before;
  assertEquals(qdiscs.map(({ kind }) => kind), ["bfifo", "clsact", "htb"]);
  assertEquals(classes, [
    "class htb 1:1 root rate 5Mbit ceil 5Mbit burst 1600b cburst 1600b",
    "class htb 1:10 parent 1:1 prio 0 rate 1Mbit ceil 2Mbit burst 1600b " +
    "cburst 1600b",
    "class htb 1:20 parent 1:1 prio 3 rate 1Mbit ceil 1Mbit burst 1600b " +
    "cburst 1600b",
  ]);
  for (
    const act of [
      "class change dev v0 parent 1:1 classid 1:10 htb rate 3mbit",
      "class del dev v0 classid 1:20",
      "qdisc change dev v0 parent 1:10 bfifo limit 9999",
      "qdisc del dev v0 clsact",
      "qdisc del dev v0 root",
      "qdisc replace dev v0 root pfifo limit 9",
    ]
  ) {
    await t.step(act, async () => {
      reconciled.reports.length = 0;
      await run("tc", ["-n", one.name, ...act.split(" ")]);
      const { milliseconds } = await reconciled.report("corrected");
      assert(milliseconds < 5000, `${milliseconds} ms`);
      await comesBack(one, before);
    });
  }
  await t.step("the link is deleted", async () => {
    await one.ip("link delete v0");
    await comesBack(one, before);
  });
});

Deno.test("qdiscs that cannot be right are problems of the configuration", () => {
  for (
    const [part, message] of [
      [{ qdisc: { kind: "netm" } }, /^links\[0\].qdisc.kind: "netm" is not /],
      [
        { qdisc: { kind: "tbf", options: { rate: "1mbit" } } },
        /^links\[0\].qdisc: tbf burst: /,
      ],
      [
        { qdisc: { kind: "htb", options: { rate: 1 } } },
        /^links\[0\].qdisc.options.rate: unknown key$/,
      ],
      [
        { qdisc: [{ kind: "pfifo" }, { kind: "bfifo", parent: "root" }] },
        /^links\[0\].qdisc\[1\]: the same place of a qdisc as links\[0\].qdisc\[0\]$/,
      ],
      [{ classes: [{ classid: "x" }] }, /^links\[0\].classes\[0\]: /],
    ] as const
  ) {
    const error = assertThrows(() =>
      parseConfiguration({ links: [link(part)] })
    ) as Error;
    assert(message.test(error.message), error.message);
  }
});

Deno.test("queueing disciplines and classes are exported", async () => {
  await using lab = await Lab.open("one", "two");
  const { one, two } = lab;
  const link = (name: string, more: object) => ({
    name,
    kind: "veth",
    up: true,
    options: { peer: { name: `${name}x` } },
    ...more,
  });
  const htb = {
    qdisc: [
      { kind: "htb", handle: "1:", options: { default: "0x20" } },
      { kind: "tbf", parent: "1:20", options: TBF },
    ],
    classes: [
      {
        classid: "1:10",
        options: { rate: "1mbit", ceil: "10mbit", burst: "10kb" },
      },
      { classid: "1:11", parent: "1:10", options: { rate: "500kbit" } },
      { classid: "1:20", options: { rate: "5mbit", prio: 2 } },
    ],
  };
  const kinds = Object.entries(KINDS).flatMap(([kind, [options]]) =>
    kind === "htb" ? [] : [{ kind, options }]
  );
  const links: object[] = [];
  for (const qdisc of kinds) {
    if (!await kernelHas(one, qdisc.kind)) continue;
    links.push(link(`v${links.length}`, { qdisc }));
  }
  if (await kernelHas(one, "htb")) links.push(link("h0", htb));
  await applied(one, { links });
  const exported = await exportConfiguration({ namespace: one.name });
  assertEquals(await applied(one, exported), []);
  const queueing = (list: readonly object[] = []) =>
    (list as Json[]).filter(({ name }) => /^[vh]\d+$/.test(`${name}`))
      .flatMap(({ qdisc, classes }) => [qdisc, classes ?? []].flat(2) as Json[])
      .map(({ kind, classid, parent }) => [kind ?? classid, parent].join(" "))
      .sort();
  assertEquals(
    exported.links?.filter((one) => !/^[vh]/.test(one.name) && "qdisc" in one),
    [],
  );
  assertEquals(queueing(exported.links), queueing(links), "none is left out");
  await applied(two, exported);
  const qdiscs = async (netns: Netns) =>
    (await tc(netns, "qdisc")).map(({ handle: _, ...rest }) =>
      // The seed is random.
      JSON.stringify({
        ...rest,
        options: { ...rest.options as Json, seed: undefined },
      })
    ).sort();
  assertEquals(await qdiscs(two), await qdiscs(one));
  // Not as JSON with this `tc`.
  const classes = async (netns: Netns) => {
    const args = ["-n", netns.name, "class", "show", "dev", "h0"];
    // The kernel chooses handles of what has no classes.
    return (await run("tc", args)).replaceAll(
      /\b[89a-f][0-9a-f]{3}:/g,
      "HANDLE:",
    );
  };
  if (await kernelHas(one, "htb")) {
    assertEquals(await classes(two), await classes(one));
  }
});
