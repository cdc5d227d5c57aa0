// `show vlan`, `show mdb` and `show vni` beside `bridge [-j] [-d] [-s]`: keys,
// values, order and text.

import { assert, assertEquals } from "@std/assert";
import { showMdb, showVlans, showVnis } from "../../../cli/show/bridge.ts";
import type { Json, Shown } from "../../../cli/show/shown.ts";
import { mdbText, vlansText, vnisText } from "../../../cli/show/text/bridge.ts";
import { RouteSocket } from "../../../lib/rtnetlink/socket.ts";
import { kernelHas, testWith } from "../../support/kinds.ts";
import { Lab, type Netns } from "../../support/netns.ts";
import "../../support/descriptors.ts";
import { assertSameJson } from "../../support/same_json.ts";
import { settled } from "../../support/settled.ts";

const FLAGS = {
  "": {},
  "-d": { details: true },
  "-s": { statistics: true },
  "-d -s": { details: true, statistics: true },
} as const;

type Options = (typeof FLAGS)[keyof typeof FLAGS];

/** Compares a table with that of `bridge`, as JSON and text. */
async function assertSame(
  netns: Netns,
  words: string,
  show: (route: RouteSocket, options: Options) => Promise<Shown>,
  text: (json: Json) => string,
  all: readonly (keyof typeof FLAGS)[] = ["", "-d", "-s", "-d -s"],
): Promise<void> {
  await using route = RouteSocket.open({ namespace: netns.name });
  for (const flags of all) {
    const options = FLAGS[flags];
    const args = [...flags.split(" "), ...words.split(" ")].filter(Boolean);
    await settled(async () => {
      const theirs = await netns.run("bridge", ["-j", ...args]);
      const { heading, objects } = await show(route, options);
      const ours: Json[] = JSON.parse(JSON.stringify([...objects]));
      const about = `bridge ${args.join(" ")}`;
      assertSameJson(moving(ours), moving(JSON.parse(theirs)), about);
      assert(ours.length > 0, about);
      const lines = [...heading === undefined ? [] : [heading]]
        .concat(ours.map(text)).join("\n");
      assertEquals(
        plain(lines),
        plain(await netns.run("bridge", args)),
        about,
      );
    });
  }
}

/** Without timers and counters, which change between two commands. */
function moving(json: Json[]): Json[] {
  return JSON.parse(
    JSON.stringify(
      json,
      (key, value) =>
        key === "timer" || /^[rt]x_/.test(key) ? typeof value : value,
    ),
  );
}

/** Lines without the columns that `bridge` 6.1 and 7.1 align differently. */
function plain(text: string): string[] {
  return text.split("\n")
    .map((line) =>
      line.replaceAll(/\d+\.\d\d|(?<=[RT]X: )\d.*/g, "_").replaceAll(
        /\s+/g,
        " ",
      ).trim()
    )
    .filter((line) => line !== "");
}

Deno.test("show mdb: groups of both versions and of Ethernet, sources, routers", async () => {
  await using lab = await Lab.open("here");
  const { here } = lab;
  await here.batch(`
    link add br0 up type bridge mcast_igmp_version 3 mcast_mld_version 2
    link add a0 up type veth peer name a1
    link add b0 up type veth peer name b1
    link set a1 up
    link set b1 up
    link set a0 master br0
    link set b0 master br0
    link set a0 type bridge_slave mcast_router 2
    link set b0 type bridge_slave mcast_router 2`);
  await here.run("bridge", ["-batch", "-"], {
    stdin: `
      mdb add dev br0 port a0 grp 239.1.1.1 permanent
      mdb add dev br0 port b0 grp 239.1.1.1 temp
      mdb add dev br0 port a0 grp 239.1.1.2 src 192.0.2.1 permanent
      mdb add dev br0 port a0 grp ff0e::1 permanent
      mdb add dev br0 port a0 grp ff0e::2 src 2001:db8::1 permanent
      mdb add dev br0 port a0 grp 01:00:5e:7f:7f:7f permanent\n`,
  });
  await assertSame(here, "mdb show", showMdb, mdbText);
  await assertSame(
    here,
    "mdb show dev br0",
    (route, options) => showMdb(route, { ...options, dev: "br0" }),
    mdbText,
  );
});

