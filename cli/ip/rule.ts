// `ip rule`. Source: ip-rule(8).

import { NUMBERED, type Verb } from "../../lib/rtnetlink/changes/change.ts";
import { RTPROT_KERNEL } from "../../ffi/uapi/linux_rtnetlink.ts";
import { ipRule } from "../../lib/iproute2/rule.ts";
import { tryParseIPv4, tryParseIPv6 } from "../../lib/net/ip_address.ts";
import {
  ACTIONS,
  RULE,
  type Rule,
  type RuleSpec,
} from "../../lib/rtnetlink/rule.ts";
import { comparedValue } from "../../lib/rtnetlink/spec/object.ts";
import { isSame } from "../../lib/rtnetlink/spec/table.ts";
import type { Json } from "../show/shown.ts";
import { ruleText } from "../show/text/rule.ts";
import type { IpObject } from "./object.ts";
import { type Prefix, readPrefix, startsAlike } from "./prefix.ts";
import type { Session } from "./session.ts";
import {
  choose,
  Failure,
  type Grammar,
  IpExit,
  read,
  readAll,
  usageError,
  type Values,
  type Words,
} from "./words.ts";

const { family: _family, action: _action, target: _target, ...options } =
  RULE.options;

const TYPES: readonly (readonly [string, RuleSpec["action"]])[] = [
  ["unicast", "table"],
  ...(Object.keys(ACTIONS) as NonNullable<RuleSpec["action"]>[])
    .map((name) => [name, name] as const),
];

const SHARED = {
  options,
  aliases: {
    preference: "priority",
    order: "priority",
    dsfield: "tos",
    lookup: "table",
    dev: "iif",
    sup_pl: "suppress_prefixlength",
    sup_group: "suppress_ifgroup",
    src: "from",
    dst: "to",
  },
};

function network(session: Session) {
  return (words: Words, values: Values, name: string) => {
    const { text } = readPrefix(words.value(name), session.ipFamily ?? "inet");
    values[name] = text;
  };
}

function grammar(session: Session): Grammar {
  const prefix = network(session);
  return {
    ...SHARED,
    abbreviated: [
      "preference",
      "order",
      "priority",
      "dsfield",
      "realms",
      "protocol",
      "tun_id",
      "table",
      "suppress_prefixlength",
      "suppress_ifgroup",
    ],
    special: { from: prefix, to: prefix },
    other(words, values) {
      words.skip("type");
      const word = words.value("type");
      const action = choose(word, TYPES);
      if (action === undefined) {
        throw usageError(
          `Error: argument ${
            JSON.stringify(word)
          } is wrong: Failed to parse rule type`,
        );
      }
      values.action = action;
      if (action === "goto") values.target = words.value("goto");
    },
  };
}

const modify =
  (verb: Verb, name: string) => async (session: Session, words: Words) => {
    if (words.done) {
      throw new Failure(
        `"ip rule ${name}" requires arguments.`,
        IpExit.refused,
      );
    }
    const spec = readAll(words, grammar(session)) as RuleSpec;
    const family = session.ipFamily ?? "inet";
    await session.apply(RULE.change(verb, { ...spec, family }));
  };

/** A word of a filter: whether a rule has that value. */
type Test = (rule: Rule) => boolean;

/** Reads the words that select rules. */
function readFilter(session: Session, words: Words): Test[] {
  const values = readAll(words, {
    ...SHARED,
    abbreviated: [
      "preference",
      "order",
      "priority",
      "tun_id",
      "lookup",
      "table",
      "from",
      "src",
      "protocol",
      "dst",
      "to",
    ],
    special: { from: network(session), to: network(session) },
    other: (words, values) => network(session)(words, values, "to"),
  });
  return Object.entries(values).map(([word, given]): Test => {
    if (word === "from" || word === "to") {
      return inside(
        word,
        readPrefix(String(given), session.ipFamily ?? "inet"),
      );
    }
    if (word === "protocol" && given === "all") return () => true;
    const entry = RULE.entries[word]!;
    const valueOf = comparedValue(entry);
    const value = read(word, given as string, RULE.options[word as "tos"]!);
    const wanted = entry.toRaw?.(value, { ...ENCODING, word }) ?? value;
    if (word === "fwmark") {
      return (rule) => `${valueOf(rule) ?? ""}/`.startsWith(`${wanted}/`);
    }
    return (rule) => isSame(entry, valueOf(rule), wanted);
  });
}

const ENCODING = { names: NUMBERED, family: 0, object: "rule" };

/** Whether the network of a rule is in another one. */
function inside(word: "from" | "to", { address, length }: Prefix): Test {
  return (rule) => {
    const [text, bits] = word === "from"
      ? [rule.source, rule.sourceLength]
      : [rule.destination, rule.destinationLength];
    if (address === undefined) return true;
    const bytes = text === undefined
      ? new Uint8Array(address.length)
      : tryParseIPv4(text) ?? tryParseIPv6(text)!;
    return bits >= length && startsAlike(bytes, address, length);
  };
}

async function select(session: Session, words: Words): Promise<Rule[]> {
  const tests = readFilter(session, words);
  const rules = await session.socket.rules({
    signal: session.signal,
    family: session.ipFamily ?? "inet",
  });
  return rules.filter((rule) => tests.every((test) => test(rule)));
}

async function show(session: Session, words: Words): Promise<void> {
  const { details } = session.options;
  const rules = await select(session, words);
  await session.print(
    rules.map((rule): Json => ipRule(rule, { details })),
    (json) => [ruleText(json)],
  );
}

async function flush(session: Session, words: Words): Promise<void> {
  const rules = await select(session, words);
  const family = session.ipFamily ?? "inet";
  for (const rule of rules) {
    // The kernel's own and the three that it begins with.
    if (rule.priority === 0 || rule.protocol === RTPROT_KERNEL) continue;
    await session.apply(
      RULE.change("delete", { ...RULE.specOf(rule), family }),
    );
  }
}

export const rule: IpObject = {
  words: "ip rule { add | delete | show | flush }",
  grammar,
  commands: [
    ["list", show],
    ["lst", show],
    ["show", show],
    ["add", modify("add", "add")],
    ["delete", modify("delete", "del")],
    ["flush", flush],
  ],
  otherwise: show,
};
