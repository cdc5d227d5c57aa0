// netplumb link vlan: the VLANs of a bridge's ports.

import {
  addBridgeVlan,
  BRIDGE_VLAN,
  type BridgeVlanSpec,
  deleteBridgeVlan,
} from "../../lib/rtnetlink/changes/bridge_vlan.ts";
import type { Change } from "../../lib/rtnetlink/changes/change.ts";
import { linkName } from "../arguments.ts";
import { changing, make, reads } from "../change/make.ts";
import {
  type SpecGroups,
  valuesOf,
  withOptions,
} from "../change/spec_options.ts";
import { subcommand } from "../command.ts";

const OPTIONS: SpecGroups = [
  ["How", {
    pvid: ["", "Packets without a tag that come in are of this VLAN."],
    untagged: ["", "Packets that leave lose their tag."],
    self: ["", "It is for the bridge itself, not for a port."],
    master: ["", "It is for the bridge of the port, as it is anyway."],
  }],
];

function command(details: string, build: (spec: BridgeVlanSpec) => Change) {
  const start = subcommand(details)
    .type("link", linkName)
    .type("vid", reads(BRIDGE_VLAN.vid))
    .arguments("<port:link> <vid:vid>", [
      "The port, or the bridge with --self.",
      "The VLAN, or two with all between them: 10-20.",
    ]);
  return changing(withOptions(start, BRIDGE_VLAN, OPTIONS), "--in")
    .action((options, dev: string, vid: string) =>
      make(options, () => [build({ dev, vid, ...valuesOf(options, OPTIONS) })])
    );
}

const add = command("Put the port of a bridge into a VLAN.", addBridgeVlan)
  .example("A tagged one", "netplumb link vlan add veth0 10")
  .example(
    "The one of packets without a tag",
    "netplumb link vlan add veth0 10 --pvid --untagged",
  );

const remove = command(
  "Take the port of a bridge out of a VLAN.",
  deleteBridgeVlan,
)
  .example("One", "netplumb link vlan delete veth0 1")
  .example(
    "The bridge, out of several",
    "netplumb link vlan delete br0 20-29 --self",
  );

export const linkVlan = subcommand("The VLANs of a bridge's ports.")
  .example("One more", "netplumb link vlan add veth0 10")
  .example("One less", "netplumb link vlan delete veth0 1")
  .command("add", add)
  .command("delete", remove)
  .reset();
