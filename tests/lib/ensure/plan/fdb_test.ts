// Forwarding entries of VXLANs (flood lists too) and bridge ports: added,
// compared again, corrected; read by `bridge -j fdb`.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { parseConfiguration, Reconciler } from "../../../../mod.ts";
import { testWith } from "../../../support/kinds.ts";
import { Lab, type Netns, run } from "../../../support/netns.ts";
import { Reconciled } from "../../../support/reconciled.ts";
import "../../../support/descriptors.ts";

const FLOOD = "00:00:00:00:00:00";

const LINKS = [
  { name: "br0", kind: "bridge", up: true },
  {
    name: "vx0",
    kind: "vxlan",
    up: true,
    options: { id: 7, dstport: 4789, local: "192.0.2.1" },
    fdb: [
      { to: FLOOD, dst: "192.0.2.2" },
      { to: FLOOD, dst: "192.0.2.3", port: 4789, vni: 7 },
      { to: FLOOD, dst: "192.0.2.4", port: 9999, vni: 8 },
      { to: "02:00:00:00:00:02", dst: "192.0.2.2" },
    ],
  },
  {
    name: "p0",
    kind: "veth",
    up: true,
    master: "br0",
    options: { peer: { name: "p1" } },
    fdb: [{ to: "02:00:00:00:00:05", master: true, state: "static" }],
  },
  {
    name: "q0",
    kind: "veth",
    up: true,
    master: "br0",
    options: { peer: { name: "q1" } },
  },
];

interface Entry {
  readonly mac: string;
  readonly vlan?: number;
  readonly ifname: string;
  readonly dst?: string;
  readonly port?: number;
  readonly vni?: number;
  readonly state: string;
}

async function seen(netns: Netns): Promise<string[]> {
  const text = await run("bridge", ["-n", netns.name, "-j", "fdb", "show"]);
  const wanted = [FLOOD, "02:00:00:00:00:02", "02:00:00:00:00:05"];
  return (JSON.parse(text) as Entry[])
    // Kernels with VLANs of bridges have it for each VLAN of the port too.
    .filter(({ mac, vlan }) => wanted.includes(mac) && vlan === undefined)
    .map(({ mac, ifname, dst, port, vni, state }) =>
      [mac, ifname, dst, port, vni, state].join(" ")
    ).sort();
}

const WANTED = [
  `${FLOOD} vx0 192.0.2.2   permanent`,
  `${FLOOD} vx0 192.0.2.3   permanent`,
  `${FLOOD} vx0 192.0.2.4 9999 8 permanent`,
  "02:00:00:00:00:02 vx0 192.0.2.2   permanent",
  "02:00:00:00:00:05 p0    static",
];

await testWith(
  ["type vxlan id 7 dstport 4789"],
  "forwarding entries are added, stable and corrected",
  async () => {
    await using lab = await Lab.open("one");
    const { one } = lab;
    const options = { namespace: one.name };
    const configuration = { links: LINKS };
    {
      const desired = parseConfiguration(configuration);
      await using reconciler = await Reconciler.open(desired, options);
      assertEquals((await reconciler.apply()).refused, undefined);
      assertEquals(await seen(one), WANTED);
      assertEquals((await reconciler.plan()).actions, []);
    }
    await using reconciled = await Reconciled.open({
      namespaces: { [one.name]: configuration },
    });
    for (
      const act of [
        `fdb del ${FLOOD} dev vx0 dst 192.0.2.3`,
        `fdb del ${FLOOD} dev vx0 dst 192.0.2.4 port 9999 vni 8`,
        "fdb replace 02:00:00:00:00:02 dev vx0 dst 192.0.2.9",
        "fdb del 02:00:00:00:00:05 dev p0 master",
        "fdb replace 02:00:00:00:00:05 dev q0 master static",
        "fdb replace 02:00:00:00:00:05 dev p0 master permanent",
        "link delete vx0",
      ]
    ) {
      reconciled.reports.length = 0;
      await (act.startsWith("link")
        ? one.ip(act)
        : run("bridge", ["-n", one.name, ...act.split(" ")]));
      const { milliseconds } = await reconciled.report(
        "corrected",
        ({ action }) => action.object === "fdb",
      );
      assert(milliseconds < 5000, `${act}: ${milliseconds} ms`);
      const end = performance.now() + 20_000;
      for (;;) {
        const now = await seen(one);
        if (now.join("\n") === WANTED.join("\n")) break;
        if (performance.now() > end) assertEquals(now, WANTED, act);
      }
    }
  },
);

Deno.test("down() removes the entries of a bridge port that stays", async () => {
  await using lab = await Lab.open("one");
  const { one } = lab;
  await one.batch(`
    link add br0 type bridge
    link add p0 type veth peer name p1
    link set p0 master br0`);
  const { fdb } = LINKS[2]!;
  const desired = parseConfiguration({ links: [{ name: "p0", fdb }] });
  const options = { namespace: one.name };
  await using reconciler = await Reconciler.open(desired, options);
  await reconciler.apply();
  assertEquals(await seen(one), ["02:00:00:00:00:05 p0    static"]);
  await reconciler.down();
  assertEquals(await seen(one), []);
  assertEquals((await one.json("link show p0")).length, 1);
});

Deno.test("an entry twice is a problem of the configuration", () => {
  const fdb = [
    { to: "02:00:00:00:00:AA", dst: "192.0.2.2" },
    { to: "02:00:00:00:00:aa", dst: "192.0.2.3" },
  ];
  const links = [{ name: "vx0", kind: "vxlan", options: { id: 7 }, fdb }];
  const error = assertThrows(() => parseConfiguration({ links }));
  assertEquals(
    (error as Error).message,
    "links[0].fdb[1]: the same forwarding entry as links[0].fdb[0]",
  );
});
