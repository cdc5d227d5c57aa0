// Fragmentation and reassembly of IP packets. Source: RFC 791 section 3.2,
// RFC 8200 section 4.5, RFC 5722.

import { checksum } from "../net/checksum.ts";
import { ArgumentError } from "../errors.ts";
import { readU16, walkOptions, writeU16, writeU32 } from "./bytes.ts";
import { checkNumber } from "./field_check.ts";
import { decodeIP, type IPHeader } from "./ip.ts";
import type { IPv6Header } from "./ipv6.ts";
import { IPPROTO } from "./protocol.ts";

/** The longest IP packet, and the longest payload of an IPv6 packet. */
const MAX_LENGTH = 65535;

/** The limits of a {@link FragmentReassembler}. */
export interface ReassemblyOptions {
  /** Timeout of incomplete packets, in milliseconds; default 30000. */
  readonly timeout?: number | undefined;
  /**
   * Maximum number of incomplete packets; the oldest is dropped; default 64.
   */
  readonly maxPackets?: number | undefined;
}

/** An incomplete packet. */
interface IncompletePacket {
  readonly started: number;
  /** The payload: the fragments at their offsets. */
  payload: Uint8Array<ArrayBuffer>;
  /** One byte for each 8 bytes of the payload that arrived. */
  readonly arrived: Uint8Array;
  /** How many units of 8 bytes arrived. */
  units: number;
  /** Length of the payload; -1 until the last fragment arrived. */
  length: number;
  /** The headers before the payload, from the first fragment. */
  headers: Uint8Array | undefined;
}

/**
 * Reassembles fragmented IPv4 and IPv6 packets. Overlapping fragments drop the
 * packet, as RFC 5722 requires.
 *
 * Source: RFC 791, RFC 8200 section 4.5.
 *
 * @example
 * ```ts
 * import {
 *   buildUdp,
 *   FragmentReassembler,
 *   fragmentPacket,
 * } from "@netplumb/netplumb";
 *
 * const packet = buildUdp({ source: "10.0.0.1", destination: "10.0.0.2" }, {
 *   sourcePort: 1,
 *   destinationPort: 2,
 *   payload: new Uint8Array(3000),
 * });
 * const reassembler = new FragmentReassembler();
 * for (const fragment of fragmentPacket(packet, 1500)) {
 *   console.log(reassembler.add(fragment)?.length);
 * } // undefined, undefined, 3028
 * ```
 */
export class FragmentReassembler {
  readonly #timeout: number;
  readonly #maxPackets: number;
  // The oldest first.
  readonly #packets = new Map<string, IncompletePacket>();
  #dropped = 0;

  /**
   * Creates a reassembler without fragments.
   *
   * @param options The limits.
   */
  constructor(options: ReassemblyOptions = {}) {
    this.#timeout = options.timeout ?? 30_000;
    this.#maxPackets = options.maxPackets ?? 64;
    checkNumber("maxPackets", this.#maxPackets, 65536);
  }

  /** The number of packets that are incomplete. */
  get pending(): number {
    return this.#packets.size;
  }

  /** The number of packets that were dropped incomplete or overlapping. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Adds a packet.
   *
   * @param bytes The packet, which may be a fragment; it is copied.
   * @param now The time in milliseconds, for tests.
   * @returns The packet itself if it is not a fragment, the reassembled packet
   * if the last fragment completes it, else undefined.
   */
  add(
    bytes: Uint8Array,
    now: number = performance.now(),
  ): Uint8Array | undefined {
    const ip = decodeIP(bytes);
    if (ip.malformed !== undefined || !ip.isFragment) return bytes;
    this.#expire(now);
    const length = ip.payloadEnd - payloadStart(ip);
    const end = ip.fragmentOffset + length;
    if (
      ip.defect !== undefined || length <= 0 || end > MAX_LENGTH ||
      ip.moreFragments && length % 8 !== 0
    ) return undefined;
    const key = keyOf(ip);
    const packet = this.#packets.get(key) ?? this.#start(key, now);
    if (!insert(packet, ip, end)) {
      this.#packets.delete(key);
      this.#dropped++;
      return undefined;
    }
    if (
      packet.headers === undefined || packet.length < 0 ||
      packet.units < Math.ceil(packet.length / 8)
    ) return undefined;
    this.#packets.delete(key);
    return join(packet.headers, packet.payload.subarray(0, packet.length));
  }

  #start(key: string, started: number): IncompletePacket {
    if (this.#packets.size >= this.#maxPackets) {
      for (const oldest of this.#packets.keys()) {
        this.#packets.delete(oldest);
        this.#dropped++;
        break;
      }
    }
    const packet = {
      started,
      payload: new Uint8Array(4096),
      arrived: new Uint8Array((MAX_LENGTH + 1) / 8),
      units: 0,
      length: -1,
      headers: undefined,
    };
    this.#packets.set(key, packet);
    return packet;
  }

