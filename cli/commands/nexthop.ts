// netplumb nexthop: adds, replaces and deletes nexthop objects.

import type { Change } from "../../lib/rtnetlink/changes/change.ts";
import {
  addNexthop,
  deleteNexthop,
  NEXTHOP_OBJECT,
  type NexthopObjectSpec,
  replaceNexthop,
} from "../../lib/rtnetlink/nexthop.ts";
import { changing, make, reads } from "../change/make.ts";
import { changeCommand, type SpecGroups } from "../change/spec_options.ts";
import { subcommand } from "../command.ts";

const OPTIONS: SpecGroups = [
  ["Nexthop", {
    via: ["address", "Gateway address."],
    dev: ["link", "Output link."],
    onlink: ["", "Treat the gateway as on-link."],
    blackhole: ["", "Drop packets."],
    encap: ["words", "Encapsulation, as in ip-route(8): 'mpls 100/200 ttl 5'."],
    fdb: ["", "For bridge forwarding entries (FDB)."],
    family: ["family", "Address family without --via: inet or inet6."],
    protocol: ["protocol", "Origin of the nexthop."],
  }],
  ["Group", {
    group: ["ids", "Nexthop ids with weights: 1,2/3,4."],
    type: ["type", "Group type: mpath or resilient (default: mpath)."],
    buckets: ["n", "Number of hash buckets of a resilient group."],
    idle_timer: [
      "seconds",
      "Seconds after which an idle bucket may be reassigned.",
    ],
    unbalanced_timer: [
      "seconds",
      "Seconds after which buckets are rebalanced.",
    ],
  }],
];

function command(details: string, build: (spec: NexthopObjectSpec) => Change) {
  const start = subcommand(details)
    .type("id", reads(NEXTHOP_OBJECT.options.id))
    .arguments("<id:id>", ["Nexthop id."]);
  return changeCommand(
    start,
    NEXTHOP_OBJECT.options,
    OPTIONS,
    (values, id: number) => build({ id, ...values }),
  );
}

const add = command(
  "Add a nexthop object; fail if the id exists.",
  addNexthop,
)
  .example("Add a gateway", "netplumb nexthop add 1 --via 192.0.2.2 --dev eth0")
  .example("Add a weighted group", "netplumb nexthop add 10 --group 1,2/2");

const replace = command(
  "Add a nexthop object, or replace the one with this id.",
  replaceNexthop,
)
  .example(
    "Change the gateway of all its routes",
    "netplumb nexthop replace 1 --via 192.0.2.3 --dev eth0",
  )
  .example(
    "Change the weights of a group",
    "netplumb nexthop replace 10 --group 1/2,5",
  );

const remove = changing(
  subcommand(
    "Delete a nexthop object.\n\nThe kernel deletes the routes that use it.",
  )
    .type("id", reads(NEXTHOP_OBJECT.options.id))
    .arguments("<id:id>", ["Nexthop id."]),
)
  .example("Delete a nexthop", "netplumb nexthop delete 1")
  .example(
    "Print the netlink message only",
    "netplumb nexthop delete 1 --dry-run",
  )
  .action((options, id: number) => make(options, () => [deleteNexthop(id)]));

export const nexthop = subcommand()
  .example("Add a nexthop", "netplumb nexthop add 1 --via 192.0.2.2 --dev eth0")
  .example("Use it in a route", "netplumb route add 198.51.100.0/24 --nhid 1")
  .command("add", add)
  .command("replace", replace)
  .command("delete", remove)
  .reset();
