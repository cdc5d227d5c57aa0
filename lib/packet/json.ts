import {
  type NtpMessage,
  tcpApplication,
  udpApplication,
} from "./application.ts";
import type { ArpMessage } from "./arp.ts";
import type { Packet } from "./decode.ts";
import type { DhcpMessage, Dhcpv6Message } from "./dhcp.ts";
import type { DnsMessage } from "./dns.ts";
import type { EthernetHeader, VlanTag } from "./ethernet.ts";
import type { GreHeader } from "./gre.ts";
import { ICMP, IcmpMessage } from "./icmp.ts";
import { ICMPV6, type Icmpv6Message } from "./icmpv6.ts";
import type { IgmpMessage } from "./igmp.ts";
import type { IPHeader } from "./ip.ts";
import type { LlcHeader } from "./llc.ts";
import type { MplsLabel } from "./mpls.ts";
import type { OverlayHeader } from "./overlay.ts";
import type { PppHeader, PppoeHeader } from "./pppoe.ts";
import { protocolName } from "./protocol.ts";
import type { RoutingMessage } from "./routing_protocol.ts";
import type { SctpChunk } from "./sctp.ts";
import { formatTcpFlags, type TcpHeader } from "./tcp.ts";
import { formatTcpOption } from "./tcp_option.ts";

/** A decoded header without its offsets in the packet. */
export type HeaderJson<T> = Omit<
  T,
  "malformed" | "defect" | "payloadOffset" | "payloadEnd"
>;

/** A packet as plain JSON; its headers determine which keys it has. */
export interface PacketJson {
  /** Bytes of the whole packet. */
  bytes: number;
  /** The Ethernet header. */
  ethernet?: {
    source: string;
    destination: string;
    /** The type with 0x, or the length below 0x0600. */
    type: string;
    vlans?: VlanTag[];
  };
  /** The LLC header of an 802.3 frame. */
  llc?: HeaderJson<LlcHeader>;
  /** The PPPoE header. */
  pppoe?: Omit<HeaderJson<PppoeHeader>, "ppp">;
  /** The PPP header, of PPPoE or PPTP. */
  ppp?: HeaderJson<PppHeader>;
  /** The MPLS labels, outermost first. */
  mpls?: readonly MplsLabel[];
  /** IP version. */
  version?: 4 | 6;
  /** For example `udp` or `arp`; a number as text if it has no name here. */
  protocol?: string;
  /** The source address. */
  source?: string;
  /** The destination address. */
  destination?: string;
  /** The source port of TCP, UDP and SCTP. */
  sourcePort?: number;
  /** The destination port of TCP, UDP and SCTP. */
  destinationPort?: number;
  /** Time to live; the hop limit of IPv6. */
  ttl?: number;
  /** The DSCP and ECN bits, if it is not 0. */
  trafficClass?: number;
  /** The flow label of IPv6, if it is not 0. */
  flowLabel?: number;
  /** The identification of IPv4. */
  identification?: number;
  /** Whether IPv4 routers must not fragment the packet. */
  dontFragment?: true;
  /** The extension headers of IPv6. */
  extensions?: string[];
  /** The addresses of IPv6 routing headers. */
  segments?: string[];
  /** The fragment of a packet. */
  fragment?: { identification: number; offset: number; more: boolean };
  /** ICMP and ICMPv6. */
  icmp?: {
    type: number;
    code: number;
    name: string;
    identifier?: number;
    sequence?: number;
    mtu?: number;
    target?: string;
  };
  /** TCP. */
  tcp?: {
    flags: string;
    sequence: number;
    acknowledgement: number;
    window: number;
    options?: string[];
  };
  /** IGMP. */
  igmp?: HeaderJson<IgmpMessage>;
  /** SCTP. */
  sctp?: { tag: number; chunks: readonly SctpChunk[] };
  /** GRE. */
  gre?: HeaderJson<GreHeader>;
  /** The kind of an OSPF, PIM or VRRP message. */
  routing?: RoutingMessage;
  /** DNS. */
  dns?: Omit<HeaderJson<DnsMessage>, "flags">;
  /** DHCP and BOOTP. */
  dhcp?: HeaderJson<DhcpMessage>;
  /** DHCPv6. */
  dhcpv6?: HeaderJson<Dhcpv6Message>;
  /** NTP. */
  ntp?: HeaderJson<NtpMessage>;
  /** VXLAN or Geneve. */
  overlay?: HeaderJson<OverlayHeader>;
  /** The packet in a tunnel. */
  inner?: PacketJson;
  /** ARP. */
  arp?: {
    operation: number;
    sender: string;
    senderLink: string;
    target: string;
    targetLink: string;
  };
  /** Number of bytes after the last decoded header. */
  length?: number;
  /** What is wrong with the packet. */
  malformed?: string;
}

/**
 * A packet as plain JSON, as `netplumb tun --json` prints it.
 *
 * @param packet A packet from `decodePacket`.
 * @returns A copy; later changes of the packet do not affect it.
 *
 * Source: RFC 791, RFC 8200 and those of the protocols inside.
 *
 * @example
 * ```ts
 * import { decodePacket, packetJson } from "@netplumb/netplumb";
 *
 * const json = packetJson(decodePacket(Uint8Array.fromHex(
 *   "4500001e00010000401166cc0a0000010a000002" + "c0000035000a0000" + "6869",
 * )));
 * console.log(json.protocol, json.source, json.length); // udp 10.0.0.1 2
 * ```
 */
