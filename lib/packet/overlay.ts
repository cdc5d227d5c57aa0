// Ethernet over UDP: VXLAN (RFC 7348) and Geneve (RFC 8926).

import {
  hexNumber,
  type Malformed,
  readU16,
  readU32,
  tooShort,
} from "./bytes.ts";
import { ETH_P } from "./protocol.ts";

/**
 * A VXLAN or Geneve header.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * const header = headers.decodeVxlan(Uint8Array.fromHex("0800000000002a00"));
 * console.log("vni" in header && header.vni); // 42
 * ```
 */
export interface OverlayHeader {
  /** Always undefined; distinguishes a header from {@link Malformed}. */
  readonly malformed?: undefined;
  /** `vxlan` or `geneve`. */
  readonly name: "vxlan" | "geneve";
  /** The network identifier: 24 bits. */
  readonly vni: number;
  /** The flags: the first byte of VXLAN, the second of Geneve. */
  readonly flags: number;
  /** The EtherType of the payload. */
  readonly protocol: number;
  /** Length of the options of Geneve in bytes. */
  readonly optionsLength: number;
  /** Offset of the payload. */
  readonly payloadOffset: number;
}

/**
 * Decodes a VXLAN header.
 *
 * @param bytes The payload of a UDP datagram, or what contains it.
 * @param offset Offset of the header.
 * @param end Offset where decoding stops.
 * @returns The header, or why the bytes are not one. Source: RFC 7348.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * console.log(headers.decodeVxlan(new Uint8Array(4)).malformed);
 * // VXLAN header of 8 bytes, 4 available
 * ```
 */
export function decodeVxlan(
  bytes: Uint8Array,
  offset = 0,
  end: number = bytes.length,
): OverlayHeader | Malformed {
  if (end > bytes.length) end = bytes.length;
  if (end - offset < 8) return tooShort("VXLAN header", 8, end - offset);
  return {
    name: "vxlan",
    vni: readU32(bytes, offset + 4) >>> 8,
    flags: bytes[offset]!,
    protocol: ETH_P.TEB,
    optionsLength: 0,
    payloadOffset: offset + 8,
  };
}

/**
 * Decodes a Geneve header.
 *
 * @param bytes The payload of a UDP datagram, or what contains it.
 * @param offset Offset of the header.
 * @param end Offset where decoding stops.
 * @returns The header, or why the bytes are not one. Source: RFC 8926.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * const header = headers.decodeGeneve(Uint8Array.fromHex("0000655800002a00"));
 * console.log("vni" in header && header.vni); // 42
 * ```
 */
export function decodeGeneve(
  bytes: Uint8Array,
  offset = 0,
  end: number = bytes.length,
): OverlayHeader | Malformed {
  if (end > bytes.length) end = bytes.length;
  const available = end - offset;
  if (available < 8) return tooShort("Geneve header", 8, available);
  const first = bytes[offset]!;
  if (first >> 6 !== 0) return { malformed: `Geneve version ${first >> 6}` };
  const optionsLength = (first & 0x3f) * 4;
  if (8 + optionsLength > available) {
    return tooShort("Geneve header", 8 + optionsLength, available);
  }
  return {
    name: "geneve",
    vni: readU32(bytes, offset + 4) >>> 8,
    flags: bytes[offset + 1]!,
    protocol: readU16(bytes, offset + 2),
    optionsLength,
    payloadOffset: offset + 8 + optionsLength,
  };
}

/** A VXLAN or Geneve header in tcpdump's format, and the packet inside. */
export function describeOverlay(
  overlay: OverlayHeader,
  inner: string | undefined,
): string {
  const { name, vni, flags, optionsLength, protocol } = overlay;
  if (name === "vxlan") {
    const valid = flags & 8 ? "I" : "invalid";
    const text = `VXLAN, flags [${valid}] (${hexNumber(flags, 2)}), vni ${vni}`;
    // tcpdump begins a new line for the packet inside.
    return inner === undefined ? text : `${text}: ${inner}`;
  }
  const set = (flags & 0x80 ? "O" : "") + (flags & 0x40 ? "C" : "");
  const options = optionsLength > 0 ? `, options [${optionsLength} bytes]` : "";
  return `Geneve, Flags [${set || "none"}], vni ${hexNumber(vni)}${options}: ${
    inner ?? `geneve-proto-${hexNumber(protocol)}`
  }`;
}
