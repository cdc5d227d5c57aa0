// Nexthop objects added, replaced and deleted: the messages beside those of
// `ip`, and what comes of them.

import { assertEquals, assertThrows } from "@std/assert";
import { ArgumentError } from "../../../../lib/errors.ts";
import {
  addNexthop,
  deleteNexthop,
  NEXTHOP_OBJECT,
  type NexthopObjectSpec,
  replaceNexthop,
} from "../../../../lib/rtnetlink/nexthop.ts";
import { Beside } from "../../../support/beside.ts";
import { assertAllTried } from "../../../support/tried.ts";

type Case = [
  verb: "add" | "replace",
  words: string,
  spec: NexthopObjectSpec,
];

const dev = "a0";

const CASES: Case[] = [
  ["add", "id 1 via 192.0.2.2 dev a0", { id: 1, via: "192.0.2.2", dev }],
  ["add", "id 1 via 192.0.2.3 dev a0", { id: 1, via: "192.0.2.3", dev }],
  ["replace", "id 1 via 192.0.2.3 dev a0", { id: 1, via: "192.0.2.3", dev }],
  ["add", "id 2 dev a0 protocol static", { id: 2, dev, protocol: "static" }],
  ["add", "id 3 via 2001:db8::2 dev a0", { id: 3, via: "2001:db8::2", dev }],
  ["add", "id 4 blackhole", { id: 4, blackhole: true }],
  ["add", "id 5 via 203.0.113.1 dev a0 onlink", {
    id: 5,
    via: "203.0.113.1",
    dev,
    onlink: true,
  }],
  ["add", "id 6 via 203.0.113.1 dev a0", { id: 6, via: "203.0.113.1", dev }],
  [
    "replace",
    "id 6 via 192.0.2.6 dev a0 encap ip id 42 dst 192.0.2.77 tos 20",
    {
      id: 6,
      via: "192.0.2.6",
      dev,
      encap: "ip id 42 dst 192.0.2.77 tos 20",
    },
  ],
  ["add", "id 7 via 192.0.2.7 fdb", { id: 7, via: "192.0.2.7", fdb: true }],
  ["add", "id 8 via 192.0.2.8 fdb", { id: 8, via: "192.0.2.8", fdb: true }],
  ["add", "id 10 group 1/2", { id: 10, group: [{ id: 1 }, { id: 2 }] }],
  ["add", "id 11 group 1,3/5,256", {
    id: 11,
    group: [{ id: 1, weight: 3 }, { id: 5, weight: 256 }],
  }],
  ["add", "id 12 group 1,3/5 type mpath", {
    id: 12,
    group: "1,3/5",
    type: "mpath",
  }],
  [
    "add",
    "id 13 group 1/5 type resilient buckets 64 idle_timer 30 unbalanced_timer 200",
    {
      id: 13,
      group: "1/5",
      type: "resilient",
      buckets: 64,
      idle_timer: 30,
      unbalanced_timer: 200,
    },
  ],
  ["add", "id 14 group 7/8 fdb", { id: 14, group: "7/8", fdb: true }],
  ["add", "id 15 group 99", { id: 15, group: "99" }],
];

Deno.test("nexthop: add, replace and delete as ip requests them", async () => {
  await using beside = await Beside.open(`
    link add a0 type veth peer name a1
    link set a0 addrgenmode none up
    link set a1 addrgenmode none up
    address add 192.0.2.1/24 dev a0
    address add 2001:db8::1/64 dev a0`);
  const refused: string[] = [];
  for (const [verb, words, spec] of CASES) {
    const change = verb === "add" ? addNexthop(spec) : replaceNexthop(spec);
    const done = await beside.compare(`nexthop ${verb} ${words}`, change);
    // Kernels before 6.12 know weights up to 255.
    if (!done && !words.includes("256")) refused.push(words);
  }
  // What is there already, no route to the gateway, no such member.
  assertEquals(refused, [
    "id 1 via 192.0.2.3 dev a0",
    "id 6 via 203.0.113.1 dev a0",
    "id 15 group 99",
  ]);
  for (const id of [13, 10, 1]) {
    await beside.compare(`nexthop delete id ${id}`, deleteNexthop(id));
  }
  await beside.compare(
    "-6 nexthop add id 20 dev a0",
    addNexthop({ id: 20, dev, family: "inet6" }),
  );
  await beside.compare(
    "-4 nexthop add id 21 dev a0",
    addNexthop({ id: 21, dev, family: "inet" }),
  );
  for (const id of [20, 21]) await beside.undo(deleteNexthop(id));
  for (const [, , { id }] of CASES.toReversed()) {
    await beside.undo(deleteNexthop(id!));
  }
  await beside.assertNothingLeft();
});

Deno.test("nexthop: every option is tried", () => {
  const tried = CASES.map(([, , spec]) => spec);
  assertAllTried("nexthops", NEXTHOP_OBJECT.options, [
    ...tried,
    { family: "inet" },
    { family: "inet6" },
  ]);
});

Deno.test("nexthop: what cannot be right is refused before anything is sent", () => {
  const wrong: NexthopObjectSpec[] = [
    { id: 0, dev },
    { id: 1, via: "192.0.2.0/24" },
    { id: 1, via: "192.0.2.1", family: "inet6" },
    { id: 1, group: "" },
    { id: 1, group: [] },
    { id: 1, group: "1,65537" },
    { id: 1, group: "1,0" },
    { id: 1, group: "1", buckets: 5 },
    // @ts-expect-error: no such type
    { id: 1, group: "1", type: "random" },
  ];
  for (const spec of wrong) {
    assertThrows(
      () => addNexthop(spec),
      ArgumentError,
      undefined,
      JSON.stringify(spec),
    );
  }
  assertThrows(() => deleteNexthop(0), ArgumentError);
});
