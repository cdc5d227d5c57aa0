// Addresses with a prefix length, as text.

import { formatAddress, tryParseIPv4, tryParseIPv6 } from "./ip_address.ts";
import { ArgumentError } from "../errors.ts";

/** An address with its prefix length. */
export interface Cidr {
  /** 4 or 16 bytes, in network order, host part included. */
  readonly address: Uint8Array<ArrayBuffer>;
  /** Bits of the network part, 0 to 32 or 0 to 128. */
  readonly prefix: number;
}

/**
 * Parses an address with a prefix length; without one all bits are network.
 * Before a prefix length, an IPv4 address may omit trailing zeros, and its
 * length may be a netmask, as in ip(8).
 *
 * @param text For example `10.0.0.1/24`, `2001:db8::1/64`, `10.0.0.1`, `10.1/16`
 * or `10.1.0.0/255.255.0.0`.
 * @returns The address, host part included, and the prefix length in bits,
 * or undefined if it is not one. Source: RFC 4632 section 3.1, RFC 4291
 * section 2.3.
 */
export function tryParseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf("/");
  const host = slash < 0 ? text : text.slice(0, slash);
  const address = tryParseIPv4(host) ?? tryParseIPv6(host) ??
    (slash < 0 ? undefined : tryParseIPv4(withZeros(host)));
  if (!address) return undefined;
  const bits = address.length * 8;
  if (slash < 0) return { address, prefix: bits };
  const length = text.slice(slash + 1);
  const prefix = wholeNumber(length) ?? maskLength(length, address.length);
  return prefix !== undefined && prefix <= bits
    ? { address, prefix }
    : undefined;
}

/** A number of up to three digits, without leading zeros. */
function wholeNumber(text: string): number | undefined {
  if (text.length === 0 || text.length > 3) return undefined;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9 || (i > 0 && value === 0)) return undefined;
    value = value * 10 + digit;
  }
  return value;
}

/** The latest results of cidrOf(), by text. */
const parsed = new Map<string, Cidr | undefined>();
const MOST_PARSED = 256;

/**
 * tryParseCidr() for callers that parse one text several times. The bytes must
 * not be changed.
 */
export function cidrOf(text: string): Cidr | undefined {
  let cidr = parsed.get(text);
  if (cidr === undefined && !parsed.has(text)) {
    cidr = tryParseCidr(text);
    if (parsed.size === MOST_PARSED) parsed.clear();
    parsed.set(text, cidr);
  }
  return cidr;
}

/** "10.1" is 10.1.0.0. */
export function withZeros(host: string): string {
  if (!/^\d+(\.\d+){0,2}$/.test(host)) return host;
  return [...host.split("."), "0", "0", "0"].slice(0, 4).join(".");
}

/** The length of a netmask of `size` bytes; undefined if it is none. */
function maskLength(text: string, size: number): number | undefined {
  const mask = tryParseIPv4(text) ?? tryParseIPv6(text);
  if (mask?.length !== size) return undefined;
  const bits = Array.from(mask, (byte) => byte.toString(2).padStart(8, "0"))
    .join("");
  return /^1*0*$/.test(bits) ? bits.lastIndexOf("1") + 1 : undefined;
}

/**
 * Parses an address with a prefix length; without one all bits are network.
 *
 * @param text For example `10.0.0.1/24`, `2001:db8::1/64` or `10.0.0.1`.
 * @param argument The name of the option or parameter, for the error.
 * @returns The address, host part included, and the prefix length in bits.
 * Source: RFC 4632 section 3.1, RFC 4291 section 2.3.
 * @throws {ArgumentError} if the text is not an address with a prefix length.
 */
export function parseCidr(text: string, argument = "address"): Cidr {
  return required(tryParseCidr(text), text, argument);
}

/** parseCidr() with the cache, and the restriction, of cidrOf(). */
export function sharedCidr(text: string, argument = "address"): Cidr {
  return required(cidrOf(text), text, argument);
}

function required(cidr: Cidr | undefined, text: string, argument: string) {
  if (cidr) return cidr;
  throw new ArgumentError(
    argument,
    text,
    "an address with a prefix length like 10.0.0.1/24 or 2001:db8::1/64",
  );
}

/**
 * Parses a network: an address whose host part is zero, with a prefix length.
 *
 * @param text For example `10.0.0.0/24`, `2001:db8::/64` or `0.0.0.0/0`.
 * @param argument The name of the option or parameter, for the error.
 * @returns The address and the prefix length in bits. Source: RFC 4632 section
 * 3.1, RFC 4291 section 2.3.
 * @throws {ArgumentError} if the text is not a network.
 */
export function parseNetwork(text: string, argument = "address"): Cidr {
  const { address, prefix } = parseCidr(text, argument);
  const mask = (i: number) =>
    0xff00 >> Math.min(8, Math.max(0, prefix - i * 8)) & 0xff;
  let at = prefix >> 3;
  while (at < address.length && (address[at]! & ~mask(at)) === 0) at++;
  if (at === address.length) return { address, prefix };
  const network = address.map((byte, i) => byte & mask(i));
  throw new ArgumentError(
    argument,
    text,
    `a network: that would be ${formatAddress(network)}/${prefix}`,
  );
}
