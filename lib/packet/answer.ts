// Answers that a device without a host behind it can give: to pings, and on a
// TAP device to the question who has an address.

import { ARPOP, decodeArp } from "./arp.ts";
import { readU16, writeU16, writeU32 } from "./bytes.ts";
import { checksum, checksumUpdate, pseudoHeader6 } from "../net/checksum.ts";
import { decodeEthernet } from "./ethernet.ts";
import { ICMP } from "./icmp.ts";
import { decodeIcmpv6, ICMPV6 } from "./icmpv6.ts";
import { decodeIP, type IPHeader } from "./ip.ts";
import { writeIPv6 } from "./ipv6.ts";
import { ETH_P, IPPROTO } from "./protocol.ts";

const ANSWER_TTL = 64;

/**
 * Turns an echo request, ICMP or ICMPv6, into its reply where it stands:
 * addresses swapped, type and checksum changed, hops set to 64.
 *
 * @param bytes The packet.
 * @param offset Where its IP header starts; 14 in an untagged Ethernet frame,
 * the addresses of which are the caller's to swap.
 * @returns Whether it was a request that may be answered; if not nothing was
 * changed. Fragments are not answered, nor what was sent to or from a multicast
 * or broadcast address. Source: RFC 792, RFC 4443 section 4.2, RFC 1122, 3.2.2.6.
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
  const at = ip.payloadOffset;
  const length = ip.payloadEnd - at;
  if (length < 8 || ip.isFragment || !isAnswerable(ip)) return false;
  if (ip.version === 4) {
    if (ip.protocol !== IPPROTO.ICMP || bytes[at] !== ICMP.ECHO) return false;
    setType(bytes, at, ICMP.ECHOREPLY);
    swap(bytes, offset + 12, offset + 16, 4);
    setTtl(bytes, offset);
    return true;
  }
  if (ip.protocol !== IPPROTO.ICMPV6 || ip.extensions.length > 0) return false;
  if (bytes[at] !== ICMPV6.ECHO_REQUEST) return false;
  setType(bytes, at, ICMPV6.ECHO_REPLY);
  swap(bytes, offset + 8, offset + 24, 16);
  bytes[offset + 7] = ANSWER_TTL;
  return true;
}

/** Whether both addresses can be of one host each. */
function isAnswerable(ip: IPHeader): boolean {
  const { bytes, offset } = ip;
  if (ip.version === 4) {
    // 224.0.0.0 and above is multicast, reserved or the limited broadcast.
    return bytes[offset + 16]! < 224 && bytes[offset + 12]! < 224 &&
      bytes[offset + 12] !== 0;
  }
  if (bytes[offset + 24] === 0xff || bytes[offset + 8] === 0xff) return false;
  for (let i = 8; i < 24; i++) if (bytes[offset + i] !== 0) return true;
  return false;
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
  bytes[offset + 8] = ANSWER_TTL;
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
 * Turns an ARP request for an IPv4 address into its reply where it stands.
 *
 * @param frame An Ethernet frame.
 * @param linkAddress The 6 bytes to say the address is at.
 * @returns Whether it was such a request; if not nothing was changed. A host
 * that only tests whether its own address is free (RFC 5227) is not answered.
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
    !arp.isIPv4 || arp.hardwareLength !== 6
  ) return false;
  const sender = arp.senderAddress;
  const target = arp.targetAddress;
  const isProbe = sender.every((byte) => byte === 0);
  const isAnnouncement = sender.every((byte, i) => byte === target[i]);
  if (isProbe || isAnnouncement) return false;
  const at = ethernet.payloadOffset;
  writeU16(frame, at + 6, ARPOP.REPLY);
  // Sender and target change places; what was asked for is filled in.
  swap(frame, at + 8, at + 18, 10);
  frame.set(linkAddress, at + 8);
  frame.copyWithin(0, 6, 12);
  frame.set(linkAddress, 6);
  return true;
}

/** Bytes that {@link answerNeighbour} writes behind the Ethernet header. */
const ADVERTISEMENT = 40 + 24 + 8;

/**
 * Writes the advertisement that answers a neighbour solicitation.
 *
 * @param frame An Ethernet frame with the solicitation.
 * @param linkAddress The 6 bytes to say the address is at.
 * @returns The answer's frame, or undefined if there is nothing to answer. A
 * host that only tests whether its own address is free is not answered.
 * Source: RFC 4861 section 7.2.4.
 *
 * @example
 * ```ts
 * import { answerNeighbour, buildIcmp, parseAddress } from "@netplumb/netplumb";
 *
 * const asked = buildIcmp(
 *   { source: "fe80::1", destination: "ff02::1:ff00:2", ttl: 255 },
 *   {
 *     type: 135,
 *     code: 0,
 *     identifier: 0,
 *     sequence: 0,
 *     payload: parseAddress("fe80::2").address,
 *   },
 * );
 * const frame = new Uint8Array(14 + asked.length);
 * frame.set(Uint8Array.fromHex("3333ff00000202000000000186dd"));
 * frame.set(asked, 14);
 * const answer = answerNeighbour(frame, Uint8Array.fromHex("020000000002"));
 * console.log(answer?.length); // 86
 * ```
 */
export function answerNeighbour(
  frame: Uint8Array,
  linkAddress: Uint8Array,
): Uint8Array<ArrayBuffer> | undefined {
  const ethernet = decodeEthernet(frame);
  if (ethernet.malformed !== undefined || ethernet.type !== ETH_P.IPV6) return;
  const ip = decodeIP(frame, ethernet.payloadOffset);
  if (
    ip.malformed !== undefined || ip.version !== 6 ||
    ip.defect !== undefined || ip.protocol !== IPPROTO.ICMPV6 ||
    // What did not come from this link is not from a neighbour.
    ip.ttl !== 255 || ip.isFragment
  ) return;
  const asked = decodeIcmpv6(frame, ip.payloadOffset, ip.payloadEnd);
  if (
    asked.malformed !== undefined ||
    asked.type !== ICMPV6.NDISC_NEIGHBOUR_SOLICITATION ||
    ip.sourceAddress.every((byte) => byte === 0)
  ) return;
  const start = ethernet.payloadOffset;
  const answer = new Uint8Array(start + ADVERTISEMENT);
  answer.set(frame.subarray(6, 12));
  answer.set(linkAddress, 6);
  // VLAN tags and the type.
  answer.set(frame.subarray(12, start), 12);
  const target = frame.subarray(asked.offset + 8, asked.offset + 24);
  const length = ADVERTISEMENT - 40;
  const at = writeIPv6(answer, start, {
    sourceAddress: target,
    destinationAddress: ip.sourceAddress,
    protocol: IPPROTO.ICMPV6,
    payloadLength: length,
    ttl: 255,
  });
  answer[at] = ICMPV6.NDISC_NEIGHBOUR_ADVERTISEMENT;
  // Solicited and override.
  writeU32(answer, at + 4, 0x60000000);
  answer.set(target, at + 8);
  // The target's link-layer address: type 2, one unit of 8 bytes.
  writeU16(answer, at + 24, 0x0201);
  answer.set(linkAddress, at + 26);
  const pseudo = pseudoHeader6(answer, start + 8, IPPROTO.ICMPV6, length);
  writeU16(answer, at + 2, checksum(answer, at, at + length, pseudo));
  return answer;
}
