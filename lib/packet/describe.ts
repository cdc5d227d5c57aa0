// One line for each packet, in the format of `tcpdump -nn -t -S`.

import {
  describeHttp,
  describeNtp,
  tcpApplication,
  udpApplication,
} from "./application.ts";
import { describeArp } from "./arp.ts";
import { hexNumber, printable, readU16, readU32 } from "./bytes.ts";
import { type Packet, transportOf } from "./decode.ts";
import { describeDhcp } from "./dhcp.ts";
import { describeDns } from "./dns.ts";
import { ETH_P, ETH_P_802_3_MIN, IPPROTO } from "./protocol.ts";
import type { EthernetHeader } from "./ethernet.ts";
import { describeGre } from "./gre.ts";
import { describeIcmp } from "./icmp.ts";
import { describeIcmpv6 } from "./icmpv6.ts";
import { describeIgmp } from "./igmp.ts";
import type { IPHeader } from "./ip.ts";
import { describeAuthentication, describeEsp } from "./ipsec.ts";
import { describeExtensions } from "./ipv6.ts";
import { describeLlc } from "./llc.ts";
import { describeMpls } from "./mpls.ts";
import { describeOverlay } from "./overlay.ts";
import { describePppoe } from "./pppoe.ts";
import { describeRoutingMessage } from "./routing_protocol.ts";
import { describeSctp } from "./sctp.ts";
import { describeTcp, type TcpHeader } from "./tcp.ts";
import type { UdpHeader } from "./udp.ts";

/**
 * Prints a packet as one line, in the style of tcpdump.
 *
 * @param packet A packet from `decodePacket`.
 * @returns The line, without an end of line; what is wrong with the packet
 * follows in brackets.
 *
 * Source: tcpdump(8).
 *
 * @example
 * ```ts
 * import { decodePacket, describePacket } from "@netplumb/netplumb";
 *
 * console.log(describePacket(decodePacket(Uint8Array.fromHex(
 *   "4500001e00010000401166cc0a0000010a000002" + "c000c350000a0000" + "6869",
 * ))));
 * // IP 10.0.0.1.49152 > 10.0.0.2.50000: UDP, length 2
 * ```
 */
export function describePacket(packet: Packet): string {
  const { malformed } = packet;
  const text = headline(packet);
  if (malformed === undefined) return text;
  return text === ""
    ? `malformed: ${malformed}, length ${packet.bytes.length}`
    : `${text} [malformed: ${malformed}]`;
}

function headline(packet: Packet): string {
  const { mpls, pppoe } = packet;
  const text = networkText(packet);
  if (pppoe) {
    const carried = mpls ? `${describeMpls(mpls)} ${text ?? ""}` : text;
    return describePppoe(pppoe, carried?.trimEnd());
  }
  if (mpls) return `${describeMpls(mpls)} ${text ?? ""}`.trimEnd();
  if (text !== undefined) return text;
  const { ethernet, llc } = packet;
  if (!ethernet) return "";
  return llc
    ? describeLlc(llc, ethernet.source, ethernet.destination)
    : describeEthernet(ethernet, packet.bytes.length);
}

function networkText(packet: Packet): string | undefined {
  const { ip, arp } = packet;
  if (ip) return describeIP(packet, ip);
  return arp && describeArp(arp);
}

function describeEthernet(ethernet: EthernetHeader, length: number): string {
  const { type, source, destination } = ethernet;
  if (type === ETH_P.LLDP) return describeLldp(ethernet);
  const kind = type < ETH_P_802_3_MIN
    ? "802.3"
    : `ethertype Unknown (${hexNumber(type, 4)})`;
  return `${source} > ${destination}, ${kind}, length ${length}`;
}

/** LLDP with the name of the system: IEEE 802.1AB clause 8.5.6. */
function describeLldp(ethernet: EthernetHeader): string {
  const { bytes, payloadOffset, payloadEnd: end } = ethernet;
  let name = "";
  for (let at = payloadOffset; name === "" && at + 2 <= end;) {
    const header = readU16(bytes, at);
    const next = at + 2 + (header & 0x1ff);
    if (header === 0 || next > end) break;
    if (header >> 9 === 5) name = printable(bytes, at + 2, next);
    at = next;
  }
  return `LLDP, length ${end - payloadOffset}${name && ": "}${name}`;
}

