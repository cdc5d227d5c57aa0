import {
  hexNumber,
  type Malformed,
  readU16,
  readU32,
  tooShort,
} from "./bytes.ts";
import { describePppControl, type PppHeader } from "./pppoe.ts";
import { ETH_P } from "./protocol.ts";

/**
 * A GRE header. Source: RFC 2784, RFC 2890; version 1 (PPTP): RFC 2637.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * const header = headers.decodeGre(Uint8Array.fromHex("200008000000002a"));
 * console.log("key" in header && header.key); // 42
 * ```
 */
export interface GreHeader {
  /** Always undefined; distinguishes a header from {@link Malformed}. */
  readonly malformed?: undefined;
  /** 0, or 1 for PPTP. */
  readonly version: number;
  /** The EtherType of the payload. */
  readonly protocol: number;
  /** The key (RFC 2890). */
  readonly key?: number;
  /** The call of PPTP. */
  readonly call?: number;
  /** The sequence number. */
  readonly sequence?: number;
  /** The acknowledged sequence number of PPTP. */
  readonly acknowledgement?: number;
  /** Whether the header has a checksum and an offset. */
  readonly hasChecksum: boolean;
  /** The offset in the header, of source routes (RFC 1701). */
  readonly routingOffset?: number;
  /** Offset of the payload. */
  readonly payloadOffset: number;
}

/**
 * Decodes a GRE header.
 *
 * @param bytes The packet.
 * @param offset Offset of the header.
 * @param end Offset where decoding stops.
 * @returns The header, or why the bytes are not one. Source: RFC 2784.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * console.log(headers.decodeGre(Uint8Array.fromHex("2000")).malformed);
 * // GRE header of 4 bytes, 2 available
 * ```
 */
export function decodeGre(
  bytes: Uint8Array,
  offset = 0,
  end: number = bytes.length,
): GreHeader | Malformed {
  if (end > bytes.length) end = bytes.length;
  const available = end - offset;
  if (available < 4) return tooShort("GRE header", 4, available);
  const flags = readU16(bytes, offset);
  const version = flags & 7;
  if (version > 1) return { malformed: `GRE version ${version}` };
  const pptp = version === 1;
  const hasChecksum = !pptp && (flags & 0x8000) !== 0;
  const hasRoutes = !pptp && (flags & 0x4000) !== 0;
  const hasOffset = hasChecksum || hasRoutes;
  const hasKey = (flags & 0x2000) !== 0;
  const hasSequence = (flags & 0x1000) !== 0;
  const hasAcknowledgement = pptp && (flags & 0x80) !== 0;
  const length = 4 + 4 * (Number(hasOffset) + Number(hasKey) +
        Number(hasSequence) + Number(hasAcknowledgement));
  if (length > available) return tooShort("GRE header", length, available);
  let at = offset + 4;
  const word = () => readU32(bytes, (at += 4) - 4);
  const routing = hasOffset ? word() : 0;
  const key = hasKey ? word() : 0;
  const sequence = hasSequence ? word() : 0;
  const acknowledgement = hasAcknowledgement ? word() : 0;
  if (hasRoutes) at = routesEnd(bytes, at, end);
  if (at > end) return tooShort("GRE header", at - offset, available);
  return {
    version,
    protocol: readU16(bytes, offset + 2),
    ...(!hasKey ? {} : pptp ? { call: key & 0xffff } : { key }),
    ...(hasSequence ? { sequence } : {}),
    ...(hasAcknowledgement ? { acknowledgement } : {}),
    hasChecksum,
    ...(hasOffset ? { routingOffset: routing & 0xffff } : {}),
    payloadOffset: at,
  };
}

/** Where the source routes end: the last has no bytes (RFC 1701). */
function routesEnd(bytes: Uint8Array, at: number, end: number): number {
  for (let length = 1; length > 0; at += 4 + length) {
    if (at + 4 > end) return at + 4;
    length = bytes[at + 3]!;
  }
  return at;
}

/**
 * A GRE header in tcpdump's format.
 *
 * @param length Length of the header and its payload in bytes.
 * @param inner The description of the payload, if it was decoded.
 * @param ppp The PPP header of a PPTP packet.
 */
export function describeGre(
  gre: GreHeader,
  length: number,
  inner: string | undefined,
  ppp: PppHeader | undefined,
): string {
  const { version, key, call, sequence, acknowledgement, routingOffset } = gre;
  let text = `GREv${version}`;
  if (routingOffset !== undefined) text += `, off ${hexNumber(routingOffset)}`;
  if (key !== undefined) text += `, key=${hexNumber(key)}`;
  if (call !== undefined) text += `, call ${call}`;
  if (sequence !== undefined) {
    text += `, seq ${sequence}`;
  }
  if (acknowledgement !== undefined) text += `, ack ${acknowledgement}`;
  if (version === 1 && sequence === undefined) text += ", no-payload";
  text += `, length ${length}`;
  if (inner !== undefined) return `${text}: ${inner}`;
  if (gre.protocol === ETH_P.PPTP) {
    return ppp ? `${text}: ${describePppControl(ppp)}` : text;
  }
  return `${text}: gre-proto-${hexNumber(gre.protocol)}`;
}
