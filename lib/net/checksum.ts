// Internet checksum, RFC 1071: the one's-complement sum of 16-bit words, kept
// as a folded number from 0 to 0xffff until it is complete.

// The view of the buffer summed last: packets of a batch share one buffer, and
// making a view costs more than summing a small packet.
let viewed: ArrayBufferLike | undefined;
let view: DataView;

function fold(sum: number): number {
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}

/**
 * Adds up a range as 16-bit words in network order; an odd last byte counts as
 * the upper half of a word.
 *
 * @param bytes The memory with the range.
 * @param start Its first byte, with any alignment.
 * @param end The byte after its last; bytes outside of `bytes` are not read.
 * @param initial The initial sum, for example of a pseudo header.
 * @returns The sum, folded to 16 bits and not complemented. Source: RFC 1071.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * const bytes = new Uint8Array([0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]);
 * console.log(headers.checksumAdd(bytes, 0, 8).toString(16)); // ddf2
 * ```
 */
export function checksumAdd(
  bytes: Uint8Array,
  start: number,
  end: number,
  initial = 0,
): number {
  if (end > bytes.length) end = bytes.length;
  if (end - start < 64) return addSmall(bytes, start, end, fold(initial));
  if (bytes.buffer !== viewed) {
    viewed = bytes.buffer;
    view = new DataView(viewed);
  }
  let at = start + bytes.byteOffset;
  const last = end + bytes.byteOffset;
  const whole = last - ((last - at) & 15);
  let sum = 0;
  while (at < whole) {
    // 16,384 halves of at most 0xffff stay below 2^31.
    const stop = Math.min(whole, at + 65536);
    let upper = 0;
    let lower = 0;
    for (; at < stop; at += 16) {
      const a = view.getInt32(at, true);
      const b = view.getInt32(at + 4, true);
      const c = view.getInt32(at + 8, true);
      const d = view.getInt32(at + 12, true);
      upper += (a >>> 16) + (b >>> 16) + (c >>> 16) + (d >>> 16);
      lower += (a & 0xffff) + (b & 0xffff) + (c & 0xffff) + (d & 0xffff);
    }
    sum = fold(sum + fold(upper) + fold(lower));
  }
  // Little-endian words give the same sum with its bytes swapped (RFC 1071, 2B).
  sum = (sum & 0xff) << 8 | sum >> 8;
  return addSmall(bytes, at - bytes.byteOffset, end, fold(initial) + sum);
}

function addSmall(
  bytes: Uint8Array,
  start: number,
  end: number,
  sum: number,
): number {
  let at = start;
  for (const even = end - 1; at < even; at += 2) {
    sum += bytes[at]! << 8 | bytes[at + 1]!;
  }
  if (at < end) sum += bytes[at]! << 8;
  return fold(sum);
}

/**
 * The checksum of a range: its sum, complemented.
 *
 * @param bytes The memory with the range.
 * @param start Its first byte.
 * @param end The byte after its last.
 * @param initial The initial sum, for example of a pseudo-header.
 * @returns The value for the checksum field, which has to be zero in the range;
 *   0 if the range has its correct checksum. Source: RFC 1071.
 *
 * @example
 * ```ts
 * import { checksum } from "@netplumb/netplumb";
 *
 * const bytes = new Uint8Array([0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]);
 * console.log(checksum(bytes, 0, 8).toString(16)); // 220d
 * ```
 */
export function checksum(
  bytes: Uint8Array,
  start: number,
  end: number,
  initial = 0,
): number {
  return ~checksumAdd(bytes, start, end, initial) & 0xffff;
}

/**
 * Updates a checksum after a change of the data.
 *
 * @param old The previous checksum field.
 * @param before The previous 16-bit word, or the sum of several.
 * @param after The new word, or the sum of several.
 * @returns The new checksum field. Source: RFC 1624, equation 3.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * // The example of RFC 1624 section 4.
 * console.log(headers.checksumUpdate(0xdd2f, 0x5555, 0x3285)); // 0
 * ```
 */
export function checksumUpdate(
  old: number,
  before: number,
  after: number,
): number {
  return ~fold((~old & 0xffff) + (~fold(before) & 0xffff) + after) & 0xffff;
}

/**
 * The sum of the pseudo header that TCP and UDP checksums cover on IPv4.
 *
 * @param bytes The memory with the addresses.
 * @param addresses Offset of the source address, which the destination follows;
 *   12 in an IPv4 header.
 * @param protocol The protocol number, 6 for TCP.
 * @param length Bytes of the protocol's header and payload.
 * @returns An initial sum. Source: RFC 9293 section 3.1, RFC 768.
 *
 * @example
 * ```ts
 * import { buildUdp, checksum, headers } from "@netplumb/netplumb";
 *
 * const packet = buildUdp(
 *   { source: "10.0.0.1", destination: "10.0.0.2" },
 *   { sourcePort: 5000, destinationPort: 7, payload: new Uint8Array(4) },
 * );
 * const sum = headers.pseudoHeader4(packet, 12, 17, packet.length - 20);
 * // Over a packet with its checksum in place, 0 means that it is valid.
 * console.log(checksum(packet, 20, packet.length, sum)); // 0
 * ```
 */
export function pseudoHeader4(
  bytes: Uint8Array,
  addresses: number,
  protocol: number,
  length: number,
): number {
  return addSmall(bytes, addresses, addresses + 8, protocol + length);
}

/**
 * The sum of the pseudo header that TCP, UDP and ICMPv6 checksums cover on IPv6.
 *
 * @param bytes The memory with the addresses.
 * @param addresses Offset of the source address, which the destination follows;
 *   8 in an IPv6 header.
 * @param protocol The protocol number, 58 for ICMPv6.
 * @param length Bytes of the protocol's header and payload.
 * @returns An initial sum. Source: RFC 8200 section 8.1.
 *
 * @example
 * ```ts
 * import { buildUdp, checksum, headers } from "@netplumb/netplumb";
 *
 * const packet = buildUdp(
 *   { source: "2001:db8::1", destination: "2001:db8::2" },
 *   { sourcePort: 5000, destinationPort: 7, payload: new Uint8Array(4) },
 * );
 * const sum = headers.pseudoHeader6(packet, 8, 17, packet.length - 40);
 * console.log(checksum(packet, 40, packet.length, sum)); // 0
 * ```
 */
export function pseudoHeader6(
  bytes: Uint8Array,
  addresses: number,
  protocol: number,
  length: number,
): number {
  return addSmall(
    bytes,
    addresses,
    addresses + 32,
    protocol + (length >>> 16) + (length & 0xffff),
  );
}

/**
 * Whether the checksums of a TCP or UDP packet are correct, including that of
 * its IPv4 header.
 */
export function hasRightChecksums(
  bytes: Uint8Array,
  ip: number,
  transport: number,
  end: number,
): boolean {
  const length = end - transport;
  if (bytes[ip]! >> 4 === 6) {
    const pseudo = pseudoHeader6(bytes, ip + 8, bytes[ip + 6]!, length);
    return checksumAdd(bytes, transport, end, pseudo) === 0xffff;
  }
  if (checksumAdd(bytes, ip, transport) !== 0xffff) return false;
  const pseudo = pseudoHeader4(bytes, ip + 12, bytes[ip + 9]!, length);
  return checksumAdd(bytes, transport, end, pseudo) === 0xffff;
}
