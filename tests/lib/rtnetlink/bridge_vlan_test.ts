// VLANs of a bridge's ports: the messages beside those of `bridge vlan`, and
// what comes of them, if only a refusal by a kernel that filters none.

import { assertEquals, assertThrows } from "@std/assert";
import { ArgumentError } from "../../../lib/errors.ts";
import {
  addBridgeVlan,
  BRIDGE_VLAN,
  type BridgeVlanSpec,
  deleteBridgeVlan,
} from "../../../lib/rtnetlink/bridge_vlan.ts";
import { Beside } from "../../support/beside.ts";
import { kernelHas } from "../../support/kinds.ts";
import { assertAllTried } from "../../support/tried.ts";

type Case = [words: string, spec: BridgeVlanSpec];

const CASES: Case[] = [
  ["dev a0 vid 10", { dev: "a0", vid: 10 }],
  ["dev a0 vid 11 pvid untagged", {
    dev: "a0",
    vid: 11,
    pvid: true,
    untagged: true,
  }],
  ["dev a0 vid 20-29 untagged master", {
    dev: "a0",
    vid: "20-29",
    untagged: true,
    master: true,
  }],
  ["dev br0 vid 10 self", { dev: "br0", vid: 10, self: true }],
  ["dev lo vid 10", { dev: "lo", vid: 10 }],
];

Deno.test("bridge VLAN: add and delete as bridge vlan requests them", async () => {
  await using beside = await Beside.open(`
    link add br0 type bridge
    link add a0 type veth peer name a1
    link set a0 master br0`);
  await beside.both("link set br0 type bridge vlan_filtering 1");
  const done: boolean[] = [];
  for (const [words, spec] of CASES) {
    const change = addBridgeVlan(spec);
    done.push(await beside.compare(`bridge vlan add ${words}`, change));
  }
  // Not to lo, and where nothing is filtered to none.
  const filters = await kernelHas("type bridge vlan_filtering 1");
  assertEquals(done, CASES.map(([, { dev }]) => filters && dev !== "lo"));
  for (const [words, spec] of CASES) {
    await beside.compare(`bridge vlan del ${words}`, deleteBridgeVlan(spec));
  }
  assertAllTried("VLANs", BRIDGE_VLAN, CASES.map(([, spec]) => spec));
});

Deno.test("bridge VLAN: what cannot be right is refused before anything is sent", () => {
  const wrong: BridgeVlanSpec[] = [
    { dev: "a0", vid: 0 },
    { dev: "a0", vid: 4095 },
    { dev: "a0", vid: "20-10" },
    { dev: "a0", vid: "10-20-30" },
    { dev: "a0", vid: "10-20", pvid: true },
    // @ts-expect-error: no VLAN
    { dev: "a0" },
  ];
  for (const spec of wrong) {
    assertThrows(
      () => addBridgeVlan(spec),
      ArgumentError,
      undefined,
      JSON.stringify(spec),
    );
  }
});
