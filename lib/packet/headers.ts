/**
 * Single headers: their types, and functions that decode and write one.
 *
 * @module
 */

export {
  checksumAdd,
  checksumUpdate,
  pseudoHeader4,
  pseudoHeader6,
} from "../net/checksum.ts";
export { swapEthernet } from "./answer.ts";
export type { NtpMessage } from "./application.ts";
export { type ArpFields, ArpMessage, decodeArp, writeArp } from "./arp.ts";
export type { RawOption } from "./bytes.ts";
export {
  decodeDhcp,
  decodeDhcpv6,
  type DhcpMessage,
  type Dhcpv6Message,
} from "./dhcp.ts";
export {
  decodeDns,
  type DnsMessage,
  type DnsQuestion,
  type DnsRecord,
} from "./dns.ts";
export {
  decodeEthernet,
  type EthernetFields,
  EthernetHeader,
  type VlanTag,
  writeEthernet,
} from "./ethernet.ts";
export type { ReassemblyOptions } from "./fragment.ts";
export { decodeGre, type GreHeader } from "./gre.ts";
export {
  decodeIcmp,
  type IcmpFields,
  IcmpHeader,
  IcmpMessage,
  writeIcmp,
} from "./icmp.ts";
export {
  decodeIcmpv6,
  Icmpv6Message,
  type RouterAdvertisement,
} from "./icmpv6.ts";
export { decodeIgmp, type IgmpMessage, type IgmpRecord } from "./igmp.ts";
export { decodeIP, type IPHeader } from "./ip.ts";
export { decodeIPv4, type IPv4Fields, IPv4Header, writeIPv4 } from "./ipv4.ts";
export {
  decodeIPv6,
  type IPv6Extension,
  type IPv6Fields,
  IPv6Header,
  writeIPv6,
} from "./ipv6.ts";
export type { HeaderJson } from "./json.ts";
export {
  decodeLlc,
  type LlcHeader,
  type SnapHeader,
  type StpMessage,
} from "./llc.ts";
export { decodeMpls, type MplsLabel, type MplsStack } from "./mpls.ts";
export type { NdOption, NdOptionPlace } from "./nd_option.ts";
export { decodeGeneve, decodeVxlan, type OverlayHeader } from "./overlay.ts";
export {
  decodePppoe,
  type PppHeader,
  type PppoeHeader,
  type PppoeTag,
} from "./pppoe.ts";
export { protocolName } from "./protocol.ts";
export type { RoutingMessage } from "./routing_protocol.ts";
export { decodeSctp, type SctpChunk, type SctpHeader } from "./sctp.ts";
export {
  decodeTcp,
  formatTcpFlags,
  type TcpFields,
  TcpHeader,
  writeTcp,
} from "./tcp.ts";
export {
  encodeTcpOptions,
  type TcpOption,
  type TcpOptionFields,
} from "./tcp_option.ts";
export { decodeUdp, type UdpFields, UdpHeader, writeUdp } from "./udp.ts";
