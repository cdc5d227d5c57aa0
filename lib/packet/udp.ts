import { readU16, writeU16 } from "./bytes.ts";
import { checksumAdd } from "../net/checksum.ts";
import type { IPHeader } from "./ip.ts";
import { type Malformed, tooShort } from "./malformed.ts";
import { IPPROTO } from "./protocol.ts";

/** What {@link writeUdp} needs to know; a decoded {@link UdpHeader} has it. */
export interface UdpFields {
  /** 0 to 65535. */
  readonly sourcePort: number;
  /** 0 to 65535. */
  readonly destinationPort: number;
  /** What is sent. */
  readonly payload: Uint8Array;
}

/**
 * A UDP header where it stands in a packet. Fields are read from the bytes when
 * asked for. Source: RFC 768.
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
  /** A header is well-formed; what is not is a {@link Malformed}. */
  declare readonly malformed?: undefined;

  /**
   * Made by `decodeUdp`, which checks that the bytes are there.
   *
   * @param bytes The packet.
   * @param offset Where the header starts.
   * @param payloadEnd Where the payload ends, at most the end of what is there.
   * @param payloadLength How long the header says the payload is, in bytes.
   */
  constructor(
    readonly bytes: Uint8Array,
    readonly offset: number,
    readonly payloadEnd: number,
    readonly payloadLength: number,
  ) {}

  /** What is wrong behind the header, for example that a part is missing. */
  get defect(): string | undefined {
    const there = this.payloadEnd - this.payloadOffset;
    return there < this.payloadLength
      ? `UDP payload of ${this.payloadLength} bytes, ${there} there`
      : undefined;
  }

  /** The port it comes from. */
  get sourcePort(): number {
    return readU16(this.bytes, this.offset);
  }

  /** The port it goes to. */
  get destinationPort(): number {
    return readU16(this.bytes, this.offset + 2);
  }

  /** The checksum as it stands; 0 on IPv4 means there is none. */
  get checksum(): number {
    return readU16(this.bytes, this.offset + 6);
  }

  /** Where the payload starts. */
  get payloadOffset(): number {
    return this.offset + 8;
  }

  /** What is behind the header, as far as it is there. */
  get payload(): Uint8Array {
    return this.bytes.subarray(this.offset + 8, this.payloadEnd);
  }

  /**
   * Whether the checksum is right, or absent on IPv4.
   *
   * @param ip The header in front.
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
 * @param offset Where the header starts.
 * @param end Where the bytes that may be read end.
 * @returns The header, or what makes it none. Source: RFC 768.
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
  const there = end - offset;
  if (there < 8) return tooShort("UDP header", 8, there);
  let length = readU16(bytes, offset + 4);
  // 0 stands for more than 65,535 bytes: RFC 2675 section 4.
  if (length === 0 && there > 65535) length = there;
  if (length < 8) return { malformed: `UDP length ${length}, below 8` };
  return new UdpHeader(
    bytes,
    offset,
    length < there ? offset + length : end,
    length - 8,
  );
}

/**
 * Writes a UDP header and payload, the checksum included.
 *
 * @param bytes Where to.
 * @param offset Where the header shall start.
 * @param fields What it shall say.
 * @param pseudoHeader The sum of the pseudo header, see `pseudoHeader4`.
 * @returns Where the payload ends. Source: RFC 768.
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
  writeU16(bytes, offset, fields.sourcePort);
  writeU16(bytes, offset + 2, fields.destinationPort);
  writeU16(bytes, offset + 4, end - offset);
  writeU16(bytes, offset + 6, 0);
  bytes.set(fields.payload, offset + 8);
  const sum = ~checksumAdd(bytes, offset, end, pseudoHeader) & 0xffff;
  // 0 would say that there is no checksum.
  writeU16(bytes, offset + 6, sum || 0xffff);
  return end;
}
