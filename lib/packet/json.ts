import type { ArpMessage } from "./arp.ts";
import type { Packet } from "./decode.ts";
import { formatTcpFlags, formatTcpOption } from "./describe_tcp.ts";
import type { EthernetHeader, VlanTag } from "./ethernet.ts";
import { ICMP, IcmpMessage } from "./icmp.ts";
import { ICMPV6, type Icmpv6Message } from "./icmpv6.ts";
import type { IPHeader } from "./ip.ts";
import { protocolName } from "./protocol.ts";
import type { TcpHeader } from "./tcp.ts";

/** A packet as plain JSON; which keys are there depends on its headers. */
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
  /** IP version. */
  version?: 4 | 6;
  /** For example `udp` or `arp`; a number as text if it has no name here. */
  protocol?: string;
  /** The sender's IP address. */
  source?: string;
  /** The receiver's IP address. */
  destination?: string;
  /** The sender's port, TCP and UDP. */
  sourcePort?: number;
  /** The receiver's port, TCP and UDP. */
  destinationPort?: number;
  /** Hops left; the hop limit of IPv6. */
  ttl?: number;
  /** The byte of DSCP and ECN, if it is not 0. */
  trafficClass?: number;
  /** The flow label of IPv6, if it is not 0. */
  flowLabel?: number;
  /** The identification of IPv4. */
  identification?: number;
  /** Whether IPv4 routers must not fragment the packet, if so. */
  dontFragment?: true;
  /** The extension headers of IPv6. */
  extensions?: string[];
  /** Which part of a larger packet this is. */
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
  /** ARP. */
  arp?: {
    operation: number;
    sender: string;
    senderLink: string;
    target: string;
    targetLink: string;
  };
  /** Bytes behind the last header that was read. */
  length?: number;
  /** What is wrong with the packet, if something is. */
  malformed?: string;
}

/**
 * A packet as plain JSON, as `netplumb tun --json` prints it.
 *
 * @param packet A packet from `decodePacket`.
 * @returns An object of its own; later changes of the packet do not show.
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
  const { ethernet, arp, ip, malformed } = packet;
  if (ethernet) json.ethernet = ethernetJson(ethernet);
  if (arp) {
    json.protocol = "arp";
    json.arp = arpJson(arp);
  }
  if (ip) {
    addIP(json, ip);
    addTransport(json, packet, ip);
  }
  if (malformed !== undefined) json.malformed = malformed;
  return json;
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
  const ports = tcp ?? udp;
  if (ports) {
    json.sourcePort = ports.sourcePort;
    json.destinationPort = ports.destinationPort;
  }
  if (tcp) json.tcp = tcpJson(tcp);
  const icmp = packet.icmp ?? packet.icmpv6;
  if (icmp) json.icmp = icmpJson(icmp);
  const length = (ports ?? icmp ?? ip).payloadLength;
  json.length = Math.max(0, length);
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
