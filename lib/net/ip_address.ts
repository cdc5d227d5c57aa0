// Parses and formats IP addresses. Text follows glibc's inet_pton(3) and
// inet_ntop(3), as in `ip`, `ss` and `nc`.

import { ArgumentError } from "../errors.ts";

/** An address with its zone (interface name or index). */
export interface ZonedAddress {
  /** 4 or 16 bytes, in network order. */
  readonly address: Uint8Array<ArrayBuffer>;
  /** The text after `%`, for example `eth0`. */
  readonly zone?: string;
}

const ZERO = 0x30;
const DOT = 0x2e;
const COLON = 0x3a;

/**
 * Parses a dotted quad in `[start, text.length)` into four bytes of `out`;
 * false for an invalid one. Leading zeros are rejected, as in inet_pton(3).
 */
function readIPv4(
  text: string,
  start: number,
  out: Uint8Array,
  at: number,
): boolean {
  const end = text.length;
  if (end - start > 15) return false;
  let part = 0;
  let value = 0;
  let digits = 0;
  for (let i = start; i < end; i++) {
    const c = text.charCodeAt(i);
    const digit = c - ZERO;
    if (digit >= 0 && digit <= 9) {
      if (digits > 0 && value === 0) return false;
      value = value * 10 + digit;
      if (value > 255) return false;
      digits++;
    } else if (c === DOT && digits > 0 && part < 3) {
      out[at + part++] = value;
      value = 0;
      digits = 0;
    } else {
      return false;
    }
  }
  if (part !== 3 || digits === 0) return false;
  out[at + 3] = value;
  return true;
}

