import { formatIPv6 } from "../net/ip_address.ts";
import { ArgumentError } from "../errors.ts";
import { checksumAdd, pseudoHeader6 } from "../net/checksum.ts";
import {
  type Malformed,
  readU16,
  readU32,
  tooShort,
  writeU16,
  writeU32,
} from "./bytes.ts";
import {
  checkLength,
  checkNumber,
  checkRoom,
  checkUnits,
} from "./field_check.ts";
import { authenticationLength, describeAuthentication } from "./ipsec.ts";
import { IPPROTO, isExtensionHeader, protocolName } from "./protocol.ts";

/** Fields that {@link writeIPv6} writes; a decoded header has them. */
export interface IPv6Fields {
  /** 16 bytes. */
  readonly sourceAddress: Uint8Array;
  /** 16 bytes. */
  readonly destinationAddress: Uint8Array;
  /** Protocol number of the payload, after all extension headers. */
  readonly protocol: number;
  /** Bytes of the payload, after all extension headers. */
  readonly payloadLength: number;
  /** Time to live, or hop limit; default 64. */
  readonly ttl?: number | undefined;
  /** The DSCP and ECN bits; default 0. */
  readonly trafficClass?: number | undefined;
  /** 20 bits; default 0. */
  readonly flowLabel?: number | undefined;
  /** The number of the first extension header. */
  readonly nextHeader?: number | undefined;
  /** The encoded extension headers. */
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
 * An IPv6 header and its extension headers as a view of a packet: getters read the
 * bytes, so they reflect later changes. Source: RFC 8200.
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
  /** Always undefined; distinguishes a header from {@link Malformed}. */
  declare readonly malformed?: undefined;

  /**
   * Called by `decodeIPv6`, which checks the length first.
   *
   * @param bytes The packet.
   * @param offset Offset of the header.
   * @param payloadOffset Offset of the payload.
   * @param payloadEnd Offset of the end of the payload, at most the end of the captured bytes.
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

  /** What is wrong after the header, for example a truncated payload. */
  get defect(): string | undefined {
    if (this.brokenChain !== undefined) return this.brokenChain;
    const available = this.payloadEnd - this.payloadOffset;
    return available < this.payloadLength
      ? `IPv6 payload of ${this.payloadLength} bytes, ${available} available`
      : undefined;
  }

  /** Bytes of the header and its extension headers. */
  get headerLength(): number {
    return this.payloadOffset - this.offset;
  }

  /** DSCP (upper six bits) and ECN (lower two). */
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

  /** The hop limit. */
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

  /** The encoded extension headers. */
  get extensionBytes(): Uint8Array {
    return this.bytes.subarray(this.offset + 40, this.payloadOffset);
  }

  /** The captured bytes of the payload. */
  get payload(): Uint8Array {
    return this.bytes.subarray(this.payloadOffset, this.payloadEnd);
  }

  get #fragment(): number {
    for (const extension of this.extensions) {
      if (extension.protocol === IPPROTO.FRAGMENT) return extension.offset;
    }
    return -1;
  }

  /** Identifies the fragments of one packet; 0 if this is none. */
  get identification(): number {
    const at = this.#fragment;
    return at < 0 ? 0 : readU32(this.bytes, at + 4);
  }

  /** Whether fragments follow. */
  get moreFragments(): boolean {
    const at = this.#fragment;
    return at >= 0 && (this.bytes[at + 3]! & 1) !== 0;
  }

  /** Offset of this payload in the unfragmented one, in bytes. */
  get fragmentOffset(): number {
    const at = this.#fragment;
    return at < 0 ? 0 : readU16(this.bytes, at + 2) & 0xfff8;
  }

  /** Whether this is one of several fragments. */
  get isFragment(): boolean {
    return this.moreFragments || this.fragmentOffset !== 0;
  }

  /**
   * The sum of the pseudo header, for a checksum of the payload. Its addresses
   * are those of the end points: the final destination of a routing header
   * (RFC 8200 section 8.1), the home address of a mobile node (RFC 6275 section
   * 11.3.1).
   *
   * @param protocol The number of the protocol with the checksum.
   * @param length Length of its header and payload in bytes.
   */
  pseudoHeader(protocol: number, length: number): number {
    const { bytes, offset } = this;
    let source = offset + 8;
    let destination = offset + 24;
    for (const extension of this.extensions) {
      if (extension.protocol === IPPROTO.ROUTING) {
        destination = finalDestination(bytes, extension, destination);
      } else if (extension.protocol === IPPROTO.DSTOPTS) {
        source = homeAddress(bytes, extension, source);
      }
    }
    if (source === offset + 8 && destination === offset + 24) {
      return pseudoHeader6(bytes, source, protocol, length);
    }
    const rest = protocol + (length >>> 16) + (length & 0xffff);
    const sum = checksumAdd(bytes, source, source + 16, rest);
    return checksumAdd(bytes, destination, destination + 16, sum);
  }

  /** The addresses of the routing headers, as text, in the order of the bytes. */
  get segments(): string[] {
    const segments: string[] = [];
    for (const { protocol, offset, length } of this.extensions) {
      if (protocol !== IPPROTO.ROUTING) continue;
      const end = segmentsEnd(this.bytes, offset, length);
      for (let at = offset + 8; at < end; at += 16) {
        segments.push(formatIPv6(this.bytes, at));
      }
    }
    return segments;
  }
}

