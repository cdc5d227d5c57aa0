// netplumb neighbour: adds, replaces and deletes neighbours.

import type { Change } from "../../lib/rtnetlink/changes/change.ts";
import {
  addNeighbour,
  deleteNeighbour,
  NEIGHBOUR,
  type NeighbourSpec,
  replaceNeighbour,
} from "../../lib/rtnetlink/neighbour.ts";
import { address } from "../arguments.ts";
import { changing, make } from "../change/make.ts";
import {
  type SpecGroups,
  valuesOf,
  withOptions,
} from "../change/spec_options.ts";
import { subcommand } from "../command.ts";

const OPTIONS: SpecGroups = [
  ["The neighbour", {
    dev: ["link", "The link it is on."],
    lladdr: ["address", "Its link-layer address."],
    nud: ["state", "Its state: permanent, if not given, reachable, stale ..."],
    proxy: ["", "The machine answers for it."],
  }],
  ["Fine tuning", {
    router: ["", "It is a router."],
    use: ["", "Look for it now."],
    managed: ["", "Keep looking for it."],
    extern_learn: ["", "A program learned of it: do not forget it."],
    protocol: ["protocol", "Who made it."],
  }],
];

function command(details: string, build: (spec: NeighbourSpec) => Change) {
  const start = subcommand(details)
    .type("address", address)
    .arguments("<address:address>", ["Its address."]);
  return changing(withOptions(start, NEIGHBOUR.options, OPTIONS))
    .action((options, to: string) =>
      make(options, () => [build({ to, ...valuesOf(options, OPTIONS) })])
    );
}

const add = command(
  "Add a neighbour; it must not be there yet.",
  addNeighbour,
)
  .example(
    "One that is not asked for its address",
    "netplumb neighbour add 192.0.2.2 --dev eth0 --lladdr 02:00:5e:10:00:02",
  )
  .example(
    "One the machine answers for",
    "netplumb neighbour add 192.0.2.3 --dev eth0 --proxy",
  );

const replace = command(
  "Add a neighbour, or change it if it is there.",
  replaceNeighbour,
)
  .example(
    "Another address",
    "netplumb neighbour replace 192.0.2.2 --dev eth0 --lladdr 02:00:5e:10:00:07",
  )
  .example(
    "Until it is not heard of any more",
    "netplumb neighbour replace 2001:db8::2 --dev eth0 --lladdr 02:00:5e:10:00:02 --nud reachable",
  );

const remove = command("Delete a neighbour.", deleteNeighbour)
  .example("One", "netplumb neighbour delete 192.0.2.2 --dev eth0")
  .example(
    "One the machine answers for",
    "netplumb neighbour delete 192.0.2.3 --dev eth0 --proxy",
  );

export const neighbour = subcommand()
  .example(
    "Add one",
    "netplumb neighbour add 192.0.2.2 --dev eth0 --lladdr 02:00:5e:10:00:02",
  )
  .example("Delete it", "netplumb neighbour delete 192.0.2.2 --dev eth0")
  .command("add", add)
  .command("replace", replace)
  .command("delete", remove)
  .reset();
