import { checksumAdd } from "../net/checksum.ts";
import {
  type Malformed,
  readU16,
  readU32,
  tooShort,
  walkOptions,
  writeU16,
  writeU32,
} from "./bytes.ts";
import { checkNumber, checkRoom, checkUnits } from "./field_check.ts";
import type { IPHeader } from "./ip.ts";
import { IPPROTO } from "./protocol.ts";
import {
  decodeTcpOption,
  formatTcpOption,
  type TcpOption,
} from "./tcp_option.ts";

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

// In tcpdump's order.
const FLAGS: [bit: number, letter: string][] = [
  [TCP.FIN, "F"],
  [TCP.SYN, "S"],
  [TCP.RST, "R"],
  [TCP.PSH, "P"],
  [TCP.ACK, "."],
  [TCP.URG, "U"],
  [TCP.ECE, "E"],
  [TCP.CWR, "W"],
  [TCP.AE, "e"],
];

/**
 * Prints TCP flags as tcpdump does.
 *
 * @param flags Bits of `TCP`.
 * @returns For example `S.` for SYN and ACK; `none` if no flag is set.
 *
 * Source: tcpdump(8), RFC 9293.
 *
 * @example
 * ```ts
 * import { headers, TCP } from "@netplumb/netplumb";
 *
 * console.log(headers.formatTcpFlags(TCP.PSH | TCP.ACK)); // P.
 * ```
 */
export function formatTcpFlags(flags: number): string {
  let text = "";
  for (const [bit, letter] of FLAGS) if (flags & bit) text += letter;
  return text || "none";
}

/** Fields that {@link writeTcp} writes; a decoded header has them. */
export interface TcpFields {
  /** 0 to 65535. */
  readonly sourcePort: number;
  /** 0 to 65535. */
  readonly destinationPort: number;
  /** The sequence number. */
  readonly sequence: number;
  /** The acknowledgement number; default 0. */
  readonly acknowledgement?: number | undefined;
  /** Bits of {@link TCP}, and the three reserved ones above them. */
  readonly flags: number;
  /** The window field, not scaled; default 0. */
  readonly window?: number | undefined;
  /** End of the urgent data; default 0. */
  readonly urgentPointer?: number | undefined;
  /** Encoded options: a multiple of 4 bytes, at most 40. */
  readonly optionBytes?: Uint8Array | undefined;
  /** The payload. */
  readonly payload: Uint8Array;
}

/**
 * A TCP header as a view of a packet: getters read the bytes. Source: RFC 9293.
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
  /** Always undefined; distinguishes a header from {@link Malformed}. */
  declare readonly malformed?: undefined;
  /** Always undefined: the header has no length field. */
  declare readonly defect?: undefined;

  /**
   * Called by `decodeTcp`, which checks the length first.
   *
   * @param bytes The packet.
   * @param offset Offset of the header.
   * @param payloadOffset Offset of the payload.
   * @param payloadEnd Offset of the end of the payload.
   */
  constructor(
    readonly bytes: Uint8Array,
    readonly offset: number,
    readonly payloadOffset: number,
    readonly payloadEnd: number,
  ) {}

  /** The source port. */
  get sourcePort(): number {
    return readU16(this.bytes, this.offset);
  }

  /** The destination port. */
  get destinationPort(): number {
    return readU16(this.bytes, this.offset + 2);
  }

  /** The sequence number. */
  get sequence(): number {
    return readU32(this.bytes, this.offset + 4);
  }

  /** The acknowledgement number. */
  get acknowledgement(): number {
    return readU32(this.bytes, this.offset + 8);
  }

  /** Bits of {@link TCP}, and the three reserved ones above them. */
  get flags(): number {
    return readU16(this.bytes, this.offset + 12) & 0xfff;
  }

  /** The window field, not scaled. */
  get window(): number {
    return readU16(this.bytes, this.offset + 14);
  }

  /** The checksum in the packet. */
  get checksum(): number {
    return readU16(this.bytes, this.offset + 16);
  }

  /** End of the urgent data, if the URG flag is set. */
  get urgentPointer(): number {
    return readU16(this.bytes, this.offset + 18);
  }

  /** The encoded options. */
  get optionBytes(): Uint8Array {
    return this.bytes.subarray(this.offset + 20, this.payloadOffset);
  }

  /** The bytes of the payload. */
  get payload(): Uint8Array {
    return this.bytes.subarray(this.payloadOffset, this.payloadEnd);
  }

  /** Number of bytes of the payload. */
  get payloadLength(): number {
    return this.payloadEnd - this.payloadOffset;
  }

  /** The decoded options, and what is wrong with the first malformed one. */
  options(): { options: TcpOption[]; malformed?: string } {
    const { bytes } = this;
    const walked = walkOptions(bytes, this.offset + 20, this.payloadOffset);
    return {
      ...walked,
      options: walked.options.map((option) => decodeTcpOption(bytes, option)),
    };
  }

  /**
   * Whether the checksum is correct.
   *
   * @param ip The IP header of the packet.
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
 * @param offset Offset of the header.
 * @param end Offset where decoding stops.
 * @returns The header, or why the bytes are not one. Source: RFC 9293 section 3.1.
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
  const available = end - offset;
  if (available < 20) return tooShort("TCP header", 20, available);
  const headerLength = (bytes[offset + 12]! >> 4) * 4;
  if (headerLength < 20) {
    return { malformed: `TCP header length ${headerLength}, below 20` };
  }
  if (headerLength > available) {
    return tooShort("TCP header", headerLength, available);
  }
  return new TcpHeader(bytes, offset, offset + headerLength, end);
}

/**
 * Writes a TCP header and payload, the checksum included.
 *
 * @param bytes The buffer to write into.
 * @param offset Offset of the header.
 * @param fields The fields to write.
 * @param pseudoHeader The sum of the pseudo header, see `pseudoHeader4`.
 * @returns Offset of the end of the payload. Source: RFC 9293 section 3.1.
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
  checkNumber("sourcePort", fields.sourcePort, 0xffff);
  checkNumber("destinationPort", fields.destinationPort, 0xffff);
  checkNumber("sequence", fields.sequence, 0xffffffff);
  checkNumber("acknowledgement", fields.acknowledgement, 0xffffffff);
  checkNumber("flags", fields.flags, 0xfff);
  checkNumber("window", fields.window, 0xffff);
  checkNumber("urgentPointer", fields.urgentPointer, 0xffff);
  checkUnits("optionBytes", fields.optionBytes, 4, 40);
  checkRoom(bytes, offset, end - offset);
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

export function describeTcp(tcp: TcpHeader): string {
  const { flags, payloadLength: length } = tcp;
  let text = `Flags [${formatTcpFlags(flags)}]`;
  if (length > 0) {
    text += `, seq ${tcp.sequence}:${(tcp.sequence + length) >>> 0}`;
  } else if (flags & (TCP.SYN | TCP.FIN | TCP.RST)) {
    text += `, seq ${tcp.sequence}`;
  }
  if (flags & TCP.ACK) text += `, ack ${tcp.acknowledgement}`;
  text += `, win ${tcp.window}`;
  if (flags & TCP.URG) text += `, urg ${tcp.urgentPointer}`;
  if (tcp.payloadOffset > tcp.offset + 20) {
    const { options, malformed } = tcp.options();
    const texts = options.map(formatTcpOption);
    if (malformed !== undefined) texts.push(`malformed: ${malformed}`);
    text += `, options [${texts.join(",")}]`;
  }
  return `${text}, length ${length}`;
}
