import { type Malformed, readU16, tooShort } from "./bytes.ts";
import { decodeIPv4, type IPv4Header } from "./ipv4.ts";
import { decodeIPv6, type IPv6Header } from "./ipv6.ts";
import { IPPROTO } from "./protocol.ts";

/** A header of either IP version; see `version`. */
export type IPHeader = IPv4Header | IPv6Header;

/**
 * Decodes an IP header; the first four bits are its version.
 *
 * @param bytes The packet.
 * @param offset Offset of the header.
 * @param end Offset where decoding stops.
 * @returns The header, or why the bytes are not one.
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

/** The destination port of a quoted packet, with its protocol. */
export function quotedPort(
  quoted: IPHeader,
  other: string,
): string | undefined {
  const at = quoted.payloadOffset;
  if (at + 4 > quoted.payloadEnd) return undefined;
  const port = readU16(quoted.bytes, at + 2);
  switch (quoted.protocol) {
    case IPPROTO.TCP:
      return `tcp port ${port}`;
    case IPPROTO.UDP:
      return `udp port ${port}`;
    default:
      return `${other} ${quoted.protocol} port ${port}`;
  }
}
