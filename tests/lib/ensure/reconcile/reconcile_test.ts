// The reconcile loop: changes by another program through `ip`
// is corrected.

import { assert, assertEquals } from "@std/assert";
import { openDescriptors } from "../../../support/descriptors.ts";
import { EnsureLab, seenIn } from "../../../support/ensure_lab.ts";
import {
  RENAMES_UP,
  testOfRenaming,
  testWith,
} from "../../../support/kinds.ts";
import { parseConfiguration } from "../../../../lib/ensure/parse/parse.ts";
import { Reconciler } from "../../../../lib/ensure/reconcile/reconciler.ts";
import { Reconciled } from "../../../support/reconciled.ts";
import { Lab, output, run } from "../../../support/netns.ts";
import { random } from "../../../support/random.ts";

/** Other orders each day, so that CI sees more than one. */
const SEED = Math.floor(Date.now() / 86_400_000);
/** What should take 100 ms, with space for a busy machine. */
const LATE = 5000;

/** A change of the test network. */
const SABOTAGE: Readonly<Record<string, (lab: EnsureLab) => Promise<unknown>>> =
  {
    "a link goes down": ({ left }) => left.ip("link set eth0 down"),
    "a bridge goes down": ({ router }) => router.ip("link set br0 down"),
    "an address is removed": ({ right }) =>
      right.ip("address delete 192.0.2.3/24 dev eth0"),
    "an IPv6 address is removed": ({ left }) =>
      left.ip("address delete 2001:db8:1::2/64 dev eth0"),
    "all addresses are removed": ({ router }) =>
      router.ip("address flush dev br0"),
    "a route is deleted": ({ router }) =>
      router.ip("route delete 198.51.100.0/24"),
    "a multipath route is deleted": ({ router }) =>
      router.ip("-6 route delete 2001:db8:9::/48"),
    "a route leads elsewhere": ({ left }) =>
      left.ip("route replace 10.9.0.0/16 via 192.0.2.3"),
    "an MTU is changed": ({ router }) => router.ip("link set br0 mtu 1300"),
    "a port leaves its bridge": ({ router }) =>
      router.ip("link set p1 nomaster"),
    "an option of a port is changed": ({ router }) =>
      router.ip("link set p1 type bridge_slave cost 77"),
    "an option of a bridge is changed": ({ router }) =>
      router.ip("link set br0 type bridge forward_delay 900"),
    ...RENAMES_UP && {
      "a link is renamed": ({ router }: EnsureLab) =>
        router.ip("link set p2 name other"),
    },
    "a link is moved to another namespace, and renamed": ({ right, left }) =>
      right.ip(`link set eth0 netns ${left.name} name other`),
    "a link is moved away": ({ router }) =>
      router.ip(`link set p2 netns ${Deno.pid}`),
    "the main table is flushed": ({ router }) =>
      router.ip("route flush table main"),
    "a macvlan is deleted": ({ left }) => left.ip("link delete mv0"),
    "a veth pair is deleted": ({ router }) => router.ip("link delete p1"),
    "a bridge is deleted": ({ router }) => router.ip("link delete br0"),
    "a link is made again as another kind": async ({ left }) => {
      await left.ip("link delete mv0");
      // The reconcile loop may have been faster.
      await output("ip", [
        "-n",
        left.name,
        ..."link add mv0 type ifb".split(" "),
      ]);
    },
    "a namespace is deleted": ({ left }) =>
      run("ip", ["netns", "delete", left.name]),
    "a namespace is made again": async ({ right }) => {
      await run("ip", ["netns", "delete", right.name]);
      // The reconcile loop may have been faster.
      await output("ip", ["netns", "add", right.name]);
    },
  };

function shuffled<T>(list: readonly T[], seed: number): T[] {
  const below = random(seed);
  const rest = [...list];
  return list.map(() => rest.splice(below(rest.length), 1)[0]);
}

async function comesBack<T>(seen: () => Promise<T>, before: T): Promise<void> {
  const end = performance.now() + 20_000;
  for (;;) {
    const now = await seen().catch(String);
    if (JSON.stringify(now) === JSON.stringify(before)) return;
    if (performance.now() > end) assertEquals(now as T, before);
  }
}

Deno.test(`the reconcile loop corrects every act of sabotage, seed ${SEED}`, async (t) => {
  await using lab = new EnsureLab();
  const descriptors = openDescriptors();
  {
    await using reconciled = await Reconciled.open(lab.description);
    const before = await lab.seen();
    for (const [name, act] of shuffled(Object.entries(SABOTAGE), SEED)) {
      await t.step(name, async () => {
        reconciled.reports.length = 0;
        await act(lab);
        const { milliseconds } = await reconciled.report("corrected");
        assert(milliseconds < LATE, `corrected after ${milliseconds} ms`);
        await comesBack(() => lab.seen(), before);
      });
    }
  }
  assertEquals(openDescriptors(), descriptors);
});

testOfRenaming(
  "a link that is moved or renamed is restored, not created again",
  async () => {
    await using lab = await Lab.open("one", "two");
    const { one, two } = lab;
    await using reconciled = await Reconciled.open({
      namespaces: {
        [one.name]: {
          links: [{
            name: "a0",
            kind: "veth",
            up: true,
            addresses: ["192.0.2.1/24"],
            options: { peer: { name: "a1" } },
          }],
        },
        [two.name]: {},
      },
    });
    const before = await seenIn(one);
    const address = async () => (await one.json("link show a0"))[0].address;
    const first = await address();
    await one.ip("link set a0 name other");
    await reconciled.report("corrected");
    await comesBack(() => seenIn(one), before);
    await one.ip(`link set a0 netns ${two.name}`);
    const { action } = await reconciled.report(
      "corrected",
      ({ action }) => action.object === "link",
    );
    assertEquals(action.reasons[0], `is in namespace ${two.name}`);
    await comesBack(() => seenIn(one), before);
    assertEquals(await address(), first);
    assertEquals((await two.json("link")).length, 1);
  },
);

