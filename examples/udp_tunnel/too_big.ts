// ICMP errors for packets that exceed the path MTU.

import { buildIcmp } from "@netplumb/netplumb";

/** The number of bytes of a packet in an ICMP error: RFC 1812, RFC 4443. */
const RETURNED = { 4: 548, 6: 1232 } as const;
const FRAGMENTATION_NEEDED = { type: 3, code: 4 } as const;
const PACKET_TOO_BIG = { type: 2, code: 0 } as const;

/**
 * The reply to a packet that exceeds the path MTU: ICMP fragmentation needed
 * (RFC 1191) if its DF bit is set, ICMPv6 packet too big (RFC 8201).
 *
 * @param mtu The longest packet for the path.
 * @returns The reply; undefined for none, for example to ICMP errors.
 */
export function tooBig(
  packet: Uint8Array,
  mtu: number,
): Uint8Array | undefined {
  const version = packet[0]! >> 4;
  if (version !== 4 && version !== 6) return undefined;
  const isIPv4 = version === 4;
  if (isIPv4 && (packet[6]! & 0x40) === 0) return undefined;
  if (isIcmpError(packet, isIPv4)) return undefined;
  const [from, length] = isIPv4 ? [12, 4] : [8, 16];
  const source = packet.slice(from, from + length);
  const destination = packet.slice(from + length, from + 2 * length);
  return buildIcmp({ source: destination, destination: source }, {
    ...(isIPv4 ? FRAGMENTATION_NEEDED : PACKET_TOO_BIG),
    // The MTU is the low half of the second word; in IPv6 the whole word.
    identifier: 0,
    sequence: mtu,
    payload: packet.slice(0, RETURNED[version]),
  });
}

/** ICMP errors get no ICMP error: RFC 1122, RFC 4443. */
function isIcmpError(packet: Uint8Array, isIPv4: boolean): boolean {
  const at = isIPv4 ? (packet[0]! & 15) * 4 : 40;
  const type = packet[at]!;
  return isIPv4
    ? packet[9] === 1 && type !== 0 && type !== 8
    : packet[6] === 58 && type < 128;
}
