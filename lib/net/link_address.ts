// Link-layer addresses of any length: 6 bytes for Ethernet, 20 for InfiniBand,
// 4 or 16 for tunnels with an IP address.

import { ArgumentError } from "../errors.ts";

// Cache of two bytes as text, with and without a colon after them: most addresses
// are three of these.
let middlePairs: string[] | undefined;
let lastPairs: string[] | undefined;

/**
 * Formats a link-layer address as iproute2 does for Ethernet.
 *
 * @param bytes Memory that holds the address.
 * @param offset Its offset, in bytes.
 * @param length Its length, in bytes.
 * @returns For example `02:00:5e:10:00:01`; empty for no bytes.
 *
 * Source: ip-link(8).
 */
export function formatLinkAddress(
  bytes: Uint8Array,
  offset = 0,
  length: number = bytes.length - offset,
): string {
  const middle = middlePairs ??= new Array<string>(65536);
  let text = "";
  let left = length;
  for (; left > 2; left -= 2) {
    const pair = pairAt(bytes, offset + length - left);
    text += middle[pair] ??= pairText(pair) + ":";
  }
  if (left === 1) return text + byteText(bytes[offset + length - 1]!);
  if (left < 1) return text;
  const last = lastPairs ??= new Array<string>(65536);
  const pair = pairAt(bytes, offset + length - 2);
  return text + (last[pair] ??= pairText(pair));
}

function pairAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! << 8 | bytes[at + 1]!;
}

function byteText(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

function pairText(pair: number): string {
  return `${byteText(pair >> 8)}:${byteText(pair & 0xff)}`;
}

/**
 * Parses a link-layer address: bytes of one or two hexadecimal digits,
 * separated by colons, as in iproute2.
 *
 * @param text For example `02:00:5e:10:00:01`.
 * @returns Its bytes, or undefined if it is not one.
 *
 * Source: ip-link(8).
 */
export function tryParseLinkAddress(
  text: string,
): Uint8Array<ArrayBuffer> | undefined {
  const parts = text.split(":");
  // MAX_ADDR_LEN of linux/netdevice.h.
  if (parts.length > 32) return undefined;
  const bytes = new Uint8Array(parts.length);
  for (let i = 0; i < parts.length; i++) {
    if (!/^[0-9a-f]{1,2}$/i.test(parts[i]!)) return undefined;
    bytes[i] = parseInt(parts[i]!, 16);
  }
  return bytes;
}

/**
 * Parses a link-layer address.
 *
 * @param text For example `02:00:5e:10:00:01`.
 * @param argument The name of the option or parameter, for the error.
 * @returns Its bytes.
 * @throws {ArgumentError} if the text is not a link-layer address.
 *
 * Source: ip-link(8).
 *
 * @example
 * ```ts
 * import { parseLinkAddress } from "@netplumb/netplumb";
 *
 * console.log(parseLinkAddress("02:00:5e:10:00:01")[2]); // 94
 * ```
 */
export function parseLinkAddress(
  text: string,
  argument = "address",
): Uint8Array<ArrayBuffer> {
  const bytes = tryParseLinkAddress(text);
  if (bytes) return bytes;
  throw new ArgumentError(
    argument,
    text,
    "a link-layer address like 02:00:5e:10:00:01",
  );
}
