// C names of attributes and the text of their values, for listings of requests
// and for errors of the kernel.

import type { AttributeNames } from "../../netlink/attribute_names.ts";

type Constants = Readonly<Record<string, unknown>>;
type Named = AttributeNames[number];

/**
 * The C names of a level: constants with a prefix, except those with longer
 * prefixes.
 */
export interface AttributeConstants {
  /** A module of ffi/uapi. */
  readonly of: Constants;
  readonly prefix: string;
  readonly but?: readonly string[];
  /** The attribute with another link, including its ifinfomsg. */
  readonly peer?: number;
  /** The nested attributes, by number. */
  readonly inside?: Readonly<
    Record<number, AttributeConstants | AttributeNames | Named["inside"]>
  >;
}

/** The part of a table entry that is needed to print its value. */
interface Shown {
  readonly number?: number;
  readonly number6?: number;
  readonly show?: Named["read"];
  readonly codec?: { readonly show?: Named["read"] };
}

/**
 * The names of a level.
 *
 * @param entries The table of its attributes, which formats the values.
 */
export function attributeNames(
  { of, prefix, but = [], inside = {} }: AttributeConstants,
  entries: Readonly<Record<string, Shown>> = {},
): AttributeNames {
  const shows = new Map(
    Object.values(entries).flatMap(({ number, number6, show, codec }) => {
      const read = show ?? codec?.show;
      return read === undefined
        ? []
        : [[number, read] as const, [number6, read] as const];
    }),
  );
  const names: Record<number, Named> = {};
  for (const [name, value] of Object.entries(of)) {
    if (
      typeof value !== "number" || names[value] !== undefined ||
      !name.startsWith(prefix) || but.some((longer) => name.startsWith(longer))
    ) continue;
    const read = shows.get(value);
    const inner = inside[value];
    names[value] = {
      name,
      ...(read && { read }),
      ...(inner !== undefined && { inside: insideOf(inner) }),
    };
  }
  return names;
}

function insideOf(
  inner: AttributeConstants | AttributeNames | Named["inside"],
): NonNullable<Named["inside"]> {
  if (typeof inner === "function") return inner;
  return () => isConstants(inner) ? attributeNames(inner) : inner;
}

function isConstants(
  inner: AttributeConstants | AttributeNames | undefined,
): inner is AttributeConstants {
  return inner !== undefined && "prefix" in inner;
}
