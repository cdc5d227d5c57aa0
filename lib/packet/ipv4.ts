import { formatIPv4 } from "../net/ip_address.ts";
import { checksum, checksumAdd, pseudoHeader4 } from "../net/checksum.ts";
import {
  type Malformed,
  type RawOption,
  readU16,
  tooShort,
  walkOptions,
  writeU16,
} from "./bytes.ts";
import {
  checkLength,
  checkNumber,
  checkRoom,
  checkUnits,
} from "./field_check.ts";

/** Fields that {@link writeIPv4} writes; a decoded header has them. */
export interface IPv4Fields {
  /** 4 bytes. */
  readonly sourceAddress: Uint8Array;
  /** 4 bytes. */
  readonly destinationAddress: Uint8Array;
  /** Protocol number of the payload. */
  readonly protocol: number;
  /** Number of bytes of the payload. */
  readonly payloadLength: number;
  /** Time to live, or hop limit; default 64. */
  readonly ttl?: number | undefined;
  /** The DSCP and ECN bits; default 0. */
  readonly trafficClass?: number | undefined;
  /** Identifies the fragments of one packet; default 0. */
  readonly identification?: number | undefined;
  /** Whether routers must not fragment the packet (DF). */
  readonly dontFragment?: boolean | undefined;
  /** Whether fragments follow. */
  readonly moreFragments?: boolean | undefined;
  /** Offset of this payload in the unfragmented one, in bytes. */
  readonly fragmentOffset?: number | undefined;
  /** The reserved bit of the flags, normally 0. */
  readonly reserved?: boolean | undefined;
  /** Encoded options: a multiple of 4 bytes, at most 40. */
  readonly optionBytes?: Uint8Array | undefined;
}

/**
 * An IPv4 header as a view of a packet: getters read
 * the bytes, so they reflect later changes. Source: RFC 791.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * const packet = Uint8Array.fromHex(
 *   "4500001c00010000400166de0a0000010a000002" + "0800f7fd00010001",
 * );
 * const header = headers.decodeIPv4(packet);
 * if (header instanceof headers.IPv4Header) {
 *   console.log(header.verifyChecksum(), header.payload.length); // true 8
 * }
 * ```
 */
export class IPv4Header implements IPv4Fields {
  /** Always undefined; distinguishes a header from {@link Malformed}. */
  declare readonly malformed?: undefined;

  /**
   * Called by `decodeIPv4`, which checks the length first.
   *
   * @param bytes The packet.
   * @param offset Offset of the header.
   * @param payloadOffset Offset of the payload.
   * @param payloadEnd Offset of the end of the payload, at most the end of the captured bytes.
   * @param payloadLength Length of the payload according to the header, in bytes.
   */
  constructor(
    readonly bytes: Uint8Array,
    readonly offset: number,
    readonly payloadOffset: number,
    readonly payloadEnd: number,
    readonly payloadLength: number,
  ) {}

  /** The version of IP. */
  get version(): 4 {
    return 4;
  }

  /** What is wrong after the header, for example a truncated payload. */
  get defect(): string | undefined {
    const available = this.payloadEnd - this.payloadOffset;
    return available < this.payloadLength
      ? `IPv4 payload of ${this.payloadLength} bytes, ${available} available`
      : undefined;
  }

  /** Bytes of the header, options included: 20 to 60. */
  get headerLength(): number {
    return this.payloadOffset - this.offset;
  }

  /** DSCP (upper six bits) and ECN (lower two). */
  get trafficClass(): number {
    return this.bytes[this.offset + 1]!;
  }

  /** Bytes of header and payload, according to the header. */
  get totalLength(): number {
    return readU16(this.bytes, this.offset + 2);
  }

  /** Identifies the fragments of one packet. */
  get identification(): number {
    return readU16(this.bytes, this.offset + 4);
  }

  /** The reserved bit of the flags, normally 0. */
  get reserved(): boolean {
    return (this.bytes[this.offset + 6]! & 0x80) !== 0;
  }

  /** Whether routers must not fragment the packet (DF). */
  get dontFragment(): boolean {
    return (this.bytes[this.offset + 6]! & 0x40) !== 0;
  }

  /** Whether fragments follow. */
  get moreFragments(): boolean {
    return (this.bytes[this.offset + 6]! & 0x20) !== 0;
  }

  /** Offset of this payload in the unfragmented one, in bytes. */
  get fragmentOffset(): number {
    return (readU16(this.bytes, this.offset + 6) & 0x1fff) * 8;
  }

  /** Whether this is a part of a larger packet. */
  get isFragment(): boolean {
    return (readU16(this.bytes, this.offset + 6) & 0x3fff) !== 0;
  }

  /** Time to live. */
  get ttl(): number {
    return this.bytes[this.offset + 8]!;
  }

  /** Protocol number of the payload. */
  get protocol(): number {
    return this.bytes[this.offset + 9]!;
  }

  /** The header checksum in the packet. */
  get checksum(): number {
    return readU16(this.bytes, this.offset + 10);
  }

  /** The source address as text. */
  get source(): string {
    return formatIPv4(this.bytes, this.offset + 12);
  }

  /** The destination address as text. */
  get destination(): string {
    return formatIPv4(this.bytes, this.offset + 16);
  }

  /** The 4 bytes of the source address. */
  get sourceAddress(): Uint8Array {
    return this.bytes.subarray(this.offset + 12, this.offset + 16);
  }

  /** The 4 bytes of the destination address. */
  get destinationAddress(): Uint8Array {
    return this.bytes.subarray(this.offset + 16, this.offset + 20);
  }

