// netplumb rule: adds and deletes routing policy rules.

import type { Change } from "../../lib/rtnetlink/changes/change.ts";
import {
  addRule,
  deleteRule,
  RULE,
  type RuleSpec,
} from "../../lib/rtnetlink/rule.ts";
import { changing, make } from "../change/make.ts";
import {
  type SpecGroups,
  valuesOf,
  withOptions,
} from "../change/spec_options.ts";
import { subcommand } from "../command.ts";

const OPTIONS: SpecGroups = [
  ["Which packets", {
    from: ["network", "Those from there."],
    to: ["network", "Those to there."],
    not: ["", "All others instead."],
    iif: ["link", "Those that arrive by this link."],
    oif: ["link", "Those of sockets bound to this link."],
    fwmark: ["mark", "Those with this mark: 1, or 0x10/0xf0."],
    tos: ["n", "Those of this type of service."],
    uidrange: ["range", "Those of these users: 1000-1999."],
    ipproto: ["n", "Those of this protocol: 6 for TCP, 17 for UDP."],
    sport: ["ports", "Those from these ports: 53, or 1000-2000."],
    dport: ["ports", "Those to these ports."],
    tun_id: ["n", "Those out of this tunnel."],
    family: ["family", "Where no address tells: inet or inet6."],
  }],
  ["What is done", {
    table: ["table", "Look this table up; main, if nothing is given."],
    action: ["action", "Or: goto, nop, blackhole, unreachable, prohibit."],
    target: ["priority", "The rule to go to."],
    l3mdev: ["", "Look up the table of the link's VRF."],
    suppress_prefixlength: ["n", "Leave out routes with no longer a prefix."],
    suppress_ifgroup: ["group", "Leave out routes by links of this group."],
    realms: ["realms", "Realms, as FROM/TO or TO."],
  }],
  ["What it is", {
    priority: ["n", "The smaller, the sooner it is looked at."],
    protocol: ["protocol", "Who made it."],
  }],
];

function command(details: string, build: (spec: RuleSpec) => Change) {
  return changing(withOptions(subcommand(details), RULE.options, OPTIONS))
    .action((options) =>
      make(options, () => [build(valuesOf(options, OPTIONS))])
    );
}

const add = command("Add a rule; there must be none like it yet.", addRule)
  .example(
    "Another table for a network",
    "netplumb rule add --from 192.0.2.0/24 --table 100 --priority 1000",
  )
  .example(
    "Nothing for a mark",
    "netplumb rule add --fwmark 7 --action blackhole --family inet6",
  );

const remove = command(
  "Delete a rule: the first that is as told.",
  deleteRule,
)
  .example("By its priority", "netplumb rule delete --priority 1000")
  .example(
    "By what it is for",
    "netplumb rule delete --from 192.0.2.0/24 --table 100",
  );

export const rule = subcommand()
  .example("Add one", "netplumb rule add --fwmark 1 --table 100")
  .example("Delete it", "netplumb rule delete --fwmark 1 --table 100")
  .command("add", add)
  .command("delete", remove)
  .reset();
