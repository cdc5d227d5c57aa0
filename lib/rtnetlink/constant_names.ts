// The names of constants, by their numbers: what C calls them, taken from the
// layout files themselves.

import type { AttributeNames } from "../netlink/attribute_names.ts";
import { valueReader } from "./attribute_values.ts";

type Constants = Readonly<Record<string, unknown>>;

/** The constants of a layout file that begin so, but not with a longer beginning. */
export function named(
  constants: Constants,
  prefix: string,
  but: readonly string[] = [],
): AttributeNames {
  const names: Record<number, AttributeNames[number]> = {};
  for (const [name, value] of Object.entries(constants)) {
    if (
      typeof value !== "number" || !name.startsWith(prefix) ||
      but.some((longer) => name.startsWith(longer))
    ) continue;
    const read = valueReader(name);
    names[value] ??= { name, ...(read === undefined ? {} : { read }) };
  }
  return names;
}

/** Names with what is inside some of them. */
export function withInside(
  names: AttributeNames,
  inside: Readonly<
    Record<number, AttributeNames | AttributeNames[number]["inside"]>
  >,
): AttributeNames {
  const result: Record<number, AttributeNames[number]> = { ...names };
  for (const [key, inner] of Object.entries(inside)) {
    const type = Number(key);
    const known = names[type];
    if (known === undefined) continue;
    result[type] = {
      ...known,
      inside: typeof inner === "function" ? inner : () => inner,
    };
  }
  return result;
}
