import { formatIPv6 } from "../net/ip_address.ts";
import { readU16, readU32, writeU16, writeU32 } from "./bytes.ts";
import { checksumAdd, pseudoHeader6 } from "../net/checksum.ts";
import { type Malformed, tooShort } from "./malformed.ts";
import { IPPROTO, isExtensionHeader, protocolName } from "./protocol.ts";

/** What {@link writeIPv6} needs to know; a decoded {@link IPv6Header} has it. */
export interface IPv6Fields {
  /** 16 bytes. */
  readonly sourceAddress: Uint8Array;
  /** 16 bytes. */
  readonly destinationAddress: Uint8Array;
  /** Protocol number of the payload, behind all extension headers. */
  readonly protocol: number;
  /** Bytes of the payload, behind all extension headers. */
  readonly payloadLength: number;
  /** Hops left; 64 if not given. */
  readonly ttl?: number | undefined;
  /** The byte of DSCP and ECN; 0 if not given. */
  readonly trafficClass?: number | undefined;
  /** 20 bits; 0 if not given. */
  readonly flowLabel?: number | undefined;
  /** The number of the first extension header, if there is one. */
  readonly nextHeader?: number | undefined;
  /** The extension headers as they stand in the packet. */
  readonly extensionBytes?: Uint8Array | undefined;
}

/** An extension header between the IPv6 header and the payload. */
export interface IPv6Extension {
  /** Its number: 0, 43, 44, 51 or 60. */
  readonly protocol: number;
  /** Where it starts. */
  readonly offset: number;
  /** How many bytes it has. */
  readonly length: number;
}

const NO_EXTENSIONS: readonly IPv6Extension[] = Object.freeze([]);

/**
 * An IPv6 header with its extension headers where they stand in a packet.
 * Fields are read from the bytes when asked for, so a later change of the bytes
 * shows. Source: RFC 8200.
 *
 * @example
 * ```ts
 * import { decodePacket } from "@netplumb/netplumb";
 *
 * const { ip } = decodePacket(Uint8Array.fromHex(
 *   "6000000000083a40" + "20010db8000000000000000000000001" +
 *     "20010db8000000000000000000000002" + "80007ca800010001",
 * ));
 * console.log(ip?.destination, ip?.protocol); // 2001:db8::2 58
 * ```
 */
export class IPv6Header implements IPv6Fields {
  /** A header is well-formed; what is not is a {@link Malformed}. */
  declare readonly malformed?: undefined;

  /**
   * Made by `decodeIPv6`, which checks that the bytes are there.
   *
   * @param bytes The packet.
   * @param offset Where the header starts.
   * @param payloadOffset Where the payload starts.
   * @param payloadEnd Where the payload ends, at most the end of what is there.
   * @param payloadLength How long the payload should be, in bytes.
   * @param protocol Protocol number of the payload; that of an extension header
   * if that one is broken.
   * @param extensions The extension headers in order.
   * @param brokenChain What is wrong with an extension header.
   */
  constructor(
    readonly bytes: Uint8Array,
    readonly offset: number,
    readonly payloadOffset: number,
    readonly payloadEnd: number,
    readonly payloadLength: number,
    readonly protocol: number,
    readonly extensions: readonly IPv6Extension[],
    private readonly brokenChain: string | undefined,
  ) {}

  /** The version of IP. */
  get version(): 6 {
    return 6;
  }

  /** What is wrong behind the header, for example that a part is missing. */
  get defect(): string | undefined {
    if (this.brokenChain !== undefined) return this.brokenChain;
    const there = this.payloadEnd - this.payloadOffset;
    return there < this.payloadLength
      ? `IPv6 payload of ${this.payloadLength} bytes, ${there} there`
      : undefined;
  }

  /** Bytes of the header and its extension headers. */
  get headerLength(): number {
    return this.payloadOffset - this.offset;
  }

  /** The byte of DSCP (upper six bits) and ECN (lower two). */
  get trafficClass(): number {
    return readU16(this.bytes, this.offset) >> 4 & 0xff;
  }

  /** The flow label, 20 bits. */
  get flowLabel(): number {
    return readU32(this.bytes, this.offset) & 0xfffff;
  }

  /** The number of the first extension header, or else of the payload. */
  get nextHeader(): number {
    return this.bytes[this.offset + 6]!;
  }

