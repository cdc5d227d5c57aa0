// Splits GSO packets into segments, as a network card does.

import { readU16, readU32, writeU16, writeU32 } from "../packet/bytes.ts";
import { checksumAdd } from "../net/checksum.ts";
import { IPPROTO } from "../packet/protocol.ts";
import { TCP } from "../packet/tcp.ts";
import type { OffloadHeader } from "./offload_header.ts";

/** TCP flags of the last segment only, and of the first only. */
const ONLY_LAST = TCP.FIN | TCP.PSH;
const ONLY_FIRST = TCP.CWR;

/** Copies a range; within one array it allocates nothing. */
export function copyRange(
  from: Uint8Array,
  start: number,
  end: number,
  to: Uint8Array,
  at: number,
): void {
  if (from !== to) to.set(from.subarray(start, end), at);
  else if (start !== at) to.copyWithin(at, start, end);
}

/**
 * Completes a partial checksum of a device with offload.
 *
 * @param bytes The memory with the packet.
 * @param start Its first byte.
 * @param end The byte after its last.
 * @param header The offload header of the packet.
 * @returns Whether the checksum field is inside the packet; if not, nothing was
 *   changed. Source: virtio 1.3 section 5.1.6.2.
 *
 * @example
 * ```ts
 * import { offload } from "@netplumb/netplumb";
 *
 * const header = new offload.OffloadHeader();
 * function checksummed(read: Uint8Array): Uint8Array {
 *   header.read(read, 0);
 *   if (header.needsChecksum) {
 *     offload.completeChecksum(read, 10, read.length, header);
 *   }
 *   return read.subarray(10);
 * }
 * console.log(checksummed(new Uint8Array(38)).length); // 28
 * ```
 */
export function completeChecksum(
  bytes: Uint8Array,
  start: number,
  end: number,
  header: OffloadHeader,
): boolean {
  const from = start + header.checksumStart;
  const field = from + header.checksumOffset;
  if (field + 2 > end) return false;
  // In UDP, 0 means no checksum; 0xffff is equivalent.
  writeU16(bytes, field, (~checksumAdd(bytes, from, end) & 0xffff) || 0xffff);
  return true;
}

/**
 * Splits GSO packets of a TUN device into segments, each with its own lengths,
 * checksums, sequence number and flags. Use one splitter for many packets; it
 * allocates nothing as long as the segments are written to the array of the
 * packet.
 *
 * Source: virtio 1.3 section 5.1.6.2.
 *
 * @example
 * ```ts
 * import { offload } from "@netplumb/netplumb";
 *
 * const splitter = new offload.SegmentSplitter();
 * const header = new offload.OffloadHeader();
 * function segments(read: Uint8Array, length: number): Uint8Array[] {
 *   header.read(read, 0);
 *   const count = splitter.begin(read, 10, length, header);
 *   return Array.from({ length: count }, (_, i) => {
 *     const segment = new Uint8Array(65535);
 *     return segment.subarray(0, splitter.write(i, segment, 0));
 *   });
 * }
 * console.log(segments(new Uint8Array(30), 30).length); // 1
 * ```
 */
export class SegmentSplitter {
  /** The problem of the packet, if the last `begin` returned 0. */
  malformed: string | undefined;

  #bytes: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;
  #count = 0;
  /** 0 for a packet that is not split. */
  #protocol = 0;
  #isIPv4 = false;
  // All are offsets from the packet's start.
  #ip = 0;
  #transport = 0;
  #headers = 0;
  #size = 0;
  #identification = 0;
  #sequence = 0;
  #flags = 0;
  /** Checksums of the parts that are equal in all segments. */
  #ipSum = 0;
  #transportSum = 0;
  /**
   * The start and the position of the checksum of an unsegmented packet; -1 if
   * it is complete.
   */
  #checksumStart = -1;
  #checksumField = 0;

  /**
   * Prepares the segmentation of a packet, which must not change until its
   * segments are written.
   *
   * @param bytes The memory with the packet.
   * @param start Its first byte, after the headers of the device.
   * @param end The byte after its last.
   * @param header The offload header of the packet.
   * @param ipOffset Bytes before its IP header: 0 for TUN, 14 for TAP.
   * @returns The number of segments, 1 if it is not split, 0 if it is
   *   `malformed`.
   */
  begin(
    bytes: Uint8Array,
    start: number,
    end: number,
    header: OffloadHeader,
    ipOffset = 0,
  ): number {
    if (end > bytes.length) end = bytes.length;
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#count = 0;
    this.malformed = header.type === 0
      ? this.#takeWhole(header)
      : this.#takeSegmented(header, ipOffset);
    return this.#count;
  }

