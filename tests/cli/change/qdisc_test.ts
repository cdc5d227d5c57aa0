// `netplumb qdisc` and `netplumb class`: what they add is what tc adds with the
// same words; a lab with netem behaves as it says.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { readWords } from "../../../cli/change/words.ts";
import {
  addClass,
  addQdisc,
  type Change,
  deleteClass,
  deleteQdisc,
  Network,
  replaceClass,
  replaceQdisc,
} from "../../../lib/rtnetlink/mod.ts";
import { qdiscKindNamed } from "../../../lib/rtnetlink/qdiscs/list.ts";
import { netplumb } from "../../support/command.ts";
import "../../support/descriptors.ts";
import { Lab, type Netns, output, run } from "../../support/netns.ts";
import { testUnless } from "../../support/kinds.ts";

/** Words that tc takes too, after the kind. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  netem: [
    "",
    "limit 77 delay 50ms loss 1%",
    "delay 10.5ms duplicate 2% corrupt 0.1% rate 10mbit",
    "delay 1s reorder 25% gap 5",
    "rate 100gbit loss 0.3% ecn",
  ],
  tbf: [
    "rate 1mbit burst 10k latency 50ms",
    "rate 1mbit burst 10k limit 20k peakrate 2mbit minburst 1540",
    "rate 50gbit burst 100m limit 1k",
    "rate 100kbps burst 1600b latency 100us",
  ],
  htb: ["", "default 1f r2q 5 direct_qlen 7"],
  fq_codel: [
    "",
    "limit 500 flows 64 target 3ms interval 50ms quantum 300 noecn",
    "ce_threshold 1ms memory_limit 1mb drop_batch 8",
  ],
  fq: [
    "",
    "limit 500 flow_limit 50 buckets 256 quantum 3000 initial_quantum 9000",
    "nopacing maxrate 10mbit defrate 1mbit low_rate_threshold 100kbit",
    "refill_delay 20ms orphan_mask 63 ce_threshold 1ms horizon 3s",
  ],
  pfifo: ["", "limit 10"],
  bfifo: ["", "limit 10k"],
  prio: ["", "bands 4"],
  ingress: [""],
  clsact: [""],
};

const MINIMAL: Readonly<Record<string, string>> = {
  tbf: "rate 1mbit burst 10k latency 50ms",
};

async function has(kind: string): Promise<boolean> {
  const root = kind === "ingress" || kind === "clsact" ? "" : "root";
  const probe = "ip link add v0 type veth peer name v1 && " +
    `tc qdisc add dev v0 ${root} ${kind} ${MINIMAL[kind] ?? ""}`;
  const { stderr } = await output("unshare", ["-n", "sh", "-c", probe]);
  return !/unknown|not supported|not found/.test(stderr);
}

async function openLab(): Promise<Lab<"ns"> & { readonly ns: Netns }> {
  const lab = await Lab.open("ns");
  await lab.ns.ip("link add v0 type veth peer name v1");
  await lab.ns.ip("link set v0 up");
  return lab;
}

/** What tc prints of the link, without handles that the kernel chose. */
async function shown(netns: Netns): Promise<unknown> {
  const text = await run("tc", [
    ...["-n", netns.name, "-j", "-d", "qdisc", "show", "dev", "v0"],
  ]);
  return JSON.parse(text.replaceAll(/"handle":"8\w{3}:"/g, '"handle":"8:"'));
}

async function apply(netns: Netns, ...changes: Change[]): Promise<void> {
  await using network = Network.open({ namespace: netns.name });
  await network.apply(changes);
}

for (const [kind, cases] of Object.entries(KINDS)) {
  const lack = await has(kind) ? undefined : `has no ${kind}`;
  testUnless(lack, `qdisc ${kind}: added as tc adds it`, async () => {
    await using lab = await openLab();
    const isHook = kind === "ingress" || kind === "clsact";
    const place = isHook ? { parent: "ingress" } : {};
    const before = await shown(lab.ns);
    for (const given of cases) {
      const words = given.split(" ").filter(Boolean);
      await run("tc", [
        ...["-n", lab.ns.name, "qdisc", "add", "dev", "v0"],
        ...isHook ? [kind] : ["root", kind],
        ...words,
      ]);
      const theirs = await shown(lab.ns);
      await apply(lab.ns, deleteQdisc({ dev: "v0", ...place }));
      assertEquals(await shown(lab.ns), before, `delete ${kind} ${given}`);
      const options = readWords(kind, qdiscKindNamed(kind)!.options!, words);
      await apply(lab.ns, addQdisc({ dev: "v0", kind, options }));
      assertEquals(await shown(lab.ns), theirs, `${kind} ${given}`);
      await apply(lab.ns, deleteQdisc({ dev: "v0", ...place }));
    }
  });
}

const noHtb = await has("htb") ? undefined : "has no htb";

