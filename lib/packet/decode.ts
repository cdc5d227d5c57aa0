import { type ArpMessage, decodeArp } from "./arp.ts";
import { decodeEthernet, type EthernetHeader } from "./ethernet.ts";
import { decodeIcmp, type IcmpMessage } from "./icmp.ts";
import { decodeIcmpv6, type Icmpv6Message } from "./icmpv6.ts";
import { decodeIP, type IPHeader } from "./ip.ts";
import { decodeIPv4 } from "./ipv4.ts";
import { decodeIPv6 } from "./ipv6.ts";
import type { Malformed } from "./malformed.ts";
import { ETH_P, IPPROTO } from "./protocol.ts";
import { decodeTcp, type TcpHeader } from "./tcp.ts";
import { decodeUdp, type UdpHeader } from "./udp.ts";

/** What a packet starts with: an IP header (TUN) or an Ethernet one (TAP). */
export type LinkType = "ip" | "ethernet";

/** The headers of a packet, as far as they could be read. */
export interface Packet {
  /** The whole packet. */
  readonly bytes: Uint8Array;
  /** The Ethernet header, with its VLAN tags. */
  readonly ethernet?: EthernetHeader | undefined;
  /** The ARP message. */
  readonly arp?: ArpMessage | undefined;
  /** The IP header, with its options or extension headers. */
  readonly ip?: IPHeader | undefined;
  /** The ICMP message. */
  readonly icmp?: IcmpMessage | undefined;
  /** The ICMPv6 message. */
  readonly icmpv6?: Icmpv6Message | undefined;
  /** The TCP header. */
  readonly tcp?: TcpHeader | undefined;
  /** The UDP header. */
  readonly udp?: UdpHeader | undefined;
  /** What is wrong with the packet, if something is. */
  readonly malformed?: string | undefined;
}

class PacketLayers implements Packet {
  ethernet: EthernetHeader | undefined = undefined;
  arp: ArpMessage | undefined = undefined;
  ip: IPHeader | undefined = undefined;
  icmp: IcmpMessage | undefined = undefined;
  icmpv6: Icmpv6Message | undefined = undefined;
  tcp: TcpHeader | undefined = undefined;
  udp: UdpHeader | undefined = undefined;
  malformed: string | undefined = undefined;
  constructor(readonly bytes: Uint8Array) {}
}

/**
 * Decodes the headers of a packet. It never throws and reads nothing outside
 * the bytes: what cannot be read is told as `malformed`, next to the headers in
 * front of it.
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
  const packet = new PacketLayers(bytes);
  if (linkType === "ip") {
    addIP(packet, decodeIP(bytes));
    return packet;
  }
  const ethernet = decodeEthernet(bytes);
  if (ethernet.malformed !== undefined) {
    packet.malformed = ethernet.malformed;
    return packet;
  }
  packet.ethernet = ethernet;
  const at = ethernet.payloadOffset;
  switch (ethernet.type) {
    case ETH_P.IP:
      addIP(packet, decodeIPv4(bytes, at));
      break;
    case ETH_P.IPV6:
      addIP(packet, decodeIPv6(bytes, at));
      break;
    case ETH_P.ARP:
      packet.arp = keep(packet, decodeArp(bytes, at));
      break;
  }
  return packet;
}

/** The header, unless there is none: then the packet is malformed. */
function keep<T extends { malformed?: undefined }>(
  packet: PacketLayers,
  header: T | Malformed,
): T | undefined {
  if (header.malformed === undefined) return header as T;
  packet.malformed ??= header.malformed;
  return undefined;
}

function addIP(packet: PacketLayers, header: IPHeader | Malformed): void {
  const ip = keep(packet, header);
  if (!ip) return;
  packet.ip = ip;
  packet.malformed = ip.defect;
  if (ip.fragmentOffset !== 0) return;
  const { bytes, payloadOffset: at, payloadEnd: end } = ip;
  switch (ip.protocol) {
    case IPPROTO.TCP:
      packet.tcp = keep(packet, decodeTcp(bytes, at, end));
      break;
    case IPPROTO.UDP:
      packet.udp = keep(packet, decodeUdp(bytes, at, end));
      // The first fragment's length is that of the whole datagram.
      if (packet.udp && !ip.isFragment) packet.malformed ??= packet.udp.defect;
      break;
    case IPPROTO.ICMP:
      if (ip.version === 4) {
        packet.icmp = keep(packet, decodeIcmp(bytes, at, end));
      }
      break;
    case IPPROTO.ICMPV6:
      if (ip.version === 6) {
        packet.icmpv6 = keep(packet, decodeIcmpv6(bytes, at, end));
      }
      break;
  }
}
