// Policy rules by the fields that identify them, found without comparing each
// with each.

import { FIB_RULE_INVERT } from "../../../ffi/layout/linux_fib_rules.ts";
import type { RuleSpec } from "../change/rule.ts";
import type { Rule } from "../rule.ts";

/** Which of the fields that the kernel fills in count for a comparison. */
type Given = Pick<RuleSpec, "priority" | "protocol">;

/** Rules do not change once they are decoded. */
const selectors = new WeakMap<Rule, string>();

/**
 * All that identifies a rule but for its priority and protocol, without the
 * state of its links and the defaults that the kernel adds.
 */
function selectorOf(rule: Rule): string {
  let text = selectors.get(rule);
  if (text === undefined) {
    const { flags, priority: _priority, protocol: _protocol, ...rest } = rule;
    const fields: Record<string, unknown> = {
      ...rest,
      inverted: (flags & FIB_RULE_INVERT) !== 0,
      suppressPrefixLength: rule.suppressPrefixLength ?? -1,
      suppressGroup: rule.suppressGroup ?? -1,
      mark: rule.mark ?? 0,
      markMask: rule.markMask ?? (rule.mark ? 0xffff_ffff : 0),
      tunnelId: String(rule.tunnelId ?? 0),
    };
    text = "";
    for (const field of Object.keys(fields).toSorted()) {
      const value = fields[field];
      if (value !== undefined) text += `${field}=${JSON.stringify(value)} `;
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

  constructor(rules: Iterable<Rule>) {
    this.#rules = rules;
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