  #takeWhole(header: OffloadHeader): string | undefined {
    this.#protocol = 0;
    this.#checksumStart = -1;
    if (header.needsChecksum) {
      const field = header.checksumStart + header.checksumOffset;
      const length = this.#end - this.#start;
      if (field + 2 > length) {
        return `checksum at ${field} of a packet of ${length} bytes`;
      }
      this.#checksumStart = header.checksumStart;
      this.#checksumField = field;
    }
    this.#count = 1;
    return undefined;
  }

  #takeSegmented(header: OffloadHeader, ip: number): string | undefined {
    const segmentation = header.segmentation;
    if (segmentation === "unknown" || segmentation === "none") {
      return `segmentation of type ${header.type}`;
    }
    const bytes = this.#bytes;
    const start = this.#start;
    const length = this.#end - start;
    const transport = header.checksumStart;
    const least = segmentation === "udp" ? 8 : 20;
    if (transport < ip + 20 || transport + least > length) {
      return `transport header at ${transport} of a packet of ${length} bytes`;
    }
    const version = bytes[start + ip]! >> 4;
    if (
      version === 4 && segmentation !== "tcp6"
        ? transport !== ip + (bytes[start + ip]! & 15) * 4
        : version !== 6 || segmentation === "tcp4" || transport < ip + 40
    ) {
      return `${segmentation} segmentation of IP version ${version}, transport header at ${transport}`;
    }
    const headers = transport +
      (segmentation === "udp" ? 8 : (bytes[start + transport + 12]! >> 4) * 4);
    if (headers < transport + least || headers > length) {
      return `headers of ${headers} bytes in a packet of ${length} bytes`;
    }
    const size = header.segmentSize;
    const payload = length - headers;
    const counted = version === 4 ? ip : ip + 40;
    if (size === 0 || Math.min(size, payload) + headers - counted > 0xffff) {
      return `segments of ${size} bytes in a packet of ${length} bytes`;
    }
    this.#protocol = segmentation === "udp" ? IPPROTO.UDP : IPPROTO.TCP;
    this.#isIPv4 = version === 4;
    this.#ip = ip;
    this.#transport = transport;
    this.#headers = headers;
    this.#size = size;
    this.#count = Math.max(1, Math.ceil(payload / size));
    this.#sumUp(bytes, start + ip, start + transport, start + headers);
    return undefined;
  }

  /**
   * Sums the parts that are equal in all segments: all except lengths and
   * counters.
   */
  #sumUp(bytes: Uint8Array, ip: number, transport: number, end: number): void {
    let addresses = ip + 8;
    let addressLength = 32;
    if (this.#isIPv4) {
      this.#identification = readU16(bytes, ip + 4);
      const first = checksumAdd(bytes, ip, ip + 2);
      const middle = checksumAdd(bytes, ip + 6, ip + 10, first);
      this.#ipSum = checksumAdd(bytes, ip + 12, transport, middle);
      addresses = ip + 12;
      addressLength = 8;
    }
    const pseudo = checksumAdd(
      bytes,
      addresses,
      addresses + addressLength,
      this.#protocol,
    );
    const ports = checksumAdd(bytes, transport, transport + 4, pseudo);
    if (this.#protocol === IPPROTO.UDP) {
      this.#transportSum = ports;
      return;
    }
    this.#sequence = readU32(bytes, transport + 4);
    this.#flags = readU16(bytes, transport + 12);
    const acknowledgement = checksumAdd(
      bytes,
      transport + 8,
      transport + 12,
      ports,
    );
    const window = checksumAdd(
      bytes,
      transport + 14,
      transport + 16,
      acknowledgement,
    );
    this.#transportSum = checksumAdd(bytes, transport + 18, end, window);
  }

  /**
   * Writes one segment; in any order, and repeatedly.
   *
   * @param index The segment, from 0.
   * @param out The output array; in the packet's own array the ranges must not
   *   overlap, except that the first segment may stay in place if it is written
   *   last.
   * @param at The position of the segment.
   * @returns Its length in bytes: at most the packet's headers and the segment
   *   size.
   */
  write(index: number, out: Uint8Array, at: number): number {
    const bytes = this.#bytes;
    const start = this.#start;
    if (this.#protocol === 0) {
      copyRange(bytes, start, this.#end, out, at);
      const length = this.#end - start;
      if (this.#checksumStart >= 0) {
        const sum = checksumAdd(out, at + this.#checksumStart, at + length);
        writeU16(out, at + this.#checksumField, (~sum & 0xffff) || 0xffff);
      }
      return length;
    }
    const headers = this.#headers;
    const from = start + headers + index * this.#size;
    const to = Math.min(this.#end, from + this.#size);
    copyRange(bytes, start, start + headers, out, at);
    copyRange(bytes, from, to, out, at + headers);
    const length = headers + to - from;
    this.#patchIP(out, at + this.#ip, length - this.#ip, index);
    this.#patchTransport(out, at, at + length, index);
    return length;
  }

  #patchIP(out: Uint8Array, ip: number, length: number, index: number): void {
    if (!this.#isIPv4) {
      writeU16(out, ip + 4, length - 40);
      return;
    }
    const identification = (this.#identification + index) & 0xffff;
    writeU16(out, ip + 2, length);
    writeU16(out, ip + 4, identification);
    let sum = this.#ipSum + length + identification;
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
    writeU16(out, ip + 10, ~sum & 0xffff);
  }

  #patchTransport(
    out: Uint8Array,
    at: number,
    end: number,
    index: number,
  ): void {
    const transport = at + this.#transport;
    const length = end - transport;
    let sum = this.#transportSum + length;
    if (this.#protocol === IPPROTO.UDP) {
      writeU16(out, transport + 4, length);
      // The length is in the header and in the pseudo header.
      sum = checksumAdd(out, transport + 8, end, sum + length);
      writeU16(out, transport + 6, (~sum & 0xffff) || 0xffff);
      return;
    }
    const sequence = (this.#sequence + index * this.#size) >>> 0;
    let flags = this.#flags;
    if (index < this.#count - 1) flags &= ~ONLY_LAST;
    if (index > 0) flags &= ~ONLY_FIRST;
    writeU32(out, transport + 4, sequence);
    writeU16(out, transport + 12, flags);
    sum += (sequence >>> 16) + (sequence & 0xffff) + flags;
    sum = checksumAdd(out, at + this.#headers, end, sum);
    writeU16(out, transport + 16, ~sum & 0xffff);
  }
}
