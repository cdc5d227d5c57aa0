// Addresses as text, without an allocation but the text.

import { ArgumentError } from "./errors.ts";

// Half addresses as text, filled as they are met: a dump of 100,000 routes
// meets few of them, and one concatenation is all that is left to do.
let upperHalves: string[] | undefined;
let lowerHalves: string[] | undefined;
let firstWords: string[] | undefined;
// With the colon in front: half as many concatenations.
let laterWords: string[] | undefined;

/**
 * Prints an IPv4 address.
 *
 * @param bytes Where the address is.
 * @param offset Where it starts, in bytes.
 * @returns For example `192.0.2.1`. Source: inet_ntop(3).
 */
export function formatIPv4(bytes: Uint8Array, offset = 0): string {
  upperHalves ??= new Array<string>(65536);
  lowerHalves ??= new Array<string>(65536);
  const upper = bytes[offset]! << 8 | bytes[offset + 1]!;
  const lower = bytes[offset + 2]! << 8 | bytes[offset + 3]!;
  return (upperHalves[upper] ??= `${upper >> 8}.${upper & 255}.`) +
    (lowerHalves[lower] ??= `${lower >> 8}.${lower & 255}`);
}

/**
 * Prints an IPv6 address, in its shortest form and lower case.
 *
 * @param bytes Where the address is.
 * @param offset Where it starts, in bytes.
 * @returns For example `2001:db8::1`; mapped and compatible addresses end in a
 * dotted quad. Source: RFC 5952 and inet_ntop(3) of glibc.
 */
export function formatIPv6(bytes: Uint8Array, offset = 0): string {
  let gap = 8;
  let gapEnd = 8;
  let run = 0;
  for (let i = 0; i < 8; i++) {
    const at = offset + i * 2;
    if ((bytes[at]! | bytes[at + 1]!) !== 0) {
      run = 0;
    } else if (++run > 1 && run > gapEnd - gap) {
      gapEnd = i + 1;
      gap = gapEnd - run;
    }
  }
  if (gap === 0) {
    if (gapEnd === 6) return "::" + formatIPv4(bytes, offset + 12);
    if (gapEnd === 5 && (bytes[offset + 10]! & bytes[offset + 11]!) === 0xff) {
      return "::ffff:" + formatIPv4(bytes, offset + 12);
    }
  }
  let text = gap === 0
    ? ":"
    : firstWord(bytes[offset]! << 8 | bytes[offset + 1]!);
  const words = laterWords ??= new Array<string>(65536);
  for (let i = 1; i < 8; i++) {
    if (i >= gap && i < gapEnd) continue;
    if (i === gapEnd && gap > 0) text += ":";
    const word = bytes[offset + i * 2]! << 8 | bytes[offset + i * 2 + 1]!;
    text += words[word] ??= ":" + word.toString(16);
  }
  return gapEnd === 8 && gap < 8 ? text + (gap === 0 ? ":" : "::") : text;
}

function firstWord(word: number): string {
  firstWords ??= new Array<string>(65536);
  return firstWords[word] ??= word.toString(16);
}

/**
 * Prints an address of either family.
 *
 * @param address Its 4 or 16 bytes.
 * @returns For example `192.0.2.1` or `2001:db8::1`.
 * @throws {ArgumentError} if there are neither 4 nor 16 bytes.
 *
 * Source: inet_ntop(3).
 *
 * @example
 * ```ts
 * import { formatAddress } from "@netplumb/netplumb";
 *
 * console.log(formatAddress(new Uint8Array([192, 0, 2, 1]))); // 192.0.2.1
 * ```
 */
export function formatAddress(address: Uint8Array): string {
  if (address.length === 4) return formatIPv4(address);
  if (address.length === 16) return formatIPv6(address);
  throw new ArgumentError(
    "address",
    `${address.length} bytes`,
    "an address of 4 or 16 bytes",
  );
}
