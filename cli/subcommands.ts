// All subcommands. A file is loaded only when a command line names its
// subcommand, so that --help stays fast.

import type { Command } from "@cliffy/command";
import { importOnUse } from "./import_on_use.ts";

/** A subcommand: its name, its line in --help, its file. */
export interface Subcommand {
  readonly name: string;
  readonly summary: string;
  // deno-lint-ignore no-explicit-any -- each has options of its own
  readonly load: () => Promise<Command<any>>;
}

/** In the order of --help. */
export const SUBCOMMANDS: readonly Subcommand[] = [
  {
    name: "echo",
    summary: "Run a UDP echo server that replies from the destination address.",
    load: async () => (await import("./commands/echo.ts")).echo,
  },
  {
    name: "send",
    summary: "Send UDP datagrams and check the source of the replies.",
    load: async () => (await import("./commands/send.ts")).send,
  },
  {
    name: "tun",
    summary: "Create a TUN or TAP device and print the packets it receives.",
    load: async () => (await import("./commands/tun.ts")).tun,
  },
  {
    name: "monitor",
    summary: "Monitor link, address and route changes.",
    load: async () => (await import("./commands/monitor.ts")).monitor,
  },
  {
    name: "top",
    summary: "Show live link rates, drops and errors.",
    load: async () => (await import("./commands/top.ts")).top,
  },
  {
    name: "show",
    summary:
      "Show links, addresses, routes, rules, qdiscs and more as `ip` does.",
    load: async () => (await import("./commands/show.ts")).show,
  },
  {
    name: "link",
    summary: "Add, change and delete network interfaces of all kinds.",
    load: async () => (await import("./commands/link.ts")).link,
  },
  {
    name: "address",
    summary: "Add, replace and delete addresses of network interfaces.",
    load: async () => (await import("./commands/address.ts")).address,
  },
  {
    name: "route",
    summary: "Add, replace and delete routes.",
    load: async () => (await import("./commands/route.ts")).route,
  },
  {
    name: "neighbour",
    summary: "Add, replace and delete ARP and NDP neighbour entries.",
    load: async () => (await import("./commands/neighbour.ts")).neighbour,
  },
  {
    name: "fdb",
    summary:
      "Add, replace and delete forwarding entries of bridges and VXLANs.",
    load: async () => (await import("./commands/fdb.ts")).fdb,
  },
  {
    name: "mdb",
    summary: "Add, replace and delete multicast entries of bridges and VXLANs.",
    load: async () => (await import("./commands/mdb.ts")).mdb,
  },
  {
    name: "rule",
    summary: "Add and delete routing policy rules.",
    load: async () => (await import("./commands/rule.ts")).rule,
  },
  {
    name: "nexthop",
    summary: "Add, replace and delete nexthop objects.",
    load: async () => (await import("./commands/nexthop.ts")).nexthop,
  },
  {
    name: "qdisc",
    summary:
      "Add, replace and delete queueing disciplines: netem, tbf, htb ...",
    load: async () => (await import("./commands/qdisc.ts")).qdisc,
  },
  {
    name: "class",
    summary: "Add, replace and delete classes of htb.",
    load: async () => (await import("./commands/qdisc.ts")).trafficClass,
  },
  {
    name: "netns",
    summary: "List, add and delete network namespaces; run programs in them.",
    load: async () => (await import("./commands/netns.ts")).netns,
  },
  {
    name: "ensure",
    summary: "Reconcile links, addresses and routes with a configuration file.",
    load: async () =>
      (await importOnUse<typeof import("./commands/ensure.ts")>(
        new URL("./commands/ensure.ts", import.meta.url),
      )).ensure,
  },
  {
    name: "check",
    summary: "Compare the network with a configuration file.",
    load: async () =>
      (await importOnUse<typeof import("./commands/check.ts")>(
        new URL("./commands/check.ts", import.meta.url),
      )).check,
  },
  {
    name: "validate",
    summary: "Check a configuration file without reading the network.",
    load: async () =>
      (await importOnUse<typeof import("./commands/check.ts")>(
        new URL("./commands/check.ts", import.meta.url),
      )).validate,
  },
  {
    name: "ip",
    summary: "Run a command line of iproute2's `ip`, for scripts.",
    load: async () => (await import("./commands/ip.ts")).ip,
  },
  {
    name: "topology",
    summary: "Draw links, their masters, peers and addresses.",
    load: async () => (await import("./commands/topology.ts")).topology,
  },
  {
    name: "view",
    summary: "Serve a live web page of topology, link rates and events.",
    load: async () => (await import("./commands/view.ts")).view,
  },
  {
    name: "scenario",
    summary: "Reproduce five field reports on this kernel.",
    load: async () => (await import("./commands/scenario.ts")).scenario,
  },
  {
    name: "doctor",
    summary: "Check kernel features, permissions and Deno.",
    load: async () => (await import("./commands/doctor.ts")).doctor,
  },
  {
    name: "completions",
    summary: "Print a shell completion script.",
    load: async () => (await import("./commands/completions.ts")).completions,
  },
];
