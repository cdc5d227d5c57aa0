// Numbers in network order at any alignment.

export function readU16(bytes: Uint8Array, at: number): number {
  return bytes[at]! << 8 | bytes[at + 1]!;
}

export function readU32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24 | bytes[at + 1]! << 16 | bytes[at + 2]! << 8 |
    bytes[at + 3]!) >>> 0;
}

export function writeU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value;
}

export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 24;
  bytes[at + 1] = value >> 16;
  bytes[at + 2] = value >> 8;
  bytes[at + 3] = value;
}

/** One option in a list of options of an IPv4 or TCP header. */
export interface RawOption {
  /** Its number. */
  readonly kind: number;
  /** Where it starts, its number included. */
  readonly offset: number;
  /** How many bytes it has, number and length included. */
  readonly length: number;
}

/**
 * Walks options as IPv4 and TCP lay them out: 0 ends the list, 1 stands alone,
 * all others tell their length.
 *
 * @returns The options in front of the first that cannot be one.
 */
export function walkOptions(
  bytes: Uint8Array,
  start: number,
  end: number,
): { options: RawOption[]; malformed?: string } {
  const options: RawOption[] = [];
  for (let offset = start; offset < end;) {
    const kind = bytes[offset]!;
    if (kind <= 1) {
      options.push({ kind, offset, length: 1 });
      if (kind === 0) break;
      offset++;
      continue;
    }
    const length = offset + 1 < end ? bytes[offset + 1]! : 0;
    if (length < 2 || length > end - offset) {
      return {
        options,
        malformed: `option ${kind} of ${length} bytes, ${end - offset} left`,
      };
    }
    options.push({ kind, offset, length });
    offset += length;
  }
  return { options };
}
