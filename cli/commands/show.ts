// netplumb show: the kernel's links, addresses, routes, neighbours, rules and
// nexthop objects, as `ip` shows them.

import { type Command, EnumType } from "@cliffy/command";
import type { NetlinkCounters } from "../../lib/netlink/counters.ts";
import { DumpInterruptedError } from "../../lib/netlink/errors.ts";
import { RouteSocket } from "../../lib/rtnetlink/socket.ts";
import { linkName, word } from "../arguments.ts";
import { type GlobalOptions, subcommand } from "../command.ts";
import { Exit } from "../failure.ts";
import { log } from "../log.ts";
import { namespace } from "../namespace.ts";
import { jsonArray } from "../output/json_array.ts";
import { printableJson } from "../output/printable.ts";
import type { Style } from "../output/style.ts";
import { perform } from "../perform.ts";
import { showAddresses } from "../show/address.ts";
import { showLinks } from "../show/link.ts";
import { showNeighbours } from "../show/neighbour.ts";
import { showNexthops } from "../show/nexthop.ts";
import { showRoutes } from "../show/route.ts";
import { showRules } from "../show/rule.ts";
import type { Json, Shown, ShowOptions } from "../show/shown.ts";
import { linkText } from "../show/text/link.ts";
import { neighbourText } from "../show/text/neighbour.ts";
import { nexthopText, routeText } from "../show/text/route.ts";
import { ruleText } from "../show/text/rule.ts";
import {
  linkGroup,
  neighbourState,
  routeProtocol,
  routeScope,
  routeTable,
  routeType,
} from "../show/words.ts";

/** What all objects understand, as the command line says it. */
interface CommonOptions extends GlobalOptions {
  details?: true;
  statistics?: true;
  netns?: string;
  onInterrupt: "retry" | "partial" | "error";
  ipv4?: true;
  ipv6?: true;
  dev?: string;
}

const LIKE_IP =
  "With --json one array with the keys and values of `ip -j`, of iproute2 6.1; " +
  "what a filter leaves out is not in it at all.";

/** A command that shows one kind of object, with the options of all. */
function shows(details = "") {
  return subcommand(details ? `${details}\n\n${LIKE_IP}` : LIKE_IP)
    .type("interface", linkName)
    .type("netns", namespace)
    .type("policy", new EnumType(["retry", "partial", "error"]))
    .group("How much")
    .option("--details", "Show everything, as `ip -d` does.")
    .option("--statistics", "Show counters and times, as `ip -s` does.")
    .group("From where")
    .option("--netns <name:netns>", "Look into this network namespace.", {
      defaultText: "this one",
    })
    .option(
      "--on-interrupt <policy:policy>",
      "What to do when changes interrupt the kernel's answer: ask again, " +
        "show what there is, or give up; the last two exit with 3.",
      { default: "retry" as const },
    )
    .group("Which");
}

/** Shows what `show` finds, each object on lines of its own or in one array. */
function act(
  options: CommonOptions,
  show: (route: RouteSocket, options: ShowOptions) => Promise<Shown>,
  describe: (json: Json, style: Style) => string,
): Promise<void> {
  return perform(options, async ({ output, signal }) => {
    await using route = RouteSocket.open({ namespace: options.netns });
    const { objects, json, interrupted } = await sure(show(route, {
      details: options.details,
      statistics: options.statistics,
      dev: options.dev,
      family: options.ipv4 ? "inet" : options.ipv6 ? "inet6" : undefined,
      onInterrupt: options.onInterrupt === "error"
        ? "throw"
        : options.onInterrupt,
      signal,
    }));
    if (output.json) {
      await output.bytes(json ?? jsonArray(texts(objects)));
    } else {
      for (const one of objects) {
        output.line(describe(one, output.style));
        await output.ready();
      }
    }
    tellIgnored(route.counters);
    if (interrupted) {
      log.warn(
        "changes interrupted the kernel's answer: something may be missing",
      );
      Deno.exitCode = Exit.inconsistent;
    }
  });
}

function* texts(objects: Iterable<Json>): Generator<string> {
  for (const one of objects) yield printableJson(one);
}

/** Gives the error of an interrupted dump the exit code of one. */
async function sure(shown: Promise<Shown>): Promise<Shown> {
  try {
    return await shown;
  } catch (error) {
    throw error instanceof DumpInterruptedError
      ? Object.assign(error, { exitCode: Exit.inconsistent })
      : error;
  }
}

