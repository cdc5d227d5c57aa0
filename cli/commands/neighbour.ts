// netplumb neighbour: adds, replaces and deletes neighbour entries.

import type { Change } from "../../lib/rtnetlink/changes/change.ts";
import {
  addNeighbour,
  deleteNeighbour,
  NEIGHBOUR,
  type NeighbourSpec,
  replaceNeighbour,
} from "../../lib/rtnetlink/neighbour.ts";
import { address } from "../arguments.ts";
import { changeCommand, type SpecGroups } from "../change/spec_options.ts";
import { subcommand } from "../command.ts";

const OPTIONS: SpecGroups = [
  ["Entry", {
    dev: ["link", "Link of the neighbour."],
    lladdr: ["address", "Link-layer address."],
    nud: ["state", "State, such as reachable or stale (default: permanent)."],
    proxy: ["", "Proxy entry: reply on behalf of the address."],
  }],
  ["Flags", {
    router: ["", "Mark it as a router."],
    use: ["", "Resolve it now."],
    managed: ["", "Keep it resolved."],
    extern_learn: ["", "Learned externally: exempt from garbage collection."],
    protocol: ["protocol", "Origin of the entry."],
  }],
];

function command(details: string, build: (spec: NeighbourSpec) => Change) {
  const start = subcommand(details)
    .type("address", address)
    .arguments("<address:address>", ["Address of the neighbour."]);
  return changeCommand(
    start,
    NEIGHBOUR.options,
    OPTIONS,
    (values, to: string) => build({ to, ...values }),
  );
}

const add = command(
  "Add an entry; fail if it exists.",
  addNeighbour,
)
  .example(
    "Add a permanent entry",
    "netplumb neighbour add 192.0.2.2 --dev eth0 --lladdr 02:00:5e:10:00:02",
  )
  .example(
    "Add a proxy entry",
    "netplumb neighbour add 192.0.2.3 --dev eth0 --proxy",
  );

const replace = command(
  "Add an entry, or change an existing one.",
  replaceNeighbour,
)
  .example(
    "Change the link-layer address",
    "netplumb neighbour replace 192.0.2.2 --dev eth0 --lladdr 02:00:5e:10:00:07",
  )
  .example(
    "Add an entry that can expire",
    "netplumb neighbour replace 2001:db8::2 --dev eth0 --lladdr 02:00:5e:10:00:02 --nud reachable",
  );

const remove = command("Delete an entry.", deleteNeighbour)
  .example("Delete an entry", "netplumb neighbour delete 192.0.2.2 --dev eth0")
  .example(
    "Delete a proxy entry",
    "netplumb neighbour delete 192.0.2.3 --dev eth0 --proxy",
  );

export const neighbour = subcommand()
  .example(
    "Add a permanent entry",
    "netplumb neighbour add 192.0.2.2 --dev eth0 --lladdr 02:00:5e:10:00:02",
  )
  .example("Delete it again", "netplumb neighbour delete 192.0.2.2 --dev eth0")
  .command("add", add)
  .command("replace", replace)
  .command("delete", remove)
  .reset();
