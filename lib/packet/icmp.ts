import { formatIPv4 } from "../net/ip_address.ts";
import { checksum, checksumAdd } from "../net/checksum.ts";
import { type Malformed, readU16, tooShort, writeU16 } from "./bytes.ts";
import { checkNumber, checkRoom } from "./field_check.ts";
import { quotedPort } from "./ip.ts";
import { decodeIPv4, type IPv4Header } from "./ipv4.ts";

/**
 * ICMP types, by the names of linux/icmp.h. Source: RFC 792, IANA.
 *
 * @example
 * ```ts
 * import { headers, ICMP } from "@netplumb/netplumb";
 *
 * const ping = Uint8Array.fromHex("0800f7fd00010001");
 * const icmp = headers.decodeIcmp(ping);
 * console.log("type" in icmp && icmp.type === ICMP.ECHO); // true
 * ```
 */
export const ICMP = {
  ECHOREPLY: 0,
  DEST_UNREACH: 3,
  SOURCE_QUENCH: 4,
  REDIRECT: 5,
  ECHO: 8,
  ROUTER_ADVERTISEMENT: 9,
  ROUTER_SOLICITATION: 10,
  TIME_EXCEEDED: 11,
  PARAMETERPROB: 12,
  TIMESTAMP: 13,
  TIMESTAMPREPLY: 14,
} as const;

const names: ReadonlyMap<number, string> = new Map([
  [ICMP.ECHOREPLY, "echo reply"],
  [ICMP.DEST_UNREACH, "destination unreachable"],
  [ICMP.SOURCE_QUENCH, "source quench"],
  [ICMP.REDIRECT, "redirect"],
  [ICMP.ECHO, "echo request"],
  [ICMP.ROUTER_ADVERTISEMENT, "router advertisement"],
  [ICMP.ROUTER_SOLICITATION, "router solicitation"],
  [ICMP.TIME_EXCEEDED, "time exceeded"],
  [ICMP.PARAMETERPROB, "parameter problem"],
  [ICMP.TIMESTAMP, "timestamp request"],
  [ICMP.TIMESTAMPREPLY, "timestamp reply"],
]);

/** Fields that {@link writeIcmp} writes; a decoded header has them. */
export interface IcmpFields {
  /** A number of {@link ICMP} or `ICMPV6`. */
  readonly type: number;
  /** The code, which refines the type. */
  readonly code: number;
  /** The upper half of the second word: an identifier in an echo. */
  readonly identifier: number;
  /** The lower half of the second word: a sequence number in an echo. */
  readonly sequence: number;
  /** The bytes after the first 8. */
  readonly payload: Uint8Array;
}

/**
 * The first 8 bytes of an ICMP or ICMPv6 message, and what follows them.
 *
 * Source: RFC 792, RFC 4443.
 *
 * @example
 * ```ts
 * import { decodePacket, headers } from "@netplumb/netplumb";
 *
 * const { icmp } = decodePacket(Uint8Array.fromHex(
 *   "4500001c00010000400166de0a0000010a000002" + "0800f7fd00010001",
 * ));
 * console.log(icmp instanceof headers.IcmpHeader, icmp?.sequence); // true 1
 * ```
 */
export abstract class IcmpHeader implements IcmpFields {
  /** Always undefined; distinguishes a message from {@link Malformed}. */
  declare readonly malformed?: undefined;
  /** Always undefined: the header has no length field. */
  declare readonly defect?: undefined;

  /**
   * Called by the decoders, which check the length first.
   *
   * @param bytes The packet.
   * @param offset Offset of the message.
   * @param payloadEnd Offset of the end of the message.
   */
  constructor(
    readonly bytes: Uint8Array,
    readonly offset: number,
    readonly payloadEnd: number,
  ) {}

  /** The name of the type; the number if it has no name here. */
  abstract get name(): string;

  /** Whether this is an error message, which quotes the packet that caused it. */
  abstract get isError(): boolean;

  /** A number of {@link ICMP} or `ICMPV6`. */
  get type(): number {
    return this.bytes[this.offset]!;
  }

  /** The code, which refines the type. */
  get code(): number {
    return this.bytes[this.offset + 1]!;
  }

