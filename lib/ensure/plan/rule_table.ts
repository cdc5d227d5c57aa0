// Policy routing rules by selector: their whole identity except priority and
// protocol, which have kernel defaults.

import { FIB_RULE_INVERT } from "../../../ffi/uapi/linux_fib_rules.ts";
import { RULE, type Rule, type RuleSpec } from "../../rtnetlink/rule.ts";

/** Decoded rules are immutable. */
const selectors = new WeakMap<Rule, string>();

/** Fields that are normalized before the comparison. */
const NORMALIZED: ReadonlySet<string> = new Set([
  "priority",
  "protocol",
  "flags",
  "mark",
  "markMask",
]);

/** The other fields, with the value of the kernel if a rule has none. */
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
 * The identity of a rule except its priority and protocol, without the state of
 * its links and the kernel's defaults.
 */
export function selectorOf(rule: Rule): string {
  let text = selectors.get(rule);
  if (text === undefined) {
    const { mark = 0, markMask = mark === 0 ? 0 : 0xffff_ffff } = rule;
    text = `${rule.flags & FIB_RULE_INVERT} ${mark}/${markMask}`;
    for (const [field, kernelDefault] of FIELDS) {
      const value = rule[field as keyof Rule] ?? kernelDefault;
      // Neither link names nor other values contain a space.
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

/** The rules of a namespace. */
export class RuleTable {
  readonly #bySelector: ReadonlyMap<string, readonly Rule[]>;

  constructor(rules: Iterable<Rule>) {
    this.#bySelector = Map.groupBy(rules, selectorOf);
  }

  /** The rules with the same selector. */
  alike(rule: Rule): readonly Rule[] {
    return this.#bySelector.get(selectorOf(rule)) ?? [];
  }

  /** The first rule that matches the spec. */
  find({ priority, protocol }: RuleSpec, wanted: Rule): Rule | undefined {
    return this.alike(wanted).find((rule) =>
      (priority === undefined || rule.priority === wanted.priority) &&
      (protocol === undefined || rule.protocol === wanted.protocol)
    );
  }
}
