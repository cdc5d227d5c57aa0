import { decodeIPv4, type IPv4Header } from "./ipv4.ts";
import { decodeIPv6, type IPv6Header } from "./ipv6.ts";
import { type Malformed, tooShort } from "./malformed.ts";

/** A header of either version; `version` tells which. */
export type IPHeader = IPv4Header | IPv6Header;

/**
 * Decodes an IP header of the version its first four bits tell.
 *
 * @param bytes The packet.
 * @param offset Where the header starts.
 * @param end Where the bytes that may be read end.
 * @returns The header, or what makes it none.
 *
 * Source: RFC 791, RFC 8200.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * console.log(headers.decodeIP(new Uint8Array([0x50])).malformed);
 * // IP version 5, neither 4 nor 6
 * ```
 */
export function decodeIP(
  bytes: Uint8Array,
  offset = 0,
  end: number = bytes.length,
): IPHeader | Malformed {
  if (end > bytes.length) end = bytes.length;
  if (offset >= end) return tooShort("IP header", 20, 0);
  const version = bytes[offset]! >> 4;
  if (version === 4) return decodeIPv4(bytes, offset, end);
  if (version === 6) return decodeIPv6(bytes, offset, end);
  return { malformed: `IP version ${version}, neither 4 nor 6` };
}