  /** The checksum in the packet. */
  get checksum(): number {
    return readU16(this.bytes, this.offset + 2);
  }

  /** The identifier of an echo. */
  get identifier(): number {
    return readU16(this.bytes, this.offset + 4);
  }

  /** The sequence number of an echo. */
  get sequence(): number {
    return readU16(this.bytes, this.offset + 6);
  }

  /** Offset of the bytes after the first 8. */
  get payloadOffset(): number {
    return this.offset + 8;
  }

  /** Number of bytes after the first 8. */
  get payloadLength(): number {
    return this.payloadEnd - this.payloadOffset;
  }

  /** The bytes after the first 8. */
  get payload(): Uint8Array {
    return this.bytes.subarray(this.payloadOffset, this.payloadEnd);
  }
}

/**
 * An ICMP message as a view of a packet: getters read the bytes. Source: RFC 792.
 *
 * @example
 * ```ts
 * import { decodePacket } from "@netplumb/netplumb";
 *
 * const { icmp } = decodePacket(Uint8Array.fromHex(
 *   "4500001c00010000400166de0a0000010a000002" + "0800f7fd00010001",
 * ));
 * console.log(icmp?.name, icmp?.verifyChecksum()); // echo request true
 * ```
 */
export class IcmpMessage extends IcmpHeader {
  /** The name of the type; the number if it has no name here. */
  override get name(): string {
    return names.get(this.type) ?? String(this.type);
  }

  /** The next hop's MTU in "fragmentation needed" (RFC 1191), in bytes. */
  get mtu(): number {
    return this.sequence;
  }

  /** The router a redirect names, as text. */
  get gateway(): string {
    return formatIPv4(this.bytes, this.offset + 4);
  }

  /** Which byte a parameter problem is about. */
  get pointer(): number {
    return this.bytes[this.offset + 4]!;
  }

  /** Whether this is an error message, which quotes the packet that caused it. */
  override get isError(): boolean {
    const { type } = this;
    return type === ICMP.DEST_UNREACH || type === ICMP.SOURCE_QUENCH ||
      type === ICMP.REDIRECT || type === ICMP.TIME_EXCEEDED ||
      type === ICMP.PARAMETERPROB;
  }

  /** The quoted IP header of an error message; its payload is truncated. */
  quoted(): IPv4Header | Malformed {
    return decodeIPv4(this.bytes, this.payloadOffset, this.payloadEnd);
  }

  /** Whether the checksum is correct. */
  verifyChecksum(): boolean {
    return checksumAdd(this.bytes, this.offset, this.payloadEnd) === 0xffff;
  }
}

/**
 * Decodes an ICMP message.
 *
 * @param bytes The packet.
 * @param offset Offset of the message.
 * @param end Offset where decoding stops.
 * @returns The message, or why the bytes are not one. Source: RFC 792.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * const message = headers.decodeIcmp(Uint8Array.fromHex("0800f7fd00010001"));
 * if (message.malformed === undefined) {
 *   console.log(message.name, message.sequence); // echo request 1
 * }
 * ```
 */
export function decodeIcmp(
  bytes: Uint8Array,
  offset = 0,
  end: number = bytes.length,
): IcmpMessage | Malformed {
  if (end > bytes.length) end = bytes.length;
  const available = end - offset;
  if (available < 8) return tooShort("ICMP message", 8, available);
  return new IcmpMessage(bytes, offset, end);
}

/**
 * Writes an ICMP message, or an ICMPv6 one, the checksum included.
 *
 * @param bytes The buffer to write into.
 * @param offset Offset of the message.
 * @param fields The fields to write.
 * @param pseudoHeader The sum of the pseudo header for ICMPv6, 0 for ICMP.
 * @returns Offset of the end of the message. Source: RFC 792, RFC 4443.
 *
 * @example
 * ```ts
 * import { headers, ICMP } from "@netplumb/netplumb";
 *
 * const bytes = new Uint8Array(8);
 * headers.writeIcmp(bytes, 0, {
 *   type: ICMP.ECHO,
 *   code: 0,
 *   identifier: 1,
 *   sequence: 1,
 *   payload: new Uint8Array(0),
 * });
 * console.log(bytes.toHex()); // 0800f7fd00010001
 * ```
 */