function describeIP(packet: Packet, ip: IPHeader): string {
  const name = ip.version === 4 ? "IP" : "IP6";
  const { tcp, udp } = packet;
  const sctp = tcp || udp ? undefined : packet.sctp;
  const ports = tcp ?? udp ?? sctp;
  const headers = ip.version === 6
    ? describeExtensions(ip)
    : ip.protocol === IPPROTO.AH
    ? describeAuthentication(ip.bytes, ip.payloadOffset, ip.payloadEnd)
    : "";
  if (!ports) {
    const text = describePayload(packet, ip);
    return `${name} ${ip.source} > ${ip.destination}: ${headers}${text}`;
  }
  const text = tcp
    ? describeTcp(tcp) + describeTcpPayload(packet, tcp)
    : udp
    ? describeUdp(packet, udp)
    : describeSctp(sctp!);
  const { sourcePort, destinationPort } = ports;
  // With headers between, the ports follow those and not the addresses.
  return headers === ""
    ? `${name} ${ip.source}.${sourcePort} > ${ip.destination}.${destinationPort}: ${text}`
    : `${name} ${ip.source} > ${ip.destination}: ${headers}${sourcePort} > ${destinationPort}: ${text}`;
}

function describeUdp(packet: Packet, udp: UdpHeader): string {
  const { payloadLength: length } = udp;
  const application = udpApplication(udp);
  if (application === "esp") return describeUdpEncapsulation(udp);
  if (application !== undefined) {
    const { dns, dhcp, dhcpv6, ntp, overlay, inner } = packet;
    if (dns) return describeDns(dns, length, application === "mdns");
    if (dhcp) return describeDhcp(dhcp, length);
    if (dhcpv6) return `dhcp6 ${dhcpv6.type}`;
    if (ntp) return describeNtp(ntp, length);
    if (overlay) {
      return describeOverlay(overlay, inner && describePacket(inner));
    }
  }
  return `UDP, length ${length}`;
}

/** ESP over UDP, for NAT traversal: RFC 3948. */
function describeUdpEncapsulation(udp: UdpHeader): string {
  const { bytes, payloadOffset: at, payloadEnd: end, payloadLength } = udp;
  if (payloadLength === 1 && bytes[at] === 0xff) return "isakmp-nat-keep-alive";
  // Without a security parameter index it is a message of IKE.
  return end - at >= 8 && readU32(bytes, at) !== 0
    ? `UDP-encap: ${describeEsp(bytes, at, payloadLength)}`
    : `UDP, length ${payloadLength}`;
}

function describeTcpPayload(packet: Packet, tcp: TcpHeader): string {
  const { payloadLength: length } = tcp;
  if (length === 0) return "";
  switch (tcpApplication(tcp)) {
    case "dns": {
      const { dns } = packet;
      return dns ? ` ${describeDns(dns, length - 2, false)}` : "";
    }
    case "http":
      return describeHttp(tcp.bytes, tcp.payloadOffset, tcp.payloadEnd);
    case "bgp":
      return ": BGP";
    default:
      return "";
  }
}

function describePayload(packet: Packet, ip: IPHeader): string {
  if (ip.fragmentOffset !== 0) {
    // tcpdump reports an IPv6 fragment among the extension headers.
    return ip.version === 4 ? `ip-proto-${ip.protocol}` : "";
  }
  const { icmp, icmpv6, igmp, gre, routing } = packet;
  const { protocol, offset: at } = transportOf(ip);
  const length = ip.payloadLength - (at - ip.payloadOffset);
  if (icmp) return describeIcmp(icmp, length);
  if (icmpv6) return describeIcmpv6(icmpv6, length);
  if (igmp) return describeIgmp(igmp);
  const inner = packet.inner && describePacket(packet.inner);
  if (gre) return describeGre(gre, length, inner, packet.ppp);
  if (inner !== undefined) return inner;
  if (routing) return describeRoutingMessage(protocol, routing, length, ip.ttl);
  if (protocol === IPPROTO.ESP && ip.payloadEnd - at >= 8) {
    return describeEsp(ip.bytes, at, length);
  }
  if (protocol === IPPROTO.NONE) return "no next header";
  const other = ip.version === 4 ? 6 : 4;
  const name = otherVersionsProtocol(protocol, ip.version);
  if (name) return `[${name} requires IPv${other}] (invalid)`;
  return `ip-proto-${protocol} ${length}`;
}

/** The name of a protocol that only the other version of IP has. */
function otherVersionsProtocol(
  protocol: number,
  version: 4 | 6,
): string | undefined {
  switch (protocol) {
    case IPPROTO.ICMP:
      return version === 6 ? "ICMP" : undefined;
    case IPPROTO.IGMP:
      return version === 6 ? "IGMP" : undefined;
    case IPPROTO.ICMPV6:
      return version === 4 ? "ICMPv6" : undefined;
    case IPPROTO.ETHERNET:
      return version === 4 ? "Ethernet" : undefined;
    default:
      return undefined;
  }
}
