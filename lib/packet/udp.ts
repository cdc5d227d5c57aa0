import { checksumAdd } from "../net/checksum.ts";
import { type Malformed, readU16, tooShort, writeU16 } from "./bytes.ts";
import { checkNumber, checkRoom } from "./field_check.ts";
import type { IPHeader } from "./ip.ts";
import { IPPROTO } from "./protocol.ts";

/** Fields that {@link writeUdp} writes; a decoded header has them. */
export interface UdpFields {
  /** 0 to 65535. */
  readonly sourcePort: number;
  /** 0 to 65535. */
  readonly destinationPort: number;
  /** The payload. */
  readonly payload: Uint8Array;
}

/**
 * A UDP header as a view of a packet: getters read the bytes. Source: RFC 768.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * const header = headers.decodeUdp(Uint8Array.fromHex("c000003500080000"));
 * if (header instanceof headers.UdpHeader) {
 *   console.log(header.destinationPort, header.payloadLength); // 53 0
 * }
 * ```
 */
export class UdpHeader implements UdpFields {
  /** Always undefined; distinguishes a header from {@link Malformed}. */
  declare readonly malformed?: undefined;

  /**
   * Called by `decodeUdp`, which checks the length first.
   *
   * @param bytes The packet.
   * @param offset Offset of the header.
   * @param payloadEnd Offset of the end of the payload, at most the end of the captured bytes.
   * @param payloadLength Length of the payload according to the header, in bytes.
   */
  constructor(
    readonly bytes: Uint8Array,
    readonly offset: number,
    readonly payloadEnd: number,
    readonly payloadLength: number,
  ) {}

  /** What is wrong after the header, for example a truncated payload. */
  get defect(): string | undefined {
    const available = this.payloadEnd - this.payloadOffset;
    return available < this.payloadLength
      ? `UDP payload of ${this.payloadLength} bytes, ${available} available`
      : undefined;
  }

  /** The source port. */
  get sourcePort(): number {
    return readU16(this.bytes, this.offset);
  }

  /** The destination port. */
  get destinationPort(): number {
    return readU16(this.bytes, this.offset + 2);
  }

  /** The checksum in the packet; 0 on IPv4 means no checksum. */
  get checksum(): number {
    return readU16(this.bytes, this.offset + 6);
  }

  /** Where the payload starts. */
  get payloadOffset(): number {
    return this.offset + 8;
  }

  /** The captured bytes of the payload. */
  get payload(): Uint8Array {
    return this.bytes.subarray(this.offset + 8, this.payloadEnd);
  }

  /**
   * Whether the checksum is correct, or absent on IPv4.
   *
   * @param ip The IP header of the packet.
   */
  verifyChecksum(ip: IPHeader): boolean {
    if (this.checksum === 0) return ip.version === 4;
    const end = this.payloadEnd;
    const pseudo = ip.pseudoHeader(IPPROTO.UDP, end - this.offset);
    return checksumAdd(this.bytes, this.offset, end, pseudo) === 0xffff;
  }
}

/**
 * Decodes a UDP header.
 *
 * @param bytes The packet.
 * @param offset Offset of the header.
 * @param end Offset where decoding stops.
 * @returns The header, or why the bytes are not one. Source: RFC 768.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * const header = headers.decodeUdp(Uint8Array.fromHex("0035c000000a0000" + "6869"));
 * if (header.malformed === undefined) {
 *   console.log(header.sourcePort, new TextDecoder().decode(header.payload));
 *   // 53 hi
 * }
 * ```
 */
export function decodeUdp(
  bytes: Uint8Array,
  offset = 0,
  end: number = bytes.length,
): UdpHeader | Malformed {
  if (end > bytes.length) end = bytes.length;
  const available = end - offset;
  if (available < 8) return tooShort("UDP header", 8, available);
  let length = readU16(bytes, offset + 4);
  // 0 means more than 65,535 bytes: RFC 2675 section 4.
  if (length === 0 && available > 65535) length = available;
  if (length < 8) return { malformed: `UDP length ${length}, below 8` };
  return new UdpHeader(
    bytes,
    offset,
    length < available ? offset + length : end,
    length - 8,
  );
}

/**
 * Writes a UDP header and payload, the checksum included.
 *
 * @param bytes The buffer to write into.
 * @param offset Offset of the header.
 * @param fields The fields to write.
 * @param pseudoHeader The sum of the pseudo header, see `pseudoHeader4`.
 * @returns Offset of the end of the payload. Source: RFC 768.
 *
 * @example
 * ```ts
 * import { headers, parseAddress } from "@netplumb/netplumb";
 *
 * const addresses = new Uint8Array(8);
 * addresses.set(parseAddress("10.0.0.1").address);
 * addresses.set(parseAddress("10.0.0.2").address, 4);
 * const payload = new TextEncoder().encode("hi");
 * const datagram = new Uint8Array(8 + payload.length);
 * const end = headers.writeUdp(
 *   datagram,
 *   0,
 *   { sourcePort: 5000, destinationPort: 7, payload },
 *   headers.pseudoHeader4(addresses, 0, 17, datagram.length),
 * );
 * console.log(end); // 10
 * ```
 */
export function writeUdp(
  bytes: Uint8Array,
  offset: number,
  fields: UdpFields,
  pseudoHeader: number,
): number {
  const end = offset + 8 + fields.payload.length;
  checkNumber("sourcePort", fields.sourcePort, 0xffff);
  checkNumber("destinationPort", fields.destinationPort, 0xffff);
  checkNumber("payload.length", fields.payload.length, 0xffff - 8);
  checkRoom(bytes, offset, end - offset);
  writeU16(bytes, offset, fields.sourcePort);
  writeU16(bytes, offset + 2, fields.destinationPort);
  writeU16(bytes, offset + 4, end - offset);
  writeU16(bytes, offset + 6, 0);
  bytes.set(fields.payload, offset + 8);
  const sum = ~checksumAdd(bytes, offset, end, pseudoHeader) & 0xffff;
  // 0 means no checksum.
  writeU16(bytes, offset + 6, sum || 0xffff);
  return end;
}
