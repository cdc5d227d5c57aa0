// Replies of a host on a TUN or TAP device: to pings, and on a TAP device to
// ARP and neighbour solicitations.

import {
  checksum,
  checksumAdd,
  checksumUpdate,
  pseudoHeader6,
} from "../net/checksum.ts";
import { ARPOP, decodeArp } from "./arp.ts";
import { readU16, writeU16, writeU32 } from "./bytes.ts";
import { decodeEthernet } from "./ethernet.ts";
import { ICMP } from "./icmp.ts";
import { decodeIcmpv6, ICMPV6 } from "./icmpv6.ts";
import { decodeIP, type IPHeader } from "./ip.ts";
import { writeIPv6 } from "./ipv6.ts";
import { ETH_P, IPPROTO } from "./protocol.ts";

const REPLY_TTL = 64;
const ARPHRD_ETHER = 1;

/**
 * Turns an echo request, ICMP or ICMPv6, into its reply in place: swaps the
 * addresses, changes type and checksum, sets the time to live to 64.
 *
 * @param bytes The packet.
 * @param offset Offset of its IP header: 14 in an untagged Ethernet frame. The
 * caller swaps the addresses of the frame.
 * @returns Whether the packet was a valid request; if not it is unchanged. A
 * wrong checksum, a fragment and a multicast or broadcast address make a request
 * invalid.
 *
 * Source: RFC 792, RFC 4443 section 4.2, RFC 1122 sections 3.2.1.2 and 3.2.2.6.
 *
 * @example
 * ```ts
 * import { answerEcho, decodePacket, describePacket } from "@netplumb/netplumb";
 *
 * const packet = Uint8Array.fromHex(
 *   "4500001c00010000400166de0a0000010a000002" + "0800f7fd00010001",
 * );
 * console.log(answerEcho(packet), describePacket(decodePacket(packet)));
 * // true IP 10.0.0.2 > 10.0.0.1: ICMP echo reply, id 1, seq 1, length 8
 * ```
 */
export function answerEcho(bytes: Uint8Array, offset = 0): boolean {
  const ip = decodeIP(bytes, offset);
  if (ip.malformed !== undefined || ip.defect !== undefined) return false;
  const { payloadOffset: at, payloadEnd: end, protocol } = ip;
  if (end - at < 8 || ip.isFragment || !hasUnicastAddresses(ip)) return false;
  if (ip.version === 4) {
    if (protocol !== IPPROTO.ICMP || bytes[at] !== ICMP.ECHO) return false;
    if (!ip.verifyChecksum() || checksumAdd(bytes, at, end) !== 0xffff) {
      return false;
    }
    setType(bytes, at, ICMP.ECHOREPLY);
    swap(bytes, offset + 12, offset + 16, 4);
    setTtl(bytes, offset);
    return true;
  }
  if (protocol !== IPPROTO.ICMPV6 || ip.extensions.length > 0) return false;
  if (bytes[at] !== ICMPV6.ECHO_REQUEST) return false;
  const pseudo = ip.pseudoHeader(IPPROTO.ICMPV6, end - at);
  if (checksumAdd(bytes, at, end, pseudo) !== 0xffff) return false;
  setType(bytes, at, ICMPV6.ECHO_REPLY);
  swap(bytes, offset + 8, offset + 24, 16);
  bytes[offset + 7] = REPLY_TTL;
  return true;
}

/** Whether both addresses can be those of one host. */
function hasUnicastAddresses(ip: IPHeader): boolean {
  const { bytes, offset } = ip;
  if (ip.version === 4) {
    // 224.0.0.0 and above is multicast, reserved or the limited broadcast.
    return bytes[offset + 16]! < 224 && bytes[offset + 12]! < 224 &&
      bytes[offset + 12] !== 0;
  }
  return bytes[offset + 24] !== 0xff && bytes[offset + 8] !== 0xff &&
    !isZero(bytes, offset + 8, 16);
}