/** Offset of the last address of a routing header with segments left. */
function finalDestination(
  bytes: Uint8Array,
  { offset, length }: IPv6Extension,
  none: number,
): number {
  if (length < 24 || bytes[offset + 3] === 0) return none;
  switch (bytes[offset + 2]) {
    case 0: // RFC 2460 4.4
    case 2: // RFC 6275 6.4
      return offset + length - 16;
    case 4: // RFC 8754 section 2: the list is in reverse
      return offset + 8;
    default:
      return none;
  }
}

/** Offset of the address in a Home Address option: RFC 6275 section 6.3. */
function homeAddress(
  bytes: Uint8Array,
  { offset, length }: IPv6Extension,
  none: number,
): number {
  const at = findOption(bytes, 0xc9, 16, offset, offset + length);
  return at < 0 ? none : at;
}

/** Where the addresses of a routing header end; type 4 may have TLVs then. */
function segmentsEnd(bytes: Uint8Array, at: number, length: number): number {
  const type = bytes[at + 2]!;
  if (type !== 0 && type !== 2 && type !== 4) return at + 8;
  const available = (length - 8) >> 4;
  const count = type === 4
    ? Math.min(available, bytes[at + 4]! + 1)
    : available;
  return at + 8 + count * 16;
}

/**
 * Finds an option of a hop-by-hop or destination options header.
 *
 * @returns Offset of its data, or -1.
 */
function findOption(
  bytes: Uint8Array,
  type: number,
  length: number,
  header: number,
  end: number,
): number {
  for (let at = header + 2; at < end;) {
    if (bytes[at] === 0) {
      at++;
      continue;
    }
    if (at + 2 > end) return -1;
    const next = at + 2 + bytes[at + 1]!;
    if (bytes[at] === type) {
      return next - at - 2 === length && next <= end ? at + 2 : -1;
    }
    at = next;
  }
  return -1;
}

/** The length in a jumbo payload option (RFC 2675), or 0. */
function jumboLength(bytes: Uint8Array, start: number, end: number): number {
  if (start + 8 > end) return 0;
  const stop = Math.min(end, start + (bytes[start + 1]! + 1) * 8);
  const at = findOption(bytes, 0xc2, 4, start, stop);
  return at < 0 ? 0 : readU32(bytes, at);
}

