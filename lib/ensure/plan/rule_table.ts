// Policy rules by the fields that identify them, found without comparing each
// with each.

import { FIB_RULE_INVERT } from "../../../ffi/uapi/linux_fib_rules.ts";
import { RULE, type Rule, type RuleSpec } from "../../rtnetlink/rule.ts";

/** Which of the fields that the kernel fills in count for a comparison. */
type Given = Pick<RuleSpec, "priority" | "protocol">;

/** Rules do not change once they are decoded. */
const selectors = new WeakMap<Rule, string>();

/** Fields that are compared in a form of their own. */
const NORMALIZED: ReadonlySet<string> = new Set([
  "priority",
  "protocol",
  "flags",
  "mark",
  "markMask",
]);

/** The other fields, with what the kernel reports where a rule has none. */
const FIELDS: ReadonlyMap<string, unknown> = new Map([
  ["family", undefined],
  ["unknown", undefined],
  ...Object.values(RULE.entries).flatMap(({ field, kernelDefault }) =>
    field === undefined || NORMALIZED.has(field)
      ? []
      : [[field, kernelDefault] as const]
  ),
]);

/**
 * All that identifies a rule but for its priority and protocol, without the
 * state of its links and the defaults that the kernel adds.
 */
export function selectorOf(rule: Rule): string {
  let text = selectors.get(rule);
  if (text === undefined) {
    const { mark = 0, markMask = mark === 0 ? 0 : 0xffff_ffff } = rule;
    text = `${rule.flags & FIB_RULE_INVERT} ${mark}/${markMask}`;
    for (const [field, kernelDefault] of FIELDS) {
      const value = rule[field as keyof Rule] ?? kernelDefault;
      // A name of a link holds no space, nor does any other value.
      text += value === undefined
        ? " -"
        : typeof value === "object"
        ? ` ${JSON.stringify(value)}`
        : ` ${value}`;
    }
    selectors.set(rule, text);
  }
  return text;
}

/** Lookup tables of the rules of a namespace. */
export class RuleTables {
  readonly #rules: Iterable<Rule>;
  /** By whether priority and protocol count. */
  readonly #tables = new Map<number, Map<string, Rule>>();
  #bySelector: Map<string, Rule[]> | undefined;

  constructor(rules: Iterable<Rule>) {
    this.#rules = rules;
  }

  /** The rules with the selector of one. */
  alike(rule: Rule): readonly Rule[] {
    this.#bySelector ??= Map.groupBy(this.#rules, selectorOf);
    return this.#bySelector.get(selectorOf(rule)) ?? [];
  }

  /** The first rule that is as wanted, in all that the spec gives. */
  find(spec: Given, wanted: Rule): Rule | undefined {
    const kind = (spec.priority === undefined ? 0 : 1) +
      (spec.protocol === undefined ? 0 : 2);
    let table = this.#tables.get(kind);
    if (table === undefined) {
      this.#tables.set(kind, table = new Map());
      for (const rule of this.#rules) {
        const key = keyOf(rule, spec);
        if (!table.has(key)) table.set(key, rule);
      }
    }
    return table.get(keyOf(wanted, spec));
  }
}

function keyOf(rule: Rule, { priority, protocol }: Given): string {
  return `${priority === undefined ? "" : rule.priority} ${
    protocol === undefined ? "" : rule.protocol
  } ${selectorOf(rule)}`;
}
