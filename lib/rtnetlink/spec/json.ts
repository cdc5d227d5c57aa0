// JSON values in iproute2's format.

/** A JSON value. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/**
 * The options of a link's kind, with the keys and values of `ip -j -d link`;
 * other links are given by ifindex.
 */
export type KindData = Record<string, JsonValue>;

/** A number in printf's %#x format. */
export function hex(number: number): string {
  return number === 0 ? "0" : "0x" + number.toString(16);
}

/** The same; undefined for 0, which iproute2 omits. */
export function hexNonzero(number: number): string | undefined {
  return number === 0 ? undefined : "0x" + number.toString(16);
}

/** The number; undefined for 0, which iproute2 omits. */
export function nonzero(number: number): number | undefined {
  return number === 0 ? undefined : number;
}

/** True for any number except 0, which iproute2 omits. */
export function onlyTrue(number: number | boolean): true | undefined {
  return number ? true : undefined;
}

/** The names of the set bits, in order; the remaining bits in hexadecimal. */
export function bitNames(
  value: number,
  names: ReadonlyArray<readonly [bit: number, name: string]>,
): string[] {
  const set: string[] = [];
  let rest = value;
  for (const [bit, name] of names) {
    if ((rest & bit) === 0) continue;
    set.push(name);
    rest &= ~bit;
  }
  if (rest !== 0) set.push((rest >>> 0).toString(16));
  return set;
}
