/**
 * Packets: decode, describe, build, answer, fragment, and write to pcapng.
 *
 * @module
 */

export { ArgumentError } from "../errors.ts";
export {
  formatAddress,
  parseAddress,
  type ZonedAddress,
} from "../net/ip_address.ts";
export { parseLinkAddress } from "../net/link_address.ts";
export { realTime, type Timestamp } from "../clock.ts";
export { checksum } from "../net/checksum.ts";
export { answerArp, answerEcho, answerNeighbour } from "./answer.ts";
export { ARPOP } from "./arp.ts";
export { buildIcmp, buildTcp, buildUdp, type IPEnvelope } from "./build.ts";
export type { Malformed } from "./bytes.ts";
export { decodePacket, type LinkType, type Packet } from "./decode.ts";
export { describePacket } from "./describe.ts";
export { fragmentPacket, FragmentReassembler } from "./fragment.ts";
export * as headers from "./headers.ts";
export { ICMP } from "./icmp.ts";
export { ICMPV6 } from "./icmpv6.ts";
export { type PacketJson, packetJson } from "./json.ts";
export type {
  PcapngDirection,
  PcapngInterface,
  PcapngSection,
  PcapngStatistics,
} from "./pcapng.ts";
export { type ByteSink, PcapngWriter } from "./pcapng_writer.ts";
export { ETH_P, IPPROTO } from "./protocol.ts";
export { TCP } from "./tcp.ts";
