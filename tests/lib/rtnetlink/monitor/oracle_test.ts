// A monitor beside a long random script of changes by `ip`, `tc` and `bridge`:
// after each, its state equals a new dump, and its events are that change.

import { assertEquals } from "@std/assert";
import { MONITORED_OBJECTS } from "../../../../lib/rtnetlink/monitor/cache.ts";
import {
  assertExplained,
  assertKnowsAll,
  known,
  openMonitor,
  Replay,
} from "../../../support/monitored.ts";
import { Lab, type Netns } from "../../../support/netns.ts";
import "../../../support/descriptors.ts";
import { random } from "../../../support/random.ts";
import { SLOWNESS } from "../../../support/timing.ts";

const STEPS = 150;
const SEED = Number(Deno.env.get("NETPLUMB_TEST_SEED") ?? 1);

const LINKS = ["a0", "a1", "b0", "b1", "br0", "vx0", "m0"];

type Below = ReturnType<typeof random>;

/** A random command; some are refused, which changes nothing. */
function command(below: Below): string {
  const one = (...choices: readonly string[]) =>
    choices[below(choices.length)]!;
  const link = () => one(...LINKS);
  const v4 = () => `10.${below(3)}.0.${1 + below(4)}`;
  const v6 = () => `2001:db8:${below(3)}::${1 + below(4)}`;
  const net4 = () => `172.16.${below(4)}.0/24`;
  const net6 = () => `2001:db8:f${below(4)}::/48`;
  const commands: readonly (() => string)[] = [
    () =>
      one(
        "link add a0 type veth peer name a1",
        "link add b0 type veth peer name b1",
        "link add br0 type bridge",
        "link add vx0 type vxlan id 7 dstport 4789 local 10.0.0.1",
        "link add m0 link a0 type macvlan",
        `link delete ${link()}`,
      ),
    () => `link set ${link()} ${one("up", "up", "up", "down")}`,
    () =>
      `link set ${link()} ${
        one(
          `mtu ${1280 + 10 * below(20)}`,
          `group ${below(3)}`,
          `alias text${below(3)}`,
          `txqueuelen ${below(2000)}`,
          `address 02:00:00:00:00:0${1 + below(8)}`,
          `master br0`,
          "nomaster",
          `addrgenmode ${one("none", "eui64", "random")}`,
          `promisc ${one("on", "off")}`,
          `arp ${one("on", "off")}`,
        )
      }`,
    () =>
      `link set br0 type bridge ${
        one("ageing_time", "hello_time", "max_age")
      } ${600 + below(400)}`,
    () => `link set ${one("a0", "b0")} type bridge_slave cost ${1 + below(99)}`,
    () => `address ${one("add", "delete")} ${v4()}/24 dev ${link()}`,
    () => `address ${one("add", "delete")} ${v6()}/64 dev ${link()} nodad`,
    () =>
      `address change ${v6()}/64 dev ${link()} valid_lft ${
        500 + below(1000)
      } preferred_lft 400`,
    () =>
      `route ${one("add", "replace", "append", "delete")} ${net4()} ${
        one(
          `via ${v4()}`,
          `dev ${link()}`,
          `via ${v4()} metric ${below(3)} mtu ${one("", "lock ")}${
            1300 + below(5)
          }`,
          `nexthop via ${v4()} weight ${1 + below(3)} nexthop via ${v4()}`,
          `nhid ${1 + below(4)}`,
          `via ${v4()} table 100 src ${v4()}`,
          `via ${v4()} onlink dev ${link()} tos 0x10`,
        )
      }`,
    () =>
      `route ${one("add", "replace", "append", "delete")} ${net6()} ${
        one(
          `via ${v6()}`,
          `via ${v6()} metric ${1 + below(3)}`,
          `via ${v6()} src ${v6()}`,
          `via ${v6()} mtu ${1300 + below(5)}`,
          `via ${v6()} expires ${100 + below(900)}`,
          `nexthop via ${v6()} nexthop via ${v6()} weight 2`,
          `nhid ${5 + below(3)}`,
          `via ${v6()} proto ra`,
          `dev ${link()}`,
        )
      }`,
    () => `route ${one("add", "delete")} blackhole 192.168.${below(3)}.0/24`,
    () =>
      `nexthop ${one("add", "replace", "delete")} id ${1 + below(4)} ${
        one(`via ${v4()} dev ${link()}`, "group 1/2,3", "blackhole")
      }`,
    () =>
      `nexthop ${one("add", "replace", "delete")} id ${
        5 + below(3)
      } via ${v6()} dev ${link()}`,
    () =>
      `neighbour ${one("replace", "delete")} ${
        one(v4(), v6())
      } lladdr 02:00:00:00:01:0${below(9)} dev ${link()} nud permanent`,
    () =>
      `rule ${one("add", "add", "delete")} priority ${100 + below(4)} ${
        one(
          `from ${net4()} lookup 100`,
          `iif ${link()} lookup 100`,
          `dport ${50 + below(3)} ipproto udp lookup 100`,
          `goto ${101 + below(3)}`,
        )
      }`,
    () =>
      `fdb ${one("add", "replace", "append", "del")} ${
        one("00:00:00:00:00:00", `02:00:00:00:02:0${below(4)}`)
      } ${
        one(
          `dev vx0 dst 192.0.2.${1 + below(3)}`,
          `dev vx0 dst 192.0.2.${1 + below(3)} vni 9`,
          `dev ${one("a0", "b0")} master ${one("static", "permanent")}`,
          "dev br0 local",
        )
      }`,
    () =>
      `mdb ${one("add", "del")} dev br0 port ${one("a0", "b0", "br0")} grp ${
        one("239.1.1.1", "ff0e::1 src 2001:db8::1", "ff0e::2")
      } ${one("permanent", "temp")}`,
    () => `link set br0 type bridge mcast_snooping ${below(2)}`,
    () => `-6 rule ${one("add", "delete")} priority 200 to ${net6()} lookup 9`,
    () => `link set ${one("a1", "b1")} netns OTHER`,
    () => `-n OTHER link set ${one("a1", "b1")} netns HERE`,
    () => `link set ${one("a0", "b0")} name ${one("c0", "a0", "b0")}`,
  ];
  return commands[below(commands.length)]!();
}

