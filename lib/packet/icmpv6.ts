import { formatIPv6 } from "../net/ip_address.ts";
import { readU16, readU32 } from "./bytes.ts";
import { checksumAdd } from "../net/checksum.ts";
import type { IcmpFields } from "./icmp.ts";
import { decodeIPv6, type IPv6Header } from "./ipv6.ts";
import { type Malformed, tooShort } from "./malformed.ts";
import { type NdOption, walkNdOptions } from "./nd_option.ts";
import { IPPROTO } from "./protocol.ts";

/**
 * ICMPv6 types, by the names of linux/icmpv6.h and net/ndisc.h. Source: RFC 4443,
 * RFC 4861.
 *
 * @example
 * ```ts
 * import { headers, ICMPV6 } from "@netplumb/netplumb";
 *
 * const ping = Uint8Array.fromHex("8000000000010001");
 * const icmp = headers.decodeIcmpv6(ping);
 * console.log("type" in icmp && icmp.type === ICMPV6.ECHO_REQUEST); // true
 * ```
 */
export const ICMPV6 = {
  DEST_UNREACH: 1,
  PKT_TOOBIG: 2,
  TIME_EXCEED: 3,
  PARAMPROB: 4,
  ECHO_REQUEST: 128,
  ECHO_REPLY: 129,
  MGM_QUERY: 130,
  MGM_REPORT: 131,
  MGM_REDUCTION: 132,
  NDISC_ROUTER_SOLICITATION: 133,
  NDISC_ROUTER_ADVERTISEMENT: 134,
  NDISC_NEIGHBOUR_SOLICITATION: 135,
  NDISC_NEIGHBOUR_ADVERTISEMENT: 136,
  NDISC_REDIRECT: 137,
  MLD2_REPORT: 143,
} as const;

const names: ReadonlyMap<number, string> = new Map([
  [ICMPV6.DEST_UNREACH, "destination unreachable"],
  [ICMPV6.PKT_TOOBIG, "packet too big"],
  [ICMPV6.TIME_EXCEED, "time exceeded"],
  [ICMPV6.PARAMPROB, "parameter problem"],
  [ICMPV6.ECHO_REQUEST, "echo request"],
  [ICMPV6.ECHO_REPLY, "echo reply"],
  [ICMPV6.MGM_QUERY, "multicast listener query"],
  [ICMPV6.MGM_REPORT, "multicast listener report"],
  [ICMPV6.MGM_REDUCTION, "multicast listener done"],
  [ICMPV6.NDISC_ROUTER_SOLICITATION, "router solicitation"],
  [ICMPV6.NDISC_ROUTER_ADVERTISEMENT, "router advertisement"],
  [ICMPV6.NDISC_NEIGHBOUR_SOLICITATION, "neighbor solicitation"],
  [ICMPV6.NDISC_NEIGHBOUR_ADVERTISEMENT, "neighbor advertisement"],
  [ICMPV6.NDISC_REDIRECT, "redirect"],
  [ICMPV6.MLD2_REPORT, "multicast listener report v2"],
]);

/** Bytes a message of this type has at least: RFC 4443, 4861, 2710, 3810. */
function leastLength(type: number): number {
  switch (type) {
    case ICMPV6.MGM_QUERY:
    case ICMPV6.MGM_REPORT:
    case ICMPV6.MGM_REDUCTION:
    case ICMPV6.NDISC_NEIGHBOUR_SOLICITATION:
    case ICMPV6.NDISC_NEIGHBOUR_ADVERTISEMENT:
      return 24;
    case ICMPV6.NDISC_ROUTER_ADVERTISEMENT:
      return 16;
    case ICMPV6.NDISC_REDIRECT:
      return 40;
    default:
      return 8;
  }
}

/** What a router advertisement says of its sender. Source: RFC 4861, 4.2. */
export interface RouterAdvertisement {
  /** The hop limit to use; 0 says nothing. */
  readonly hopLimit: number;
  /** Whether addresses come from DHCPv6. */
  readonly managed: boolean;
  /** Whether other configuration comes from DHCPv6. */
  readonly other: boolean;
  /** How long it is a default router, in seconds; 0 says it is none. */
  readonly lifetime: number;
  /** How long a neighbour counts as reachable, in milliseconds. */
  readonly reachableTime: number;
  /** Time between solicitations, in milliseconds. */
  readonly retransmitTime: number;
}

