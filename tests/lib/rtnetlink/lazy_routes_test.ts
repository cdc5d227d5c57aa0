// Lists of messages that become routes when they are looked at, beside `ip`.

import { assertEquals } from "@std/assert";
import { ipRoute } from "../../../lib/iproute2/route.ts";
import { LinkNames } from "../../../lib/rtnetlink/link/names.ts";
import type { RouteFilter } from "../../../lib/rtnetlink/filter.ts";
import { RouteSocket } from "../../../lib/rtnetlink/socket.ts";
import { Lab } from "../../support/netns.ts";
import "../../support/descriptors.ts";

/** More than one piece of memory holds. */
const ROUTES = 20_000;

Deno.test("a lazy list has what ip shows, and keeps it", async () => {
  await using lab = await Lab.open("here");
  const { here } = lab;
  const lines = Array.from(
    { length: ROUTES },
    (_, i) =>
      `route add 10.${i >> 8}.${i & 255}.0/24 via 192.0.2.${2 + i % 9} \
dev eth0 table ${i % 2 ? 254 : 1000}`,
  );
  await here.batch(`
    link add eth0 type veth peer name eth1
    link set eth0 up
    address add 192.0.2.1/24 dev eth0
    route add 198.51.100.0/24 dev eth0 table 252
    ${lines.join("\n")}`);
  await using socket = RouteSocket.open({ namespace: here.name });
  const names = new LinkNames(await socket.links());
  const ifindex = names.index("eth0");

  const shown = async (words: string, filter: RouteFilter) => {
    const list = await socket.routes({ ...filter, family: "inet", lazy: true });
    assertEquals([list.interrupted, list.attempts], [false, 1]);
    // Its memory is its own: what is received later goes elsewhere.
    await socket.routes();
    const theirs = await here.json(`-4 route show ${words}`);
    assertEquals(list.length, theirs.length, words);
    const ours = Array.from(list, (one) =>
      ipRoute(one, {
        names,
        oneTable: filter.table !== undefined,
        oneDevice: filter.ifindex !== undefined,
        oneProtocol: filter.protocol !== undefined,
      }));
    assertEquals(ours, theirs as typeof ours, words);
    const objects = [...list];
    for (const index of [0, 1, ROUTES / 2 - 1, -1, -list.length, 0.5]) {
      assertEquals(list.at(index), objects.at(index), `at ${index}`);
    }
    for (const index of [list.length, -list.length - 1, NaN, Infinity]) {
      assertEquals(list.at(index), undefined, `at ${index}`);
    }
  };
  await shown("table all", {});
  await shown("table 254", { table: 254 });
  await shown("table 1000", { table: 1000 });
  // RT_TABLE_COMPAT: also what the header says of every table above 255.
  await shown("table 252", { table: 252 });
  await shown("table all dev eth0", { ifindex });
  await shown("table all proto kernel", { protocol: 2 });
});
