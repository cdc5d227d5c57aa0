// netplumb link vlan: VLANs of bridge ports.

import {
  addBridgeVlan,
  BRIDGE_VLAN,
  type BridgeVlanSpec,
  deleteBridgeVlan,
} from "../../lib/rtnetlink/bridge_vlan.ts";
import type { Change } from "../../lib/rtnetlink/changes/change.ts";
import { linkName } from "../arguments.ts";
import { reads } from "../change/make.ts";
import { changeCommand, type SpecGroups } from "../change/spec_options.ts";
import { subcommand } from "../command.ts";

const OPTIONS: SpecGroups = [
  ["VLAN", {
    pvid: ["", "Assign untagged incoming packets to this VLAN."],
    untagged: ["", "Remove the tag from outgoing packets."],
    self: ["", "Change the bridge itself, not a port."],
    master: ["", "Change the port in its bridge, as without it."],
  }],
];

function command(details: string, build: (spec: BridgeVlanSpec) => Change) {
  const start = subcommand(details)
    .type("link", linkName)
    .type("vid", reads(BRIDGE_VLAN.vid))
    .arguments("<port:link> <vid:vid>", [
      "Bridge port, or with --self the bridge.",
      "VLAN id, or a range such as 10-20.",
    ]);
  return changeCommand(
    start,
    BRIDGE_VLAN,
    OPTIONS,
    (values, dev: string, vid: string) => build({ dev, vid, ...values }),
    "--in",
  );
}

const add = command("Add a bridge port to a VLAN.", addBridgeVlan)
  .example("Add a tagged VLAN", "netplumb link vlan add veth0 10")
  .example(
    "Add the VLAN of untagged packets",
    "netplumb link vlan add veth0 10 --pvid --untagged",
  );

const remove = command(
  "Remove a bridge port from a VLAN.",
  deleteBridgeVlan,
)
  .example("Remove a VLAN", "netplumb link vlan delete veth0 1")
  .example(
    "Remove a range of VLANs from the bridge",
    "netplumb link vlan delete br0 20-29 --self",
  );

export const linkVlan = subcommand("Add and delete VLANs of bridge ports.")
  .example("Add a VLAN", "netplumb link vlan add veth0 10")
  .example("Remove a VLAN", "netplumb link vlan delete veth0 1")
  .command("add", add)
  .command("delete", remove)
  .reset();