function hexDigit(c: number): number {
  if (c >= 0x30 && c <= 0x39) return c - 0x30;
  const lower = c | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function readIPv6(text: string, out: Uint8Array): boolean {
  const end = text.length;
  if (end < 2 || end > 45) return false;
  let at = 0;
  let gap = -1;
  let i = 0;
  if (text.charCodeAt(0) === COLON) {
    if (text.charCodeAt(1) !== COLON) return false;
    i = 1;
  }
  let start = i;
  let value = 0;
  let digits = 0;
  for (; i < end; i++) {
    const c = text.charCodeAt(i);
    const digit = hexDigit(c);
    if (digit >= 0) {
      if (++digits > 4) return false;
      value = value << 4 | digit;
    } else if (c === COLON) {
      start = i + 1;
      if (digits === 0) {
        if (gap >= 0) return false;
        gap = at;
        continue;
      }
      if (start === end || at > 14) return false;
      out[at++] = value >> 8;
      out[at++] = value & 0xff;
      value = 0;
      digits = 0;
    } else if (c === DOT) {
      if (at > 12 || !readIPv4(text, start, out, at)) return false;
      at += 4;
      digits = 0;
      break;
    } else {
      return false;
    }
  }
  if (digits > 0) {
    if (at > 14) return false;
    out[at++] = value >> 8;
    out[at++] = value & 0xff;
  }
  if (gap < 0) return at === 16;
  if (at === 16) return false;
  out.copyWithin(16 - (at - gap), gap, at);
  out.fill(0, gap, 16 - (at - gap));
  return true;
}

/** A typed array is memory outside of V8's heap: none for what is no address. */
const scratch = new Uint8Array(16);

/** Whether text is an IPv4 address, for tryParseIPv4(). */
export function isIPv4(text: string): boolean {
  return readIPv4(text, 0, scratch, 0);
}

/** Whether text is an IPv6 address, for tryParseIPv6(). */
export function isIPv6(text: string): boolean {
  return readIPv6(text, scratch);
}

/**
 * Parses an IPv4 address, four decimal numbers with dots and nothing else.
 *
 * @param text The address, for example `192.0.2.1`.
 * @returns Its 4 bytes, or undefined if it is not one. Source: inet_pton(3).
 */
export function tryParseIPv4(
  text: string,
): Uint8Array<ArrayBuffer> | undefined {
  return isIPv4(text) ? scratch.slice(0, 4) : undefined;
}

/**
 * Parses an IPv6 address, without a zone.
 *
 * @param text The address, for example `2001:db8::1` or `::ffff:192.0.2.1`.
 * @returns Its 16 bytes, or undefined if it is not one. Source: inet_pton(3),
 * RFC 4291 section 2.2.
 */
export function tryParseIPv6(
  text: string,
): Uint8Array<ArrayBuffer> | undefined {
  return isIPv6(text) ? scratch.slice() : undefined;
}

/**
 * Parses an IPv4 address.
 *
 * @param text The address, for example `192.0.2.1`.
 * @param argument The name of the option or parameter, for the error.
 * @returns Its 4 bytes. Source: inet_pton(3).
 * @throws {ArgumentError} if the text is not an IPv4 address.
 */
export function parseIPv4(
  text: string,
  argument = "address",
): Uint8Array<ArrayBuffer> {
  const address = tryParseIPv4(text);
  if (address) return address;
  throw new ArgumentError(argument, text, "an IPv4 address like 192.0.2.1");
}

/**
 * Parses an IPv6 address, without a zone.
 *
 * @param text The address, for example `2001:db8::1`.
 * @param argument The name of the option or parameter, for the error.
 * @returns Its 16 bytes. Source: inet_pton(3), RFC 4291 section 2.2.
 * @throws {ArgumentError} if the text is not an IPv6 address.
 */
export function parseIPv6(
  text: string,
  argument = "address",
): Uint8Array<ArrayBuffer> {
  const address = tryParseIPv6(text);
  if (address) return address;
  throw new ArgumentError(argument, text, "an IPv6 address like 2001:db8::1");
}

/**
 * Parses an address of either family; an IPv6 one may have a zone.
 *
 * @param text The address, for example `192.0.2.1` or `fe80::1%eth0`.
 * @returns The bytes and the zone, or undefined if it is not an address.
 * Source: inet_pton(3), RFC 4007 section 11.
 */
export function tryParseAddress(text: string): ZonedAddress | undefined {
  const percent = text.indexOf("%");
  if (percent < 0) {
    const address = tryParseIPv4(text) ?? tryParseIPv6(text);
    return address && { address };
  }
  const zone = text.slice(percent + 1);
  // An interface name: 1 to 15 bytes, no slash, no white space (dev_valid_name).
  if (!/^[^\s/%]{1,15}$/.test(zone)) return undefined;
  const address = tryParseIPv6(text.slice(0, percent));
  return address && { address, zone };
}

/**
 * Parses an address of either family; an IPv6 one may have a zone.
 *
 * @param text The address, for example `192.0.2.1` or `fe80::1%eth0`.
 * @param argument The name of the option or parameter, for the error.
 * @returns The bytes and the zone. Source: inet_pton(3), RFC 4007 section 11.
 * @throws {ArgumentError} if the text is not an address.
 *
 * @example
 * ```ts
 * import { formatAddress, parseAddress } from "@netplumb/netplumb";
 *
 * const { address, zone } = parseAddress("fe80::1%eth0");
 * console.log(formatAddress(address), zone); // fe80::1 eth0
 * ```
 */
export function parseAddress(text: string, argument = "address"): ZonedAddress {
  const parsed = tryParseAddress(text);
  if (parsed) return parsed;
  throw new ArgumentError(
    argument,
    text,
    "an address like 192.0.2.1, 2001:db8::1 or fe80::1%eth0",
  );
}

/**
 * Whether the 4 or 16 bytes are a multicast address (RFC 5771, RFC 4291).
 *
 * @param address Its 4 or 16 bytes.
 */
export function isMulticast(address: Uint8Array): boolean {
  return address.length === 4
    ? (address[0]! & 0xf0) === 0xe0
    : address[0] === 0xff;
}

/**
 * Whether the 4 or 16 bytes are a link-local unicast address (RFC 3927, RFC 4291).
 *
 * @param address Its 4 or 16 bytes.
 */
export function isLinkLocal(address: Uint8Array): boolean {
  return address.length === 4
    ? address[0] === 169 && address[1] === 254
    : address[0] === 0xfe && (address[1]! & 0xc0) === 0x80;
}

/**
 * Whether the 16 bytes are an IPv4-mapped address, ::ffff:0:0/96 (RFC 4291
 * section 2.5.5.2); the IPv4 address is then in the last four.
 *
 * @param address Memory that holds it.
 * @param offset Its offset, in bytes.
 */
export function isMapped(address: Uint8Array, offset = 0): boolean {
  if (address.length - offset < 16) return false;
  for (let i = 0; i < 10; i++) if (address[offset + i] !== 0) return false;
  return address[offset + 10] === 0xff && address[offset + 11] === 0xff;
}

/**
 * The IPv4-mapped IPv6 address of an IPv4 one: 16 bytes from 4.
 *
 * Source: RFC 4291 section 2.5.5.2.
 *
 * @param address Its 4 bytes.
 */
export function toMapped(address: Uint8Array): Uint8Array<ArrayBuffer> {
  const mapped = new Uint8Array(16);
  mapped[10] = mapped[11] = 0xff;
  mapped.set(address.subarray(0, 4), 12);
  return mapped;
}

// Cache of half addresses as text: a dump of 100,000 routes has few of them, so
// that an address costs one concatenation.
let upperHalves: string[] | undefined;
let lowerHalves: string[] | undefined;
let firstWords: string[] | undefined;
// With the colon in front: half as many concatenations.
let laterWords: string[] | undefined;

/**
 * Formats an IPv4 address.
 *
 * @param bytes Memory that holds the address.
 * @param offset Its offset, in bytes.
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
 * Formats an IPv6 address, in its shortest form and lower case.
 *
 * @param bytes Memory that holds the address.
 * @param offset Its offset, in bytes.
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
 * Formats an address of either family.
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
