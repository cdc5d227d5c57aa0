// Prefix table: values by IP prefix, found by the addresses that the prefixes
// contain.

import type { Cidr } from "../../net/prefix.ts";

/** Values by IP prefix, IPv4 and IPv6. */
export class PrefixTable<T> {
  /** By address size in bytes, then by prefix length, then by masked address. */
  readonly #tables = new Map<number, Map<number, Map<string, T>>>();
  /** The prefix lengths of each table, longest first. */
  readonly #lengths = new Map<number, number[]>();

  /** The value of a prefix, added by `make` if the prefix is new. */
  at({ address, prefix }: Cidr, make: () => T): T {
    const size = address.length;
    let byLength = this.#tables.get(size);
    if (byLength === undefined) this.#tables.set(size, byLength = new Map());
    let table = byLength.get(prefix);
    if (table === undefined) {
      byLength.set(prefix, table = new Map());
      this.#lengths.set(size, [...byLength.keys()].toSorted((a, b) => b - a));
    }
    const key = maskedKey(address, prefix);
    let value = table.get(key);
    if (value === undefined) table.set(key, value = make());
    return value;
  }

  /** The values of all prefixes that contain an address, longest first. */
  containing(address: Uint8Array): T[] {
    const byLength = this.#tables.get(address.length);
    if (byLength === undefined) return [];
    const values: T[] = [];
    for (const prefix of this.#lengths.get(address.length)!) {
      const value = byLength.get(prefix)!.get(maskedKey(address, prefix));
      if (value !== undefined) values.push(value);
    }
    return values;
  }
}

/** The first bits of an address as a string, one character a byte. */
function maskedKey(address: Uint8Array, prefix: number): string {
  let key = "";
  const whole = prefix >> 3;
  for (let at = 0; at < whole; at++) key += String.fromCharCode(address[at]!);
  const rest = prefix & 7;
  return rest === 0
    ? key
    : key + String.fromCharCode(address[whole]! & 0xff00 >> rest);
}
