// Coalesces consecutive packets of a flow into GSO packets: the kernel handles
// dozens of segments for the cost of one.

import {
  newer,
  VIRTIO_NET_HDR_F_NEEDS_CSUM,
  VIRTIO_NET_HDR_GSO_TCPV4,
  VIRTIO_NET_HDR_GSO_TCPV6,
} from "../../ffi/uapi/linux_virtio_net.ts";
import { readU16, readU32, writeU16 } from "../packet/bytes.ts";
import {
  checksum,
  hasRightChecksums,
  pseudoHeader4,
  pseudoHeader6,
} from "../net/checksum.ts";
import { IPPROTO } from "../packet/protocol.ts";
import { TCP } from "../packet/tcp.ts";
import { ALONE, BARRIER, FlowPacket } from "./flow_packet.ts";
import { OffloadHeader } from "./offload_header.ts";
import { copyRange } from "./split.ts";

/** Packets in one array, such as a `PacketBatch`. */
export interface PacketList {
  /** The memory of the packets. */
  readonly bytes: Uint8Array;
  /** The number of packets. */
  readonly count: number;
  /** The offset of a packet. */
  start(index: number): number;
  /** The length of a packet in bytes; 0 skips it. */
  length(index: number): number;
}

/** Options of a coalescer. */
export interface CoalesceOptions {
  /**
   * Coalesce UDP in addition to TCP; kernels before 6.2 reject it. Default
   * true.
   */
  readonly udp?: boolean | undefined;
  /**
   * Do not verify checksums, because the origin of the packets guarantees them.
   * Default false: a packet with a wrong checksum is not coalesced, and the
   * kernel drops it.
   */
  readonly trusted?: boolean | undefined;
  /** Bytes before the IP header: 0 for TUN, 14 for TAP. Default 0. */
  readonly ipOffset?: 0 | 14 | undefined;
}

// The kernel's UDP_MAX_SEGMENTS in the oldest kernel that supports them.
const MOST_DATAGRAMS = 64;
// The length fields of IP and UDP have 16 bits.
const LONGEST = 0xffff;

/**
 * Finds runs of consecutive packets of the same flow, and writes each run as
 * one GSO packet with its offload header. Splitting it again returns the
 * original packets. The order within a flow is kept. Use one coalescer for many
 * batches; it allocates nothing as long as the output is written to the array
 * of the packets.
 *
 * Source: virtio 1.3 section 5.1.6.2.
 *
 * @example
 * ```ts
 * import { buildUdp, offload } from "@netplumb/netplumb";
 *
 * const packet = buildUdp(
 *   { source: "10.0.0.1", destination: "10.0.0.2", dontFragment: true },
 *   { sourcePort: 5000, destinationPort: 7, payload: new Uint8Array(100) },
 * );
 * const bytes = new Uint8Array([...packet, ...packet]);
 * const coalescer = new offload.Coalescer();
 * const runs = coalescer.plan({
 *   bytes,
 *   count: 2,
 *   start: (i) => i * packet.length,
 *   length: () => packet.length,
 * });
 * const out = new Uint8Array(65545);
 * console.log(runs, coalescer.write(0, out, 0)); // 1 238
 * ```
 */
export class Coalescer {
  readonly #trusted: boolean;
  readonly #ip: number;
  readonly #header = new OffloadHeader();
  /** The current packet. */
  readonly #seen: FlowPacket;

