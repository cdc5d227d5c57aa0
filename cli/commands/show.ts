// netplumb show: prints links, addresses, routes, neighbours, rules, nexthop
// objects and queueing disciplines as `ip` and `tc` do.

import { type Command, EnumType } from "@cliffy/command";
import type { NetlinkCounters } from "../../lib/netlink/counters.ts";
import { DumpInterruptedError } from "../../lib/netlink/errors.ts";
import { RouteSocket } from "../../lib/rtnetlink/socket.ts";
import { linkName, wholeNumber, word } from "../arguments.ts";
import { type GlobalOptions, subcommand } from "../command.ts";
import { Exit } from "../failure.ts";
import { log } from "../log.ts";
import { namespace } from "../namespace.ts";
import { jsonArray } from "../output/json_array.ts";
import { printableJson } from "../output/printable.ts";
import type { Style } from "../output/style.ts";
import { perform } from "../perform.ts";
import { showAddresses } from "../show/address.ts";
import { showMdb, showVlans, showVnis } from "../show/bridge.ts";
import { showFdb } from "../show/fdb.ts";
import { showNetconf } from "../show/netconf.ts";
import { showLinks } from "../show/link.ts";
import { showNeighbours } from "../show/neighbour.ts";
import { showNexthops } from "../show/nexthop.ts";
import { showClasses, showQdiscs } from "../show/qdisc.ts";
import { showRoutes } from "../show/route.ts";
import { showRules } from "../show/rule.ts";
import type { Json, Shown, ShowOptions } from "../show/shown.ts";
import { mdbText, vlansText, vnisText } from "../show/text/bridge.ts";
import { fdbText } from "../show/text/fdb.ts";
import { netconfText } from "../show/text/netconf.ts";
import { linkText } from "../show/text/link.ts";
import { neighbourText } from "../show/text/neighbour.ts";
import { classText, qdiscText } from "../show/text/qdisc.ts";
import { nexthopText, routeText } from "../show/text/route.ts";
import { ruleText } from "../show/text/rule.ts";
import {
  linkGroup,
  neighbourState,
  routeProtocol,
  routeScope,
  routeTable,
  routeType,
} from "../show/arguments.ts";

/** The options of all objects. */
interface CommonOptions extends GlobalOptions {
  details?: true;
  statistics?: boolean[];
  netns?: string;
  onInterrupt: "retry" | "partial" | "error";
  ipv4?: true;
  mpls?: true;
  ipv6?: true;
  dev?: string;
}

const LIKE_IP =
  "With --json, print one array with the keys and values of `ip -j` of iproute2 " +
  "6.1, without the objects that a filter excludes.";

/** A command that shows objects of one type, with the options of all. */
function shows(details = "") {
  return subcommand(details ? `${details}\n\n${LIKE_IP}` : LIKE_IP)
    .type("interface", linkName)
    .type("netns", namespace)
    .type("policy", new EnumType(["retry", "partial", "error"]))
    .group("Output")
    .option("--details", "Show all attributes, as `ip -d` does.")
    .option(
      "--statistics",
      "Show counters and times, as `ip -s` does; twice as `ip -s -s` does, with " +
        "the kinds of errors of links.",
      { collect: true },
    )
    .group("Source")
    .option("--netns <name:netns>", "Show objects of this network namespace.")
    .option(
      "--on-interrupt <policy:policy>",
      "How to handle a dump that is interrupted by changes: retry, print a " +
        "partial result, or fail. The exit code of the last two is 3.",
      { default: "retry" as const },
    )
    .group("Filters");
}