function isZero(bytes: Uint8Array, at: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (bytes[at + i] !== 0) return false;
  return true;
}

function setType(bytes: Uint8Array, at: number, type: number): void {
  const before = readU16(bytes, at);
  bytes[at] = type;
  const sum = checksumUpdate(
    readU16(bytes, at + 2),
    before,
    readU16(bytes, at),
  );
  writeU16(bytes, at + 2, sum);
}

function setTtl(bytes: Uint8Array, offset: number): void {
  const before = readU16(bytes, offset + 8);
  bytes[offset + 8] = REPLY_TTL;
  const after = readU16(bytes, offset + 8);
  const sum = checksumUpdate(readU16(bytes, offset + 10), before, after);
  writeU16(bytes, offset + 10, sum);
}

function swap(bytes: Uint8Array, a: number, b: number, length: number): void {
  for (let i = 0; i < length; i++) {
    const byte = bytes[a + i]!;
    bytes[a + i] = bytes[b + i]!;
    bytes[b + i] = byte;
  }
}

/**
 * Swaps the addresses of an Ethernet header.
 *
 * @param frame The frame.
 *
 * Source: IEEE 802.3.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * const frame = Uint8Array.fromHex("0200000000020200000000010800");
 * headers.swapEthernet(frame);
 * console.log(headers.decodeEthernet(frame)); // from 02:00:00:00:00:02 now
 * ```
 */
export function swapEthernet(frame: Uint8Array): void {
  swap(frame, 0, 6, 6);
}

/**
 * Turns an ARP request for an IPv4 address into its reply in place.
 *
 * @param frame An Ethernet frame.
 * @param linkAddress The 6 bytes of the link-layer address to reply with.
 * @returns Whether the frame was a request; if not it is unchanged. Probes and
 * announcements of a host's own address (RFC 5227) get no reply.
 *
 * Source: RFC 826.
 *
 * @example
 * ```ts
 * import { answerArp, decodePacket, describePacket } from "@netplumb/netplumb";
 *
 * const frame = Uint8Array.fromHex(
 *   "ffffffffffff0200000000010806" + "0001080006040001" +
 *     "020000000001" + "0a000001" + "000000000000" + "0a000002",
 * );
 * answerArp(frame, Uint8Array.fromHex("020000000002"));
 * console.log(describePacket(decodePacket(frame, "ethernet")));
 * // ARP, Reply 10.0.0.2 is-at 02:00:00:00:00:02, length 28
 * ```
 */
export function answerArp(frame: Uint8Array, linkAddress: Uint8Array): boolean {
  const ethernet = decodeEthernet(frame);
  if (ethernet.malformed !== undefined || ethernet.type !== ETH_P.ARP) {
    return false;
  }
  const arp = decodeArp(frame, ethernet.payloadOffset);
  if (
    arp.malformed !== undefined || arp.operation !== ARPOP.REQUEST ||
    !arp.isIPv4 || arp.hardwareLength !== 6 ||
    arp.hardwareType !== ARPHRD_ETHER
  ) return false;
  const sender = arp.senderAddress;
  const target = arp.targetAddress;
  const isProbe = sender.every((byte) => byte === 0);
  const isAnnouncement = sender.every((byte, i) => byte === target[i]);
  if (isProbe || isAnnouncement) return false;
  const at = ethernet.payloadOffset;
  writeU16(frame, at + 6, ARPOP.REPLY);
  // The sender becomes the target.
  swap(frame, at + 8, at + 18, 10);
  frame.set(linkAddress, at + 8);
  frame.copyWithin(0, 6, 12);
  frame.set(linkAddress, 6);
  return true;
}

/** Bytes that {@link answerNeighbour} writes after the Ethernet header. */
const ADVERTISEMENT = 40 + 24 + 8;