export function packetJson(packet: Packet): PacketJson {
  const json: PacketJson = { bytes: packet.bytes.length };
  const { ethernet, llc, pppoe, mpls, arp, ip, malformed } = packet;
  if (ethernet) json.ethernet = ethernetJson(ethernet);
  if (llc) json.llc = withoutPosition(llc);
  if (pppoe) {
    const { ppp, ...header } = withoutPosition(pppoe);
    json.pppoe = header;
    if (ppp) json.ppp = withoutPosition(ppp);
  }
  if (mpls) json.mpls = mpls.labels;
  if (arp) {
    json.protocol = "arp";
    json.arp = arpJson(arp);
  }
  if (ip) {
    addIP(json, ip);
    addTransport(json, packet, ip);
    addApplication(json, packet);
  }
  const { inner } = packet;
  if (inner) json.inner = packetJson(inner);
  if (malformed !== undefined) json.malformed = malformed;
  return json;
}

function withoutPosition<
  T extends {
    malformed?: undefined;
    defect?: string;
    payloadOffset?: number;
    payloadEnd?: number;
  },
>(header: T): HeaderJson<T> {
  const {
    malformed: _malformed,
    defect: _defect,
    payloadOffset: _payloadOffset,
    payloadEnd: _payloadEnd,
    ...rest
  } = header;
  return rest;
}

function ethernetJson(
  ethernet: EthernetHeader,
): NonNullable<PacketJson["ethernet"]> {
  const { source, destination, vlans } = ethernet;
  const type = "0x" + ethernet.type.toString(16).padStart(4, "0");
  return vlans.length > 0
    ? { source, destination, type, vlans }
    : { source, destination, type };
}

function arpJson(arp: ArpMessage): NonNullable<PacketJson["arp"]> {
  const { operation, sender, senderLink, target, targetLink } = arp;
  return { operation, sender, senderLink, target, targetLink };
}

function addIP(json: PacketJson, ip: IPHeader): void {
  json.version = ip.version;
  json.protocol = protocolName(ip.protocol);
  json.source = ip.source;
  json.destination = ip.destination;
  json.ttl = ip.ttl;
  if (ip.trafficClass !== 0) json.trafficClass = ip.trafficClass;
  if (ip.version === 4) {
    json.identification = ip.identification;
    if (ip.dontFragment) json.dontFragment = true;
  } else {
    if (ip.flowLabel !== 0) json.flowLabel = ip.flowLabel;
    if (ip.extensions.length > 0) {
      json.extensions = ip.extensions.map((e) => protocolName(e.protocol));
      const { segments } = ip;
      if (segments.length > 0) json.segments = segments;
    }
  }
  if (ip.isFragment) {
    json.fragment = {
      identification: ip.identification,
      offset: ip.fragmentOffset,
      more: ip.moreFragments,
    };
  }
}

function addTransport(json: PacketJson, packet: Packet, ip: IPHeader): void {
  const { tcp, udp } = packet;
  const sctp = tcp || udp ? undefined : packet.sctp;
  const ports = tcp ?? udp ?? sctp;
  if (ports) {
    json.sourcePort = ports.sourcePort;
    json.destinationPort = ports.destinationPort;
  }
  if (tcp) json.tcp = tcpJson(tcp);
  const icmp = packet.icmp ?? packet.icmpv6;
  if (icmp) json.icmp = icmpJson(icmp);
  if (!ports && !icmp) addUncommon(json, packet);
  if (sctp) json.sctp = { tag: sctp.tag, chunks: sctp.chunks };
  const length = (ports ?? icmp ?? ip).payloadLength;
  json.length = Math.max(0, length);
}

function addUncommon(json: PacketJson, packet: Packet): void {
  const { igmp, gre, ppp, routing } = packet;
  if (igmp) json.igmp = withoutPosition(igmp);
  if (gre) json.gre = withoutPosition(gre);
  if (ppp) json.ppp = withoutPosition(ppp);
  if (routing) json.routing = routing;
}

function addApplication(json: PacketJson, packet: Packet): void {
  const { tcp, udp } = packet;
  const application = tcp
    ? tcpApplication(tcp)
    : udp
    ? udpApplication(udp)
    : undefined;
  if (application === undefined) return;
  const { dns, dhcp, dhcpv6, ntp, overlay } = packet;
  if (dns) {
    const { flags: _flags, ...message } = withoutPosition(dns);
    json.dns = message;
  }
  if (dhcp) json.dhcp = withoutPosition(dhcp);
  if (dhcpv6) json.dhcpv6 = withoutPosition(dhcpv6);
  if (ntp) json.ntp = withoutPosition(ntp);
  if (overlay) json.overlay = withoutPosition(overlay);
}

function tcpJson(tcp: TcpHeader): NonNullable<PacketJson["tcp"]> {
  const { sequence, acknowledgement, window } = tcp;
  const flags = formatTcpFlags(tcp.flags);
  const options = tcp.options().options.map(formatTcpOption);
  return options.length > 0
    ? { flags, sequence, acknowledgement, window, options }
    : { flags, sequence, acknowledgement, window };
}

function icmpJson(
  icmp: IcmpMessage | Icmpv6Message,
): NonNullable<PacketJson["icmp"]> {
  const { type, code, name } = icmp;
  const json: NonNullable<PacketJson["icmp"]> = { type, code, name };
  if (name.startsWith("echo")) {
    json.identifier = icmp.identifier;
    json.sequence = icmp.sequence;
  } else if (icmp instanceof IcmpMessage) {
    if (type === ICMP.DEST_UNREACH && code === 4) json.mtu = icmp.mtu;
  } else if (type === ICMPV6.PKT_TOOBIG) {
    json.mtu = icmp.mtu;
  } else if (icmp.target !== undefined) {
    json.target = icmp.target;
  }
  return json;
}
