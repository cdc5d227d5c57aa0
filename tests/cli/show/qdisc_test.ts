// `show qdisc` beside `tc -j [-d] [-s] qdisc`, and `show class` beside the text of
// `tc class`, which has no JSON in iproute2 6.1.

import { assert, assertEquals } from "@std/assert";
import { showClasses, showQdiscs } from "../../../cli/show/qdisc.ts";
import { classText, qdiscText } from "../../../cli/show/text/qdisc.ts";
import { style } from "../../../cli/output/style.ts";
import { RouteSocket } from "../../../lib/rtnetlink/socket.ts";
import "../../support/descriptors.ts";
import { Lab, type Netns, output, run } from "../../support/netns.ts";
import { testUnless } from "../../support/kinds.ts";
import { settled } from "../../support/settled.ts";
import { assertSameJson } from "../../support/same_json.ts";

/** Each kind in several ways: what follows `tc qdisc replace dev v0`. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  netem: [
    "root netem",
    "root netem delay 50ms 10ms 25% loss 1% 5% limit 77",
    "root netem delay 50ms reorder 25% 50% gap 5 duplicate 2% corrupt 0.1% 3%",
    "root netem delay 10ms 5ms distribution normal rate 10mbit 20 30 40",
    "root netem rate 100gbit loss random 0.3% ecn",
    "root netem loss state 1% 90% 2% 80% 1%",
    "root netem loss gemodel 1% 10% 70% 0.1%",
    "root netem slot 800us 10ms packets 5",
    "root netem slot distribution normal 10ms 2ms bytes 3000",
  ],
  tbf: [
    "root tbf rate 1mbit burst 10k latency 50ms",
    "root tbf rate 1mbit burst 10k limit 20k peakrate 2mbit minburst 1540",
    "root tbf rate 50gbit burst 100m limit 1k",
    "root tbf rate 1mbit burst 10k latency 50ms overhead 14 mpu 64 linklayer atm",
  ],
  htb: ["root handle 1: htb", "root htb default 1f r2q 5 direct_qlen 7"],
  fq_codel: [
    "root fq_codel",
    "root fq_codel limit 500 flows 64 target 3ms interval 50ms quantum 300 noecn",
    "root fq_codel ce_threshold 1ms memory_limit 1mb drop_batch 8",
  ],
  fq: [
    "root fq",
    "root fq limit 500 flow_limit 50 buckets 256 quantum 3000 initial_quantum 9000",
    "root fq nopacing maxrate 10mbit defrate 1mbit low_rate_threshold 100kbit",
    "root fq refill_delay 20ms orphan_mask 63 ce_threshold 1ms timer_slack 5us horizon 3s horizon_cap",
  ],
  pfifo: ["root pfifo", "root pfifo limit 10"],
  bfifo: ["root bfifo limit 10k"],
  prio: [
    "root prio",
    "root prio bands 4 priomap 0 1 2 3 0 1 2 3 0 1 2 3 0 1 2 3",
  ],
  pfifo_fast: ["root pfifo_fast"],
  ingress: ["ingress"],
  clsact: ["clsact"],
};

async function has(kind: string): Promise<boolean> {
  const [words] = KINDS[kind];
  const probe = "ip link add v0 type veth peer name v1 && " +
    `tc qdisc add dev v0 ${kind === "tbf" ? KINDS.tbf[0] : words}`;
  const { stderr } = await output("unshare", ["-n", "sh", "-c", probe]);
  return !/unknown|not supported|not found/.test(stderr);
}

/** A link that carries nothing but what the test sends. */
async function quietLab(): Promise<Lab<"ns"> & { readonly ns: Netns }> {
  const lab = await Lab.open("ns");
  await lab.ns.sysctl("net.ipv6.conf.default.disable_ipv6", 1);
  await lab.ns.batch(`
    link add v0 type veth peer name v1
    link set v0 up
    link set v1 up
    address add 192.0.2.1/24 dev v0`);
  await lab.ns.carries("v0");
  return lab;
}

const tc = (netns: Netns, ...words: string[]) =>
  run("tc", ["-n", netns.name, ...words]);

/** Fails unless both print the same, in each depth. */
async function assertShowsQdiscs(netns: Netns, dev?: string): Promise<void> {
  await using route = RouteSocket.open({ namespace: netns.name });
  for (const details of [false, true]) {
    for (const statistics of [false, true]) {
      const theirs = await tc(
        netns,
        "-j",
        ...details ? ["-d"] : [],
        ...statistics ? ["-s"] : [],
        ...["qdisc", "show"],
        ...dev === undefined ? [] : ["dev", dev],
      );
      const { objects } = await showQdiscs(route, { details, statistics, dev });
      assertSameJson([...objects], JSON.parse(theirs));
    }
  }
}

