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
 * Walks options as IPv4 and TCP lay them out: 0 ends the list, 1 has no length,
 * all others have one.
 *
 * @returns The options before the first malformed one.
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

/**
 * Returned by a decoder instead of a header. Headers declare `malformed` as
 * undefined, so `header.malformed` distinguishes the two.
 */
export interface Malformed {
  /** What is wrong, for example "IPv4 header of 20 bytes, 7 available". */
  readonly malformed: string;
}

/** The result for a header that is longer than the available bytes. */
export function tooShort(
  what: string,
  needed: number,
  available: number,
): Malformed {
  return {
    malformed: `${what} of ${needed} bytes, ${
      Math.max(0, available)
    } available`,
  };
}

/**
 * Bytes of a packet as printable ASCII, in tcpdump's notation: `^M` for a
 * control character, `M-` before a byte above 127.
 */
export function printable(
  bytes: Uint8Array,
  start: number,
  end: number,
): string {
  let text = "";
  for (let at = start; at < end; at++) {
    let byte = bytes[at]!;
    if (byte >= 0x80) {
      text += "M-";
      byte &= 0x7f;
    }
    text += byte < 0x20 || byte === 0x7f
      ? "^" + String.fromCharCode(byte ^ 0x40)
      : String.fromCharCode(byte);
  }
  return text;
}

/** A number in hexadecimal with 0x, of at least so many digits. */
export function hexNumber(value: number, digits = 1): string {
  return "0x" + value.toString(16).padStart(digits, "0");
}
