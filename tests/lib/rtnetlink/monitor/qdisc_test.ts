// Queueing disciplines and classes of a monitor, compared with tc(8) after each
// change: those that the kernel deletes or sets silently are found too.

import { assertEquals } from "@std/assert";
import { ipClass, ipQdisc } from "../../../../lib/iproute2/qdisc.ts";
import { LinkNames } from "../../../../lib/rtnetlink/link/names.ts";
import type { Monitor } from "../../../../lib/rtnetlink/monitor/monitor.ts";
import { Lab, type Netns, run } from "../../../support/netns.ts";
import {
  about,
  assertExplained,
  openMonitor,
  Replay,
  until,
} from "../../../support/monitored.ts";
import { SLOWNESS } from "../../../support/timing.ts";
import "../../../support/descriptors.ts";

async function tc(netns: Netns, words: string): Promise<string> {
  return await run("tc", ["-n", netns.name, ...words.split(" ")]);
}

/** Classes as text, because tc 6.1 has no JSON of those of htb. */
async function theirs(netns: Netns): Promise<unknown> {
  const classes = [];
  for (const { ifname } of await netns.json("link show")) {
    classes.push(await tc(netns, `class show dev ${ifname}`));
  }
  return {
    qdiscs: JSON.parse(await tc(netns, "-j qdisc show")),
    classes: classes.join("").match(/class \S+ \S+/g) ?? [],
  };
}

function ours(monitor: Monitor): unknown {
  const names = new LinkNames(monitor.all("link"));
  return {
    qdiscs: monitor.all("qdisc").map((one) => ipQdisc(one, { names })),
    classes: monitor.all("class").map((one) => {
      const { class: kind, handle } = ipClass(one, { names });
      return `class ${kind} ${handle}`;
    }),
  };
}

/** Counted silently. */
const COUNTERS = ["refcnt", "direct_packets_stat"];

/** A value as text without counters, in any order. */
function sorted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sorted).sort()}]`;
  if (typeof value !== "object" || value === null) return String(value);
  const fields = Object.entries(value).filter(([key]) =>
    !COUNTERS.includes(key)
  );
  return `{${fields.map(([key, one]) => `${key}: ${sorted(one)}`).sort()}}`;
}

Deno.test("a monitor has the qdiscs and classes of the kernel", async (t) => {
  await using lab = await Lab.open("one");
  const { one } = lab;
  await one.ip("link add v0 type veth peer name v1");
  await tc(one, "qdisc add dev v1 root tbf rate 1mbit burst 10kb latency 50ms");
  await using monitor = await openMonitor(one, {
    objects: ["qdisc", "class"],
    snapshot: true,
  });
  const replay = new Replay();
  const first = await until(monitor, ({ event }) => event === "new");
  replay.apply(first);
  assertEquals(
    about(first, "qdisc").map(({ data, origin }) => `${data.kind} ${origin}`)
      .filter((text) => text.startsWith("tbf")),
    ["tbf snapshot"],
  );
  const acts = [
    "link set v0 up",
    "link set v1 up",
    "qdisc add dev v0 root handle 1: htb default 10",
    "class add dev v0 parent 1: classid 1:1 htb rate 5mbit",
    "class add dev v0 parent 1:1 classid 1:10 htb rate 1mbit ceil 2mbit",
    "class change dev v0 parent 1:1 classid 1:10 htb rate 2mbit ceil 3mbit",
    "qdisc add dev v0 parent 1:10 handle 10: pfifo limit 5",
    "qdisc add dev v0 clsact",
    "qdisc change dev v1 root tbf rate 2mbit burst 10kb latency 50ms",
    // The queue in it goes silently.
    "class del dev v0 classid 1:10",
    // The classes go silently, and the default comes so.
    "qdisc del dev v0 root",
    "qdisc del dev v0 clsact",
    "qdisc replace dev v1 root bfifo limit 5000",
    "link set v0 down",
    "link delete v0",
  ];
  for (const act of acts) {
    const isRight = await t.step(act, async () => {
      await (act.startsWith("link") ? one.ip(act) : tc(one, act));
      const end = performance.now() + 5000 * SLOWNESS;
      for (;;) {
        const [mine, wanted] = [ours(monitor), await theirs(one)];
        if (sorted(mine) === sorted(wanted)) break;
        if (performance.now() > end) assertEquals(mine, wanted);
        const events = await monitor.receive({ timeout: 100 })
          .catch(() => []);
        assertExplained(events);
        assertEquals(replay.apply(events), []);
      }
    });
    if (!isRight) break;
  }
});
