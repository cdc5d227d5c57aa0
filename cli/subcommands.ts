// The table of contents of the command: a file is loaded only when a command
// line names its subcommand, so that --help stays fast however much there is.

import type { Command } from "@cliffy/command";

/** One subcommand: its name, its line in --help, and where it lives. */
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
    summary: "Answer every UDP datagram from the address it was sent to.",
    load: async () => (await import("./commands/echo.ts")).echo,
  },
  {
    name: "send",
    summary:
      "Send UDP datagrams and check that the answers come from the address asked.",
    load: async () => (await import("./commands/send.ts")).send,
  },
  {
    name: "tun",
    summary: "Make a TUN or TAP device and show the packets that come from it.",
    load: async () => (await import("./commands/tun.ts")).tun,
  },
  {
    name: "monitor",
    summary: "Tell what changes of links, addresses, routes as it happens.",
    load: async () => (await import("./commands/monitor.ts")).monitor,
  },
  {
    name: "show",
    summary: "Show links, addresses, routes, neighbours, rules as `ip` does.",
    load: async () => (await import("./commands/show.ts")).show,
  },
  {
    name: "link",
    summary: "Make, change and delete network interfaces of every kind.",
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
    summary: "Add, replace and delete neighbours, of ARP and of IPv6.",
    load: async () => (await import("./commands/neighbour.ts")).neighbour,
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
    name: "netns",
    summary:
      "List, make and delete network namespaces, and run programs there.",
    load: async () => (await import("./commands/netns.ts")).netns,
  },
  {
    name: "ensure",
    summary: "Keep links, addresses and routes as a file describes them.",
    load: async () => (await import("./commands/ensure.ts")).ensure,
  },
  {
    name: "topology",
    summary: "Draw the links of this machine and how they hang together.",
    load: async () => (await import("./commands/topology.ts")).topology,
  },
  {
    name: "scenario",
    summary: "Replay the field reports that netplumb answers, on this kernel.",
    load: async () => (await import("./commands/scenario.ts")).scenario,
  },
  {
    name: "doctor",
    summary: "Say what this kernel, these permissions and this Deno allow.",
    load: async () => (await import("./commands/doctor.ts")).doctor,
  },
  {
    name: "completions",
    summary: "Print the script that completes netplumb in a shell.",
    load: async () => (await import("./commands/completions.ts")).completions,
  },
];