  /** Hops left; the hop limit in IPv6's words. */
  get ttl(): number {
    return this.bytes[this.offset + 7]!;
  }

  /** The source address as text. */
  get source(): string {
    return formatIPv6(this.bytes, this.offset + 8);
  }

  /** The destination address as text. */
  get destination(): string {
    return formatIPv6(this.bytes, this.offset + 24);
  }

  /** The 16 bytes of the source address. */
  get sourceAddress(): Uint8Array {
    return this.bytes.subarray(this.offset + 8, this.offset + 24);
  }

  /** The 16 bytes of the destination address. */
  get destinationAddress(): Uint8Array {
    return this.bytes.subarray(this.offset + 24, this.offset + 40);
  }

  /** The extension headers as they stand in the packet. */
  get extensionBytes(): Uint8Array {
    return this.bytes.subarray(this.offset + 40, this.payloadOffset);
  }

  /** What is behind all headers, as far as it is there. */
  get payload(): Uint8Array {
    return this.bytes.subarray(this.payloadOffset, this.payloadEnd);
  }

  get #fragment(): number {
    for (const extension of this.extensions) {
      if (extension.protocol === IPPROTO.FRAGMENT) return extension.offset;
    }
    return -1;
  }

  /** Tells the fragments of one packet; 0 if this is none. */
  get identification(): number {
    const at = this.#fragment;
    return at < 0 ? 0 : readU32(this.bytes, at + 4);
  }

  /** Whether fragments follow. */
  get moreFragments(): boolean {
    const at = this.#fragment;
    return at >= 0 && (this.bytes[at + 3]! & 1) !== 0;
  }

  /** Where the payload belongs in the whole packet's, in bytes. */
  get fragmentOffset(): number {
    const at = this.#fragment;
    return at < 0 ? 0 : readU16(this.bytes, at + 2) & 0xfff8;
  }

  /** Whether there is a fragment header that makes this a part of a packet. */
  get isFragment(): boolean {
    return this.moreFragments || this.fragmentOffset !== 0;
  }

  /**
   * The pseudo header's sum for a checksum of the payload.
   *
   * @param protocol The number of the protocol with the checksum.
   * @param length Bytes of its header and payload.
   */
  pseudoHeader(protocol: number, length: number): number {
    const { bytes, offset } = this;
    for (const extension of this.extensions) {
      if (extension.protocol !== IPPROTO.ROUTING) continue;
      // On the way it is the final destination that counts: RFC 8200, 8.1.
      const final = finalDestination(bytes, extension);
      if (final < 0) continue;
      const rest = protocol + (length >>> 16) + (length & 0xffff);
      const source = checksumAdd(bytes, offset + 8, offset + 24, rest);
      return checksumAdd(bytes, final, final + 16, source);
    }
    return pseudoHeader6(bytes, offset + 8, protocol, length);
  }
}

/** Where a routing header with segments left keeps the last address, or -1. */
function finalDestination(bytes: Uint8Array, routing: IPv6Extension): number {
  const { offset, length } = routing;
  if (length < 24 || bytes[offset + 3] === 0) return -1;
  switch (bytes[offset + 2]) {
    case 0: // RFC 2460 4.4
    case 2: // RFC 6275 6.4
      return offset + length - 16;
    case 4: // RFC 8754 section 2: the list is in reverse
      return offset + 8;
    default:
      return -1;
  }
}

/** The payload length a jumbo payload option tells (RFC 2675), or 0. */
function jumboLength(bytes: Uint8Array, start: number, end: number): number {
  if (start + 8 > end) return 0;
  const stop = Math.min(end, start + (bytes[start + 1]! + 1) * 8);
  for (let at = start + 2; at < stop;) {
    if (bytes[at] === 0) {
      at++;
      continue;
    }
    if (at + 2 > stop) return 0;
    if (bytes[at] === 0xc2) {
      return bytes[at + 1] === 4 && at + 6 <= stop ? readU32(bytes, at + 2) : 0;
    }
    at += 2 + bytes[at + 1]!;
  }
  return 0;
}

