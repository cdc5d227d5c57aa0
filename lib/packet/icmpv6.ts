import { formatIPv6 } from "../net/ip_address.ts";
import { checksumAdd } from "../net/checksum.ts";
import { type Malformed, readU16, readU32, tooShort } from "./bytes.ts";
import { IcmpHeader } from "./icmp.ts";
import { quotedPort } from "./ip.ts";
import { decodeIPv6, type IPv6Header } from "./ipv6.ts";
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

/** The fields of a router advertisement. Source: RFC 4861 section 4.2. */
export interface RouterAdvertisement {
  /** The hop limit to use; 0 if unspecified. */
  readonly hopLimit: number;
  /** Whether addresses come from DHCPv6. */
  readonly managed: boolean;
  /** Whether other configuration comes from DHCPv6. */
  readonly other: boolean;
  /** Lifetime as a default router in seconds; 0 if it is not one. */
  readonly lifetime: number;
  /** Reachable time of neighbours in milliseconds. */
  readonly reachableTime: number;
  /** Time between solicitations, in milliseconds. */
  readonly retransmitTime: number;
}

/**
 * An ICMPv6 message as a view of a packet: getters read the bytes. Source: RFC 4443, RFC 4861.
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
export class Icmpv6Message extends IcmpHeader {
  /** The name of the type; the number if it has no name here. */
  override get name(): string {
    return names.get(this.type) ?? String(this.type);
  }

  /** The next hop's MTU in "packet too big", in bytes. */
  get mtu(): number {
    return readU32(this.bytes, this.offset + 4);
  }

  /** Which byte a parameter problem is about. */
  get pointer(): number {
    return readU32(this.bytes, this.offset + 4);
  }

  /** Whether this is an error message, which quotes the packet that caused it. */
  override get isError(): boolean {
    return this.type < 128;
  }

  /** The quoted IP header of an error message; its payload is truncated. */
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

  /** The fields of a router advertisement; undefined in other messages. */
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
   * Whether the checksum is correct.
   *
   * @param ip The IP header of the packet.
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
 * @param offset Offset of the message.
 * @param end Offset where decoding stops.
 * @returns The message, or why the bytes are not one. Source: RFC 4443, RFC 4861.
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
  const available = end - offset;
  if (available < 8) return tooShort("ICMPv6 message", 8, available);
  const message = new Icmpv6Message(bytes, offset, end);
  const least = leastLength(message.type);
  return available < least
    ? tooShort(`ICMPv6 ${message.name}`, least, available)
    : message;
}

/** An ICMPv6 message in tcpdump's format. */
export function describeIcmpv6(icmp: Icmpv6Message, length: number): string {
  return `ICMP6, ${icmpv6Text(icmp)}, length ${length}`;
}

function icmpv6Text(icmp: Icmpv6Message): string {
  const { type, name } = icmp;
  switch (type) {
    case ICMPV6.ECHO_REQUEST:
    case ICMPV6.ECHO_REPLY:
      return `${name}, id ${icmp.identifier}, seq ${icmp.sequence}`;
    case ICMPV6.NDISC_NEIGHBOUR_SOLICITATION:
      return `${name}, who has ${icmp.target}`;
    case ICMPV6.NDISC_NEIGHBOUR_ADVERTISEMENT:
      return `${name}, tgt is ${icmp.target}`;
    case ICMPV6.NDISC_REDIRECT:
      return `${name}, ${icmp.redirected} to ${icmp.target}`;
    case ICMPV6.PKT_TOOBIG:
      return `${name}, mtu ${icmp.mtu}`;
    case ICMPV6.DEST_UNREACH:
      return `${name}, ${unreachable6(icmp)}`;
    case ICMPV6.TIME_EXCEED:
      return `${name} ${timeExceeded6(icmp)}`;
    case ICMPV6.PARAMPROB:
      return `${name}, ${parameterProblem6(icmp)}`;
    case ICMPV6.MGM_QUERY:
      // Version 2 has more fields after the address (RFC 3810 section 8.1).
      if (icmp.payloadEnd - icmp.offset > 24) {
        return `${name} v2 [gaddr ${icmp.target}]`;
      }
      return `${name}max resp delay: ${icmp.identifier} addr: ${icmp.target}`;
    case ICMPV6.MGM_REPORT:
    case ICMPV6.MGM_REDUCTION:
      return `${name}max resp delay: ${icmp.identifier} addr: ${icmp.target}`;
    case ICMPV6.MLD2_REPORT:
      return `${name}, ${icmp.sequence} group record(s)`;
    case ICMPV6.NDISC_ROUTER_SOLICITATION:
    case ICMPV6.NDISC_ROUTER_ADVERTISEMENT:
      return name;
    default:
      return `unknown icmp6 type (${type})`;
  }
}

const UNREACHABLE6 = [
  "unreachable route D",
  " unreachable prohibited D",
  "beyond scope D, source address S",
  "unreachable address D",
];

function unreachable6(icmp: Icmpv6Message): string {
  const { code } = icmp;
  const quoted = icmp.quoted();
  if (quoted.malformed !== undefined) return `unreach code (${code})`;
  if (code === 4) {
    const port = quotedPort(quoted, "protocol");
    return `unreachable port, ${quoted.destination} ${port ?? ""}`;
  }
  return UNREACHABLE6[code]?.replace(/\bD\b/, quoted.destination)
    .replace(/\bS\b/, quoted.source) ?? `unknown unreach code (${code})`;
}

function timeExceeded6(icmp: Icmpv6Message): string {
  if (icmp.code === 1) return "in-transit (reassembly)";
  const quoted = icmp.quoted();
  return quoted.malformed === undefined
    ? `in-transit for ${quoted.destination}`
    : "in-transit";
}

function parameterProblem6(icmp: Icmpv6Message): string {
  const what = [
    "erroneous",
    "next header",
    "option",
    "incomplete header chain",
  ][icmp.code];
  return what ? `${what} - octet ${icmp.pointer}` : `code-#${icmp.code}`;
}