  #expire(now: number): void {
    for (const [key, { started }] of this.#packets) {
      if (now - started < this.#timeout) return;
      this.#packets.delete(key);
      this.#dropped++;
    }
  }
}

/** Offset of the payload of a fragment, including further IPv6 headers. */
function payloadStart(ip: IPHeader): number {
  if (ip.version === 4) return ip.payloadOffset;
  for (const { protocol, offset, length } of ip.extensions) {
    if (protocol === IPPROTO.FRAGMENT) return offset + length;
  }
  return ip.payloadOffset;
}

/** The common key of the fragments of a packet. */
function keyOf(ip: IPHeader): string {
  const addresses = ip.version === 4
    ? ip.bytes.subarray(ip.offset + 12, ip.offset + 20)
    : ip.bytes.subarray(ip.offset + 8, ip.offset + 40);
  // RFC 8200 identifies a packet without the protocol.
  const protocol = ip.version === 4 ? ip.protocol : "";
  return `${addresses.toHex()} ${ip.identification} ${protocol}`;
}

/** Adds a fragment; false if it contradicts the others. */
function insert(packet: IncompletePacket, ip: IPHeader, end: number): boolean {
  const first = ip.fragmentOffset / 8;
  const after = Math.ceil(end / 8);
  const isLast = !ip.moreFragments;
  if (packet.length >= 0 && (isLast || end > packet.length)) return false;
  for (let unit = first; unit < after; unit++) {
    if (packet.arrived[unit] === 1) return false;
  }
  if (isLast) {
    // Reject it if data beyond the end has arrived.
    if (packet.arrived.indexOf(1, after) >= 0) return false;
    packet.length = end;
  }
  packet.arrived.fill(1, first, after);
  packet.units += after - first;
  if (end > packet.payload.length) {
    const grown = new Uint8Array(Math.max(end, packet.payload.length * 2));
    grown.set(packet.payload);
    packet.payload = grown;
  }
  const payload = ip.bytes.subarray(payloadStart(ip), ip.payloadEnd);
  packet.payload.set(payload, ip.fragmentOffset);
  if (first === 0) packet.headers = headersOf(ip);
  return true;
}

/** Makes the headers of the first fragment those of the complete packet. */
function headersOf(ip: IPHeader): Uint8Array {
  const headers = ip.bytes.slice(ip.offset, payloadStart(ip));
  if (ip.version === 4) {
    writeU16(headers, 6, readU16(headers, 6) & 0x4000);
    return headers;
  }
  return withoutFragmentHeader(ip, headers);
}

function withoutFragmentHeader(ip: IPv6Header, headers: Uint8Array) {
  let nextHeader = 6;
  for (const { protocol, offset } of ip.extensions) {
    const at = offset - ip.offset;
    if (protocol === IPPROTO.FRAGMENT) {
      headers[nextHeader] = headers[at]!;
      headers.copyWithin(at, at + 8);
      return headers.subarray(0, headers.length - 8);
    }
    nextHeader = at;
  }
  return headers;
}

/** The complete packet; undefined if it exceeds the maximum length. */
function join(
  headers: Uint8Array,
  payload: Uint8Array,
): Uint8Array | undefined {
  const isIPv4 = headers[0]! >> 4 === 4;
  const length = headers.length + payload.length;
  if (length - (isIPv4 ? 0 : 40) > MAX_LENGTH) return undefined;
  const packet = new Uint8Array(length);
  packet.set(headers);
  packet.set(payload, headers.length);
  if (isIPv4) {
    writeU16(packet, 2, length);
    writeU16(packet, 10, 0);
    writeU16(packet, 10, checksum(packet, 0, headers.length));
  } else {
    writeU16(packet, 4, length - 40);
  }
  return packet;
}

/**
 * Splits an IP packet into fragments, as its source does. The caller has to
 * check the DF flag of IPv4.
 *
 * @param packet The packet.
 * @param mtu The longest fragment in bytes.
 * @param identification The number that the fragments of an IPv6 packet share;
 * random by default. Those of IPv4 have the packet's.
 * @returns The fragments; the packet itself if it is short enough.
 * @throws {ArgumentError} if it is malformed or a fragment, or the MTU leaves no
 * space for a payload.
 *
 * Source: RFC 791 section 3.2, RFC 8200 section 4.5.
 *
 * @example
 * ```ts
 * import { buildUdp, fragmentPacket } from "@netplumb/netplumb";
 *
 * const packet = buildUdp({ source: "::1", destination: "::2" }, {
 *   sourcePort: 1,
 *   destinationPort: 2,
 *   payload: new Uint8Array(2000),
 * });
 * console.log(fragmentPacket(packet, 1280).map(({ length }) => length));
 * // [ 1280, 824 ]
 * ```
 */
