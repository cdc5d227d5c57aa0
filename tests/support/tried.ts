// Whether the cases of a test are complete: an option that is added
// to a table without a case of its own fails the test of that table.

import { assert, assertEquals } from "@std/assert";
import type { JsonSchema } from "../../lib/rtnetlink/spec/value.ts";

/** A table of options, or of readers of words. */
type Table = {
  readonly [option: string]: { readonly schema: JsonSchema };
};

/** The words an option takes; those for yes and no count as the option. */
function words(schema: JsonSchema): string[] {
  const { enum: some = [], const: one, anyOf = [], items } = schema;
  if (!Array.isArray(some) || !Array.isArray(anyOf)) return [];
  return [
    ...some.includes(true) ? [] : some,
    ...one === undefined ? [] : [String(one)],
    ...anyOf.flatMap(words),
    ...items === undefined ? [] : words(items as JsonSchema),
  ];
}

/**
 * Asserts that every option of a table was given, and every word of one that
 * takes words.
 *
 * @param whose Whose options they are.
 * @param tried What was given, case by case.
 */
export function assertAllTried(
  whose: string,
  table: Table,
  tried: readonly object[] | undefined,
): void {
  assert(tried !== undefined, `${whose} has no cases`);
  const given = new Map<string, Set<unknown>>();
  for (const values of tried) {
    for (const [option, value] of Object.entries(values)) {
      if (value === undefined) continue;
      const seen = given.get(option) ?? new Set();
      for (const one of Array.isArray(value) ? value : [value]) seen.add(one);
      given.set(option, seen);
    }
  }
  const untried = Object.entries(table).flatMap(([option, { schema }]) => {
    const seen = given.get(option);
    return seen === undefined
      ? [option]
      : words(schema).filter((word) => !seen.has(word))
        .map((word) => `${option} ${word}`);
  });
  assertEquals(untried, [], `options of ${whose} without a case`);
}