testUnless(noHtb, "class: htb with classes as tc adds them", async () => {
  await using lab = await openLab();
  const classes = async () =>
    (await run("tc", ["-n", lab.ns.name, "-d", "class", "show", "dev", "v0"]))
      .split("\n").sort();
  const dev = "v0";
  const root = addQdisc({ dev, kind: "htb", handle: "1:" });
  await apply(lab.ns, root);
  for (
    const words of [
      "1: 1:1 rate 10mbit ceil 20mbit",
      "1:1 1:20 rate 1mbit ceil 5mbit prio 2 burst 15k cburst 20k",
      "1:1 1:30 rate 50gbit burst 6250000b cburst 6250000b quantum 3000",
    ]
  ) {
    const [parent, id, ...rest] = words.split(" ");
    await run("tc", [
      ...["-n", lab.ns.name, "class", "add", "dev", dev, "parent", parent],
      ...["classid", id, "htb", ...rest],
    ]);
  }
  const theirs = await classes();
  await apply(
    lab.ns,
    deleteQdisc({ dev }),
    root,
    addClass({
      dev,
      classid: "1:1",
      options: { rate: "10mbit", ceil: "20mbit" },
    }),
    addClass({
      dev,
      classid: "1:20",
      parent: "1:1",
      options: { rate: "9mbit" },
    }),
    replaceClass({
      dev,
      classid: "1:20",
      parent: "1:1",
      options: {
        rate: "1mbit",
        ceil: "5mbit",
        prio: 2,
        burst: "15k",
        cburst: "20k",
      },
    }),
    addClass({
      dev,
      classid: "1:30",
      parent: "1:1",
      options: {
        rate: "50gbit",
        burst: "6250000b",
        cburst: "6250000b",
        quantum: 3000,
      },
    }),
    // A queue in a class.
    replaceQdisc({ dev, kind: "pfifo", parent: "1:20", handle: "20:" }),
    deleteQdisc({ dev, parent: "1:20" }),
  );
  assertEquals(await classes(), theirs);
  await apply(lab.ns, deleteClass({ dev, classid: "1:30" }));
  assertEquals((await classes()).length, theirs.length - 1);
});

Deno.test("qdisc and class on a command line", async () => {
  await using lab = await openLab();
  const done = async (line: string) => {
    const { code, stdout, stderr } = await netplumb(lab.ns, ...line.split(" "));
    assertEquals([code, stderr], [0, ""], line);
    return stdout;
  };
  await done("qdisc add v0 pfifo limit 7");
  assertMatch(
    await done("show qdisc --dev v0"),
    /^qdisc pfifo 8\w+: root .*limit 7$/m,
  );
  await done("qdisc delete v0");
  assertMatch(await done("qdisc add v0 clsact --dry-run"), /RTM_NEWQDISC/);
  for (
    const [line, message] of [
      ["qdisc add v0 netm delay 1ms", /netm.*one of netem, tbf/],
      ["qdisc add v0 netem delay 5parsec", /a time such as 50ms/],
      ["qdisc add v0 tbf rate 1mbit", /tbf burst/],
      ["qdisc add v0 pfifo --parent nowhere", /an id such as 1: or 1:10/],
      ["class add v0 1:1 prio 1", /a rate such as 1mbit/],
    ] as const
  ) {
    const { code, stderr } = await netplumb(lab.ns, ...line.split(" "));
    assertEquals(code, 2, `${line}: ${stderr}`);
    assertMatch(stderr, message);
  }
});

const noNetem = await has("netem") ? undefined : "has no netem";

testUnless(
  noNetem,
  "a lab with 50 ms of delay and 1% of loss, by ping",
  async () => {
    await using lab = await Lab.open("left", "right");
    await lab.veth("left", "eth0", "right", "eth0");
    await lab.left.ip("address add 192.0.2.1/24 dev eth0");
    await lab.right.ip("address add 192.0.2.2/24 dev eth0");
    const options = { delay: "50ms", loss: "1%" };
    await apply(lab.left, addQdisc({ dev: "eth0", kind: "netem", options }));
    // Without loss of the ARP request.
    await lab.left.output("ping", "-q -c 5 -i 0.2 192.0.2.2".split(" "));
    const { stdout } = await lab.left.output(
      "ping",
      "-q -c 1000 -i 0.01 192.0.2.2".split(" "),
    );
    const [, lost] = /([\d.]+)% packet loss/.exec(stdout)!;
    const [, least, mean] = /= ([\d.]+)\/([\d.]+)\//.exec(stdout)!;
    assert(Number(least) >= 49.9 && Number(mean) < 80, stdout);
    // 10 of 1000; outside of 1 to 25 is less likely than one in 10,000.
    assert(Number(lost) >= 0.1 && Number(lost) <= 2.5, stdout);
  },
);
