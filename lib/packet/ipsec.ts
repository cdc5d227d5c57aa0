// IPsec headers: authentication (AH, RFC 4302) and ESP (RFC 4303).

import { readU32 } from "./bytes.ts";

/** The length of an authentication header, at least 8. */
export function authenticationLength(bytes: Uint8Array, at: number): number {
  return (bytes[at + 1]! + 2) * 4;
}

/** An authentication header in tcpdump's format, with a space after it. */
export function describeAuthentication(
  bytes: Uint8Array,
  at: number,
  end: number,
): string {
  if (end - at < 12) return "AH ";
  const stop = Math.min(end, at + authenticationLength(bytes, at));
  const value = bytes.subarray(at + 12, stop).toHex();
  const sequence = readU32(bytes, at + 8).toString(16);
  return `AH(spi=${spi(bytes, at + 4)},seq=0x${sequence},icv=0x${value}): `;
}

/** An ESP header in tcpdump's format. */
export function describeEsp(
  bytes: Uint8Array,
  at: number,
  length: number,
): string {
  const sequence = readU32(bytes, at + 4).toString(16);
  return `ESP(spi=${spi(bytes, at)},seq=0x${sequence}), length ${length}`;
}

function spi(bytes: Uint8Array, at: number): string {
  return "0x" + readU32(bytes, at).toString(16).padStart(8, "0");
}
