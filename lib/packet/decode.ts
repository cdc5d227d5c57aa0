import {
  type Application,
  decodeNtp,
  type NtpMessage,
  tcpApplication,
  udpApplication,
} from "./application.ts";
import { type ArpMessage, decodeArp } from "./arp.ts";
import { type Malformed, readU16 } from "./bytes.ts";
import {
  decodeDhcp,
  decodeDhcpv6,
  type DhcpMessage,
  type Dhcpv6Message,
} from "./dhcp.ts";
import { decodeDns, type DnsMessage } from "./dns.ts";
import { decodeEthernet, type EthernetHeader } from "./ethernet.ts";
import { decodeGre, type GreHeader } from "./gre.ts";
import { decodeIcmp, type IcmpMessage } from "./icmp.ts";
import { decodeIcmpv6, type Icmpv6Message } from "./icmpv6.ts";
import { decodeIgmp, type IgmpMessage } from "./igmp.ts";
import { decodeIP, type IPHeader } from "./ip.ts";
import { authenticationLength } from "./ipsec.ts";
import { decodeIPv4 } from "./ipv4.ts";
import { decodeIPv6 } from "./ipv6.ts";
import { decodeLlc, llcEtherType, type LlcHeader } from "./llc.ts";
import { decodeMpls, type MplsStack } from "./mpls.ts";
import { decodeGeneve, decodeVxlan, type OverlayHeader } from "./overlay.ts";
import {
  decodePpp,
  decodePppoe,
  pppEtherType,
  type PppHeader,
  type PppoeHeader,
} from "./pppoe.ts";
import { ETH_P, ETH_P_802_3_MIN, IPPROTO } from "./protocol.ts";
import {
  decodeRoutingMessage,
  type RoutingMessage,
} from "./routing_protocol.ts";
import { decodeSctp, type SctpHeader } from "./sctp.ts";
import { decodeTcp, type TcpHeader } from "./tcp.ts";
import { decodeUdp, type UdpHeader } from "./udp.ts";

/** What a packet starts with: an IP header (TUN) or an Ethernet one (TAP). */
export type LinkType = "ip" | "ethernet";

/**
 * The headers of a packet, as far as they could be read. After a tunnel header
 * (IP in IP, GRE) the packet that it carries is in `inner`; MPLS labels, PPPoE
 * and SNAP headers precede the other headers of the same packet.
 */
export interface Packet {
  /** The whole packet. */
  readonly bytes: Uint8Array;
  /** The Ethernet header, with its VLAN tags. */
  readonly ethernet?: EthernetHeader | undefined;
  /** The LLC header of an 802.3 frame, with SNAP header or STP message. */
  readonly llc?: LlcHeader | undefined;
  /** The PPPoE header. */
  readonly pppoe?: PppoeHeader | undefined;
  /** The MPLS label stack. */
  readonly mpls?: MplsStack | undefined;
  /** The ARP message. */
  readonly arp?: ArpMessage | undefined;
  /** The IP header, with its options or extension headers. */
  readonly ip?: IPHeader | undefined;
  /** The ICMP message. */
  readonly icmp?: IcmpMessage | undefined;
  /** The ICMPv6 message. */
  readonly icmpv6?: Icmpv6Message | undefined;
  /** The IGMP message. */
  readonly igmp?: IgmpMessage | undefined;
  /** The TCP header. */
  readonly tcp?: TcpHeader | undefined;
  /** The UDP header. */
  readonly udp?: UdpHeader | undefined;
  /** The SCTP header, with its chunks. */
  readonly sctp?: SctpHeader | undefined;
  /** The GRE header. */
  readonly gre?: GreHeader | undefined;
  /** The PPP header in a GRE tunnel of PPTP. */
  readonly ppp?: PppHeader | undefined;
  /** The kind of an OSPF, PIM or VRRP message. */
  readonly routing?: RoutingMessage | undefined;
  /**
   * The VXLAN header to or from port 4789 or 8472 (Linux's default), or the
   * Geneve header to or from port 6081, decoded when it is read.
   */
  readonly overlay?: OverlayHeader | undefined;
  /** The packet in a tunnel, decoded when it is read; 16 tunnels at most. */
  readonly inner?: Packet | undefined;
  /** The DNS message to or from port 53 or 5353, decoded when it is read. */
  readonly dns?: DnsMessage | undefined;
  /** The DHCP message to or from port 67 or 68, decoded when it is read. */
  readonly dhcp?: DhcpMessage | undefined;
  /** The DHCPv6 message to or from port 546 or 547, decoded when it is read. */
  readonly dhcpv6?: Dhcpv6Message | undefined;
  /** The NTP message to or from port 123, decoded when it is read. */
  readonly ntp?: NtpMessage | undefined;
  /** What is wrong with the packet. */
  readonly malformed?: string | undefined;
}

