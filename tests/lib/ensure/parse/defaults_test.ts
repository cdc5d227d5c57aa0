// Default settings of links, as `ip` shows them afterwards.

import { assertEquals, assertThrows } from "@std/assert";
import { parseConfiguration, Reconciler } from "../../../../mod.ts";
import { UnmadeNetns } from "../../../support/netns.ts";
import "../../../support/descriptors.ts";

Deno.test("defaults apply by kind, name and namespace; the link's own win", async () => {
  await using one = new UnmadeNetns("one");
  await using two = new UnmadeNetns("two");
  const veth = (name: string, rest: object = {}) => ({
    name,
    kind: "veth",
    options: { peer: { name: "far", netns: two.name } },
    ...rest,
  });
  const desired = parseConfiguration({
    defaults: [
      { up: true },
      { kind: "veth", mtu: 4000 },
      { name: "mgmt?", mtu: 1400 },
    ],
    namespaces: {
      [one.name]: {
        links: [
          { name: "br0", kind: "bridge", ports: ["mgmt1"] },
          veth("data0"),
          { name: "mgmt1", kind: "veth", options: { peer: { name: "x.y" } } },
          {
            name: "own",
            kind: "veth",
            mtu: 1300,
            up: false,
            options: {
              peer: { name: "xzy", up: false },
            },
          },
        ],
      },
      [two.name]: { defaults: [{ name: "f*", mtu: 4100 }] },
    },
  });
  await using reconciler = await Reconciler.open(desired);
  assertEquals((await reconciler.apply()).refused, undefined);
  assertEquals((await reconciler.plan()).actions, []);
  const seen = async (netns: UnmadeNetns) =>
    (await netns.json<{ ifname: string; mtu: number; flags: string[] }>("link"))
      .filter(({ ifname }) => ifname !== "lo")
      .map(({ ifname, mtu, flags }) =>
        `${ifname} ${mtu} ${flags.includes("UP") ? "up" : "down"}`
      ).sort();
  assertEquals(await seen(one), [
    "br0 1400 up",
    "data0 4000 up",
    "mgmt1 1400 up",
    "own 1300 down",
    "x.y 4000 up",
    "xzy 4000 down",
  ]);
  assertEquals(await seen(two), ["far 4100 up"]);
});

Deno.test("defaults have no names, masters and addresses of links", () => {
  const error = assertThrows(() =>
    parseConfiguration({ defaults: [{ master: "br0" }, { mtu: "big" }] })
  );
  assertEquals((error as Error).message.split("\n"), [
    "defaults[0].master: unknown key",
    'defaults[1].mtu: "big" is not a whole number from 0 to 2147483647',
  ]);
});