for (const [kind, commands] of Object.entries(KINDS)) {
  const lack = await has(kind) ? undefined : `has no ${kind}`;
  testUnless(lack, `show qdisc: ${kind} as tc prints it`, async () => {
    await using lab = await quietLab();
    for (const command of commands) {
      const words = command.split(" ");
      await tc(lab.ns, "qdisc", "replace", "dev", "v0", ...words);
      await lab.ns.output("ping", "-c 2 -i 0.01 -W 0.1 192.0.2.9".split(" "));
      // netem delays packets, so queues may change in between.
      await settled(() => assertShowsQdiscs(lab.ns));
      await settled(() => assertShowsQdiscs(lab.ns, "v0"));
      const [parent] = words;
      await tc(lab.ns, "qdisc", "delete", "dev", "v0", parent);
    }
  });
}

const noHtb = await has("htb") ? undefined : "has no htb";

testUnless(noHtb, "show class: htb with classes as tc prints it", async () => {
  await using lab = await quietLab();
  for (
    const command of [
      "qdisc add dev v0 root handle 1: htb default 20",
      "class add dev v0 parent 1: classid 1:1 htb rate 10mbit ceil 20mbit",
      "class add dev v0 parent 1:1 classid 1:20 htb rate 1mbit ceil 5mbit prio 2 burst 15k",
      "class add dev v0 parent 1:1 classid 1:30 htb rate 50gbit burst 1m cburst 1m quantum 3000",
      "qdisc add dev v0 parent 1:20 handle 20: pfifo limit 5",
    ]
  ) await tc(lab.ns, ...command.split(" "));
  await lab.ns.output("ping", "-c 3 -i 0.01 -W 0.1 192.0.2.9".split(" "));
  await assertShowsQdiscs(lab.ns);
  await using route = RouteSocket.open({ namespace: lab.ns.name });
  for (const dev of [undefined, "v0"]) {
    const { objects } = await showClasses(route, {
      details: true,
      statistics: true,
      dev,
    });
    const text = await tc(lab.ns, "-d", "-s", "class", "show", "dev", "v0");
    assertEquals([...objects].map(likeTc), normal(text), String(dev));
  }
  // As text, without and with the name of the link.
  const { objects } = await showClasses(route, { statistics: true });
  const lines = [...objects].map((one) => classText(one, style(false)));
  assert(
    lines[1].startsWith(
      "class htb 1:20 dev v0 parent 1:1 leaf 0x20 prio 2 rate 125000 ceil 625000",
    ),
  );
  const qdiscs = await showQdiscs(route, { dev: "v0" });
  const text = [...qdiscs.objects].map((one) =>
    qdiscText(one, style(false)).replace(/refcnt \d/, "refcnt 3")
  );
  assertEquals(text, [
    "qdisc htb 1: root refcnt 3 r2q 10 default 0x20 direct_packets_stat 0 direct_qlen 1000",
    "qdisc pfifo 20: parent 1:20 limit 5",
  ]);
});

/** The text of `tc -d -s class` without layout, each class as words. */
function normal(text: string): string[] {
  return text.trim().split(/\n\s*\n/).map((one) => one.split(/\s+/).join(" "));
}

const UNITS = ["", "K", "M", "G"];

/** 125000 as "1Mbit". */
function rateText(bytes: unknown): string {
  let value = Number(bytes) * 8;
  let unit = 0;
  while (value >= 1000 && value % 1000 === 0) {
    value /= 1000;
    unit++;
  }
  return `${value}${UNITS[unit]}bit`;
}

/** 15360 as "15Kb". */
function sizeText(bytes: unknown): string {
  const value = Number(bytes);
  for (
    const [unit, name, near] of [[2 ** 20, "Mb", 1024], [
      1024,
      "Kb",
      16,
    ]] as const
  ) {
    const rounded = Math.round(value / unit);
    if (value >= unit && Math.abs(rounded * unit - value) < near) {
      return `${rounded}${name}`;
    }
  }
  return `${value}b`;
}

/** A class in the words of `tc -d -s class`. */
// deno-lint-ignore no-explicit-any -- JSON
function likeTc(json: any): string {
  const { stats: s } = json;
  return [
    `class ${json.class} ${json.handle}`,
    json.root ? "root" : `parent ${json.parent}`,
    json.leaf && `leaf ${json.leaf.slice(2)}:`,
    json.prio !== undefined && `prio ${json.prio} quantum ${json.quantum}`,
    `rate ${rateText(json.rate)} ceil ${rateText(json.ceil)}`,
    `linklayer ${json.linklayer}`,
    `burst ${sizeText(json.burst)}/${json.burst_cell} mpu ${json.mpu_rate}b`,
    `cburst ${sizeText(json.cburst)}/${json.cburst_cell} mpu ${json.mpu_ceil}b`,
    `level ${json.level}`,
    `Sent ${s.bytes} bytes ${s.packets} pkt (dropped ${s.drops}, overlimits ${s.overlimits} requeues ${s.requeues})`,
    `backlog ${s.backlog}b ${s.qlen}p requeues ${s.requeues}`,
    `lended: ${s.lended} borrowed: ${s.borrowed} giants: ${s.giants}`,
    `tokens: ${s.tokens} ctokens: ${s.ctokens}`,
  ].filter(Boolean).join(" ");
}
