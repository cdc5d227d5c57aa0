// netplumb mdb: adds, replaces and deletes multicast entries of bridges and
// VXLANs.

import type { Change } from "../../lib/rtnetlink/changes/change.ts";
import {
  addMdb,
  deleteMdb,
  MDB,
  type MdbSpec,
  replaceMdb,
} from "../../lib/rtnetlink/mdb.ts";
import { reads } from "../change/make.ts";
import { changeCommand, type SpecGroups } from "../change/spec_options.ts";
import { subcommand } from "../command.ts";

const OPTIONS: SpecGroups = [
  ["Entry", {
    dev: ["link", "Bridge or VXLAN."],
    port: ["link", "Port, or the bridge or VXLAN itself."],
    src: ["address", "Only packets of this source."],
    vid: ["number", "VLAN of the packets."],
    state: ["state", "State: permanent or temp (default: temp)."],
    filter_mode: ["mode", "Whether sources are those to include or exclude."],
    source_list: ["addresses", "Sources, separated by commas."],
    proto: ["protocol", "Origin, such as static."],
  }],
  ["VXLAN", {
    dst: ["address", "Address of the remote VTEP."],
    dst_port: ["number", "UDP port of the remote VTEP."],
    vni: ["number", "Network identifier to send with."],
    src_vni: ["number", "Network identifier of the packets."],
    via: ["link", "Output link."],
  }],
];

function command(details: string, build: (spec: MdbSpec) => Change) {
  const start = subcommand(details)
    .type("group", reads<unknown>(MDB.options.grp))
    .arguments("<group:group>", ["Multicast group: IP or Ethernet address."]);
  return changeCommand(
    start,
    MDB.options,
    OPTIONS,
    (values, grp: string) => build({ grp, ...values }),
  );
}

const add = command("Add an entry; fail if it exists.", addMdb)
  .example(
    "Send a group to a port",
    "netplumb mdb add 239.1.1.1 --dev br0 --port eth0 --state permanent",
  )
  .example(
    "Send a group of one source to a port",
    "netplumb mdb add ff0e::1 --dev br0 --port eth0 --src 2001:db8::1",
  );

const replace = command("Add an entry, or change an existing one.", replaceMdb)
  .example(
    "Let an entry expire",
    "netplumb mdb replace 239.1.1.1 --dev br0 --port eth0 --state temp",
  )
  .example(
    "Accept two sources only",
    "netplumb mdb replace 239.1.1.1 --dev br0 --port eth0 --filter-mode include " +
      "--source-list 192.0.2.1,192.0.2.2",
  );

const remove = command("Delete an entry.", deleteMdb)
  .example(
    "Delete an entry",
    "netplumb mdb delete 239.1.1.1 --dev br0 --port eth0",
  )
  .example(
    "Delete the entry of a source",
    "netplumb mdb delete ff0e::1 --dev br0 --port eth0 --src 2001:db8::1",
  );

export const mdb = subcommand()
  .example(
    "Send a group to a port",
    "netplumb mdb add 239.1.1.1 --dev br0 --port eth0 --state permanent",
  )
  .example("Show the multicast databases", "netplumb show mdb")
  .command("add", add)
  .command("replace", replace)
  .command("delete", remove)
  .reset();
