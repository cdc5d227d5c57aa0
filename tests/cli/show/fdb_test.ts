// `show fdb` beside `bridge [-j] [-s] fdb`: keys, values, order and text.

import { assert, assertEquals } from "@std/assert";
import { showFdb } from "../../../cli/show/fdb.ts";
import { fdbText } from "../../../cli/show/text/fdb.ts";
import { RouteSocket } from "../../../lib/rtnetlink/socket.ts";
import { Lab } from "../../support/netns.ts";
import "../../support/descriptors.ts";
import { assertSameJson } from "../../support/same_json.ts";
import { settled } from "../../support/settled.ts";

Deno.test("show fdb: a bridge, its ports, a VXLAN with remotes and nexthops", async () => {
  await using lab = await Lab.open("here");
  const { here } = lab;
  await here.batch(`
    link add br0 up type bridge
    link add a0 up type veth peer name a1
    link set a0 master br0
    link add vx0 up type vxlan id 7 dstport 4789
    nexthop add id 4 via 192.0.2.9 fdb
    nexthop add id 5 group 4 fdb`);
  const entry = "02:00:00:00:00:0";
  await here.run("bridge", ["-batch", "-"], {
    stdin: `
      fdb add ${entry}1 dev a0 master
      fdb add ${entry}2 dev a0 master static sticky
      fdb add ${entry}3 dev a0 master dynamic extern_learn
      fdb add ${entry}4 dev vx0 dst 192.0.2.3
      fdb add ${entry}5 dev vx0 dst 192.0.2.4 port 8472 vni 9 via a0 router
      fdb append 00:00:00:00:00:00 dev vx0 dst 192.0.2.5
      fdb append 00:00:00:00:00:00 dev vx0 dst 192.0.2.6
      fdb add ${entry}6 dev vx0 nhid 5
      fdb add ${entry}7 dev br0 self local\n`,
  });
  await using route = RouteSocket.open({ namespace: here.name });
  for (
    const [args, options] of [
      ["", {}],
      ["-s", { statistics: true }],
      ["dev vx0", { dev: "vx0" }],
      ["br br0", { bridge: "br0" }],
    ] as const
  ) {
    const filter = args.startsWith("-") ? [] : args.split(" ");
    const flags = args.startsWith("-") ? [args] : [];
    await settled(async () => {
      const bridge = (extra: string[]) =>
        here.run("bridge", [
          ...extra,
          ...flags,
          "fdb",
          "show",
          ...filter.filter(Boolean),
        ]);
      const theirs = JSON.parse(await bridge(["-j"]));
      const shown = [...(await showFdb(route, options)).objects];
      assertSameJson(JSON.parse(JSON.stringify(shown)), theirs, args);
      assert(shown.length > 3);
      const text = (await bridge([])).trim().split("\n");
      if (flags.length > 0) return;
      assertEquals(
        shown.map(fdbText),
        text.map((line) => line.replaceAll(/\s+/g, " ").trim()),
      );
    });
  }
});
