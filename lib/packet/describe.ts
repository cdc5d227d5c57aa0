// One line a packet, in the words of `tcpdump -nn -t -S`.

import { formatIPv6 } from "../net/ip_address.ts";
import { formatLinkAddress } from "../net/link_address.ts";
import { type ArpMessage, ARPOP } from "./arp.ts";
import { readU16, readU32 } from "./bytes.ts";
import type { Packet } from "./decode.ts";
import { describeIcmp, describeIcmpv6 } from "./describe_icmp.ts";
import { describeTcp } from "./describe_tcp.ts";
import type { IPHeader } from "./ip.ts";
import type { IPv6Extension, IPv6Header } from "./ipv6.ts";
import { IPPROTO } from "./protocol.ts";

/**
 * Prints a packet as one line, in the style of tcpdump.
 *
 * @param packet A packet from `decodePacket`.
 * @returns The line, without an end of line; what is wrong with the packet
 * stands in brackets at its end.
 *
 * Source: tcpdump(8).
 *
 * @example
 * ```ts
 * import { decodePacket, describePacket } from "@netplumb/netplumb";
 *
 * console.log(describePacket(decodePacket(Uint8Array.fromHex(
 *   "4500001e00010000401166cc0a0000010a000002" + "c0000035000a0000" + "6869",
 * ))));
 * // IP 10.0.0.1.49152 > 10.0.0.2.53: UDP, length 2
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
  const { ip, arp, ethernet } = packet;
  if (ip) return describeIP(packet, ip);
  if (arp) return describeArp(arp);
  if (!ethernet) return "";
  const type = ethernet.type;
  const kind = type < 1536
    ? "802.3"
    : `ethertype 0x${type.toString(16).padStart(4, "0")}`;
  const length = packet.bytes.length;
  return `${ethernet.source} > ${ethernet.destination}, ${kind}, length ${length}`;
}

function describeIP(packet: Packet, ip: IPHeader): string {
  const name = ip.version === 4 ? "IP" : "IP6";
  const extensions = ip.version === 6 ? describeExtensions(ip) : "";
  const { tcp, udp } = packet;
  const ports = tcp ?? udp;
  if (!ports) {
    const text = describePayload(packet, ip);
    return `${name} ${ip.source} > ${ip.destination}: ${extensions}${text}`;
  }
  const text = tcp ? describeTcp(tcp) : `UDP, length ${udp!.payloadLength}`;
  const { sourcePort, destinationPort } = ports;
  // With headers between, the ports stand behind them and not at the addresses.
  return extensions === ""
    ? `${name} ${ip.source}.${sourcePort} > ${ip.destination}.${destinationPort}: ${text}`
    : `${name} ${ip.source} > ${ip.destination}: ${extensions}${sourcePort} > ${destinationPort}: ${text}`;
}

function describePayload(packet: Packet, ip: IPHeader): string {
  if (ip.fragmentOffset !== 0) {
    // An IPv6 fragment is told among the extension headers.
    return ip.version === 4 ? `ip-proto-${ip.protocol}` : "";
  }
  const { icmp, icmpv6 } = packet;
  if (icmp) return describeIcmp(icmp, ip.payloadLength);
  if (icmpv6) return describeIcmpv6(icmpv6, ip.payloadLength);
  const { bytes, payloadOffset: at, payloadEnd: end, protocol } = ip;
  if (protocol === IPPROTO.ESP && end - at >= 8) {
    return `ESP(spi=${hex32(bytes, at)},seq=0x${
      readU32(bytes, at + 4).toString(16)
    }), length ${ip.payloadLength}`;
  }
  if (protocol === IPPROTO.AH && ip.version === 4 && end - at >= 12) {
    return `${
      describeAuthentication(bytes, at, end)
    }length ${ip.payloadLength}`;
  }
  if (protocol === IPPROTO.NONE) return "no next header";
  return `ip-proto-${protocol} ${ip.payloadLength}`;
}

function describeExtensions(ip: IPv6Header): string {
  let text = "";
  for (const extension of ip.extensions) {
    text += describeExtension(ip, extension);
  }
  return text;
}

function describeExtension(ip: IPv6Header, extension: IPv6Extension): string {
  const { bytes } = ip;
  const { protocol, offset, length } = extension;
  switch (protocol) {
    case IPPROTO.HOPOPTS:
      return "HBH ";
    case IPPROTO.DSTOPTS:
      return "DSTOPT ";
    case IPPROTO.AH:
      return describeAuthentication(bytes, offset, ip.payloadEnd);
    case IPPROTO.FRAGMENT: {
      const place = readU16(bytes, offset + 2) & 0xfff8;
      // What is behind the header, further headers included.
      const rest = ip.payloadOffset + ip.payloadLength - offset - length;
      return `frag (${place}|${rest})${place === 0 ? " " : ""}`;
    }
    default:
      return describeRouting(bytes, offset, length);
  }
}

function describeRouting(bytes: Uint8Array, at: number, length: number) {
  const type = bytes[at + 2];
  let text = `RT6 (len=${bytes[at + 1]}, type=${type}, segleft=${
    bytes[at + 3]
  }`;
  if (type === 4) {
    const tag = readU16(bytes, at + 6).toString(16);
    text += `, last-entry=${bytes[at + 4]}, tag=${tag}`;
  }
  if (type === 0 || type === 2 || type === 4) {
    for (let i = 0; 8 + i * 16 + 16 <= length; i++) {
      text += `, [${i}]${formatIPv6(bytes, at + 8 + i * 16)}`;
    }
  }
  return text + ") ";
}

function describeAuthentication(bytes: Uint8Array, at: number, end: number) {
  const stop = Math.min(end, at + (bytes[at + 1]! + 2) * 4);
  const value = bytes.subarray(at + 12, stop).toHex();
  const sequence = readU32(bytes, at + 8).toString(16);
  return `AH(spi=${hex32(bytes, at + 4)},seq=0x${sequence},icv=0x${value}): `;
}

function hex32(bytes: Uint8Array, at: number): string {
  return "0x" + readU32(bytes, at).toString(16).padStart(8, "0");
}

function describeArp(arp: ArpMessage): string {
  const length = `, length ${arp.end - arp.offset}`;
  if (!arp.isIPv4) {
    const type = arp.protocolType.toString(16).padStart(4, "0");
    return `ARP, hardware type ${arp.hardwareType}, protocol type 0x${type}${length}`;
  }
  switch (arp.operation) {
    case ARPOP.REQUEST: {
      const known = arp.targetLinkAddress.some((byte) => byte !== 0);
      const link = known
        ? ` (${formatLinkAddress(arp.targetLinkAddress)})`
        : "";
      return `ARP, Request who-has ${arp.target}${link} tell ${arp.sender}${length}`;
    }
    case ARPOP.REPLY:
      return `ARP, Reply ${arp.sender} is-at ${arp.senderLink}${length}`;
    case ARPOP.RREQUEST:
      return `ARP, Reverse Request who-is ${arp.targetLink} tell ${arp.senderLink}${length}`;
    case ARPOP.RREPLY:
      return `ARP, Reverse Reply ${arp.targetLink} at ${arp.target}${length}`;
    default:
      return `ARP, operation ${arp.operation}${length}`;
  }
}