/**
 * An ICMPv6 message where it stands in a packet. Fields are read from the bytes
 * when asked for. Source: RFC 4443, RFC 4861.
 *
 * @example
 * ```ts
 * import { buildIcmp, decodePacket } from "@netplumb/netplumb";
 *
 * const { icmpv6 } = decodePacket(buildIcmp(
 *   { source: "fe80::1", destination: "fe80::2" },
 *   {
 *     type: 128,
 *     code: 0,
 *     identifier: 1,
 *     sequence: 2,
 *     payload: new Uint8Array(56),
 *   },
 * ));
 * console.log(icmpv6?.name, icmpv6?.sequence); // echo request 2
 * ```
 */
export class Icmpv6Message implements IcmpFields {
  /** A message is well-formed; what is not is a {@link Malformed}. */
  declare readonly malformed?: undefined;
  /** Nothing can be wrong behind the header: it tells no length. */
  declare readonly defect?: undefined;

  /**
   * Made by `decodeIcmpv6`, which checks that the bytes are there.
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

  /** A number of {@link ICMPV6}. */
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

  /** The next hop's MTU in "packet too big", in bytes. */
  get mtu(): number {
    return readU32(this.bytes, this.offset + 4);
  }

  /** Which byte a parameter problem is about. */
  get pointer(): number {
    return readU32(this.bytes, this.offset + 4);
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
    return this.type < 128;
  }

  /** The header of the packet an error is about; its payload is cut short. */
  quoted(): IPv6Header | Malformed {
    return decodeIPv6(this.bytes, this.payloadOffset, this.payloadEnd);
  }

  /**
   * The address that a neighbour or listener message, or a redirect, is about,
   * as text; undefined in other messages.
   */
  get target(): string | undefined {
    const { type } = this;
    return type >= ICMPV6.MGM_QUERY && type <= ICMPV6.MGM_REDUCTION ||
        type >= ICMPV6.NDISC_NEIGHBOUR_SOLICITATION &&
          type <= ICMPV6.NDISC_REDIRECT
      ? formatIPv6(this.bytes, this.offset + 8)
      : undefined;
  }

  /** The destination a redirect is for, as text. */
  get redirected(): string | undefined {
    return this.type === ICMPV6.NDISC_REDIRECT
      ? formatIPv6(this.bytes, this.offset + 24)
      : undefined;
  }

  /** What a router advertisement says; undefined in other messages. */
  get router(): RouterAdvertisement | undefined {
    if (this.type !== ICMPV6.NDISC_ROUTER_ADVERTISEMENT) return undefined;
    const { bytes, offset } = this;
    return {
      hopLimit: bytes[offset + 4]!,
      managed: (bytes[offset + 5]! & 0x80) !== 0,
      other: (bytes[offset + 5]! & 0x40) !== 0,
      lifetime: readU16(bytes, offset + 6),
      reachableTime: readU32(bytes, offset + 8),
      retransmitTime: readU32(bytes, offset + 12),
    };
  }

  /**
   * The options of a neighbour discovery message, and what is wrong with the
   * first that is none; other messages have no options.
   */
  options(): { options: NdOption[]; malformed?: string } {
    const { type } = this;
    if (
      type < ICMPV6.NDISC_ROUTER_SOLICITATION || type > ICMPV6.NDISC_REDIRECT
    ) return { options: [] };
    const start = this.offset + leastLength(type);
    return walkNdOptions(this.bytes, start, this.payloadEnd);
  }

  /**
   * Whether the checksum is right.
   *
   * @param ip The header in front.
   */
  verifyChecksum(ip: IPv6Header): boolean {
    const end = this.payloadEnd;
    const pseudo = ip.pseudoHeader(IPPROTO.ICMPV6, end - this.offset);
    return checksumAdd(this.bytes, this.offset, end, pseudo) === 0xffff;
  }
}

/**
 * Decodes an ICMPv6 message; `writeIcmp` writes one.
 *
 * @param bytes The packet.
 * @param offset Where the message starts.
 * @param end Where the packet ends.
 * @returns The message, or what makes it none. Source: RFC 4443, RFC 4861.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * const message = headers.decodeIcmpv6(Uint8Array.fromHex(
 *   "8700000000000000" + "fe800000000000000000000000000001",
 * ));
 * if (message.malformed === undefined) {
 *   console.log(message.name, message.target); // neighbor solicitation fe80::1
 * }
 * ```
 */
export function decodeIcmpv6(
  bytes: Uint8Array,
  offset = 0,
  end: number = bytes.length,
): Icmpv6Message | Malformed {
  if (end > bytes.length) end = bytes.length;
  const there = end - offset;
  if (there < 8) return tooShort("ICMPv6 message", 8, there);
  const message = new Icmpv6Message(bytes, offset, end);
  const least = leastLength(message.type);
  return there < least
    ? tooShort(`ICMPv6 ${message.name}`, least, there)
    : message;
}
