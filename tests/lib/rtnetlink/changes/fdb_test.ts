// Forwarding entries added, appended, replaced and deleted: the messages beside
// those of `bridge fdb`, and the result.

import { assertEquals, assertThrows } from "@std/assert";
import { ArgumentError } from "../../../../lib/errors.ts";
import {
  addFdb,
  appendFdb,
  deleteFdb,
  FDB,
  type FdbSpec,
  replaceFdb,
} from "../../../../lib/rtnetlink/fdb.ts";
import { Beside } from "../../../support/beside.ts";
import { assertAllTried } from "../../../support/tried.ts";

const BUILD = {
  add: addFdb,
  append: appendFdb,
  replace: replaceFdb,
  delete: deleteFdb,
};

type Case = [verb: keyof typeof BUILD, words: string, spec: FdbSpec];

const to = "02:00:00:00:00:09";
const flood = "00:00:00:00:00:00";

const CASES: Case[] = [
  ["add", `${to} dev a0 master`, { to, dev: "a0", master: true }],
  ["add", `${to} dev a0 master permanent`, {
    to,
    dev: "a0",
    master: true,
    state: "permanent",
  }],
  ["replace", `${to} dev a0 master static sticky`, {
    to,
    dev: "a0",
    master: true,
    state: "static",
    sticky: true,
  }],
  ["replace", `${to} dev a0 master dynamic extern_learn`, {
    to,
    dev: "a0",
    master: true,
    state: "dynamic",
    extern_learn: true,
  }],
  ["replace", `${to} dev a0 master use`, {
    to,
    dev: "a0",
    master: true,
    use: true,
  }],
  ["delete", `${to} dev a0 master`, { to, dev: "a0", master: true }],
  ["add", `${to} dev a0 vlan 5 master`, {
    to,
    dev: "a0",
    vlan: 5,
    master: true,
  }],
  ["add", `${to} dev lo`, { to, dev: "lo" }],
  ["add", `${to} dev vx0 dst 192.0.2.3 self`, {
    to,
    dev: "vx0",
    dst: "192.0.2.3",
    self: true,
  }],
  ["replace", `${to} dev vx0 dst 192.0.2.4 port 8472 vni 9 via a0 router`, {
    to,
    dev: "vx0",
    dst: "192.0.2.4",
    port: 8472,
    vni: 9,
    via: "a0",
    router: true,
  }],
  ["append", `${flood} dev vx0 dst 192.0.2.5`, {
    to: flood,
    dev: "vx0",
    dst: "192.0.2.5",
  }],
  ["append", `${flood} dev vx0 dst 192.0.2.6 src_vni 7`, {
    to: flood,
    dev: "vx0",
    dst: "192.0.2.6",
    src_vni: 7,
  }],
  ["delete", `${flood} dev vx0 dst 192.0.2.5`, {
    to: flood,
    dev: "vx0",
    dst: "192.0.2.5",
  }],
  ["add", `02:00:00:00:00:07 dev vx0 nhid 5`, {
    to: "02:00:00:00:00:07",
    dev: "vx0",
    nhid: 5,
  }],
];

Deno.test("fdb: add, append, replace and delete as bridge sends them", async () => {
  await using beside = await Beside.open(`
    link add br0 type bridge
    link add a0 type veth peer name a1
    link set a0 master br0
    link add vx0 type vxlan id 7 dstport 4789
    nexthop add id 4 via 192.0.2.9 fdb
    nexthop add id 5 group 4 fdb`);
  const verbs = { delete: "del" } as Record<string, string>;
  let refused = 0;
  for (const [verb, words, spec] of CASES) {
    const command = `bridge fdb ${verbs[verb] ?? verb} ${words}`;
    if (!await beside.compare(command, BUILD[verb](spec))) refused++;
  }
  // A second one, a VLAN where none is filtered, and no table of its own.
  assertEquals([2, 3].includes(refused), true, `${refused} refused`);
  assertAllTried("forwarding entries", FDB.options, CASES.map((one) => one[2]));
});

Deno.test("fdb: invalid values are rejected before anything is sent", () => {
  const wrong: FdbSpec[] = [
    { to: "192.0.2.1", dev: "a0" },
    { to, dev: "a0", vlan: 4095 },
    { to, dev: "a0", vni: 1 << 24 },
    { to, dev: "a0", dst: "nowhere" },
    // @ts-expect-error: no such state
    { to, dev: "a0", state: "asleep" },
  ];
  for (const spec of wrong) {
    assertThrows(
      () => addFdb(spec),
      ArgumentError,
      undefined,
      JSON.stringify(spec),
    );
  }
});
