// Multicast entries added, replaced and deleted: the messages beside those of
// `bridge mdb`, and the result.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { ArgumentError } from "../../../lib/errors.ts";
import { bridgeMdb } from "../../../lib/iproute2/bridge.ts";
import { NUMBERED } from "../../../lib/rtnetlink/changes/change.ts";
import { LinkNames } from "../../../lib/rtnetlink/link/names.ts";
import {
  addMdb,
  deleteMdb,
  MDB,
  type MdbSpec,
  replaceMdb,
} from "../../../lib/rtnetlink/mdb.ts";
import { Network } from "../../../lib/rtnetlink/network.ts";
import { Beside } from "../../support/beside.ts";
import { testUnless } from "../../support/kinds.ts";
import { Lab } from "../../support/netns.ts";
import "../../support/descriptors.ts";
import { assertAllTried } from "../../support/tried.ts";

const LINKS = `
    link add br0 up type bridge mcast_igmp_version 3
    link add a0 up type veth peer name a1
    link set a0 master br0`;

type Case = [words: string, spec: MdbSpec];

const at = { dev: "br0", port: "a0" };

const CASES: Case[] = [
  ["dev br0 port a0 grp 239.1.1.1 permanent", {
    ...at,
    grp: "239.1.1.1",
    state: "permanent",
  }],
  ["dev br0 port a0 grp 239.1.1.1", { ...at, grp: "239.1.1.1" }],
  ["dev br0 port a0 grp 239.1.1.2 temp", {
    ...at,
    grp: "239.1.1.2",
    state: "temp",
  }],
  ["dev br0 port a0 grp 239.1.1.3 src 192.0.2.1", {
    ...at,
    grp: "239.1.1.3",
    src: "192.0.2.1",
  }],
  ["dev br0 port a0 grp ff0e::1 src 2001:db8::1 permanent", {
    ...at,
    grp: "ff0e::1",
    src: "2001:db8::1",
    state: "permanent",
  }],
  ["dev br0 port a0 grp 01:00:5e:7f:7f:7f permanent", {
    ...at,
    grp: "01:00:5e:7f:7f:7f",
    state: "permanent",
  }],
  ["dev br0 port br0 grp 239.1.1.4", {
    dev: "br0",
    port: "br0",
    grp: "239.1.1.4",
  }],
  ["dev br0 port a0 grp 239.1.1.5 vid 7 permanent", {
    ...at,
    grp: "239.1.1.5",
    vid: 7,
    state: "permanent",
  }],
  ["dev lo port lo grp 239.1.1.1", {
    dev: "lo",
    port: "lo",
    grp: "239.1.1.1",
  }],
];

Deno.test("mdb: add and delete as bridge sends them", async () => {
  await using beside = await Beside.open(LINKS);
  const done: boolean[] = [];
  for (const [words, spec] of CASES) {
    done.push(await beside.compare(`bridge mdb add ${words}`, addMdb(spec)));
  }
  // The second exists, lo has no such table; the rest depends on the kernel.
  assertEquals([done[0], done[1], done.at(-1)], [true, false, false]);
  assert(done.filter(Boolean).length >= 4, `${done}`);
  for (const [words, spec] of CASES) {
    // `bridge` ignores the state of what it deletes.
    const { state: _, ...entry } = spec;
    await beside.compare(`bridge mdb del ${words}`, deleteMdb(entry));
  }
});

/**
 * What `bridge` of iproute2 7.1 sends for words that 6.1 does not have: the
 * contents of MDBA_SET_ENTRY_ATTRS, recorded with strace.
 */