/** Applies a command; whether it was accepted. */
async function change(
  here: Netns,
  other: Netns,
  words: string,
): Promise<boolean> {
  const all = words.replaceAll("OTHER", other.name)
    .replaceAll("HERE", here.name).split(" ");
  const args = all[0] === "-n" ? all : ["-n", here.name, ...all];
  const program = ["fdb", "mdb"].includes(all[0]!) ? "bridge" : "ip";
  const { success } = await new Deno.Command(program, {
    args,
    stdout: "null",
    stderr: "null",
  }).output();
  return success;
}

Deno.test(`a monitor after each of ${STEPS} random changes`, async () => {
  await using lab = await Lab.open("here", "other");
  const { here, other } = lab;
  await here.batch(`
    link add a0 up type veth peer name a1
    link add b0 up type veth peer name b1
    link add br0 up type bridge
    link set a1 up
    link set b1 up
    link set a0 master br0
    ${
    [0, 1, 2].map((net) => `
    address add 10.${net}.0.1/24 dev br0
    address add 2001:db8:${net}::1/64 dev br0 nodad`).join("")
  }`);
  const below = random(SEED);
  await using monitor = await openMonitor(here, {
    objects: MONITORED_OBJECTS,
    snapshot: true,
    sweepInterval: 50,
  });
  const replay = new Replay();
  const log: string[] = [];
  let accepted = 0;
  for (let step = 0; step < STEPS; step++) {
    const words = command(below);
    if (await change(here, other, words)) accepted++;
    log.push(words);
    const deadline = performance.now() + 10_000 * SLOWNESS;
    for (;;) {
      await using fresh = await openMonitor(here, {
        objects: MONITORED_OBJECTS,
      });
      try {
        const events = await monitor.receive({ timeout: 1 });
        assertExplained(events);
        assertEquals(replay.apply(events), []);
        continue;
      } catch (error) {
        if ((error as Error).name !== "TimeoutError") {
          throw new Error(log.slice(-8).join("\n"), { cause: error });
        }
      }
      const [ours, theirs] = [known(monitor), known(fresh)];
      if (JSON.stringify(ours) === JSON.stringify(theirs)) break;
      if (performance.now() < deadline) continue;
      assertEquals(ours, theirs, log.slice(-8).join("\n"));
    }
  }
  const events = await assertKnowsAll(monitor, here);
  assertExplained(events);
  replay.apply(events);
  const ours = known(monitor);
  for (const [kind, objects] of Object.entries(replay.known)) {
    assertEquals(objects, ours[kind], kind);
  }
  assertEquals(accepted > STEPS / 4, true, `${accepted} accepted`);
});
