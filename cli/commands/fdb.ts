// netplumb fdb: adds, appends, replaces and deletes forwarding entries of bridges
// and VXLANs.

import type { Change } from "../../lib/rtnetlink/changes/change.ts";
import {
  addFdb,
  appendFdb,
  deleteFdb,
  FDB,
  type FdbSpec,
  replaceFdb,
} from "../../lib/rtnetlink/fdb.ts";
import { word } from "../arguments.ts";
import { changeCommand, type SpecGroups } from "../change/spec_options.ts";
import { subcommand } from "../command.ts";

const OPTIONS: SpecGroups = [
  ["Entry", {
    dev: ["link", "Port of a bridge, or VXLAN."],
    vlan: ["number", "VLAN of the frames."],
    state: [
      "state",
      "State: permanent, static or dynamic (default: permanent).",
    ],
    self: ["", "Use the table of the device itself (default)."],
    master: ["", "Use the table of the bridge."],
  }],
  ["VXLAN", {
    dst: ["address", "Address of the remote VTEP."],
    port: ["number", "UDP port of the remote VTEP."],
    vni: ["number", "Network identifier to send with."],
    src_vni: ["number", "Network identifier of the frames."],
    via: ["link", "Output link."],
    nhid: ["id", "Nexthop object instead of an address."],
  }],
  ["Flags", {
    router: ["", "Mark the remote as a router."],
    use: ["", "Reset the age of the entry."],
    extern_learn: ["", "Learned externally."],
    sticky: ["", "Do not let the address move to another port."],
  }],
];

function command(details: string, build: (spec: FdbSpec) => Change) {
  const start = subcommand(details)
    .type("mac", word)
    .arguments("<address:mac>", ["Link-layer address of the frames."]);
  return changeCommand(
    start,
    FDB.options,
    OPTIONS,
    (values, to: string) => build({ to, ...values }),
  );
}

const add = command("Add an entry; fail if it exists.", addFdb)
  .example(
    "Send frames for an address to a port",
    "netplumb fdb add 02:00:5e:10:00:02 --dev eth0 --master --state static",
  )
  .example(
    "Send frames for an address to a VTEP",
    "netplumb fdb add 02:00:5e:10:00:03 --dev vxlan0 --dst 192.0.2.3",
  );

const append = command(
  "Add another remote for the same address.",
  appendFdb,
)
  .example(
    "Flood unknown addresses to another VTEP",
    "netplumb fdb append 00:00:00:00:00:00 --dev vxlan0 --dst 192.0.2.4",
  )
  .example(
    "Send multicast of a group to another VTEP",
    "netplumb fdb append 01:00:5e:00:00:05 --dev vxlan0 --dst 192.0.2.4",
  );

const replace = command("Add an entry, or change an existing one.", replaceFdb)
  .example(
    "Change the VTEP of an address",
    "netplumb fdb replace 02:00:5e:10:00:03 --dev vxlan0 --dst 192.0.2.5",
  )
  .example(
    "Let an entry of a bridge expire",
    "netplumb fdb replace 02:00:5e:10:00:02 --dev eth0 --master --state dynamic",
  );

const remove = command("Delete an entry.", deleteFdb)
  .example(
    "Delete an entry of a bridge",
    "netplumb fdb delete 02:00:5e:10:00:02 --dev eth0 --master",
  )
  .example(
    "Delete one of the remotes of a VXLAN",
    "netplumb fdb delete 00:00:00:00:00:00 --dev vxlan0 --dst 192.0.2.4",
  );

export const fdb = subcommand()
  .example(
    "Flood unknown addresses to a VTEP",
    "netplumb fdb append 00:00:00:00:00:00 --dev vxlan0 --dst 192.0.2.4",
  )
  .example("Show the forwarding tables", "netplumb show fdb")
  .command("add", add)
  .command("append", append)
  .command("replace", replace)
  .command("delete", remove)
  .reset();