/** Headers that few packets have, in an object of their own. */
interface UncommonHeaders {
  llc?: LlcHeader | undefined;
  pppoe?: PppoeHeader | undefined;
  mpls?: MplsStack | undefined;
  igmp?: IgmpMessage | undefined;
  sctp?: SctpHeader | undefined;
  gre?: GreHeader | undefined;
  ppp?: PppHeader | undefined;
  routing?: RoutingMessage | undefined;
  inner?: Packet | undefined;
  /** The EtherType of the packet in a tunnel, and where it is. */
  innerType?: number;
  innerStart?: number;
  innerEnd?: number;
}

/** How many tunnels inside each other are decoded. */
const MAX_DEPTH = 16;

const NONE: UncommonHeaders = Object.freeze({});

/** A packet whose common headers are fields, so that it stays small. */
class DecodedPacket implements Packet {
  ethernet: EthernetHeader | undefined = undefined;
  arp: ArpMessage | undefined = undefined;
  ip: IPHeader | undefined = undefined;
  icmp: IcmpMessage | undefined = undefined;
  icmpv6: Icmpv6Message | undefined = undefined;
  tcp: TcpHeader | undefined = undefined;
  udp: UdpHeader | undefined = undefined;
  malformed: string | undefined = undefined;
  #uncommon = NONE;

  /** @param depth How many tunnels the packet is in. */
  constructor(readonly bytes: Uint8Array, private readonly depth: number) {}

  /** The uncommon headers, to be set. */
  uncommon(): UncommonHeaders {
    return this.#uncommon === NONE ? this.#uncommon = {} : this.#uncommon;
  }

  get llc(): LlcHeader | undefined {
    return this.#uncommon.llc;
  }

  get pppoe(): PppoeHeader | undefined {
    return this.#uncommon.pppoe;
  }

  get mpls(): MplsStack | undefined {
    return this.#uncommon.mpls;
  }

  get igmp(): IgmpMessage | undefined {
    return this.#uncommon.igmp;
  }

  get sctp(): SctpHeader | undefined {
    return this.#uncommon.sctp;
  }

  get gre(): GreHeader | undefined {
    return this.#uncommon.gre;
  }

  get ppp(): PppHeader | undefined {
    return this.#uncommon.ppp;
  }

  get routing(): RoutingMessage | undefined {
    return this.#uncommon.routing;
  }

  get overlay(): OverlayHeader | undefined {
    return this.#message("vxlan", decodeVxlan) ??
      this.#message("geneve", decodeGeneve);
  }

  get inner(): Packet | undefined {
    if (this.#uncommon === NONE && this.udp === undefined) return undefined;
    this.#findOverlay();
    const uncommon = this.#uncommon;
    const { innerType, innerStart, innerEnd } = uncommon;
    if (innerType === undefined || this.depth >= MAX_DEPTH) return undefined;
    return uncommon.inner ??= decodePayload(
      this.bytes.subarray(innerStart, innerEnd),
      innerType,
      this.depth + 1,
    );
  }

  #findOverlay(): void {
    const { overlay } = this;
    if (overlay === undefined || this.#uncommon.innerType !== undefined) return;
    const { protocol, payloadOffset } = overlay;
    if (!isTunnelled(protocol)) return;
    addInner(this, protocol, payloadOffset, this.udp!.payloadEnd);
  }

  get dns(): DnsMessage | undefined {
    return this.udp
      ? this.#message("dns", decodeDns) ?? this.#message("mdns", decodeDns)
      : this.#dnsOverTcp();
  }

  get dhcp(): DhcpMessage | undefined {
    return this.#message("dhcp", decodeDhcp);
  }

  get dhcpv6(): Dhcpv6Message | undefined {
    return this.#message("dhcpv6", decodeDhcpv6);
  }

  get ntp(): NtpMessage | undefined {
    return this.#message("ntp", decodeNtp);
  }

  /** The message of a datagram; undefined if it is malformed or another's. */
  #message<T extends { malformed?: undefined }>(
    application: Application,
    decode: (bytes: Uint8Array, at: number, end: number) => T | Malformed,
  ): T | undefined {
    const { udp } = this;
    if (!udp || udpApplication(udp) !== application) return undefined;
    const message = decode(this.bytes, udp.payloadOffset, udp.payloadEnd);
    return message.malformed === undefined ? message as T : undefined;
  }

