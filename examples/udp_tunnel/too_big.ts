// Packets that the path between the two ends cannot carry.

import { buildIcmp } from "@netplumb/netplumb";

/** Bytes of a packet that an ICMP error returns: RFC 1812, RFC 4443. */
const RETURNED = { 4: 548, 6: 1232 } as const;
const FRAGMENTATION_NEEDED = { type: 3, code: 4 } as const;
const PACKET_TOO_BIG = { type: 2, code: 0 } as const;

/**
 * The reply to a packet that is longer than the path carries: ICMP fragmentation
 * needed (RFC 1191) where its DF bit is set, ICMPv6 packet too big (RFC 8201).
 *
 * @param mtu The longest packet that the path carries.
 * @returns The reply; undefined where none is due, for ICMP errors for example.
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
    // The MTU is the low half of the second word, of IPv6 the whole word.
    identifier: 0,
    sequence: mtu,
    payload: packet.slice(0, RETURNED[version]),
  });
}

/** No error is sent about an error: RFC 1122, RFC 4443. */
function isIcmpError(packet: Uint8Array, isIPv4: boolean): boolean {
  const at = isIPv4 ? (packet[0]! & 15) * 4 : 40;
  const type = packet[at]!;
  return isIPv4
    ? packet[9] === 1 && type !== 0 && type !== 8
    : packet[6] === 58 && type < 128;
}
