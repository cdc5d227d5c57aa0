// MPLS routes beside `ip -f mpls route`: changes by the library and by
// `netplumb ip`, what `show` and a monitor report.

import { assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { showRoutes } from "../../../cli/show/route.ts";
import { routeText } from "../../../cli/show/text/route.ts";
import type { Json } from "../../../cli/show/shown.ts";
import { ipRoute } from "../../../lib/iproute2/route.ts";
import { LinkNames } from "../../../lib/rtnetlink/link/names.ts";
import { Network } from "../../../lib/rtnetlink/network.ts";
import {
  addRoute,
  deleteRoute,
  replaceRoute,
  type Route,
} from "../../../lib/rtnetlink/route.ts";
import { RouteSocket } from "../../../lib/rtnetlink/socket.ts";
import "../../support/descriptors.ts";
import { runOurs, runTheirs } from "../../support/ip_beside.ts";
import { testUnless } from "../../support/kinds.ts";
import { openMonitor } from "../../support/monitored.ts";
import { Lab, type Netns } from "../../support/netns.ts";

const SETUP = `
  link add v0 type veth peer name v1
  link set v0 up
  link set v1 up
  address add 192.0.2.1/24 dev v0
  address add 2001:db8::1/64 dev v0 nodad`;

const mpls = { family: "mpls" } as const;

/** Changes, and the words of `ip -f mpls route` for each. */
const CHANGES = [
  [
    addRoute({
      ...mpls,
      to: "100",
      as: "200/300",
      via: "192.0.2.2",
      dev: "v0",
    }),
    "add 100 as to 200/300 via inet 192.0.2.2 dev v0",
  ],
  [
    addRoute({ ...mpls, to: "101", via: "2001:db8::2", protocol: "static" }),
    "add 101 via inet6 2001:db8::2 proto static",
  ],
  [addRoute({ ...mpls, to: "102", dev: "lo" }), "add 102 dev lo"],
  [
    addRoute({
      ...mpls,
      to: "103",
      nexthops: [
        { via: "192.0.2.3", dev: "v0", as: "1048575" },
        { via: "2001:db8::3", dev: "v0" },
      ],
    }),
    "add 103 nexthop as to 1048575 via inet 192.0.2.3 dev v0 " +
    "nexthop via inet6 2001:db8::3 dev v0",
  ],
  [
    addRoute({
      ...mpls,
      to: "104",
      via: "192.0.2.4",
      as: "104",
      "ttl-propagate": "disabled",
    }),
    "add 104 via inet 192.0.2.4 as 104 ttl-propagate disabled",
  ],
  [
    replaceRoute({ ...mpls, to: "101", via: "192.0.2.9", as: "16" }),
    "replace 101 as to 16 via inet 192.0.2.9",
  ],
  [addRoute({ ...mpls, to: "105", dev: "v0" }), "add 105 dev v0"],
  [deleteRoute({ ...mpls, to: "105" }), "del 105"],
] as const;

const SHOWS = ["route", "route show 103", "route show via inet 192.0.2.4"];

async function dumped(netns: Netns): Promise<Json[]> {
  const { stdout } = await runTheirs(netns, ["-M", "-j"], ["route"]);
  return JSON.parse(stdout);
}

const byLabel = (one: Json, other: Json) => Number(one.dst) - Number(other.dst);

testUnless(
  existsSync("/proc/sys/net/mpls/platform_labels")
    ? undefined
    : "has no MPLS routes",
  "MPLS routes: changes, show, monitor",
  async () => {
    await using lab = await Lab.open("theirs", "ours");
    const { theirs, ours } = lab;
    for (const netns of [theirs, ours]) {
      await netns.sysctl("net/mpls/platform_labels", 1_048_575);
      await netns.batch(SETUP);
    }
    await using network = Network.open({ namespace: ours.name });
    await using route = RouteSocket.open({ namespace: ours.name });
    await using monitor = await openMonitor(ours, { objects: ["route"] });
    const names = new LinkNames(await route.links());
    const json = (one: Route) => ipRoute(one, { names, oneTable: true });
    /** What a client of the monitor knows: by label. */
    const state = new Map<string, Json>();
    const words = [];
    for (const [change, line] of CHANGES) {
      await network.apply([change]);
      words.push(`route ${line}`);
      for await (const event of monitor) {
        if (!("object" in event) || event.object !== "route") continue;
        const one = event.data;
        if (one.family !== "mpls") continue;
        if (event.event === "delete") state.delete(one.destination!);
        else state.set(one.destination!, json(one) as unknown as Json);
        break;
      }
    }
    const { stderr } = await runTheirs(theirs, ["-M"], words);
    assertEquals(stderr, "");

    const wanted = await dumped(theirs);
    assertEquals(wanted.length, 5);
    assertEquals((await dumped(ours)).sort(byLabel), wanted.sort(byLabel));
    const found = await route.routes(mpls);
    assertEquals(
      JSON.parse(JSON.stringify(found.map(json))).sort(byLabel),
      wanted,
    );
    assertEquals(
      JSON.parse(JSON.stringify([...state.values()])).sort(byLabel),
      wanted,
    );

    const shown = await showRoutes(route, { ...mpls, table: 254 });
    const texts = [...shown.objects].map((one) => routeText(one as Json));
    const text = await runTheirs(theirs, ["-M"], ["route"]);
    const lines = (text: string) => text.split(/\n(?!\t)/).map(trimmed).sort();
    assertEquals(lines(texts.join("\n")), lines(text.stdout.trimEnd()));

    const beside = [[], ["-j"]].map(async (flags) => {
      const all = ["-M", ...flags];
      const [is, wanted] = await Promise.all([
        runOurs(theirs, all, SHOWS),
        runTheirs(theirs, all, SHOWS),
      ]);
      assertEquals(lines(is.stdout), lines(wanted.stdout));
    });
    await Promise.all(beside);
    const changed = [
      ...words.toReversed().filter((word) => !word.includes("105"))
        .map((word) => word.replace(/add|replace/, "del")),
      ...words,
    ];
    const all = ["-M", "-force"];
    const again = await runOurs(theirs, all, changed);
    assertEquals(again.stderr, (await runTheirs(ours, all, changed)).stderr);
    assertEquals((await dumped(theirs)).sort(byLabel), wanted);
  },
);

const trimmed = (line: string) => line.replaceAll(/ +(?=\n|$)/g, "");