const RECORDED: [words: string, spec: MdbSpec, attributes: string][] = [
  [
    "filter_mode include source_list 192.0.2.1,192.0.2.2 proto zebra",
    {
      ...at,
      grp: "239.1.1.1",
      filter_mode: "include",
      source_list: ["192.0.2.1", "192.0.2.2"],
      proto: "zebra",
    },
    "0500030001000000 1c000280 0c000180 08000100c0000201 0c000180 " +
    "08000100c0000202 050004000b000000",
  ],
  [
    "filter_mode exclude source_list 2001:db8::1 proto 200",
    {
      ...at,
      grp: "ff0e::1",
      filter_mode: "exclude",
      source_list: ["2001:db8::1"],
      proto: 200,
    },
    "0500030000000000 1c000280 18000180 14000100 " +
    "20010db8000000000000000000000001 05000400c8000000",
  ],
  [
    "dst 198.51.100.1 dst_port 1234 vni 7 src_vni 8 via 52",
    {
      ...at,
      grp: "239.1.1.1",
      dst: "198.51.100.1",
      dst_port: 1234,
      vni: 7,
      src_vni: 8,
      via: 52,
    },
    "08000500c6336401 06000600d2040000 0800070007000000 0800090008000000 " +
    "0800080034000000",
  ],
  [
    "src 2001:db8::1 dst 2001:db8::2",
    { ...at, grp: "ff0e::1", src: "2001:db8::1", dst: "2001:db8::2" },
    "1400010020010db8000000000000000000000001 " +
    "1400050020010db8000000000000000000000002",
  ],
];

/** Before the attributes: br_port_msg, MDBA_SET_ENTRY, and a header. */
const BEFORE = 8 + 32 + 4;

Deno.test("mdb: the words of iproute2 7.1 as it sends them", () => {
  for (const [words, spec, attributes] of RECORDED) {
    const [request] = addMdb(spec).requests(NUMBERED);
    assertEquals(
      Array.from(request!.body.subarray(BEFORE)),
      Array.from(Uint8Array.fromHex(attributes.replaceAll(" ", ""))),
      words,
    );
  }
  assertAllTried(
    "multicast entries",
    MDB.options,
    [...CASES, ...RECORDED].map((one) => one[1]),
  );
});

const [major = 0, minor = 0] = Deno.osRelease().split(".").map(Number);

testUnless(
  major > 6 || major === 6 && minor >= 3
    ? undefined
    : "does not replace multicast entries",
  "mdb: filters, sources and origins of the kernel; replacement",
  async () => {
    await using lab = await Lab.open("here");
    const { here } = lab;
    await here.batch(LINKS);
    await using network = Network.open({ namespace: here.name });
    const entry: MdbSpec = {
      ...at,
      grp: "239.1.1.1",
      state: "permanent",
      filter_mode: "include",
      source_list: ["192.0.2.1", "192.0.2.2"],
      proto: "zebra",
    };
    const assertSame = async (sources: readonly string[]) => {
      const [{ mdb }] = JSON.parse(
        await here.run("bridge", ["-d", "-j", "mdb", "show"]),
      );
      const names = new LinkNames(await network.socket.links());
      const ours = (await network.socket.mdb()).map((one) =>
        bridgeMdb(one, { names, details: true })
      );
      assertEquals(ours as unknown, mdb);
      const found = ours.find(({ grp, src }) =>
        grp === entry.grp && src === undefined
      );
      assertEquals(found?.filter_mode, "include");
      assertEquals(found?.protocol, "zebra");
      assertEquals(
        found?.source_list?.map(({ address }) => address).sort(),
        sources,
      );
    };
    await network.apply([addMdb(entry)]);
    await assertSame(["192.0.2.1", "192.0.2.2"]);
    await network.apply([replaceMdb({ ...entry, source_list: ["192.0.2.3"] })]);
    await assertSame(["192.0.2.3"]);
  },
);

Deno.test("mdb: invalid values are rejected before anything is sent", () => {
  const wrong: MdbSpec[] = [
    { ...at, grp: "nowhere" },
    { ...at, grp: "02:00:00:00" },
    { ...at, grp: "239.1.1.1", vid: 4095 },
    { ...at, grp: "239.1.1.1", source_list: ["x"] },
    // @ts-expect-error: no such state
    { ...at, grp: "239.1.1.1", state: "static" },
    // @ts-expect-error: no port
    { dev: "br0", grp: "239.1.1.1" },
  ];
  for (const spec of wrong) {
    assertThrows(
      () => addMdb(spec),
      ArgumentError,
      undefined,
      JSON.stringify(spec),
    );
  }
});
