import { readU16, readU32, walkOptions, writeU16, writeU32 } from "./bytes.ts";
import { checksumAdd } from "../net/checksum.ts";
import type { IPHeader } from "./ip.ts";
import { type Malformed, tooShort } from "./malformed.ts";
import { IPPROTO } from "./protocol.ts";
import { decodeTcpOption, type TcpOption } from "./tcp_option.ts";

/**
 * The flags of a TCP header as bits. Source: RFC 9293 section 3.1, RFC 9768.
 *
 * @example
 * ```ts
 * import { headers, TCP } from "@netplumb/netplumb";
 *
 * console.log(headers.formatTcpFlags(TCP.SYN | TCP.ACK)); // S.
 * ```
 */
export const TCP = {
  FIN: 0x001,
  SYN: 0x002,
  RST: 0x004,
  PSH: 0x008,
  ACK: 0x010,
  URG: 0x020,
  ECE: 0x040,
  CWR: 0x080,
  AE: 0x100,
} as const;

/** What {@link writeTcp} needs to know; a decoded {@link TcpHeader} has it. */
export interface TcpFields {
  /** 0 to 65535. */
  readonly sourcePort: number;
  /** 0 to 65535. */
  readonly destinationPort: number;
  /** Number of the first byte of the payload. */
  readonly sequence: number;
  /** Number of the next byte expected; 0 if not given. */
  readonly acknowledgement?: number | undefined;
  /** Bits of {@link TCP}, and the three reserved ones above them. */
  readonly flags: number;
  /** The window as it stands, not scaled; 0 if not given. */
  readonly window?: number | undefined;
  /** End of the urgent data; 0 if not given. */
  readonly urgentPointer?: number | undefined;
  /** Options as they stand in the header, a multiple of 4 bytes, 40 at most. */
  readonly optionBytes?: Uint8Array | undefined;
  /** What is sent. */
  readonly payload: Uint8Array;
}

/**
 * A TCP header where it stands in a packet. Fields are read from the bytes when
 * asked for. Source: RFC 9293.
 *
 * @example
 * ```ts
 * import { buildTcp, decodePacket, TCP } from "@netplumb/netplumb";
 *
 * const { tcp } = decodePacket(buildTcp(
 *   { source: "10.0.0.1", destination: "10.0.0.2" },
 *   {
 *     sourcePort: 5000,
 *     destinationPort: 80,
 *     sequence: 1,
 *     flags: TCP.SYN,
 *     payload: new Uint8Array(0),
 *   },
 * ));
 * console.log(tcp?.destinationPort, tcp?.flags === TCP.SYN); // 80 true
 * ```
 */
export class TcpHeader implements TcpFields {
  /** A header is well-formed; what is not is a {@link Malformed}. */
  declare readonly malformed?: undefined;
  /** Nothing can be wrong behind the header: it tells no length. */
  declare readonly defect?: undefined;

  /**
   * Made by `decodeTcp`, which checks that the bytes are there.
   *
   * @param bytes The packet.
   * @param offset Where the header starts.
   * @param payloadOffset Where the payload starts.
   * @param payloadEnd Where the payload ends.
   */
  constructor(
    readonly bytes: Uint8Array,
    readonly offset: number,
    readonly payloadOffset: number,
    readonly payloadEnd: number,
  ) {}

  /** The port it comes from. */
  get sourcePort(): number {
    return readU16(this.bytes, this.offset);
  }

  /** The port it goes to. */
  get destinationPort(): number {
    return readU16(this.bytes, this.offset + 2);
  }

  /** Number of the first byte of the payload. */
  get sequence(): number {
    return readU32(this.bytes, this.offset + 4);
  }

  /** Number of the next byte expected. */
  get acknowledgement(): number {
    return readU32(this.bytes, this.offset + 8);
  }

  /** Bits of {@link TCP}, and the three reserved ones above them. */
  get flags(): number {
    return readU16(this.bytes, this.offset + 12) & 0xfff;
  }

  /** The window as it stands, not scaled. */
  get window(): number {
    return readU16(this.bytes, this.offset + 14);
  }

  /** The checksum as it stands. */
  get checksum(): number {
    return readU16(this.bytes, this.offset + 16);
  }

  /** End of the urgent data, if the URG flag is set. */
  get urgentPointer(): number {
    return readU16(this.bytes, this.offset + 18);
  }

  /** The options as they stand in the header. */
  get optionBytes(): Uint8Array {
    return this.bytes.subarray(this.offset + 20, this.payloadOffset);
  }