/** Prints objects, as text or as one JSON array. */
function act(
  options: CommonOptions,
  show: (route: RouteSocket, options: ShowOptions) => Promise<Shown>,
  describe: (json: Json, style: Style, isDetailed: boolean) => string,
): Promise<void> {
  return perform(options, async ({ output, signal }) => {
    await using route = RouteSocket.open({ namespace: options.netns });
    const level = options.statistics?.length ?? 0;
    const areDetailed = level > 1;
    const { heading, objects, json, interrupted } = await withExitCode(
      show(route, {
        details: options.details,
        // The text of `ip -s` has a counter that only the JSON of `-s -s` has.
        statistics: areDetailed || (level > 0 && !output.json) ? 2 : level > 0,
        dev: options.dev,
        namesNamespaces: !output.json,
        family: options.ipv4
          ? "inet"
          : options.ipv6
          ? "inet6"
          : options.mpls
          ? "mpls"
          : undefined,
        onInterrupt: options.onInterrupt === "error"
          ? "throw"
          : options.onInterrupt,
        signal,
      }),
    );
    if (output.json) {
      await output.bytes(json ?? jsonArray(texts(objects)));
    } else {
      if (heading !== undefined) output.line(heading);
      for (const one of objects) {
        const text = describe(one, output.style, areDetailed);
        if (text !== "") output.line(text);
        await output.ready();
      }
    }
    logIgnored(route.counters);
    if (interrupted) {
      log.warn(
        "the dump was interrupted by changes: objects may be missing",
      );
      Deno.exitCode = Exit.inconsistent;
    }
  });
}

function* texts(objects: Iterable<Json>): Generator<string> {
  for (const one of objects) yield printableJson(one);
}

/** Sets the exit code of an interrupted dump. */
async function withExitCode(shown: Promise<Shown>): Promise<Shown> {
  try {
    return await shown;
  } catch (error) {
    throw error instanceof DumpInterruptedError
      ? Object.assign(error, { exitCode: Exit.inconsistent })
      : error;
  }
}

/** Logs the numbers of ignored and malformed messages. */
function logIgnored(counters: NetlinkCounters): void {
  for (const [what, count] of Object.entries(counters)) {
    if (count > 0) log.debug(`netlink: ${count} ${what}`);
  }
}

const family = (command: ReturnType<typeof shows>) =>
  command
    .option("-4, --ipv4", "Only IPv4.", { conflicts: ["ipv6"] })
    .option("-6, --ipv6", "Only IPv6.", { conflicts: ["ipv4"] });

const link = shows(
  "Prints flags and link-layer address; with --details also the options of the " +
    "kind.",
)
  .type("word", word)
  .type("group", linkGroup)
  .option(
    "--dev <if:interface>",
    "Only this link, by its name or an alternative name.",
  )
  .option(
    "--type <kind:word>",
    "Only links of this kind, such as veth or bridge.",
  )
  .option("--master <if:interface>", "Only ports of this master.")
  .option("--group <name:group>", "Only links of this group.")
  .option("--up", "Only links that are up.")
  .example("Show all links", "netplumb show link")
  .example(
    "List the ports of a bridge",
    "netplumb show link --master br0 --json | jq -r '.[].ifname'",
  )
  .action((options) =>
    act(
      options,
      (route, common) =>
        showLinks(route, {
          ...common,
          kind: options.type,
          master: options.master,
          group: options.group,
          up: options.up,
        }),
      linkText,
    )
  );

const address = family(shows("Prints each link with its addresses."))
  .type("word", word)
  .type("scope", routeScope)
  .option("--dev <if:interface>", "Only this link.")
  .option("--type <kind:word>", "Only links of this kind.")
  .option("--master <if:interface>", "Only ports of this master.")
  .option("--scope <scope:scope>", "Only this scope.")
  .option("--up", "Only links that are up.")
  .example("Show all addresses", "netplumb show address")
  .example(
    "Show the IPv4 addresses of a link in a namespace",
    "netplumb show address -4 --dev eth0 --netns blue",
  )
  .action((options) =>
    act(
      options,
      (route, common) =>
        showAddresses(route, {
          ...common,
          kind: options.type,
          master: options.master,
          scope: options.scope,
          up: options.up,
        }),
      linkText,
    )
  );