await testWith(
  ["type vxlan external vnifilter"],
  "show vni: single ones, ranges, groups and remotes, counters",
  async () => {
    await using lab = await Lab.open("here");
    const { here } = lab;
    await here.batch(`
      link add d0 up type veth peer name d1
      link add vx0 up type vxlan external vnifilter dstport 4789 dev d0
      link add vx1 up type vxlan external vnifilter dstport 4790`);
    await here.run("bridge", ["-batch", "-"], {
      stdin: `
        vni add vni 10 dev vx0
        vni add vni 11-15 group 239.1.1.9 dev vx0
        vni add vni 20-22,24 remote 192.0.2.9 dev vx1
        vni add vni 30 dev vx1\n`,
    });
    await assertSame(here, "vni show", showVnis, vnisText);
    await assertSame(
      here,
      "vni show dev vx1",
      (route, options) => showVnis(route, { ...options, dev: "vx1" }),
      vnisText,
    );
  },
);

/** What filters VLANs, which some kernels do not. */
const FILTERS = "type bridge vlan_filtering 1";

await testWith(
  [FILTERS],
  "show vlan: flags, ranges, states, tunnels, counters",
  async () => {
    await using lab = await Lab.open("here");
    const { here } = lab;
    await here.batch(`
    link add br0 up type bridge vlan_filtering 1 vlan_stats_enabled 1 vlan_stats_per_port 1
    link add a0 up type veth peer name a1
    link set a1 up
    link set a0 master br0
    link add vx0 up type vxlan external dstport 4789
    link set vx0 master br0
    link set vx0 type bridge_slave vlan_tunnel on`);
    await here.run("bridge", ["-batch", "-"], {
      stdin: `
      vlan add dev a0 vid 10 pvid untagged
      vlan add dev a0 vid 12 untagged
      vlan add dev a0 vid 20-29
      vlan set dev a0 vid 25 state blocking
      vlan add dev br0 vid 10 self
      vlan add dev vx0 vid 10
      vlan add dev vx0 vid 10 tunnel_info id 1010
      vlan add dev vx0 vid 20-22
      vlan add dev vx0 vid 20-22 tunnel_info id 2020-2022\n`,
    });
    await assertSame(here, "vlan show", showVlans, vlansText);
    await assertSame(
      here,
      "vlan tunnelshow",
      (route, options) => showVlans(route, { ...options, tunnels: true }),
      vlansText,
      ["", "-d"],
    );
    await using route = RouteSocket.open({ namespace: here.name });
    const shown = [
      ...(await showVlans(route, { dev: "a0", vlan: 25 })).objects,
    ];
    assertEquals(JSON.parse(JSON.stringify(shown)), [
      { ifname: "a0", vlans: [{ vlan: 25 }] },
    ]);
    // The kernel leaves this one out of the range that begins with the PVID.
    await here.run("bridge", [
      "vlan",
      "add",
      "dev",
      "a0",
      "vid",
      "11",
      "untagged",
    ]);
    const all = await showVlans(route, { dev: "a0", details: true });
    const [{ vlans }] = JSON.parse(JSON.stringify([...all.objects]));
    assertEquals(
      vlans.map(({ vlan, vlanEnd }: Json) => [vlan, vlanEnd]).slice(0, 3),
      [[1, undefined], [10, undefined], [11, 12]],
    );
  },
);

if (!await kernelHas(FILTERS)) {
  Deno.test("show vlan: nothing where the kernel does not filter VLANs", async () => {
    await using lab = await Lab.open("here");
    await lab.here.batch("link add br0 up type bridge");
    await using route = RouteSocket.open({ namespace: lab.here.name });
    assertEquals([...(await showVlans(route, {})).objects], []);
    assertEquals(await lab.here.run("bridge", ["-j", "vlan"]), "[]\n");
  });
}