  /** What is behind the header. */
  get payload(): Uint8Array {
    return this.bytes.subarray(this.payloadOffset, this.payloadEnd);
  }

  /** Bytes behind the header. */
  get payloadLength(): number {
    return this.payloadEnd - this.payloadOffset;
  }

  /** The options one by one, and what is wrong with the first that is none. */
  options(): { options: TcpOption[]; malformed?: string } {
    const { bytes } = this;
    const walked = walkOptions(bytes, this.offset + 20, this.payloadOffset);
    return {
      ...walked,
      options: walked.options.map((option) => decodeTcpOption(bytes, option)),
    };
  }

  /**
   * Whether the checksum is right.
   *
   * @param ip The header in front.
   */
  verifyChecksum(ip: IPHeader): boolean {
    const end = this.payloadEnd;
    const pseudo = ip.pseudoHeader(IPPROTO.TCP, end - this.offset);
    return checksumAdd(this.bytes, this.offset, end, pseudo) === 0xffff;
  }
}

/**
 * Decodes a TCP header.
 *
 * @param bytes The packet.
 * @param offset Where the header starts.
 * @param end Where the packet ends.
 * @returns The header, or what makes it none. Source: RFC 9293 section 3.1.
 *
 * @example
 * ```ts
 * import { headers, TCP } from "@netplumb/netplumb";
 *
 * const header = headers.decodeTcp(Uint8Array.fromHex(
 *   "01bbc000" + "00000001" + "00000002" + "6012ffff" + "00000000" + "020405b4",
 * ));
 * if (header.malformed === undefined) {
 *   console.log(header.flags === (TCP.SYN | TCP.ACK), header.window); // true 65535
 *   console.log(header.options().options[0].name); // mss
 * }
 * ```
 */
export function decodeTcp(
  bytes: Uint8Array,
  offset = 0,
  end: number = bytes.length,
): TcpHeader | Malformed {
  if (end > bytes.length) end = bytes.length;
  const there = end - offset;
  if (there < 20) return tooShort("TCP header", 20, there);
  const headerLength = (bytes[offset + 12]! >> 4) * 4;
  if (headerLength < 20) {
    return { malformed: `TCP header length ${headerLength}, below 20` };
  }
  if (headerLength > there) return tooShort("TCP header", headerLength, there);
  return new TcpHeader(bytes, offset, offset + headerLength, end);
}

/**
 * Writes a TCP header and payload, the checksum included.
 *
 * @param bytes Where to.
 * @param offset Where the header shall start.
 * @param fields What it shall say.
 * @param pseudoHeader The sum of the pseudo header, see `pseudoHeader4`.
 * @returns Where the payload ends. Source: RFC 9293 section 3.1.
 *
 * @example
 * ```ts
 * import { headers, parseAddress, TCP } from "@netplumb/netplumb";
 *
 * const addresses = new Uint8Array(8);
 * addresses.set(parseAddress("10.0.0.1").address);
 * addresses.set(parseAddress("10.0.0.2").address, 4);
 * const segment = new Uint8Array(20);
 * const end = headers.writeTcp(segment, 0, {
 *   sourcePort: 5000,
 *   destinationPort: 80,
 *   sequence: 1,
 *   flags: TCP.SYN,
 *   payload: new Uint8Array(0),
 * }, headers.pseudoHeader4(addresses, 0, 6, segment.length));
 * console.log(end); // 20
 * ```
 */
export function writeTcp(
  bytes: Uint8Array,
  offset: number,
  fields: TcpFields,
  pseudoHeader: number,
): number {
  const headerLength = 20 + (fields.optionBytes?.length ?? 0);
  const end = offset + headerLength + fields.payload.length;
  writeU16(bytes, offset, fields.sourcePort);
  writeU16(bytes, offset + 2, fields.destinationPort);
  writeU32(bytes, offset + 4, fields.sequence);
  writeU32(bytes, offset + 8, fields.acknowledgement ?? 0);
  writeU16(bytes, offset + 12, headerLength >> 2 << 12 | fields.flags);
  writeU16(bytes, offset + 14, fields.window ?? 0);
  writeU16(bytes, offset + 16, 0);
  writeU16(bytes, offset + 18, fields.urgentPointer ?? 0);
  if (fields.optionBytes) bytes.set(fields.optionBytes, offset + 20);
  bytes.set(fields.payload, offset + headerLength);
  const sum = checksumAdd(bytes, offset, end, pseudoHeader);
  writeU16(bytes, offset + 16, ~sum & 0xffff);
  return end;
}
