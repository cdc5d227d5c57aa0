// Counters of 64 bits, nested in an attribute.

import type { AttributeReader } from "../../netlink/attribute.ts";
import type { JsonObject } from "./object.ts";

/** Counters: the attribute of each, its field and iproute2's key. */
export type CounterTable<Counters> = readonly (readonly [
  attribute: number,
  field: keyof Counters & string,
  key: string,
])[];

/** Reads the counters of a table; those that are absent are 0. */
export function readCounters<Counters>(
  table: CounterTable<Counters>,
  attributes: AttributeReader,
): Counters {
  const values = new Map<number, number>();
  while (attributes.next()) {
    if (attributes.length >= 8) values.set(attributes.type, attributes.u64());
  }
  return Object.fromEntries(
    table.map(([attribute, field]) => [field, values.get(attribute) ?? 0]),
  ) as Counters;
}

/** Counters with iproute2's keys. */
export function countersJson<Counters>(
  table: CounterTable<Counters>,
  counters: Counters,
): JsonObject {
  return Object.fromEntries(
    table.map(([, field, key]) => [key, Number(counters[field])]),
  );
}
