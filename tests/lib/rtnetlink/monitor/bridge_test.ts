// VLANs, multicast entries and network identifiers of a monitor, compared with
// `bridge` after each change.

import { assertEquals } from "@std/assert";
import {
  bridgeMdb,
  bridgeVlan,
  bridgeVni,
} from "../../../../lib/iproute2/bridge.ts";
import { LinkNames } from "../../../../lib/rtnetlink/link/names.ts";
import type { MonitoredObject } from "../../../../lib/rtnetlink/monitor/event.ts";
import type { Monitor } from "../../../../lib/rtnetlink/monitor/monitor.ts";
import { kernelHas } from "../../../support/kinds.ts";
import { Lab, type Netns } from "../../../support/netns.ts";
import {
  about,
  assertExplained,
  openMonitor,
  Replay,
} from "../../../support/monitored.ts";
import { SLOWNESS } from "../../../support/timing.ts";
import "../../../support/descriptors.ts";

const OBJECTS: MonitoredObject[] = ["link", "vlan", "mdb", "vni"];

/** The tables of `bridge`, one entry for each number. */
async function theirs(netns: Netns): Promise<unknown> {
  const read = async (words: string) =>
    JSON.parse(await netns.run("bridge", ["-j", ...words.split(" ")]));
  const each = (ports: Record<string, unknown>[], key: string, one: string) =>
    ports.flatMap(({ ifname, [key]: list }) =>
      (list as Record<string, number>[]).flatMap(
        ({ [one]: first = 0, [`${one}End`]: last = first, ...rest }) =>
          Array.from(
            { length: last - first + 1 },
            (_, index) => ({ ifname, [one]: first + index, ...rest }),
          ),
      )
    );
  const vlans = await read("vlan show");
  const [{ mdb }] = await read("-d mdb show");
  return {
    vlans: each(vlans, "vlans", "vlan"),
    tunnels: each(await read("vlan tunnelshow"), "tunnels", "vlan").length,
    mdb,
    vnis: each(await read("vni show"), "vnis", "vni"),
  };
}

function ours(monitor: Monitor): unknown {
  const names = new LinkNames(monitor.all("link"));
  const vlans = monitor.all("vlan");
  return {
    vlans: vlans.map((one) => bridgeVlan(one, { names })),
    tunnels: vlans.filter(({ tunnelId }) => tunnelId !== undefined).length,
    mdb: monitor.all("mdb").map((one) =>
      bridgeMdb(one, { names, details: true })
    ),
    vnis: monitor.all("vni").map((one) => bridgeVni(one, { names })),
  };
}

/** A value as text, in any order. */
function sorted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sorted).sort()}]`;
  if (typeof value !== "object" || value === null) return String(value);
  return `{${
    Object.entries(value)
      .filter(([key, one]) => one !== undefined && key !== "timer")
      .map(([key, one]) => `${key}: ${sorted(one)}`).sort()
  }}`;
}

Deno.test("a monitor has the VLANs, groups and network identifiers of the kernel", async (t) => {
  await using lab = await Lab.open("one");
  const { one } = lab;
  const filters = await kernelHas("type bridge vlan_filtering 1");
  await one.batch(`
    link add br0 up type bridge ${filters ? "vlan_filtering 1" : ""}
    link add a0 up type veth peer name a1
    link add vx0 up type vxlan external vnifilter dstport 4789
    link set a1 up
    link set a0 master br0`);
  await using monitor = await openMonitor(one, { objects: OBJECTS });
  const replay = new Replay();
  await using snapshot = await openMonitor(one, {
    objects: OBJECTS,
    snapshot: true,
  });
  const events = await snapshot.receive();
  replay.apply(events);
  assertEquals(
    about(events, "mdb").length,
    monitor.all("mdb").length,
    "snapshot",
  );
  const VLANS = [
    "vlan add dev a0 vid 10 pvid untagged",
    "vlan add dev a0 vid 11 untagged",
    "vlan add dev a0 vid 20-29",
    "vlan set dev a0 vid 25 state blocking",
    "vlan add dev br0 vid 10 self",
    "vlan del dev a0 vid 22-24",
    "vlan add dev a0 vid 12 pvid",
    "link set vx0 master br0",
    "link set vx0 type bridge_slave vlan_tunnel on",
    "vlan add dev vx0 vid 20-22",
    "vlan add dev vx0 vid 20-22 tunnel_info id 2020-2022",
    "vlan del dev vx0 vid 21 tunnel_info id 2021",
    "vlan del dev vx0 vid 20",
    "link set br0 type bridge vlan_default_pvid 5",
    "link set a0 nomaster",
    "link set a0 master br0",
  ];
  const commands = [
    "mdb add dev br0 port a0 grp 239.1.1.1 permanent",
    "mdb add dev br0 port a0 grp 239.1.1.2",
    "mdb add dev br0 port a0 grp ff0e::1 src 2001:db8::1 permanent",
    "mdb add dev br0 port br0 grp 239.1.1.4",
    "mdb del dev br0 port a0 grp 239.1.1.2",
    "vni add vni 10 dev vx0",
    "vni add vni 20-25 remote 192.0.2.1 dev vx0",
    "vni add vni 20 remote 192.0.2.2 dev vx0",
    "vni delete vni 22-23 dev vx0",
    ...filters ? VLANS : [],
    "link set br0 type bridge mcast_snooping 0",
    "link set br0 type bridge mcast_snooping 1",
    "link set a0 down",
    "link set a0 up",
    "link set br0 down",
    "link set br0 up",
    "link del vx0",
    "link set a0 nomaster",
    "link del br0",
  ];
  for (const words of commands) {
    await t.step(words, async () => {
      const args = words.split(" ");
      await one.run(args[0] === "link" ? "ip" : "bridge", args);
      const end = performance.now() + 5000 * SLOWNESS;
      for (;;) {
        for (;;) {
          try {
            const events = await monitor.receive({ timeout: 20 });
            assertExplained(events);
            replay.apply(events);
          } catch (error) {
            if ((error as Error).name !== "TimeoutError") throw error;
            break;
          }
        }
        const [is, wanted] = [sorted(ours(monitor)), sorted(await theirs(one))];
        if (is === wanted) break;
        if (performance.now() > end) assertEquals(is, wanted);
      }
    });
  }
  const known = replay.known;
  for (const kind of ["vlan", "mdb", "vni"] as const) {
    assertEquals(known[kind]?.length ?? 0, monitor.all(kind).length, kind);
  }
});