/**
 * Decodes an IPv6 header and the extension headers behind it.
 *
 * @param bytes The packet.
 * @param offset Where the header starts.
 * @param end Where the bytes that may be read end.
 * @returns The header, or what makes it none. A broken extension header is told
 * as the header's `defect`. Source: RFC 8200 sections 3 and 4.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * const header = headers.decodeIPv6(Uint8Array.fromHex(
 *   "6000000000083a40" + "20010db8000000000000000000000001" +
 *     "20010db8000000000000000000000002" + "8000000000010001",
 * ));
 * if (header.malformed === undefined) {
 *   console.log(header.source, header.protocol, header.payload.length);
 *   // 2001:db8::1 58 8
 * }
 * ```
 */
export function decodeIPv6(
  bytes: Uint8Array,
  offset = 0,
  end: number = bytes.length,
): IPv6Header | Malformed {
  if (end > bytes.length) end = bytes.length;
  const there = end - offset;
  if (there < 40) return tooShort("IPv6 header", 40, there);
  const version = bytes[offset]! >> 4;
  if (version !== 6) return { malformed: `IP version ${version}, not 6` };
  let protocol = bytes[offset + 6]!;
  let at = offset + 40;
  let length = readU16(bytes, offset + 4);
  if (length === 0 && protocol === IPPROTO.HOPOPTS) {
    length = jumboLength(bytes, at, end);
  }
  const payloadEnd = Math.min(end, at + length);
  const fullEnd = at + length;
  let extensions = NO_EXTENSIONS as IPv6Extension[];
  let broken: string | undefined;
  let last = false;
  while (!last && isExtensionHeader(protocol)) {
    const size = extensionLength(bytes, protocol, at, payloadEnd);
    if (size > payloadEnd - at) {
      const name = protocolName(protocol);
      broken = `IPv6 ${name} header of ${size} bytes, ${payloadEnd - at} there`;
      break;
    }
    if (extensions === NO_EXTENSIONS) extensions = [];
    extensions.push({ protocol, offset: at, length: size });
    // Behind the header of a later fragment comes the middle of something.
    last = protocol === IPPROTO.FRAGMENT &&
      (readU16(bytes, at + 2) & 0xfff8) !== 0;
    protocol = bytes[at]!;
    at += size;
  }
  return new IPv6Header(
    bytes,
    offset,
    at,
    payloadEnd,
    fullEnd - at,
    protocol,
    extensions,
    broken,
  );
}

/** What an extension header occupies; never less than 8, so a walk advances. */
function extensionLength(
  bytes: Uint8Array,
  protocol: number,
  at: number,
  end: number,
): number {
  if (protocol === IPPROTO.FRAGMENT || at + 2 > end) return 8;
  const units = bytes[at + 1]!;
  return protocol === IPPROTO.AH ? (units + 2) * 4 : (units + 1) * 8;
}

/**
 * Writes an IPv6 header and its extension headers.
 *
 * @param bytes Where to.
 * @param offset Where the header shall start.
 * @param fields What it shall say.
 * @returns Where the payload starts. Source: RFC 8200 section 3.
 *
 * @example
 * ```ts
 * import { headers, IPPROTO, parseAddress } from "@netplumb/netplumb";
 *
 * const packet = new Uint8Array(48);
 * const payload = headers.writeIPv6(packet, 0, {
 *   sourceAddress: parseAddress("2001:db8::1").address,
 *   destinationAddress: parseAddress("2001:db8::2").address,
 *   protocol: IPPROTO.UDP,
 *   payloadLength: 8,
 * });
 * console.log(payload); // 40
 * ```
 */
export function writeIPv6(
  bytes: Uint8Array,
  offset: number,
  fields: IPv6Fields,
): number {
  const extensionLength = fields.extensionBytes?.length ?? 0;
  const first = 6 << 28 | (fields.trafficClass ?? 0) << 20;
  writeU32(bytes, offset, first | (fields.flowLabel ?? 0));
  writeU16(bytes, offset + 4, extensionLength + fields.payloadLength);
  bytes[offset + 6] = extensionLength > 0
    ? fields.nextHeader ?? fields.protocol
    : fields.protocol;
  bytes[offset + 7] = fields.ttl ?? 64;
  bytes.set(fields.sourceAddress, offset + 8);
  bytes.set(fields.destinationAddress, offset + 24);
  if (fields.extensionBytes) bytes.set(fields.extensionBytes, offset + 40);
  return offset + 40 + extensionLength;
}