/**
 * Decodes an IPv6 header and the extension headers after it.
 *
 * @param bytes The packet.
 * @param offset Offset of the header.
 * @param end Offset where decoding stops.
 * @returns The header, or why the bytes are not one. A broken extension header
 * is reported as the header's `defect`. Source: RFC 8200 sections 3 and 4.
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
  const available = end - offset;
  if (available < 40) return tooShort("IPv6 header", 40, available);
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
      broken = `IPv6 ${name} header of ${size} bytes, ${
        payloadEnd - at
      } available`;
      break;
    }
    if (extensions === NO_EXTENSIONS) extensions = [];
    extensions.push({ protocol, offset: at, length: size });
    // After the header of a later fragment follows the middle of the payload.
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
  return protocol === IPPROTO.AH
    ? authenticationLength(bytes, at)
    : (units + 1) * 8;
}

/**
 * Writes an IPv6 header and its extension headers.
 *
 * @param bytes The buffer to write into.
 * @param offset Offset of the header.
 * @param fields The fields to write.
 * @returns Offset of the payload. Source: RFC 8200 section 3.
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
  const length = extensionLength + fields.payloadLength;
  checkLength("sourceAddress", fields.sourceAddress, 16);
  checkLength("destinationAddress", fields.destinationAddress, 16);
  checkNumber("trafficClass", fields.trafficClass, 0xff);
  checkNumber("flowLabel", fields.flowLabel, 0xfffff);
  checkNumber("ttl", fields.ttl, 0xff);
  checkNumber("protocol", fields.protocol, 0xff);
  checkNumber("nextHeader", fields.nextHeader, 0xff);
  checkUnits("extensionBytes", fields.extensionBytes, 4, 0xffff);
  checkNumber("payloadLength", fields.payloadLength, 0xffffffff);
  checkRoom(bytes, offset, 40 + extensionLength);
  const jumbo = length > 0xffff;
  if (jumbo && fields.nextHeader !== IPPROTO.HOPOPTS) {
    throw new ArgumentError(
      "payloadLength",
      fields.payloadLength,
      "at most 65535 with the extension headers",
    );
  }
  const first = 6 << 28 | (fields.trafficClass ?? 0) << 20;
  writeU32(bytes, offset, first | (fields.flowLabel ?? 0));
  // The length is in the jumbo payload option then: RFC 2675 section 3.
  writeU16(bytes, offset + 4, jumbo ? 0 : length);
  bytes[offset + 6] = extensionLength > 0
    ? fields.nextHeader ?? fields.protocol
    : fields.protocol;
  bytes[offset + 7] = fields.ttl ?? 64;
  bytes.set(fields.sourceAddress, offset + 8);
  bytes.set(fields.destinationAddress, offset + 24);
  if (fields.extensionBytes) bytes.set(fields.extensionBytes, offset + 40);
  return offset + 40 + extensionLength;
}

/** The extension headers in tcpdump's format, each with a space after it. */
export function describeExtensions(ip: IPv6Header): string {
  let text = "";
  for (const extension of ip.extensions) {
    text += describeExtension(ip, extension);
  }
  return text;
}

function describeExtension(ip: IPv6Header, extension: IPv6Extension): string {
  const { bytes } = ip;
  const { protocol, offset, length } = extension;
  switch (protocol) {
    case IPPROTO.HOPOPTS:
      return "HBH ";
    case IPPROTO.DSTOPTS:
      return "DSTOPT ";
    case IPPROTO.AH:
      return describeAuthentication(bytes, offset, ip.payloadEnd);
    case IPPROTO.FRAGMENT: {
      const position = readU16(bytes, offset + 2) & 0xfff8;
      // All that follows the header, further headers included.
      const rest = ip.payloadOffset + ip.payloadLength - offset - length;
      return `frag (${position}|${rest})${position === 0 ? " " : ""}`;
    }
    default:
      return describeRouting(bytes, offset, length);
  }
}

function describeRouting(bytes: Uint8Array, at: number, length: number) {
  const type = bytes[at + 2]!;
  const deprecated = type === 0 ? " [Deprecated]" : "";
  let text = `RT6 (len=${bytes[at + 1]}, type=${type}${deprecated}, segleft=${
    bytes[at + 3]
  }`;
  if (type === 4) {
    const flags = bytes[at + 5]!;
    text += `, last-entry=${bytes[at + 4]}`;
    if (flags !== 0) text += `, flags=0x${flags.toString(16)}`;
    text += `, tag=${readU16(bytes, at + 6).toString(16)}`;
  }
  const end = segmentsEnd(bytes, at, length);
  for (let i = 0; at + 8 + i * 16 < end; i++) {
    text += `, [${i}]${formatIPv6(bytes, at + 8 + i * 16)}`;
  }
  if (type === 4 && end < at + length) text += `, TLVs ${at + length - end}`;
  return text + ") ";
}