  /** A message in one segment, after its length: RFC 1035 section 4.2.2. */
  #dnsOverTcp(): DnsMessage | undefined {
    const { tcp, bytes } = this;
    if (!tcp || tcpApplication(tcp) !== "dns") return undefined;
    const at = tcp.payloadOffset;
    if (tcp.payloadLength < 14) return undefined;
    if (readU16(bytes, at) !== tcp.payloadLength - 2) return undefined;
    const message = decodeDns(bytes, at + 2, tcp.payloadEnd);
    return message.malformed === undefined ? message : undefined;
  }
}

/**
 * Decodes the headers of a packet. It never throws and reads nothing outside
 * the bytes: what cannot be read is reported as `malformed`, beside the headers
 * before it.
 *
 * @param bytes The packet as a TUN or TAP device gives it.
 * @param linkType What it starts with.
 * @returns Its headers.
 *
 * Source: RFC 791, RFC 8200 and those of the protocols inside.
 *
 * @example
 * ```ts
 * import { decodePacket } from "@netplumb/netplumb";
 *
 * const packet = decodePacket(Uint8Array.fromHex(
 *   "4500001e00010000401166cc0a0000010a000002" + "c0000035000a0000" + "6869",
 * ));
 * console.log(packet.ip?.destination, packet.udp?.destinationPort);
 * // 10.0.0.2 53
 * console.log(decodePacket(new Uint8Array([0x99])).malformed);
 * // IP version 9, neither 4 nor 6
 * ```
 */
export function decodePacket(
  bytes: Uint8Array,
  linkType: LinkType = "ip",
): Packet {
  if (linkType === "ethernet") return decodePayload(bytes, ETH_P.TEB, 0);
  const packet = new DecodedPacket(bytes, 0);
  addIP(packet, decodeIP(bytes));
  return packet;
}

/** Decodes what a tunnel carries: a frame for ETH_P_TEB. */
function decodePayload(
  bytes: Uint8Array,
  etherType: number,
  depth: number,
): DecodedPacket {
  const packet = new DecodedPacket(bytes, depth);
  if (etherType !== ETH_P.TEB) {
    addPayload(packet, etherType, 0, bytes.length);
    return packet;
  }
  const ethernet = decodeEthernet(bytes);
  if (ethernet.malformed !== undefined) {
    packet.malformed = ethernet.malformed;
    return packet;
  }
  packet.ethernet = ethernet;
  const { type, payloadOffset } = ethernet;
  addPayload(packet, type, payloadOffset, bytes.length);
  return packet;
}

/** Adds the headers of the protocol that an EtherType names. */
function addPayload(
  packet: DecodedPacket,
  etherType: number,
  at: number,
  end: number,
): void {
  const { bytes } = packet;
  switch (etherType) {
    case ETH_P.IP:
      addIP(packet, decodeIPv4(bytes, at, end));
      break;
    case ETH_P.IPV6:
      addIP(packet, decodeIPv6(bytes, at, end));
      break;
    case ETH_P.ARP:
    case ETH_P.RARP:
      packet.arp = accept(packet, decodeArp(bytes, at, end));
      break;
    case ETH_P.MPLS_UC:
    case ETH_P.MPLS_MC: {
      const mpls = accept(packet, decodeMpls(bytes, at, end));
      packet.uncommon().mpls = mpls;
      if (mpls?.payloadType === undefined) break;
      addPayload(packet, mpls.payloadType, mpls.payloadOffset, end);
      break;
    }
    case ETH_P.PPP_DISC:
    case ETH_P.PPP_SES: {
      const pppoe = accept(packet, decodePppoe(bytes, at, end));
      packet.uncommon().pppoe = pppoe;
      packet.malformed ??= pppoe?.defect;
      const type = pppoe?.ppp && pppEtherType(pppoe.ppp.protocol);
      if (type === undefined) break;
      addPayload(packet, type, pppoe!.ppp!.payloadOffset, pppoe!.payloadEnd);
      break;
    }
    default:
      if (etherType < ETH_P_802_3_MIN) addLlc(packet, etherType, at, end);
  }
}

function addLlc(
  packet: DecodedPacket,
  length: number,
  at: number,
  end: number,
): void {
  // What the length leaves out is padding.
  const stop = Math.min(end, at + length);
  const llc = accept(packet, decodeLlc(packet.bytes, at, stop));
  packet.uncommon().llc = llc;
  if (llc && stop < at + length) {
    packet.malformed ??= `802.3 payload of ${length} bytes, ${
      stop - at
    } available`;
  }
  const type = llc && llcEtherType(llc);
  if (type !== undefined && type >= ETH_P_802_3_MIN) {
    addPayload(packet, type, llc!.payloadOffset, stop);
  }
}

/** The header; undefined if it is malformed, which makes the packet so. */
function accept<T extends { malformed?: undefined }>(
  packet: DecodedPacket,
  header: T | Malformed,
): T | undefined {
  if (header.malformed === undefined) return header as T;
  packet.malformed ??= header.malformed;
  return undefined;
}

