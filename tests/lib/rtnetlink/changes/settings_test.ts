// What can be set of any link: the messages beside those of `ip`, and what comes
// of them.

import { assertEquals, assertThrows } from "@std/assert";
import { ArgumentError } from "../../../../lib/errors.ts";
import {
  addLink,
  deleteLink,
  deleteLinkGroup,
  type LinkChanges,
  type LinkSpec,
  setLink,
} from "../../../../lib/rtnetlink/changes/link.ts";
import { SETTINGS } from "../../../../lib/rtnetlink/settings.ts";
import { Beside } from "../../../support/beside.ts";
import { assertAllTried } from "../../../support/tried.ts";

const PAIR = "link add a0 type veth peer name a1";

const SET: [command: string, changes: LinkChanges][] = [
  ["up", { up: true }],
  ["down", { up: false }],
  ["mtu 1400", { mtu: 1400 }],
  ["address 02:00:00:00:00:07", { address: "02:00:00:00:00:07" }],
  ["broadcast 02:00:00:00:00:ff", { broadcast: "02:00:00:00:00:ff" }],
  ["txqueuelen 77", { txqueuelen: 77 }],
  ["master br0", { master: "br0" }],
  ["nomaster", { master: null }],
  ["group 5", { group: 5 }],
  ["group default", { group: "default" }],
  ["alias somebody", { alias: "somebody" }],
  ["arp off", { arp: false }],
  ["arp on", { arp: true }],
  ["multicast off", { multicast: false }],
  ["multicast on", { multicast: true }],
  ["allmulticast on", { allmulticast: true }],
  ["allmulticast off", { allmulticast: false }],
  ["promisc on", { promisc: true }],
  ["promisc off", { promisc: false }],
  ["dynamic on", { dynamic: true }],
  ["trailers off", { trailers: false }],
  ["trailers on", { trailers: true }],
  ["carrier off", { carrier: false }],
  ["protodown on", { protodown: true }],
  ["mode dormant", { mode: "dormant" }],
  ["mode default", { mode: "default" }],
  ["state dormant", { state: "dormant" }],
  ["state testing", { state: "testing" }],
  ["state up", { state: "up" }],
  ["addrgenmode none", { addrgenmode: "none" }],
  ["addrgenmode random", { addrgenmode: "random" }],
  ["addrgenmode eui64", { addrgenmode: "eui64" }],
  ["addrgenmode stable_secret", { addrgenmode: "stable_secret" }],
  ["gso_max_size 30000", { gso_max_size: 30000 }],
  ["gso_max_segs 30", { gso_max_segs: 30 }],
  ["gro_max_size 30000", { gro_max_size: 30000 }],
  ["mtu 1300 up alias two", { mtu: 1300, up: true, alias: "two" }],
  ["mtu 10", { mtu: 10 }],
  ["name a2", { name: "a2" }],
];

const ADD: [command: string, spec: LinkSpec][] = [
  [
    "link add name x0 mtu 1400 address 02:00:00:00:00:09 up type bridge",
    {
      name: "x0",
      kind: "bridge",
      mtu: 1400,
      address: "02:00:00:00:00:09",
      up: true,
    },
  ],
  [
    "link add link a0 name x0 type macvlan",
    { name: "x0", kind: "macvlan", link: "a0" },
  ],
  [
    "link add name x0 index 777 txqueuelen 9 numtxqueues 2 numrxqueues 3 type veth",
    {
      name: "x0",
      kind: "veth",
      index: 777,
      txqueuelen: 9,
      numtxqueues: 2,
      numrxqueues: 3,
    },
  ],
  ["link add name a0 type veth", { name: "a0", kind: "veth" }],
  ["link add name x0 master br9 type ifb", {
    name: "x0",
    kind: "ifb",
    master: "br9",
  }],
];

Deno.test("link set: every setting as ip requests it", async () => {
  await using beside = await Beside.open(`${PAIR}
    link add br0 type bridge`);
  const settled = new Set<boolean>();
  for (const [command, changes] of SET) {
    const change = setLink("a0", changes);
    settled.add(await beside.compare(`link set a0 ${command}`, change));
  }
  assertEquals(settled, new Set([true, false]));
  // Under the name it has by now.
  for (const name of ["a0", "a2", "br0"]) await beside.undo(deleteLink(name));
});

Deno.test("link add: settings and a lower link as ip requests them", async () => {
  await using beside = await Beside.open(`${PAIR}
    link add br9 type bridge`);
  for (const [command, spec] of ADD) {
    await beside.compare(command, addLink(spec));
    await beside.undo(deleteLink("x0"));
  }
  await beside.assertNothingLeft();
});

Deno.test("link delete: a group as ip requests it", async () => {
  await using beside = await Beside.open();
  for (const name of ["a0", "b0"]) {
    const spec: LinkSpec = { name, kind: "ifb", group: 7 };
    await beside.compare(
      `link add name ${name} group 7 type ifb`,
      addLink(spec),
    );
  }
  await beside.compare("link delete group 7", deleteLinkGroup(7));
  await beside.assertNothingLeft();
  assertThrows(() => deleteLinkGroup("default"), ArgumentError);
});

Deno.test("link: every setting is tried", () => {
  assertAllTried("links", SETTINGS, [
    ...SET.map(([, changes]) => changes),
    ...ADD.map(([, spec]) => spec),
    // Descriptors differ from program to program: see link_test.ts.
    { netns: "blue" },
  ]);
});