  #list: PacketList = {
    bytes: new Uint8Array(0),
    count: 0,
    start: () => 0,
    length: () => 0,
  };
  #runs = 0;

  // For each packet: the next one of its run, or -1, and its parts, in bytes
  // from its start.
  #next = new Int32Array(0);
  #transports = new Int32Array(0);
  #payloads = new Int32Array(0);
  // For each run.
  #firsts = new Int32Array(0);
  #lasts = new Int32Array(0);
  #sizes = new Int32Array(0);
  #totals = new Int32Array(0);
  #open = new Uint8Array(0);
  #verified = new Uint8Array(0);

  // Hash table of flows: the last run of each, plus 1.
  #table = new Int32Array(0);

  /**
   * Allocates nothing yet; the first batch does.
   *
   * @param options Options of the coalescer.
   */
  constructor(options: CoalesceOptions = {}) {
    this.#trusted = options.trusted ?? false;
    this.#ip = options.ipOffset ?? 0;
    this.#seen = new FlowPacket(this.#ip, options.udp ?? true);
  }

  /**
   * Plans the runs of a batch; the packets must not change until the runs are
   * written.
   *
   * @param list The packets.
   * @param begin The first packet; default 0.
   * @param end The packet after the last; default `list.count`.
   * @returns The number of runs, some with a single packet.
   */
  plan(list: PacketList, begin = 0, end: number = list.count): number {
    const { bytes } = list;
    const seen = this.#seen;
    this.#list = list;
    this.#runs = 0;
    if (this.#next.length < end) this.#allocate(end);
    this.#table.fill(0);
    for (let i = begin; i < end; i++) {
      const length = list.length(i);
      if (length === 0) continue;
      const start = list.start(i);
      const kind = seen.look(bytes, start, start + length);
      this.#transports[i] = seen.transport - start;
      this.#payloads[i] = seen.payload - start;
      this.#next[i] = -1;
      if (kind === BARRIER) this.#table.fill(0);
      if (kind <= BARRIER) {
        this.#open[this.#newRun(i)] = 0;
        continue;
      }
      const slot = this.#find(bytes);
      const run = this.#table[slot]! - 1;
      if (kind === ALONE) {
        if (run >= 0) this.#open[run] = 0;
        this.#open[this.#newRun(i)] = 0;
      } else if (run < 0 || !this.#append(bytes, run, i)) {
        this.#table[slot] = this.#newRun(i) + 1;
      }
    }
    return this.#runs;
  }

  /** The number of packets in a run. */
  size(run: number): number {
    return this.#sizes[run]!;
  }

  /** The first packet of a run; a single packet can be written in place. */
  first(run: number): number {
    return this.#firsts[run]!;
  }

  /** The next packet of its run, or -1. */
  next(packet: number): number {
    return this.#next[packet]!;
  }

  #allocate(count: number): void {
    const size = Math.max(64, 1 << 32 - Math.clz32(count - 1));
    this.#next = new Int32Array(size);
    this.#transports = new Int32Array(size);
    this.#payloads = new Int32Array(size);
    this.#firsts = new Int32Array(size);
    this.#lasts = new Int32Array(size);
    this.#sizes = new Int32Array(size);
    this.#totals = new Int32Array(size);
    this.#open = new Uint8Array(size);
    this.#verified = new Uint8Array(size);
    this.#table = new Int32Array(size * 2);
  }

  #newRun(packet: number): number {
    const run = this.#runs++;
    this.#firsts[run] = this.#lasts[run] = packet;
    this.#sizes[run] = 1;
    this.#totals[run] = this.#seen.end - this.#seen.payload;
    this.#open[run] = 1;
    this.#verified[run] = 0;
    return run;
  }

  /** The slot of the packet's flow in the table, or a free one. */
  #find(bytes: Uint8Array): number {
    const mask = this.#table.length - 1;
    let slot = this.#seen.hash & mask;
    for (;;) {
      const run = this.#table[slot]! - 1;
      if (run < 0 || this.#isSameFlow(bytes, this.#firsts[run]!)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #isSameFlow(bytes: Uint8Array, other: number): boolean {
    const start = this.#list.start(other);
    const shift = start - this.#seen.start;
    const ip = this.#seen.start + this.#ip;
    if (this.#transports[other] !== this.#seen.transport - this.#seen.start) {
      return false;
    }
    const protocol = bytes[ip]! >> 4 === 4 ? ip + 9 : ip + 6;
    if (bytes[protocol] !== bytes[protocol + shift]) return false;
    // Addresses end where the transport header begins, followed by ports.
    const addresses = bytes[ip]! >> 4 === 4 ? ip + 12 : ip + 8;
    return isEqual(bytes, addresses, this.#seen.transport + 4, shift);
  }

  /** Adds the packet to the run of its flow if it continues it. */
  #append(bytes: Uint8Array, run: number, packet: number): boolean {
    if (!this.#open[run]) return false;
    const first = this.#firsts[run]!;
    const start = this.#list.start(first);
    const length = this.#seen.end - this.#seen.payload;
    // The payload size of the first packet applies to all but the last.
    const size = this.#list.length(first) - this.#payloads[first]!;
    const total = this.#totals[run]!;
    const headers = this.#seen.payload - this.#seen.start;
    if (
      length > size || this.#payloads[first] !== headers ||
      headers - this.#ip + total + length > LONGEST ||
      !this.#hasSameIP(bytes, start, this.#sizes[run]!)
    ) return false;
    const isLast = this.#seen.isUdp
      ? this.#sizes[run]! + 1 === MOST_DATAGRAMS
      : !this.#hasSameTcp(bytes, start, total)
      ? undefined
      : (bytes[this.#seen.transport + 13]! & (TCP.PSH | TCP.FIN)) !== 0;
    if (isLast === undefined || !this.#verify(bytes, run)) return false;
    this.#next[this.#lasts[run]!] = packet;
    this.#lasts[run] = packet;
    this.#sizes[run]!++;
    this.#totals[run] = total + length;
    if (isLast || length < size) this.#open[run] = 0;
    return true;
  }

  /** Whether the common fields of the IP header are equal. */
  #hasSameIP(bytes: Uint8Array, other: number, distance: number): boolean {
    const shift = other - this.#seen.start;
    const ip = this.#seen.start + this.#ip;
    if (this.#ip > 0 && !isEqual(bytes, this.#seen.start, ip, shift)) {
      return false;
    }
    if (bytes[ip]! >> 4 === 6) {
      return isEqual(bytes, ip, ip + 4, shift) &&
        bytes[ip + 7] === bytes[ip + 7 + shift];
    }
    if (
      bytes[ip + 1] !== bytes[ip + 1 + shift] ||
      bytes[ip + 6] !== bytes[ip + 6 + shift] ||
      bytes[ip + 8] !== bytes[ip + 8 + shift]
    ) return false;
    // With DF set, the identification has no meaning: RFC 6864.
    return (bytes[ip + 6]! & 0x40) !== 0 ||
      readU16(bytes, ip + 4) ===
        ((readU16(bytes, ip + 4 + shift) + distance) & 0xffff);
  }

  /** Whether it continues after `total` bytes with otherwise equal fields. */
  #hasSameTcp(bytes: Uint8Array, other: number, total: number): boolean {
    const shift = other - this.#seen.start;
    const tcp = this.#seen.transport;
    if (bytes[tcp + 13 + shift]! & (TCP.PSH | TCP.FIN)) return false;
    return readU32(bytes, tcp + 4) ===
        ((readU32(bytes, tcp + 4 + shift) + total) >>> 0) &&
      isEqual(bytes, tcp + 8, tcp + 13, shift) &&
      isEqual(bytes, tcp + 14, tcp + 16, shift) &&
      isEqual(bytes, tcp + 18, this.#seen.payload, shift);
  }

  /** Verifies the packet, and the first one of the run if not done yet. */
  #verify(bytes: Uint8Array, run: number): boolean {
    if (this.#trusted) return true;
    const first = this.#firsts[run]!;
    if (this.#verified[run] === 0) {
      const start = this.#list.start(first);
      const end = start + this.#list.length(first);
      const transport = start + this.#transports[first]!;
      if (!hasRightChecksums(bytes, start + this.#ip, transport, end)) {
        this.#open[run] = 0;
        return false;
      }
      this.#verified[run] = 1;
    }
    return hasRightChecksums(
      bytes,
      this.#seen.start + this.#ip,
      this.#seen.transport,
      this.#seen.end,
    );
  }

  /**
   * Writes a run as one packet, after the offload header.
   *
   * @param run The run, from 0.
   * @param out The output array. It may be the array of the packets: then `at`
   *   plus `headerLength` is the start of the run's first packet, with enough
   *   space after it; or a position outside of all packets.
   * @param at The position of the header.
   * @param headerLength The length of the header, 10 or 12.
   * @returns The number of bytes, with the header: at most `headerLength`,
   *   `ipOffset` and 65,535 together.
   */
  write(run: number, out: Uint8Array, at: number, headerLength = 10): number {
    const { bytes } = this.#list;
    const first = this.#firsts[run]!;
    const start = this.#list.start(first);
    const length = this.#list.length(first);
    const target = at + headerLength;
    copyRange(bytes, start, start + length, out, target);
    const header = this.#header;
    header.clear();
    let end = target + length;
    if (this.#sizes[run]! > 1) {
      const last = this.#list.start(this.#lasts[run]!);
      const transport = this.#transports[first]!;
      const ending = bytes[last + transport + 13]! & (TCP.PSH | TCP.FIN);
      for (let i = this.#next[first]!; i >= 0; i = this.#next[i]!) {
        const from = this.#list.start(i);
        const to = from + this.#list.length(i);
        copyRange(bytes, from + this.#payloads[i]!, to, out, end);
        end += to - from - this.#payloads[i]!;
      }
      header.segmentSize = length - this.#payloads[first]!;
      header.headerLength = this.#payloads[first]!;
      header.checksumStart = transport;
      this.#patch(out, target, target + transport, end, ending);
    }
    header.write(out, at, headerLength);
    return end - at;
  }

  /** Updates the headers to cover all segments. */
  #patch(
    out: Uint8Array,
    start: number,
    transport: number,
    end: number,
    ending: number,
  ): void {
    const header = this.#header;
    const ip = start + this.#ip;
    const length = end - transport;
    const isIPv4 = out[ip]! >> 4 === 4;
    const protocol = isIPv4 ? out[ip + 9]! : out[ip + 6]!;
    let pseudo: number;
    if (isIPv4) {
      writeU16(out, ip + 2, end - ip);
      writeU16(out, ip + 10, 0);
      writeU16(out, ip + 10, checksum(out, ip, transport));
      pseudo = pseudoHeader4(out, ip + 12, protocol, length);
    } else {
      writeU16(out, ip + 4, length);
      pseudo = pseudoHeader6(out, ip + 8, protocol, length);
    }
    header.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
    if (protocol === IPPROTO.UDP) {
      header.type = newer.VIRTIO_NET_HDR_GSO_UDP_L4;
      header.checksumOffset = 6;
      writeU16(out, transport + 4, length);
    } else {
      header.type = isIPv4
        ? VIRTIO_NET_HDR_GSO_TCPV4
        : VIRTIO_NET_HDR_GSO_TCPV6;
      header.checksumOffset = 16;
      out[transport + 13]! |= ending;
    }
    writeU16(out, transport + header.checksumOffset, pseudo);
  }
}

/** Whether a range equals the one `shift` bytes later. */
function isEqual(
  bytes: Uint8Array,
  start: number,
  end: number,
  shift: number,
): boolean {
  for (let i = start; i < end; i++) {
    if (bytes[i] !== bytes[i + shift]) return false;
  }
  return true;
}
