// The command has an option for everything that the library has one for: an option that is
// added to a table of the library is an option of its command.

import { assertEquals } from "@std/assert";
import { ADDRESS } from "../../../lib/rtnetlink/address.ts";
import { BRIDGE_VLAN } from "../../../lib/rtnetlink/bridge_vlan.ts";
import { NEIGHBOUR } from "../../../lib/rtnetlink/neighbour.ts";
import { NEXTHOP_OBJECT } from "../../../lib/rtnetlink/nexthop.ts";
import { ROUTE } from "../../../lib/rtnetlink/route.ts";
import { RULE } from "../../../lib/rtnetlink/rule.ts";
import { SETTINGS } from "../../../lib/rtnetlink/settings.ts";
import { netplumb } from "../../support/command.ts";

/** Of each command, its table and the words that are arguments of it. */
const COMMANDS: [command: string, table: object, args: string[]][] = [
  ["link add", SETTINGS, ["name"]],
  ["link vlan add", BRIDGE_VLAN, ["dev", "vid"]],
  // How many queues it has is the kernel's to know once it is there.
  ["link set", SETTINGS, ["up", "numtxqueues", "numrxqueues"]],
  ["address add", ADDRESS.options, ["address"]],
  // The ways of a route are notified one by one.
  ["route add", ROUTE.options, ["to", "nexthops"]],
  ["neighbour add", NEIGHBOUR.options, ["to"]],
  ["rule add", RULE.options, []],
  ["nexthop add", NEXTHOP_OBJECT.options, ["id"]],
];

for (const [command, table, args] of COMMANDS) {
  Deno.test(`netplumb ${command}: takes every option of the library`, async () => {
    const { stdout } = await netplumb(
      undefined,
      ...command.split(" "),
      "--help",
    );
    const missing = Object.keys(table)
      .filter((word) => !args.includes(word))
      .map((word) => `--${word.replaceAll("_", "-")}`)
      .filter((flag) => !new RegExp(`^ *${flag}\\b`, "m").test(stdout));
    assertEquals(missing, []);
  });
}
