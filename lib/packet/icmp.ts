import { formatIPv4 } from "../net/ip_address.ts";
import { readU16, writeU16 } from "./bytes.ts";
import { checksum, checksumAdd } from "../net/checksum.ts";
import { decodeIPv4, type IPv4Header } from "./ipv4.ts";
import { type Malformed, tooShort } from "./malformed.ts";

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

/** What {@link writeIcmp} needs to know; a decoded message has it. */
export interface IcmpFields {
  /** What the message is. */
  readonly type: number;
  /** What it is in particular. */
  readonly code: number;
  /** The upper half of the second word: an identifier in an echo. */
  readonly identifier: number;
  /** The lower half of the second word: a sequence number in an echo. */
  readonly sequence: number;
  /** What follows the first 8 bytes. */
  readonly payload: Uint8Array;
}

/**
 * An ICMP message where it stands in a packet. Fields are read from the bytes
 * when asked for. Source: RFC 792.
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
export class IcmpMessage implements IcmpFields {
  /** A message is well-formed; what is not is a {@link Malformed}. */
  declare readonly malformed?: undefined;
  /** Nothing can be wrong behind the header: it tells no length. */
  declare readonly defect?: undefined;

  /**
   * Made by `decodeIcmp`, which checks that the bytes are there.
   *
   * @param bytes The packet.
   * @param offset Where the message starts.
   * @param payloadEnd Where the message ends.
   */
  constructor(
    readonly bytes: Uint8Array,
    readonly offset: number,
    readonly payloadEnd: number,
  ) {}

  /** A number of {@link ICMP}. */
  get type(): number {
    return this.bytes[this.offset]!;
  }

  /** What it is in particular, for example which thing cannot be reached. */
  get code(): number {
    return this.bytes[this.offset + 1]!;
  }

  /** The type in words; the number as text if it has none here. */
  get name(): string {
    return names.get(this.type) ?? String(this.type);
  }

  /** The checksum as it stands. */
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

  /** Where that starts which follows the first 8 bytes. */
  get payloadOffset(): number {
    return this.offset + 8;
  }

  /** Bytes behind the first 8. */
  get payloadLength(): number {
    return this.payloadEnd - this.payloadOffset;
  }

  /** What follows the first 8 bytes. */
  get payload(): Uint8Array {
    return this.bytes.subarray(this.payloadOffset, this.payloadEnd);
  }

  /** Whether the message is about a packet, the beginning of which it quotes. */
  get isError(): boolean {
    const { type } = this;
    return type === ICMP.DEST_UNREACH || type === ICMP.SOURCE_QUENCH ||
      type === ICMP.REDIRECT || type === ICMP.TIME_EXCEEDED ||
      type === ICMP.PARAMETERPROB;
  }

  /** The header of the packet an error is about; its payload is cut short. */
  quoted(): IPv4Header | Malformed {
    return decodeIPv4(this.bytes, this.payloadOffset, this.payloadEnd);
  }

  /** Whether the checksum is right. */
  verifyChecksum(): boolean {
    return checksumAdd(this.bytes, this.offset, this.payloadEnd) === 0xffff;
  }
}

/**
 * Decodes an ICMP message.
 *
 * @param bytes The packet.
 * @param offset Where the message starts.
 * @param end Where the packet ends.
 * @returns The message, or what makes it none. Source: RFC 792.
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
  const there = end - offset;
  if (there < 8) return tooShort("ICMP message", 8, there);
  return new IcmpMessage(bytes, offset, end);
}

/**
 * Writes an ICMP message, or an ICMPv6 one, the checksum included.
 *
 * @param bytes Where to.
 * @param offset Where the message shall start.
 * @param fields What it shall say.
 * @param pseudoHeader The sum of the pseudo header for ICMPv6, 0 for ICMP.
 * @returns Where it ends. Source: RFC 792, RFC 4443.
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
  bytes[offset] = fields.type;
  bytes[offset + 1] = fields.code;
  writeU16(bytes, offset + 2, 0);
  writeU16(bytes, offset + 4, fields.identifier);
  writeU16(bytes, offset + 6, fields.sequence);
  bytes.set(fields.payload, offset + 8);
  writeU16(bytes, offset + 2, checksum(bytes, offset, end, pseudoHeader));
  return end;
}
