/**
 * Single headers: their types, and functions that decode and write one.
 *
 * @module
 */

export { swapEthernet } from "./answer.ts";
export { type ArpFields, ArpMessage, decodeArp, writeArp } from "./arp.ts";
export type { RawOption } from "./bytes.ts";
export {
  checksumAdd,
  checksumUpdate,
  pseudoHeader4,
  pseudoHeader6,
} from "../net/checksum.ts";
export { formatTcpFlags } from "./describe_tcp.ts";
export {
  decodeEthernet,
  type EthernetFields,
  EthernetHeader,
  type VlanTag,
  writeEthernet,
} from "./ethernet.ts";
export { decodeIcmp, type IcmpFields, IcmpMessage, writeIcmp } from "./icmp.ts";
export {
  decodeIcmpv6,
  Icmpv6Message,
  type RouterAdvertisement,
} from "./icmpv6.ts";
export { decodeIP, type IPHeader } from "./ip.ts";
export { decodeIPv4, type IPv4Fields, IPv4Header, writeIPv4 } from "./ipv4.ts";
export {
  decodeIPv6,
  type IPv6Extension,
  type IPv6Fields,
  IPv6Header,
  writeIPv6,
} from "./ipv6.ts";
export type { NdOption, NdOptionPlace } from "./nd_option.ts";
export { protocolName } from "./protocol.ts";
export { decodeTcp, type TcpFields, TcpHeader, writeTcp } from "./tcp.ts";
export {
  encodeTcpOptions,
  type TcpOption,
  type TcpOptionFields,
} from "./tcp_option.ts";
export { decodeUdp, type UdpFields, UdpHeader, writeUdp } from "./udp.ts";