Deno.test("corrections that are undone again and again back off", async () => {
  await using lab = await Lab.open("one");
  const { one } = lab;
  await using reconciled = await Reconciled.open({
    namespaces: {
      [one.name]: { links: [{ name: "br0", kind: "bridge", mtu: 1400 }] },
    },
  });
  const before = await seenIn(one);
  let fighting = true;
  const conflict = reconciled.report("conflict").finally(() =>
    fighting = false
  );
  while (fighting) await one.ip("link set br0 mtu 1300");
  const { pause, action } = await conflict;
  assert(pause > 0 && pause <= 30_000, `${pause}`);
  assertEquals(action.name, "br0");
  await comesBack(() => seenIn(one), before);
  assertEquals((await reconciled.report("resolved")).action.name, "br0");
});

await testWith(
  ["link lo type macvlan"],
  "a link that differs again after it was recreated is left alone for a while",
  async () => {
    await using lab = await Lab.open("one");
    const { one } = lab;
    await one.ip("link add v0 type veth peer name v1");
    // The kernel puts a macvlan of a macvlan on the lowest link.
    const desired = parseConfiguration({
      links: [
        { name: "m0", kind: "macvlan", link: "v0" },
        { name: "m1", kind: "macvlan", link: "m0" },
      ],
    });
    await using reconciler = await Reconciler.open(desired, {
      namespace: one.name,
    });
    const recreated: string[] = [];
    for await (const report of reconciler.reconcile()) {
      if (report.event === "corrected" && report.action.type === "remove") {
        recreated.push(report.action.name);
      }
      if (report.event !== "conflict") continue;
      assertEquals(report.pause, 30_000);
      break;
    }
    assertEquals(recreated, ["m1", "m1", "m1"]);
  },
);

Deno.test("a refused correction is reported and retried with growing pauses", async () => {
  await using lab = await Lab.open("one");
  const { one } = lab;
  await using reconciled = await Reconciled.open({
    namespaces: { [one.name]: { links: [{ name: "br0", kind: "bridge" }] } },
  });
  const before = await seenIn(one);
  // Nothing can be mounted on a directory of that name, and none made.
  await run("ip", ["netns", "delete", one.name]);
  const path = `/run/netns/${one.name}`;
  for (;;) {
    // The reconcile loop may be faster than this.
    await output("ip", ["netns", "delete", one.name]);
    const made = await Deno.mkdir(path).then(() => true, () => false);
    if (made) break;
  }
  await using directory = new AsyncDisposableStack();
  directory.defer(() => Deno.remove(path));
  const isOfIt = ({ action }: { action: { name: string } }) =>
    action.name === one.name;
  await reconciled.report(
    "refused",
    (report) => isOfIt(report) && report.error.code === "EEXIST",
  );
  await reconciled.report(
    "refused",
    (report) => isOfIt(report) && report.pause > 100,
  );
  await directory.disposeAsync();
  await reconciled.report(
    "corrected",
    ({ action }) => action.object === "namespace",
  );
  await comesBack(
    () => seenIn(one),
    before.filter((line) => !line.startsWith("link lo"))
      .concat("link lo mtu 65536"),
  );
});

Deno.test("lost events are made up for", async () => {
  await using lab = await Lab.open("one");
  const { one } = lab;
  await using reconciled = await Reconciled.open({
    namespaces: {
      [one.name]: {
        links: [{ name: "br0", kind: "bridge", addresses: ["192.0.2.1/24"] }],
      },
    },
  }, { receiveBuffer: 1 << 16 });
  const before = await seenIn(one);
  const flood = Array.from(
    { length: 1000 },
    (_, at) => `link set lo alias a${at}`,
  );
  const batch = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(
      batch,
      [...flood, "address flush dev br0", ...flood, ""].join("\n"),
    );
    // Nothing is read meanwhile: this thread is the one that would.
    new Deno.Command("ip", {
      args: ["-n", one.name, "-batch", batch],
      stdout: "null",
      stderr: "null",
    }).outputSync();
  } finally {
    await Deno.remove(batch);
  }
  await reconciled.report("overrun");
  await comesBack(() => seenIn(one), before);
});

Deno.test("a missing device is waited for", async () => {
  await using lab = await Lab.open("one");
  const { one } = lab;
  await using reconciled = await Reconciled.open({
    namespaces: {
      [one.name]: {
        links: [{ name: "eth9", up: true, addresses: ["192.0.2.1/24"] }],
        routes: [{ to: "10.0.0.0/8", via: "192.0.2.2", dev: "eth9" }],
      },
    },
  });
  for (const _ of [1, 2]) {
    assertEquals((await reconciled.report("missing")).name, "eth9");
    await one.batch(`
      link add eth9 type veth peer name peer
      link set peer up`);
    await reconciled.report(
      "corrected",
      ({ action }) => action.object === "route",
    );
    assertEquals(
      (await seenIn(one)).filter((line) => line.includes("eth9")),
      [
        "eth9 192.0.2.1/24",
        "link eth9 up mtu 1500 kind veth",
        "route unicast 10.0.0.0/8 via 192.0.2.2 dev eth9",
      ],
    );
    await one.ip("link delete eth9");
  }
});
