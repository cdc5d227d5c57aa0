// Ports that their bridge names, as netplan and nmstate write them.

import { assertEquals, assertThrows } from "@std/assert";
import { parseConfiguration, Reconciler } from "../../../../mod.ts";
import { Lab } from "../../../support/netns.ts";
import "../../../support/descriptors.ts";

const veth = (name: string, rest: object = {}) => ({
  name,
  kind: "veth",
  options: { peer: { name: `${name}p` } },
  ...rest,
});

Deno.test("a bridge names its ports, also those that are not configured", async () => {
  await using lab = await Lab.open("one");
  const { one } = lab;
  await one.ip("link add late type veth peer name later");
  const desired = parseConfiguration({
    links: [
      { name: "br0", kind: "bridge", ports: ["a0", "b0p", "late"] },
      veth("a0"),
      veth("b0"),
      veth("c0"),
    ],
  });
  await using reconciler = await Reconciler.open(desired, {
    namespace: one.name,
  });
  assertEquals((await reconciler.apply()).refused, undefined);
  const names = async () =>
    (await one.json("link show master br0")).map(({ ifname }) => ifname).sort();
  assertEquals(await names(), ["a0", "b0p", "late"]);
  assertEquals((await reconciler.plan()).actions, []);
  await one.ip("link set b0p nomaster");
  await reconciler.apply();
  assertEquals(await names(), ["a0", "b0p", "late"]);
});

Deno.test("a port of two masters, and of itself, is a problem", () => {
  const problem = (links: object[]) => {
    const error = assertThrows(() => parseConfiguration({ links }));
    return (error as Error).message;
  };
  const bridge = (name: string, ...ports: string[]) => ({
    name,
    kind: "bridge",
    ports,
  });
  assertEquals(
    problem([bridge("br0", "a0"), bridge("br1", "a0"), veth("a0")]),
    "links[1].ports[0]: the master of a0 is br0, as in links[2]",
  );
  assertEquals(
    problem([bridge("br0", "a0"), veth("a0", { master: null })]),
    "links[0].ports[0]: the master of a0 is none, as in links[1]",
  );
  assertEquals(
    problem([bridge("br0", "br0")]),
    "links[0].ports[0]: br0 cannot be its own port",
  );
});
