import { formatIPv4 } from "../net/ip_address.ts";
import { type RawOption, readU16, walkOptions, writeU16 } from "./bytes.ts";
import { checksum, checksumAdd, pseudoHeader4 } from "../net/checksum.ts";
import { type Malformed, tooShort } from "./malformed.ts";

/** What {@link writeIPv4} needs to know; a decoded {@link IPv4Header} has it. */
export interface IPv4Fields {
  /** 4 bytes. */
  readonly sourceAddress: Uint8Array;
  /** 4 bytes. */
  readonly destinationAddress: Uint8Array;
  /** Protocol number of the payload. */
  readonly protocol: number;
  /** Bytes behind the header. */
  readonly payloadLength: number;
  /** Hops left; 64 if not given. */
  readonly ttl?: number | undefined;
  /** The byte of DSCP and ECN; 0 if not given. */
  readonly trafficClass?: number | undefined;
  /** Tells the fragments of one packet; 0 if not given. */
  readonly identification?: number | undefined;
  /** Whether routers must not fragment it. */
  readonly dontFragment?: boolean | undefined;
  /** Whether fragments follow. */
  readonly moreFragments?: boolean | undefined;
  /** Where the payload belongs in the whole packet's, in bytes. */
  readonly fragmentOffset?: number | undefined;
  /** The reserved bit of the flags, 0 in all honest packets. */
  readonly reserved?: boolean | undefined;
  /** Options as they stand in the header, a multiple of 4 bytes, 40 at most. */
  readonly optionBytes?: Uint8Array | undefined;
}

/**
 * An IPv4 header where it stands in a packet. Fields are read from the bytes
 * when asked for, so a later change of the bytes shows. Source: RFC 791.
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
  /** A header is well-formed; what is not is a {@link Malformed}. */
  declare readonly malformed?: undefined;

  /**
   * Made by `decodeIPv4`, which checks that the bytes are there.
   *
   * @param bytes The packet.
   * @param offset Where the header starts.
   * @param payloadOffset Where the payload starts.
   * @param payloadEnd Where the payload ends, at most the end of what is there.
   * @param payloadLength How long the header says the payload is, in bytes.
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

  /** What is wrong behind the header, for example that a part is missing. */
  get defect(): string | undefined {
    const there = this.payloadEnd - this.payloadOffset;
    return there < this.payloadLength
      ? `IPv4 payload of ${this.payloadLength} bytes, ${there} there`
      : undefined;
  }

  /** Bytes of the header, options included: 20 to 60. */
  get headerLength(): number {
    return this.payloadOffset - this.offset;
  }

  /** The byte of DSCP (upper six bits) and ECN (lower two). */
  get trafficClass(): number {
    return this.bytes[this.offset + 1]!;
  }

  /** Bytes of header and payload, as the header says. */
  get totalLength(): number {
    return readU16(this.bytes, this.offset + 2);
  }

  /** Tells the fragments of one packet. */
  get identification(): number {
    return readU16(this.bytes, this.offset + 4);
  }

  /** The reserved bit of the flags, 0 in all honest packets. */
  get reserved(): boolean {
    return (this.bytes[this.offset + 6]! & 0x80) !== 0;
  }

  /** Whether routers must not fragment it. */
  get dontFragment(): boolean {
    return (this.bytes[this.offset + 6]! & 0x40) !== 0;
  }

  /** Whether fragments follow. */
  get moreFragments(): boolean {
    return (this.bytes[this.offset + 6]! & 0x20) !== 0;
  }

  /** Where the payload belongs in the whole packet's, in bytes. */
  get fragmentOffset(): number {
    return (readU16(this.bytes, this.offset + 6) & 0x1fff) * 8;
  }

  /** Whether this is a part of a larger packet. */
  get isFragment(): boolean {
    return (readU16(this.bytes, this.offset + 6) & 0x3fff) !== 0;
  }

  /** Hops left. */
  get ttl(): number {
    return this.bytes[this.offset + 8]!;
  }

  /** Protocol number of the payload. */
  get protocol(): number {
    return this.bytes[this.offset + 9]!;
  }

  /** The header checksum as it stands. */
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

  /** The options as they stand in the header. */
  get optionBytes(): Uint8Array {
    return this.bytes.subarray(this.offset + 20, this.payloadOffset);
  }

  /** What is behind the header, as far as it is there. */
  get payload(): Uint8Array {
    return this.bytes.subarray(this.payloadOffset, this.payloadEnd);
  }

  /** The options one by one, and what is wrong with the first that is none. */
  options(): { options: RawOption[]; malformed?: string } {
    return walkOptions(this.bytes, this.offset + 20, this.payloadOffset);
  }

  /** Whether the header checksum is right. */
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
 * @param offset Where the header starts.
 * @param end Where the bytes that may be read end.
 * @returns The header, or what makes it none. Source: RFC 791 section 3.1.
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
 * // IPv4 header of 20 bytes, 2 there
 * ```
 */
export function decodeIPv4(
  bytes: Uint8Array,
  offset = 0,
  end: number = bytes.length,
): IPv4Header | Malformed {
  if (end > bytes.length) end = bytes.length;
  const there = end - offset;
  if (there < 20) return tooShort("IPv4 header", 20, there);
  const first = bytes[offset]!;
  if (first >> 4 !== 4) return { malformed: `IP version ${first >> 4}, not 4` };
  const headerLength = (first & 15) * 4;
  if (headerLength < 20) {
    return { malformed: `IPv4 header length ${headerLength}, below 20` };
  }
  if (headerLength > there) return tooShort("IPv4 header", headerLength, there);
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
    totalLength < there ? offset + totalLength : end,
    totalLength - headerLength,
  );
}

/**
 * Writes an IPv4 header, its checksum included.
 *
 * @param bytes Where to.
 * @param offset Where the header shall start.
 * @param fields What it shall say.
 * @returns Where the payload starts. Source: RFC 791 section 3.1.
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
  bytes[offset] = 0x40 | headerLength >> 2;
  bytes[offset + 1] = fields.trafficClass ?? 0;
  writeU16(bytes, offset + 2, headerLength + fields.payloadLength);
  writeU16(bytes, offset + 4, fields.identification ?? 0);
  writeU16(
    bytes,
    offset + 6,
    (fields.reserved ? 0x8000 : 0) | (fields.dontFragment ? 0x4000 : 0) |
      (fields.moreFragments ? 0x2000 : 0) | (fields.fragmentOffset ?? 0) >> 3,
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