/**
 * Builds the advertisement that replies to a neighbour solicitation.
 *
 * @param frame An Ethernet frame with the solicitation.
 * @param linkAddress The 6 bytes of the link-layer address to reply with.
 * @returns The frame of the advertisement; undefined if the frame is not a valid
 * solicitation, or one of duplicate address detection.
 *
 * Source: RFC 4861 sections 7.1.1 and 7.2.4.
 *
 * @example
 * ```ts
 * import { answerNeighbour, buildIcmp, parseAddress } from "@netplumb/netplumb";
 *
 * const request = buildIcmp(
 *   { source: "fe80::1", destination: "ff02::1:ff00:2", ttl: 255 },
 *   {
 *     type: 135,
 *     code: 0,
 *     identifier: 0,
 *     sequence: 0,
 *     payload: parseAddress("fe80::2").address,
 *   },
 * );
 * const frame = new Uint8Array(14 + request.length);
 * frame.set(Uint8Array.fromHex("3333ff00000202000000000186dd"));
 * frame.set(request, 14);
 * const reply = answerNeighbour(frame, Uint8Array.fromHex("020000000002"));
 * console.log(reply?.length); // 86
 * ```
 */
export function answerNeighbour(
  frame: Uint8Array,
  linkAddress: Uint8Array,
): Uint8Array<ArrayBuffer> | undefined {
  const ethernet = decodeEthernet(frame);
  if (ethernet.malformed !== undefined || ethernet.type !== ETH_P.IPV6) return;
  const start = ethernet.payloadOffset;
  const solicitation = decodeSolicitation(frame, start);
  if (solicitation === undefined) return;
  const reply = new Uint8Array(start + ADVERTISEMENT);
  reply.set(frame.subarray(6, 12));
  reply.set(linkAddress, 6);
  // VLAN tags and the type.
  reply.set(frame.subarray(12, start), 12);
  const { source, target } = solicitation;
  const length = ADVERTISEMENT - 40;
  const at = writeIPv6(reply, start, {
    sourceAddress: target,
    destinationAddress: source,
    protocol: IPPROTO.ICMPV6,
    payloadLength: length,
    ttl: 255,
  });
  reply[at] = ICMPV6.NDISC_NEIGHBOUR_ADVERTISEMENT;
  // Solicited and override.
  writeU32(reply, at + 4, 0x60000000);
  reply.set(target, at + 8);
  // The target's link-layer address: type 2, one unit of 8 bytes.
  writeU16(reply, at + 24, 0x0201);
  reply.set(linkAddress, at + 26);
  const pseudo = pseudoHeader6(reply, start + 8, IPPROTO.ICMPV6, length);
  writeU16(reply, at + 2, checksum(reply, at, at + length, pseudo));
  return reply;
}

/** The addresses of a solicitation that passes RFC 4861 section 7.1.1. */
function decodeSolicitation(
  bytes: Uint8Array,
  offset: number,
): { source: Uint8Array; target: Uint8Array } | undefined {
  const ip = decodeIP(bytes, offset);
  if (
    ip.malformed !== undefined || ip.version !== 6 ||
    ip.defect !== undefined || ip.protocol !== IPPROTO.ICMPV6 || ip.isFragment
  ) return;
  const message = decodeIcmpv6(bytes, ip.payloadOffset, ip.payloadEnd);
  if (
    message.malformed !== undefined ||
    message.type !== ICMPV6.NDISC_NEIGHBOUR_SOLICITATION
  ) return;
  const target = message.offset + 8;
  if (
    // A router would have decremented the hop limit.
    ip.ttl !== 255 || message.code !== 0 || !message.verifyChecksum(ip) ||
    message.options().malformed !== undefined ||
    bytes[target] === 0xff || isZero(bytes, target, 16) ||
    // Duplicate address detection has no source, a host no multicast address.
    bytes[offset + 8] === 0xff || isZero(bytes, offset + 8, 16)
  ) return;
  return {
    source: ip.sourceAddress,
    target: bytes.subarray(target, target + 16),
  };
}