const route = family(shows(
  "Prints the IPv4 routes of the main table by default.",
))
  .type("table", routeTable)
  .type("protocol", routeProtocol)
  .type("scope", routeScope)
  .type("routetype", routeType)
  .option("--table <table:table>", "Only this routing table, or all.", {
    defaultText: "main",
  })
  .option("-M, --mpls", "Only MPLS.", { conflicts: ["ipv4", "ipv6"] })
  .option("--dev <if:interface>", "Only this output link.")
  .option(
    "--protocol <word:protocol>",
    "Only this origin, such as kernel or static.",
  )
  .option("--type <type:routetype>", "Only this type, such as blackhole.")
  .option("--scope <scope:scope>", "Only this scope.")
  .example("Show the main table", "netplumb show route")
  .example(
    "Show all tables of both families",
    "netplumb show route --table all",
  )
  .example(
    "List the IPv6 default gateways",
    "netplumb show route -6 --json | jq -r '.[] | select(.dst == \"default\").gateway'",
  )
  .action((options) =>
    act(
      options,
      (route, common) =>
        showRoutes(route, {
          ...common,
          protocol: options.protocol,
          type: options.type,
          scope: options.scope,
          table: options.table === -1 ? undefined : options.table ?? MAIN,
        }),
      routeText,
    )
  );

const neighbour = family(shows(
  "Omits entries in state noarp, such as multicast, unless --state selects them.",
))
  .type("state", neighbourState)
  .option("--dev <if:interface>", "Only this link.")
  .option("--state <state:state>", "Only this state, or all.")
  .option("--proxy", "Only proxy entries.")
  .example("Show the neighbour table", "netplumb show neighbour")
  .example(
    "Show failed entries",
    "netplumb show neighbour --state failed --dev eth0",
  )
  .action((options) =>
    act(
      options,
      (route, common) =>
        showNeighbours(route, {
          ...common,
          proxy: options.proxy,
          all: options.state === -1,
          state: options.state === -1 ? undefined : options.state,
        }),
      neighbourText,
    )
  );

const VLAN = wholeNumber(1, 4094);

const fdb = shows("Prints what `bridge fdb` prints.")
  .type("vlan", VLAN)
  .option("--dev <if:interface>", "Only this port or VXLAN.")
  .option("--bridge <if:interface>", "Only this bridge.")
  .option("--vlan <id:vlan>", "Only this VLAN.")
  .example("Show all forwarding tables", "netplumb show fdb")
  .example(
    "List the remotes of a VXLAN",
    "netplumb show fdb --dev vxlan0 --json | jq -r '.[].dst'",
  )
  .action((options) =>
    act(
      options,
      (route, common) =>
        showFdb(route, {
          ...common,
          bridge: options.bridge,
          vlan: options.vlan,
        }),
      fdbText,
    )
  );

const vlan = shows("Prints what `bridge vlan` prints.")
  .type("vlan", VLAN)
  .option("--dev <if:interface>", "Only this port or bridge.")
  .option("--vlan <id:vlan>", "Only this VLAN.")
  .option("--tunnels", "The identifiers of VLANs on tunnels.")
  .example("Show the VLANs of all bridges", "netplumb show vlan")
  .example(
    "List the VLANs of a port",
    "netplumb show vlan --dev eth0 --json | jq '.[].vlans[].vlan'",
  )
  .action((options) =>
    act(
      options,
      (route, common) =>
        showVlans(route, {
          ...common,
          vlan: options.vlan,
          tunnels: options.tunnels,
        }),
      vlansText,
    )
  );

const mdb = shows(
  "Prints what `bridge mdb` prints; with --details also the ports of multicast " +
    "routers.",
)
  .type("vlan", VLAN)
  .option("--dev <if:interface>", "Only this bridge or VXLAN.")
  .option("--vlan <id:vlan>", "Only this VLAN.")
  .example("Show the multicast groups of all bridges", "netplumb show mdb")
  .example(
    "List the groups of a bridge",
    "netplumb show mdb --dev br0 --json | jq -r '.[].mdb[].grp'",
  )
  .action((options) =>
    act(
      options,
      (route, common) => showMdb(route, { ...common, vlan: options.vlan }),
      mdbText,
    )
  );

