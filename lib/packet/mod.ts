// What of this room a program may use.

export {
  answerArp,
  answerEcho,
  answerNeighbour,
  swapEthernet,
} from "./answer.ts";
export {
  type ArpFields,
  ArpMessage,
  ARPOP,
  decodeArp,
  writeArp,
} from "./arp.ts";
export { buildIcmp, buildTcp, buildUdp, type IPEnvelope } from "./build.ts";
export type { RawOption } from "./bytes.ts";
export {
  checksum,
  checksumAdd,
  checksumUpdate,
  pseudoHeader4,
  pseudoHeader6,
} from "./checksum.ts";
export { decodePacket, type LinkType, type Packet } from "./decode.ts";
export { describePacket } from "./describe.ts";
export { formatTcpFlags } from "./describe_tcp.ts";
export {
  decodeEthernet,
  type EthernetFields,
  EthernetHeader,
  type VlanTag,
  writeEthernet,
} from "./ethernet.ts";
export {
  decodeIcmp,
  ICMP,
  type IcmpFields,
  IcmpMessage,
  writeIcmp,
} from "./icmp.ts";
export {
  decodeIcmpv6,
  ICMPV6,
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
export { type PacketJson, packetJson } from "./json.ts";
export type { Malformed } from "./malformed.ts";
export type { NdOption, NdOptionPlace } from "./nd_option.ts";
export {
  type PcapngDirection,
  PcapngEncoder,
  type PcapngInterface,
  type PcapngSection,
  type PcapngStatistics,
} from "./pcapng.ts";
export type { Timestamp } from "../clock.ts";
export { type ByteSink, PcapngWriter } from "./pcapng_writer.ts";
export { ETH_P, IPPROTO, protocolName } from "./protocol.ts";
export { decodeTcp, TCP, type TcpFields, TcpHeader, writeTcp } from "./tcp.ts";
export {
  encodeTcpOptions,
  type TcpOption,
  type TcpOptionFields,
} from "./tcp_option.ts";
export { decodeUdp, type UdpFields, UdpHeader, writeUdp } from "./udp.ts";