function addIP(packet: DecodedPacket, header: IPHeader | Malformed): void {
  const ip = accept(packet, header);
  if (!ip) return;
  packet.ip = ip;
  packet.malformed ??= ip.defect;
  if (ip.fragmentOffset !== 0) return;
  addTransport(packet, ip, ip.protocol, ip.payloadOffset);
}

/** Where the transport header of an IP packet is. */
export interface Transport {
  /** Its protocol. */
  readonly protocol: number;
  /** Its offset. */
  readonly offset: number;
}

/**
 * The transport header: after authentication headers, which are extension
 * headers of IPv6 and therefore skipped there already.
 */
export function transportOf(ip: IPHeader): Transport {
  const { bytes, payloadEnd: end } = ip;
  let { protocol, payloadOffset: offset } = ip;
  while (protocol === IPPROTO.AH && offset + 12 <= end) {
    const length = authenticationLength(bytes, offset);
    if (offset + length > end) break;
    protocol = bytes[offset]!;
    offset += length;
  }
  return { protocol, offset };
}

function addTransport(
  packet: DecodedPacket,
  ip: IPHeader,
  protocol: number,
  at: number,
): void {
  const { bytes, payloadEnd: end } = ip;
  switch (protocol) {
    case IPPROTO.TCP:
      packet.tcp = accept(packet, decodeTcp(bytes, at, end));
      break;
    case IPPROTO.UDP:
      packet.udp = accept(packet, decodeUdp(bytes, at, end));
      // The first fragment's length is that of the whole datagram.
      if (packet.udp && !ip.isFragment) packet.malformed ??= packet.udp.defect;
      break;
    case IPPROTO.ICMP:
      if (ip.version !== 4) break;
      packet.icmp = accept(packet, decodeIcmp(bytes, at, end));
      break;
    case IPPROTO.ICMPV6:
      if (ip.version !== 6) break;
      packet.icmpv6 = accept(packet, decodeIcmpv6(bytes, at, end));
      break;
    case IPPROTO.IGMP:
      if (ip.version !== 4) break;
      packet.uncommon().igmp = accept(packet, decodeIgmp(bytes, at, end));
      break;
    case IPPROTO.SCTP: {
      const sctp = accept(packet, decodeSctp(bytes, at, end));
      packet.uncommon().sctp = sctp;
      if (!ip.isFragment) packet.malformed ??= sctp?.defect;
      break;
    }
    case IPPROTO.AH: {
      const transport = transportOf(ip);
      if (transport.protocol === IPPROTO.AH) break;
      addTransport(packet, ip, transport.protocol, transport.offset);
      break;
    }
    case IPPROTO.IPIP:
      addInner(packet, ETH_P.IP, at, end);
      break;
    case IPPROTO.IPV6:
      addInner(packet, ETH_P.IPV6, at, end);
      break;
    case IPPROTO.ETHERNET:
      if (ip.version === 6) addInner(packet, ETH_P.TEB, at, end);
      break;
    case IPPROTO.GRE:
      addGre(packet, at, end);
      break;
    case IPPROTO.OSPF:
    case IPPROTO.PIM:
    case IPPROTO.VRRP:
      packet.uncommon().routing = decodeRoutingMessage(
        protocol,
        bytes,
        at,
        end,
      );
      break;
  }
}

function addInner(
  packet: DecodedPacket,
  etherType: number,
  start: number,
  end: number,
): void {
  const uncommon = packet.uncommon();
  uncommon.innerType = etherType;
  uncommon.innerStart = start;
  uncommon.innerEnd = end;
}

function addGre(packet: DecodedPacket, at: number, end: number): void {
  const { bytes } = packet;
  const gre = accept(packet, decodeGre(bytes, at, end));
  packet.uncommon().gre = gre;
  if (!gre) return;
  const { protocol, payloadOffset } = gre;
  if (isTunnelled(protocol)) addInner(packet, protocol, payloadOffset, end);
  if (protocol !== ETH_P.PPTP || payloadOffset === end) return;
  const ppp = accept(packet, decodePpp(bytes, payloadOffset, end));
  packet.uncommon().ppp = ppp;
  const type = ppp && pppEtherType(ppp.protocol);
  if (type !== undefined) addInner(packet, type, ppp!.payloadOffset, end);
}

/** Whether the payload of a tunnel header is decoded as a packet. */
function isTunnelled(etherType: number): boolean {
  return etherType === ETH_P.IP || etherType === ETH_P.IPV6 ||
    etherType === ETH_P.MPLS_UC || etherType === ETH_P.TEB;
}