export function fragmentPacket(
  packet: Uint8Array,
  mtu: number,
  identification?: number,
): Uint8Array[] {
  const ip = decodeIP(packet);
  const defect = ip.malformed ?? ip.defect;
  if (defect !== undefined || ip.malformed !== undefined || ip.isFragment) {
    throw new ArgumentError(
      "packet",
      defect ?? "a fragment",
      "a complete IP packet",
    );
  }
  checkNumber("mtu", mtu, MAX_LENGTH);
  checkNumber("identification", identification, 0xffffffff);
  if (ip.payloadEnd - ip.offset <= mtu) return [packet];
  if (ip.version === 4) {
    return split(
      packet,
      ip.payloadOffset,
      ip.payloadEnd,
      mtu,
      (offset) => headerOf4(packet, ip.payloadOffset, offset),
    );
  }
  const { end, nextHeader } = perFragment(ip);
  const header = headersOf6(ip, end, nextHeader, identification ?? randomU32());
  return split(packet, end, ip.payloadEnd, mtu, () => header);
}

function randomU32(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}

/**
 * Cuts the payload from `start` to `end`.
 *
 * @param headerAt The headers of the fragment at an offset, without its length
 * and flags.
 */
function split(
  packet: Uint8Array,
  start: number,
  end: number,
  mtu: number,
  headerAt: (offset: number) => Uint8Array,
): Uint8Array[] {
  const list: Uint8Array[] = [];
  for (let at = start; at < end;) {
    const offset = at - start;
    const header = headerAt(offset);
    const space = mtu - header.length;
    const isLast = end - at <= space;
    const length = isLast ? end - at : space & ~7;
    if (length < 8 && !isLast) {
      throw new ArgumentError(
        "mtu",
        mtu,
        `at least ${header.length + 8} for this packet`,
      );
    }
    const fragment = new Uint8Array(header.length + length);
    fragment.set(header);
    fragment.set(packet.subarray(at, at + length), header.length);
    finish(fragment, header.length, offset, !isLast);
    list.push(fragment);
    at += length;
  }
  return list;
}

/** Sets the length, the offset and the flag of a fragment. */
function finish(
  fragment: Uint8Array,
  headerLength: number,
  offset: number,
  more: boolean,
): void {
  if (fragment[0]! >> 4 === 6) {
    writeU16(fragment, 4, fragment.length - 40);
    writeU16(fragment, headerLength - 6, offset | Number(more));
    return;
  }
  writeU16(fragment, 2, fragment.length);
  writeU16(fragment, 6, (more ? 0x2000 : 0) | offset >> 3);
  writeU16(fragment, 10, 0);
  writeU16(fragment, 10, checksum(fragment, 0, headerLength));
}

/** An IPv4 header; after the first fragment with the copied options only. */
function headerOf4(packet: Uint8Array, end: number, offset: number) {
  if (offset === 0) return packet.slice(0, end);
  const header = new Uint8Array(60);
  header.set(packet.subarray(0, 20));
  let length = 20;
  for (const option of walkOptions(packet, 20, end).options) {
    if (option.kind < 0x80) continue;
    header.set(
      packet.subarray(option.offset, option.offset + option.length),
      length,
    );
    length += option.length;
  }
  length = length + 3 & ~3;
  header[0] = 0x40 | length >> 2;
  return header.subarray(0, length);
}

/** The IPv6 headers that routers read, and the next header after them. */
function perFragment(ip: IPv6Header): { end: number; nextHeader: number } {
  let end = ip.offset + 40;
  let nextHeader = ip.offset + 6;
  for (const { protocol, offset, length } of ip.extensions) {
    if (protocol !== IPPROTO.HOPOPTS && protocol !== IPPROTO.ROUTING) continue;
    end = offset + length;
    nextHeader = offset;
  }
  return { end, nextHeader };
}

function headersOf6(
  ip: IPv6Header,
  end: number,
  nextHeader: number,
  identification: number,
): Uint8Array {
  const header = new Uint8Array(end - ip.offset + 8);
  header.set(ip.bytes.subarray(ip.offset, end));
  const fragment = header.length - 8;
  header[fragment] = ip.bytes[nextHeader]!;
  header[nextHeader - ip.offset] = IPPROTO.FRAGMENT;
  writeU32(header, fragment + 4, identification);
  return header;
}