/** A kernel that is understood sends nothing that has to be left out. */
function tellIgnored(counters: NetlinkCounters): void {
  for (const [what, count] of Object.entries(counters)) {
    if (count > 0) log.debug(`netlink: ${count} ${what}`);
  }
}

const family = (command: ReturnType<typeof shows>) =>
  command
    .option("-4, --ipv4", "Only those of IPv4.", { conflicts: ["ipv6"] })
    .option("-6, --ipv6", "Only those of IPv6.", { conflicts: ["ipv4"] });

const link = shows(
  "A line that begins with its number, then its link layer and, with " +
    "--details, what its kind adds.",
)
  .type("word", word)
  .type("group", linkGroup)
  .option("--dev <if:interface>", "Only this one, by a name or another name.")
  .option("--type <kind:word>", "Only those of a kind, such as veth or bridge.")
  .option("--master <if:interface>", "Only those that belong to this one.")
  .option("--group <name:group>", "Only those of this group.")
  .option("--up", "Only those that are up.")
  .example("What is there", "netplumb show link")
  .example(
    "The ports of a bridge",
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

const address = family(shows("Each interface with the addresses it has."))
  .type("word", word)
  .type("scope", routeScope)
  .option("--dev <if:interface>", "Only those of this interface.")
  .option("--type <kind:word>", "Only those of a kind of interface.")
  .option("--master <if:interface>", "Only those of interfaces of this one.")
  .option("--scope <scope:scope>", "Only those that reach this far.")
  .option("--up", "Only those of interfaces that are up.")
  .example("Every address of this machine", "netplumb show address")
  .example(
    "The IPv4 addresses of an interface in a namespace",
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
  "Of the main table and IPv4, unless asked otherwise.",
))
  .type("table", routeTable)
  .type("protocol", routeProtocol)
  .type("scope", routeScope)
  .type("routetype", routeType)
  .option("--table <table:table>", "Those of this table, or of all.", {
    defaultText: "main",
  })
  .option("--dev <if:interface>", "Only those that leave by this interface.")
  .option("--protocol <word:protocol>", "Only those made so: kernel, static.")
  .option("--type <type:routetype>", "Only those of this type: blackhole.")
  .option("--scope <scope:scope>", "Only those that reach this far.")
  .example("Where packets go", "netplumb show route")
  .example(
    "Every table, of both families",
    "netplumb show route --table all",
  )
  .example(
    "The default gateways of IPv6",
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
  "Those that the machine has resolved or was told; not those that need no " +
    "resolving, such as multicast, unless asked for.",
))
  .type("state", neighbourState)
  .option("--dev <if:interface>", "Only those of this interface.")
  .option("--state <state:state>", "Only those in this state, or in any.")
  .option("--proxy", "Those that this machine answers for.")
  .example("Who is there", "netplumb show neighbour")
  .example(
    "Who does not answer",
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

const rule = family(shows("In the order they are looked at."))
  .type("table", routeTable)
  .option("--table <table:table>", "Only those that look this table up.")
  .example("Which tables are looked up", "netplumb show rule")
  .example("Those of IPv6", "netplumb show rule -6")
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

const nexthop = family(shows("The objects that routes name by their id."))
  .option("--dev <if:interface>", "Only those that leave by this interface.")
  .example("What routes can name", "netplumb show nexthop")
  .example("In full", "netplumb show nexthop --details --json")
  .action((options) => act(options, showNexthops, nexthopText));

/** RT_TABLE_MAIN, as `ip route show` has it. */
const MAIN = 254;

// deno-lint-ignore no-explicit-any -- each has options of its own
const OBJECTS: readonly [string, string, Command<any>][] = [
  ["link", "Show network interfaces.", link],
  ["address", "Show the addresses of interfaces.", address],
  ["route", "Show where packets go.", route],
  ["neighbour", "Show who has which link-layer address.", neighbour],
  ["rule", "Show which routing table is looked up when.", rule],
  ["nexthop", "Show nexthop objects.", nexthop],
];

export const show = subcommand(
  "`netplumb show OBJECT --help` says what can be asked of each.",
)
  .example("The interfaces and their addresses", "netplumb show address")
  .example("Where packets go", "netplumb show route");
for (const [name, summary, command] of OBJECTS) {
  command.description(`${summary}\n\n${command.getDescription()}`);
  show.command(name, command).reset();
}