export function writeIcmp(
  bytes: Uint8Array,
  offset: number,
  fields: IcmpFields,
  pseudoHeader = 0,
): number {
  const end = offset + 8 + fields.payload.length;
  checkNumber("type", fields.type, 0xff);
  checkNumber("code", fields.code, 0xff);
  checkNumber("identifier", fields.identifier, 0xffff);
  checkNumber("sequence", fields.sequence, 0xffff);
  checkRoom(bytes, offset, end - offset);
  bytes[offset] = fields.type;
  bytes[offset + 1] = fields.code;
  writeU16(bytes, offset + 2, 0);
  writeU16(bytes, offset + 4, fields.identifier);
  writeU16(bytes, offset + 6, fields.sequence);
  bytes.set(fields.payload, offset + 8);
  writeU16(bytes, offset + 2, checksum(bytes, offset, end, pseudoHeader));
  return end;
}

/** An ICMP message in tcpdump's format. */
export function describeIcmp(icmp: IcmpMessage, length: number): string {
  return `ICMP ${icmpText(icmp)}, length ${length}`;
}

function icmpText(icmp: IcmpMessage): string {
  switch (icmp.type) {
    case ICMP.ECHO:
    case ICMP.ECHOREPLY:
      return `${icmp.name}, id ${icmp.identifier}, seq ${icmp.sequence}`;
    case ICMP.DEST_UNREACH:
      return unreachable(icmp);
    case ICMP.REDIRECT:
      return redirect(icmp);
    case ICMP.TIME_EXCEEDED:
      if (icmp.code === 0) return "time exceeded in-transit";
      if (icmp.code === 1) return "ip reassembly time exceeded";
      return `time exceeded-#${icmp.code}`;
    case ICMP.PARAMETERPROB:
      return icmp.code
        ? `parameter problem - code ${icmp.code}`
        : `parameter problem - octet ${icmp.pointer}`;
    case ICMP.TIMESTAMP:
      return `time stamp query id ${icmp.identifier} seq ${icmp.sequence}`;
    case ICMP.TIMESTAMPREPLY:
      return `time stamp reply id ${icmp.identifier} seq ${icmp.sequence}`;
    case ICMP.SOURCE_QUENCH:
    case ICMP.ROUTER_ADVERTISEMENT:
    case ICMP.ROUTER_SOLICITATION:
      return icmp.name;
    default:
      return `type-#${icmp.type}`;
  }
}

// What cannot be reached, by code; D is the destination of the packet quoted.
const UNREACHABLE = [
  "net D unreachable",
  "host D unreachable",
  "D protocol P unreachable",
  "D port unreachable",
  "D unreachable - need to frag",
  "D unreachable - source route failed",
  "net D unreachable - unknown",
  "host D unreachable - unknown",
  "D unreachable - source host isolated",
  "net D unreachable - admin prohibited",
  "host D unreachable - admin prohibited",
  "net D unreachable - tos prohibited",
  "host D unreachable - tos prohibited",
  "host D unreachable - admin prohibited filter",
  "host D unreachable - host precedence violation",
  "host D unreachable - precedence cutoff",
];

function unreachable(icmp: IcmpMessage): string {
  const { code } = icmp;
  const quoted = icmp.quoted();
  if (quoted.malformed !== undefined) return `unreachable-#${code}`;
  if (code === 3) {
    const port = quotedPort(quoted, "protocol");
    if (port) return `${quoted.destination} ${port} unreachable`;
  }
  const mtu = code === 4 && icmp.mtu > 0 ? ` (mtu ${icmp.mtu})` : "";
  const text = UNREACHABLE[code] ?? `D unreachable - #${code}`;
  return text.replace(/\bD\b/, quoted.destination)
    .replace(/\bP\b/, String(quoted.protocol)) + mtu;
}

function redirect(icmp: IcmpMessage): string {
  const { code } = icmp;
  const quoted = icmp.quoted();
  if (code > 3 || quoted.malformed !== undefined) return `redirect-#${code}`;
  const what = code & 1 ? "host" : "net";
  const how = code & 2 ? "redirect-tos" : "redirect";
  return `${how} ${quoted.destination} to ${what} ${icmp.gateway}`;
}