  /** The encoded options. */
  get optionBytes(): Uint8Array {
    return this.bytes.subarray(this.offset + 20, this.payloadOffset);
  }

  /** The captured bytes of the payload. */
  get payload(): Uint8Array {
    return this.bytes.subarray(this.payloadOffset, this.payloadEnd);
  }

  /** The decoded options, and what is wrong with the first malformed one. */
  options(): { options: RawOption[]; malformed?: string } {
    return walkOptions(this.bytes, this.offset + 20, this.payloadOffset);
  }

  /** Whether the header checksum is correct. */
  verifyChecksum(): boolean {
    return checksumAdd(this.bytes, this.offset, this.payloadOffset) === 0xffff;
  }

  /**
   * The pseudo header's sum for a checksum of the payload.
   *
   * @param protocol The number of the protocol with the checksum.
   * @param length Bytes of its header and payload.
   */
  pseudoHeader(protocol: number, length: number): number {
    return pseudoHeader4(this.bytes, this.offset + 12, protocol, length);
  }
}

/**
 * Decodes an IPv4 header.
 *
 * @param bytes The packet.
 * @param offset Offset of the header.
 * @param end Offset where decoding stops.
 * @returns The header, or why the bytes are not one. Source: RFC 791 section 3.1.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * const header = headers.decodeIPv4(Uint8Array.fromHex(
 *   "4500001c00010000400166de0a0000010a000002" + "0800f7fd00010001",
 * ));
 * if (header.malformed === undefined) {
 *   console.log(header.source, header.destination, header.ttl);
 *   // 10.0.0.1 10.0.0.2 64
 * }
 * console.log(headers.decodeIPv4(new Uint8Array([0x45, 0])).malformed);
 * // IPv4 header of 20 bytes, 2 available
 * ```
 */
export function decodeIPv4(
  bytes: Uint8Array,
  offset = 0,
  end: number = bytes.length,
): IPv4Header | Malformed {
  if (end > bytes.length) end = bytes.length;
  const available = end - offset;
  if (available < 20) return tooShort("IPv4 header", 20, available);
  const first = bytes[offset]!;
  if (first >> 4 !== 4) return { malformed: `IP version ${first >> 4}, not 4` };
  const headerLength = (first & 15) * 4;
  if (headerLength < 20) {
    return { malformed: `IPv4 header length ${headerLength}, below 20` };
  }
  if (headerLength > available) {
    return tooShort("IPv4 header", headerLength, available);
  }
  const totalLength = readU16(bytes, offset + 2);
  if (totalLength < headerLength) {
    return {
      malformed: `IPv4 total length ${totalLength}, header ${headerLength}`,
    };
  }
  return new IPv4Header(
    bytes,
    offset,
    offset + headerLength,
    totalLength < available ? offset + totalLength : end,
    totalLength - headerLength,
  );
}

/**
 * Writes an IPv4 header, its checksum included.
 *
 * @param bytes The buffer to write into.
 * @param offset Offset of the header.
 * @param fields The fields to write.
 * @returns Offset of the payload. Source: RFC 791 section 3.1.
 *
 * @example
 * ```ts
 * import { headers, IPPROTO, parseAddress } from "@netplumb/netplumb";
 *
 * const packet = new Uint8Array(28);
 * const payload = headers.writeIPv4(packet, 0, {
 *   sourceAddress: parseAddress("10.0.0.1").address,
 *   destinationAddress: parseAddress("10.0.0.2").address,
 *   protocol: IPPROTO.UDP,
 *   payloadLength: 8,
 * });
 * console.log(payload); // 20
 * ```
 */
export function writeIPv4(
  bytes: Uint8Array,
  offset: number,
  fields: IPv4Fields,
): number {
  const optionLength = fields.optionBytes?.length ?? 0;
  const headerLength = 20 + optionLength;
  const fragment = fields.fragmentOffset ?? 0;
  checkLength("sourceAddress", fields.sourceAddress, 4);
  checkLength("destinationAddress", fields.destinationAddress, 4);
  checkUnits("optionBytes", fields.optionBytes, 4, 40);
  checkNumber("payloadLength", fields.payloadLength, 0xffff - headerLength);
  checkNumber("trafficClass", fields.trafficClass, 0xff);
  checkNumber("identification", fields.identification, 0xffff);
  checkNumber("fragmentOffset / 8", fragment / 8, 0x1fff);
  checkNumber("ttl", fields.ttl, 0xff);
  checkNumber("protocol", fields.protocol, 0xff);
  checkRoom(bytes, offset, headerLength);
  bytes[offset] = 0x40 | headerLength >> 2;
  bytes[offset + 1] = fields.trafficClass ?? 0;
  writeU16(bytes, offset + 2, headerLength + fields.payloadLength);
  writeU16(bytes, offset + 4, fields.identification ?? 0);
  writeU16(
    bytes,
    offset + 6,
    (fields.reserved ? 0x8000 : 0) | (fields.dontFragment ? 0x4000 : 0) |
      (fields.moreFragments ? 0x2000 : 0) | fragment >> 3,
  );
  bytes[offset + 8] = fields.ttl ?? 64;
  bytes[offset + 9] = fields.protocol;
  writeU16(bytes, offset + 10, 0);
  bytes.set(fields.sourceAddress, offset + 12);
  bytes.set(fields.destinationAddress, offset + 16);
  if (fields.optionBytes) bytes.set(fields.optionBytes, offset + 20);
  const payload = offset + headerLength;
  writeU16(bytes, offset + 10, checksum(bytes, offset, payload));
  return payload;
}
