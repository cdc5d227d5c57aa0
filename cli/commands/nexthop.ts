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
import {
  type SpecGroups,
  valuesOf,
  withOptions,
} from "../change/spec_options.ts";
import { subcommand } from "../command.ts";

const OPTIONS: SpecGroups = [
  ["The nexthop", {
    via: ["address", "Its address."],
    dev: ["link", "The link packets leave by."],
    onlink: ["", "It is on the link, whatever addresses say."],
    blackhole: ["", "It drops what comes."],
    fdb: ["", "It is for a bridge's forwarding table."],
    family: ["family", "Where no address tells: inet or inet6."],
    protocol: ["protocol", "Who made it."],
  }],
  ["A group instead", {
    group: ["ids", "Ids and their weights: 1,2/3,4."],
    type: [
      "type",
      "How it chooses: mpath, or resilient to keep flows where they are.",
    ],
    buckets: ["n", "Of a resilient one: how many parts flows fall into."],
    idle_timer: ["seconds", "When an unused part may move."],
    unbalanced_timer: ["seconds", "How long it may be out of balance."],
  }],
];

function command(details: string, build: (spec: NexthopObjectSpec) => Change) {
  const start = subcommand(details)
    .type("id", reads(NEXTHOP_OBJECT.options.id))
    .arguments("<id:id>", ["Its number."]);
  return changing(withOptions(start, NEXTHOP_OBJECT.options, OPTIONS))
    .action((options, id: number) =>
      make(options, () => [build({ id, ...valuesOf(options, OPTIONS) })])
    );
}

const add = command(
  "Add a nexthop object; there must be none of that id yet.",
  addNexthop,
)
  .example("One", "netplumb nexthop add 1 --via 192.0.2.2 --dev eth0")
  .example("Two of them", "netplumb nexthop add 10 --group 1,2/2");

const replace = command(
  "Add a nexthop object, or put it in the place of the one of its id.",
  replaceNexthop,
)
  .example(
    "Another gateway for all its routes",
    "netplumb nexthop replace 1 --via 192.0.2.3 --dev eth0",
  )
  .example("Another balance", "netplumb nexthop replace 10 --group 1/2,5");

const remove = changing(
  subcommand("Delete a nexthop object.\n\nThe routes that name it go with it.")
    .type("id", reads(NEXTHOP_OBJECT.options.id))
    .arguments("<id:id>", ["Its number."]),
)
  .example("One", "netplumb nexthop delete 1")
  .example("The message it takes", "netplumb nexthop delete 1 --dry-run")
  .action((options, id: number) => make(options, () => [deleteNexthop(id)]));

export const nexthop = subcommand()
  .example("Add one", "netplumb nexthop add 1 --via 192.0.2.2 --dev eth0")
  .example("Use it", "netplumb route add 198.51.100.0/24 --nhid 1")
  .command("add", add)
  .command("replace", replace)
  .command("delete", remove)
  .reset();
