// Routing policy rules added and deleted: the messages beside those of `ip`,
// and what comes of them.

import { assert, assertThrows } from "@std/assert";
import { ArgumentError } from "../../../../lib/errors.ts";
import type { Change } from "../../../../lib/rtnetlink/changes/change.ts";
import {
  addRule,
  deleteRule,
  RULE,
  type RuleSpec,
} from "../../../../lib/rtnetlink/rule.ts";
import { Beside } from "../../../support/beside.ts";
import { assertAllTried } from "../../../support/tried.ts";

type Case = [words: string, spec: RuleSpec];

const CASES: Case[] = [
  ["from 192.0.2.0/24 table 100", { from: "192.0.2.0/24", table: 100 }],
  ["from 192.0.2.0/24 table 100", { from: "192.0.2.0/24", table: 100 }],
  ["to 2001:db8::/32 table 70000 priority 9", {
    to: "2001:db8::/32",
    table: 70000,
    priority: 9,
  }],
  ["from 192.0.2.1 to 198.51.100.0/24 priority 500", {
    from: "192.0.2.1",
    to: "198.51.100.0/24",
    priority: 500,
  }],
  ["not from 10.0.0.0/8 table main priority 501", {
    not: true,
    from: "10.0.0.0/8",
    table: "main",
    priority: 501,
  }],
  ["fwmark 1 table 5 priority 502", { fwmark: 1, table: 5, priority: 502 }],
  ["fwmark 0x10/0xf0 table 5 priority 503", {
    fwmark: "0x10/0xf0",
    table: 5,
    priority: 503,
  }],
  ["iif a0 table 6 priority 504", { iif: "a0", table: 6, priority: 504 }],
  ["oif none0 tos 8 table 6 priority 505", {
    oif: "none0",
    tos: 8,
    table: 6,
    priority: 505,
  }],
  ["from 10.1/16 tos 20 table 6 priority 505", {
    from: "10.1/16",
    tos: "20",
    table: 6,
    priority: 505,
  }],
  ["tos CS1 table 6 priority 505", { tos: "CS1", table: 6, priority: 505 }],
  ["uidrange 1000-1999 table 6 priority 506", {
    uidrange: "1000-1999",
    table: 6,
    priority: 506,
  }],
  ["ipproto 17 sport 53 dport 1000-2000 table 6 priority 507", {
    ipproto: 17,
    sport: 53,
    dport: "1000-2000",
    table: 6,
    priority: 507,
  }],
  ["tun_id 77 table 6 priority 508", { tun_id: 77, table: 6, priority: 508 }],
  ["table main suppress_prefixlength 0 priority 509", {
    table: "main",
    suppress_prefixlength: 0,
    priority: 509,
  }],
  ["table main suppress_ifgroup 7 priority 510", {
    table: "main",
    suppress_ifgroup: 7,
    priority: 510,
  }],
  ["fwmark 3 realms 4/5 protocol static priority 511", {
    fwmark: 3,
    realms: "4/5",
    protocol: "static",
    priority: 511,
  }],
  ["fwmark 4 blackhole priority 512", {
    fwmark: 4,
    action: "blackhole",
    priority: 512,
  }],
  ["fwmark 5 unreachable priority 513", {
    fwmark: 5,
    action: "unreachable",
    priority: 513,
  }],
  ["fwmark 6 prohibit priority 514", {
    fwmark: 6,
    action: "prohibit",
    priority: 514,
  }],
  ["fwmark 7 goto 900 priority 515", {
    fwmark: 7,
    action: "goto",
    target: 900,
    priority: 515,
  }],
  ["fwmark 8 nop priority 516", { fwmark: 8, action: "nop", priority: 516 }],
  ["l3mdev priority 517", { l3mdev: true, priority: 517 }],
  ["fwmark 9 goto 5 priority 518", {
    fwmark: 9,
    action: "goto",
    target: 5,
    priority: 518,
  }],
];

Deno.test("rule: add and delete as ip requests them", async () => {
  await using beside = await Beside.open("link add a0 type veth peer name a1");
  let refused = 0;
  const compare = async (words: string, change: Change) => {
    // Unlike us, ip does not report the family from an address of a rule.
    const command = words.includes("::") ? `-6 rule ${words}` : `rule ${words}`;
    if (!await beside.compare(command, change)) refused++;
  };
  for (const [words, spec] of CASES) {
    await compare(`add ${words}`, addRule(spec));
  }
  for (const [words, spec] of CASES.slice(1)) {
    await compare(`delete ${words}`, deleteRule(spec));
  }
  // Of one that looks a table up ip deletes any other, too; we do not.
  const looksUp: RuleSpec = { fwmark: 10, action: "table", priority: 519 };
  await compare("add fwmark 10 priority 519", addRule(looksUp));
  await beside.undo(deleteRule(looksUp));
  await beside.undo(deleteRule(CASES[0][1]));
  await beside.assertNothingLeft();
  // What is there already, and a goto backwards.
  assert(refused >= 2);
});

Deno.test("rule: IPv6 without an address as ip -6 requests it", async () => {
  await using beside = await Beside.open();
  for (const verb of ["add", "delete"] as const) {
    const build = verb === "add" ? addRule : deleteRule;
    await beside.compare(
      `-6 rule ${verb} fwmark 7 table 77`,
      build({ fwmark: 7, table: 77, family: "inet6" }),
    );
  }
});

Deno.test("rule: every option and every action is tried", () => {
  const tried = CASES.map(([, spec]) => spec);
  assertAllTried("rules", RULE.options, [
    ...tried,
    { action: "table", family: "inet" },
    { family: "inet6" },
    // In newer_rule_test.ts.
    { dscp: 10, flowlabel: 7 },
  ]);
});

Deno.test("rule: what cannot be right is refused before anything is sent", () => {
  const wrong: RuleSpec[] = [
    {},
    { from: "192.0.2.0/24", to: "2001:db8::/32" },
    { from: "192.0.2.0/24", family: "inet6" },
    { fwmark: "1/2/3" },
    { fwmark: "x" },
    { uidrange: "7" },
    { sport: 0 },
    { dport: "1-2-3" },
    { iif: "x".repeat(16) },
    { l3mdev: true, table: 5 },
    // @ts-expect-error: no such action
    { action: "nat" },
    // @ts-expect-error: no such word
    { lookup: 5 },
  ];
  for (const spec of wrong) {
    assertThrows(
      () => addRule(spec),
      ArgumentError,
      undefined,
      JSON.stringify(spec),
    );
  }
});
