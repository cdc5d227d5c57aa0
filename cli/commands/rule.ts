// netplumb rule: adds and deletes routing policy rules.

import type { Change } from "../../lib/rtnetlink/changes/change.ts";
import {
  addRule,
  deleteRule,
  RULE,
  type RuleSpec,
} from "../../lib/rtnetlink/rule.ts";
import { changeCommand, type SpecGroups } from "../change/spec_options.ts";
import { subcommand } from "../command.ts";

const OPTIONS: SpecGroups = [
  ["Selector", {
    from: ["network", "Source prefix."],
    to: ["network", "Destination prefix."],
    not: ["", "Invert the match."],
    iif: ["link", "Input link."],
    oif: ["link", "Output link: sockets bound to it."],
    fwmark: ["mark", "Firewall mark with optional mask: 1 or 0x10/0xf0."],
    tos: ["tos", "Type of service: hexadecimal or a name."],
    uidrange: ["range", "User ids: 1000-1999."],
    ipproto: ["n", "IP protocol: 6 is TCP, 17 is UDP."],
    sport: ["ports", "Source port, range or mask: 53, 1000-2000, 0x50/0xfff0."],
    dport: ["ports", "Destination port, range or mask."],
    dscp: ["dscp", "DSCP with optional mask: 10, AF11 or 8/0x38."],
    flowlabel: ["label", "IPv6 flow label with optional mask."],
    tun_id: ["n", "Tunnel id."],
    family: ["family", "Address family without an address: inet or inet6."],
  }],
  ["Action", {
    table: ["table", "Look up this table, a name or number (default: main)."],
    action: [
      "action",
      "Other action: goto, nop, blackhole, unreachable, prohibit.",
    ],
    target: ["priority", "Priority of the target rule of goto."],
    l3mdev: ["", "Look up the table of the link's VRF."],
    suppress_prefixlength: [
      "n",
      "Reject routes with this prefix length or a shorter one.",
    ],
    suppress_ifgroup: ["group", "Reject routes through links of this group."],
    realms: ["realms", "Realms, FROM/TO or TO."],
  }],
  ["Attributes", {
    priority: ["n", "Priority; the lowest is evaluated first."],
    protocol: ["protocol", "Origin of the rule."],
  }],
];

function command(details: string, build: (spec: RuleSpec) => Change) {
  return changeCommand(subcommand(details), RULE.options, OPTIONS, build);
}

const add = command("Add a rule; fail if it exists.", addRule)
  .example(
    "Look up another table for a source prefix",
    "netplumb rule add --from 192.0.2.0/24 --table 100 --priority 1000",
  )
  .example(
    "Drop marked packets",
    "netplumb rule add --fwmark 7 --action blackhole --family inet6",
  );

const remove = command(
  "Delete the first matching rule.",
  deleteRule,
)
  .example("Delete by priority", "netplumb rule delete --priority 1000")
  .example(
    "Delete by selector",
    "netplumb rule delete --from 192.0.2.0/24 --table 100",
  );

export const rule = subcommand()
  .example("Add a rule", "netplumb rule add --fwmark 1 --table 100")
  .example("Delete it again", "netplumb rule delete --fwmark 1 --table 100")
  .command("add", add)
  .command("delete", remove)
  .reset();
