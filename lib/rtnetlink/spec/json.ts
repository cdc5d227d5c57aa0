// JSON values as iproute2 prints them.

/** A value as JSON can hold it. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/**
 * What the kernel reports about a link's kind, under the keys and with the
 * values of `ip -j -d link`; other links are given by ifindex.
 */
export type KindData = Record<string, JsonValue>;

/** A number as printf's %#x prints it. */
export function hex(number: number): string {
  return number === 0 ? "0" : "0x" + number.toString(16);
}

/** The same; undefined for 0, which iproute2 does not print. */
export function hexNonzero(number: number): string | undefined {
  return number === 0 ? undefined : "0x" + number.toString(16);
}

/** The number; undefined for 0, which iproute2 does not print. */
export function nonzero(number: number): number | undefined {
  return number === 0 ? undefined : number;
}

/** True for any number but 0, for which iproute2 prints nothing. */
export function onlyTrue(number: number | boolean): true | undefined {
  return number ? true : undefined;
}

/** The names of the set bits in the given order; the rest in hexadecimal. */
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
