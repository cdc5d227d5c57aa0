// Neighbours added, replaced and deleted: the messages beside those of `ip`,
// and what comes of them.

import { assertEquals, assertThrows } from "@std/assert";
import { ArgumentError } from "../../../../lib/errors.ts";
import {
  addNeighbour,
  deleteNeighbour,
  NEIGHBOUR,
  type NeighbourSpec,
  replaceNeighbour,
} from "../../../../lib/rtnetlink/neighbour.ts";
import { Beside } from "../../../support/beside.ts";
import { assertAllTried } from "../../../support/tried.ts";

const BUILD = {
  add: addNeighbour,
  replace: replaceNeighbour,
  delete: deleteNeighbour,
};

type Case = [verb: keyof typeof BUILD, words: string, spec: NeighbourSpec];

const lladdr = "02:00:00:00:00:09";
const dev = "a0";

const CASES: Case[] = [
  ...(["192.0.2.", "2001:db8::"] as const).flatMap((net): Case[] => [
    ["add", `${net}2 lladdr ${lladdr} dev a0`, { to: `${net}2`, lladdr, dev }],
    ["add", `${net}2 lladdr ${lladdr} dev a0`, { to: `${net}2`, lladdr, dev }],
    ["replace", `${net}2 lladdr 02:00:00:00:00:08 dev a0 nud noarp`, {
      to: `${net}2`,
      lladdr: "02:00:00:00:00:08",
      dev,
      nud: "noarp",
    }],
    ["add", `${net}3 lladdr ${lladdr} dev a0 router protocol static`, {
      to: `${net}3`,
      lladdr,
      dev,
      router: true,
      protocol: "static",
    }],
    ["add", `${net}4 lladdr ${lladdr} dev a0 extern_learn nud stale`, {
      to: `${net}4`,
      lladdr,
      dev,
      extern_learn: true,
      nud: "stale",
    }],
    ["add", `${net}6 lladdr ${lladdr} dev a0 nud permanent`, {
      to: `${net}6`,
      lladdr,
      dev,
      nud: "permanent",
    }],
    ["add", `proxy ${net}5 dev a0`, { to: `${net}5`, proxy: true, dev }],
    ["delete", `proxy ${net}5 dev a0`, { to: `${net}5`, proxy: true, dev }],
    ["delete", `${net}2 dev a0`, { to: `${net}2`, dev }],
    ["delete", `${net}2 dev a0`, { to: `${net}2`, dev }],
  ]),
  // Of all links. The kernel forgets to delete one of these with its namespace.
  ["add", "proxy 192.0.2.77", { to: "192.0.2.77", proxy: true }],
  ["delete", "proxy 192.0.2.77", { to: "192.0.2.77", proxy: true }],
];

Deno.test("neighbour: add, replace and delete as ip requests them", async () => {
  await using beside = await Beside.open(`
    link add a0 type veth peer name a1
    link set a0 addrgenmode none up
    address add 192.0.2.1/24 dev a0
    address add 2001:db8::1/64 dev a0`);
  let refused = 0;
  try {
    for (const [verb, words, spec] of CASES) {
      const command = `neighbour ${verb} ${words}`;
      if (!await beside.compare(command, BUILD[verb](spec))) refused++;
    }
  } finally {
    await beside.both("neighbour delete proxy 192.0.2.77");
  }
  assertEquals(refused, 4);
  for (const [, , spec] of CASES) await beside.undo(deleteNeighbour(spec));
  await beside.assertNothingLeft();
});

/** What the kernel does not leave alone. */
const MOVING: [words: string, spec: Partial<NeighbourSpec>][] = [
  ["use", { use: true }],
  ["managed", { managed: true }],
  ["nud delay use", { nud: "delay", use: true }],
  ...(["none", "incomplete", "probe", "failed"] as const).map((
    nud,
  ): [string, Partial<NeighbourSpec>] => [`nud ${nud}`, { nud }]),
  [`lladdr ${lladdr} nud reachable`, { lladdr, nud: "reachable" }],
];

Deno.test("neighbour: use and managed as ip requests them", async () => {
  await using beside = await Beside.open(`
    link add a0 type veth peer name a1
    link set a0 addrgenmode none
    address add 192.0.2.1/24 dev a0`);
  for (const [words, spec] of MOVING) {
    await beside.compare(
      `neighbour add 192.0.2.9 dev a0 ${words}`,
      addNeighbour({ to: "192.0.2.9", dev, ...spec }),
      true,
    );
    await beside.undo(deleteNeighbour({ to: "192.0.2.9", dev }));
  }
});

Deno.test("neighbour: every option and every state is tried", () => {
  const tried = [...CASES, ...MOVING].map((each) => each.at(-1) as object);
  assertAllTried("neighbours", NEIGHBOUR.options, tried);
});

Deno.test("neighbour: what cannot be right is refused before anything is sent", () => {
  const wrong: NeighbourSpec[] = [
    { to: "192.0.2.0/24", dev },
    { to: "192.0.2.2" },
    { to: "192.0.2.2", dev, lladdr: "nobody" },
    { to: "192.0.2.2", dev, protocol: "nosuch" },
    // @ts-expect-error: no such state
    { to: "192.0.2.2", dev, nud: "asleep" },
  ];
  for (const spec of wrong) {
    assertThrows(
      () => addNeighbour(spec),
      ArgumentError,
      undefined,
      JSON.stringify(spec),
    );
  }
});