const vni = shows("Prints what `bridge vni` prints.")
  .option("--dev <if:interface>", "Only this VXLAN.")
  .example("Show the network identifiers of all VXLANs", "netplumb show vni")
  .example("Show their counters", "netplumb show vni --statistics")
  .action((options) => act(options, showVnis, vnisText));

const rule = family(shows("Prints the rules in the order of evaluation."))
  .type("table", routeTable)
  .option("--table <table:table>", "Only rules that look up this table.")
  .example("Show the IPv4 rules", "netplumb show rule")
  .example("Show the IPv6 rules", "netplumb show rule -6")
  .action((options) =>
    act(
      options,
      (route, common) =>
        showRules(route, {
          ...common,
          table: options.table === -1 ? undefined : options.table,
        }),
      ruleText,
    )
  );

const nexthop = family(shows("Routes refer to nexthop objects by their id."))
  .option("--dev <if:interface>", "Only this output link.")
  .example("Show all nexthop objects", "netplumb show nexthop")
  .example(
    "Show all attributes as JSON",
    "netplumb show nexthop --details --json",
  )
  .action((options) => act(options, showNexthops, nexthopText));

const netconf = family(shows("Prints what `ip netconf` prints."))
  .option("--dev <if:interface>", "Only this link.")
  .example("Show the IP settings of all links", "netplumb show netconf")
  .example(
    "List the links that forward IPv4",
    "netplumb show netconf -4 --json | jq -r '.[] | select(.forwarding).interface'",
  )
  .action((options) => act(options, showNetconf, netconfText));

const LIKE_TC = "With --json, keys and values are those of `tc -j`.";

const qdisc = shows(`Rates are in bytes a second. ${LIKE_TC}`)
  .option("--dev <if:interface>", "Only this link.")
  .example("Show the queueing disciplines of all links", "netplumb show qdisc")
  .example(
    "Count the packets that each dropped",
    "netplumb show qdisc --statistics --json | jq '.[] | .dev, .drops'",
  )
  .action((options) => act(options, showQdiscs, qdiscText));

const trafficClass = shows(`Rates are in bytes a second. ${LIKE_TC}`)
  .option("--dev <if:interface>", "Only this link.")
  .example("Show the classes of all links", "netplumb show class")
  .example(
    "Show the counters of the classes of a link",
    "netplumb show class --dev eth0 --statistics",
  )
  .action((options) => act(options, showClasses, classText));

/** RT_TABLE_MAIN, as `ip route show` has it. */
const MAIN = 254;

// deno-lint-ignore no-explicit-any -- each has options of its own
const OBJECTS: readonly [string, string, Command<any>][] = [
  ["link", "Show network interfaces.", link],
  ["address", "Show addresses.", address],
  ["route", "Show routes.", route],
  ["neighbour", "Show neighbour entries.", neighbour],
  ["rule", "Show policy routing rules.", rule],
  ["fdb", "Show forwarding entries of bridges and VXLANs.", fdb],
  ["vlan", "Show VLANs of bridges and their ports.", vlan],
  ["mdb", "Show multicast databases of bridges and VXLANs.", mdb],
  ["vni", "Show network identifiers of VXLANs.", vni],
  ["nexthop", "Show nexthop objects.", nexthop],
  ["netconf", "Show IP settings of links.", netconf],
  ["qdisc", "Show queueing disciplines.", qdisc],
  ["class", "Show classes of queueing disciplines.", trafficClass],
];

export const show = subcommand(
  "Run `netplumb show OBJECT --help` for the filters of each object.",
)
  .example("Show all links with their addresses", "netplumb show address")
  .example("Show the main routing table", "netplumb show route");
for (const [name, summary, command] of OBJECTS) {
  command.description(`${summary}\n\n${command.getDescription()}`);
  show.command(name, command).reset();
}
