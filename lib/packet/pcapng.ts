import type { Timestamp } from "../clock.ts";
import { ArgumentError } from "../errors.ts";
import type { LinkType } from "./decode.ts";
import { checkNumber } from "./field_check.ts";

// Block types and option codes: draft-ietf-opsawg-pcapng, sections 4 and 3.5.
const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
const INTERFACE_STATISTICS = 5;
const ENHANCED_PACKET = 6;
const END_OF_OPTIONS = 0;
const SHB_HARDWARE = 2;
const SHB_OS = 3;
const SHB_USERAPPL = 4;
const IF_NAME = 2;
const IF_DESCRIPTION = 3;
const IF_TSRESOL = 9;
const IF_OS = 12;
const EPB_FLAGS = 2;
const ISB_STARTTIME = 2;
const ISB_ENDTIME = 3;
const ISB_IFRECV = 4;
const ISB_IFDROP = 5;

// https://www.tcpdump.org/linktypes.html
const LINKTYPE: Record<LinkType, number> = { ethernet: 1, ip: 101 };

/** Metadata of a pcapng section. */
export interface PcapngSection {
  /** The machine, for example `x86_64`. */
  readonly hardware?: string | undefined;
  /** The operating system, for example `Linux 6.1`. */
  readonly os?: string | undefined;
  /** The program that writes the file. */
  readonly application?: string | undefined;
}

/** Metadata of an interface in a pcapng file. */
export interface PcapngInterface {
  /** What packets start with. */
  readonly linkType: LinkType;
  /** For example `tun0`. */
  readonly name?: string | undefined;
  /** A comment. */
  readonly description?: string | undefined;
  /** The operating system of the machine that has it. */
  readonly os?: string | undefined;
  /** The snap length: maximum bytes of a packet; default 0, unlimited. */
  readonly snapLength?: number | undefined;
}

/** Counters of an interface from the start of the capture on. */
export interface PcapngStatistics {
  /** When the capture started. */
  readonly start?: Timestamp | undefined;
  /** When it ended. */
  readonly end?: Timestamp | undefined;
  /** Packets the interface received. */
  readonly received?: number | undefined;
  /** Packets it dropped because its buffer was full. */
  readonly dropped?: number | undefined;
}

/** The direction of a packet, seen from the machine. */
export type PcapngDirection = "in" | "out";

/**
 * Encodes a pcapng capture into a buffer that grows as needed and is used again
 * after each {@link PcapngEncoder.take}. Time stamps have nanoseconds.
 * Source: draft-ietf-opsawg-pcapng.
 */
export class PcapngEncoder {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(65536);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;
  #block = 0;
  #snapLengths: number[] = [];

  /**
   * Starts a section.
   *
   * @param section Metadata of the section.
   */
  constructor(section: PcapngSection = {}) {
    this.#begin(SECTION_HEADER, 16);
    this.#u32(0x1a2b3c4d);
    this.#u16(1);
    this.#u16(0);
    // A section of unknown length: -1.
    this.#u32(0xffffffff);
    this.#u32(0xffffffff);
    this.#text(SHB_HARDWARE, section.hardware);
    this.#text(SHB_OS, section.os);
    this.#text(SHB_USERAPPL, section.application);
    this.#end();
  }

  /** Bytes encoded and not yet taken. */
  get length(): number {
    return this.#length;
  }

  /**
   * Describes an interface; packets refer to it.
   *
   * @returns Its number, from 0 on.
   */
  addInterface(description: PcapngInterface): number {
    const { linkType, name, os, snapLength = 0 } = description;
    if (!Object.hasOwn(LINKTYPE, linkType)) {
      throw new ArgumentError("linkType", linkType, '"ip" or "ethernet"');
    }
    checkNumber("snapLength", snapLength, 0x7fffffff);
    this.#begin(INTERFACE_DESCRIPTION, 8);
    this.#u16(LINKTYPE[linkType]);
    this.#u16(0);
    this.#u32(snapLength);
    this.#text(IF_NAME, name);
    this.#text(IF_DESCRIPTION, description.description);
    this.#text(IF_OS, os);
    // Units of 10^-9 s.
    this.#option(IF_TSRESOL, 1);
    this.#u32(9);
    this.#end();
    return this.#snapLengths.push(snapLength || Infinity) - 1;
  }

  /**
   * Adds a packet, cut to the interface's snap length.
   *
   * @param interfaceId The number of its interface.
   * @param seconds Since 1970-01-01 UTC.
   * @param nanoseconds 0 to 999,999,999.
   * @param packet The captured bytes.
   * @param direction Which way it went, if known.
   * @param originalLength Its original length in bytes, if it was truncated
   *   before.
   * @throws {ArgumentError} if the interface does not exist or a number is out of range.
   */
  addPacket(
    interfaceId: number,
    seconds: number,
    nanoseconds: number,
    packet: Uint8Array,
    direction?: PcapngDirection,
    originalLength: number = packet.length,
  ): void {
    const length = Math.min(packet.length, this.#snapLength(interfaceId));
    checkTime(seconds, nanoseconds);
    checkNumber("originalLength", originalLength, 0xffffffff);
    if (originalLength < packet.length) {
      throw new ArgumentError(
        "originalLength",
        originalLength,
        `at least the captured ${packet.length} bytes`,
      );
    }
    this.#begin(ENHANCED_PACKET, 20 + length + 3);
    this.#u32(interfaceId);
    this.#time(seconds, nanoseconds);
    this.#u32(length);
    this.#u32(originalLength);
    this.#raw(length < packet.length ? packet.subarray(0, length) : packet);
    if (direction) {
      this.#option(EPB_FLAGS, 4);
      this.#u32(direction === "in" ? 1 : 2);
    }
    this.#end(direction !== undefined);
  }

  /**
   * Adds an interface's counters, usually once at the end.
   *
   * @param interfaceId The number of the interface.
   * @param seconds The time of the counters since 1970-01-01 UTC.
   * @param nanoseconds 0 to 999,999,999.
   * @param statistics The counters.
   * @throws {ArgumentError} if the interface does not exist or a number is out of range.
   */
  addStatistics(
    interfaceId: number,
    seconds: number,
    nanoseconds: number,
    statistics: PcapngStatistics,
  ): void {
    const { start, end, received, dropped } = statistics;
    this.#snapLength(interfaceId);
    checkTime(seconds, nanoseconds);
    for (const time of [start, end]) {
      if (time) checkTime(time.seconds, time.nanoseconds);
    }
    checkNumber("received", received, Number.MAX_SAFE_INTEGER);
    checkNumber("dropped", dropped, Number.MAX_SAFE_INTEGER);
    this.#begin(INTERFACE_STATISTICS, 12);
    this.#u32(interfaceId);
    this.#time(seconds, nanoseconds);
    for (
      const [code, time] of [
        [ISB_STARTTIME, start],
        [ISB_ENDTIME, end],
      ] as const
    ) {
      if (!time) continue;
      this.#option(code, 8);
      this.#time(time.seconds, time.nanoseconds);
    }
    this.#counter(ISB_IFRECV, received);
    this.#counter(ISB_IFDROP, dropped);
    this.#end();
  }

  /**
   * Returns the bytes that were encoded since the last call.
   *
   * @param spare A buffer to continue with, usually the previous one; without
   *   it a new one is allocated and the caller keeps the view.
   * @returns A view of the bytes, which the encoder does not modify any more.
   */
  take(spare?: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#bytes = new Uint8Array(
      spare?.buffer ?? new ArrayBuffer(this.#bytes.length),
    );
    this.#view = new DataView(this.#bytes.buffer);
    this.#length = 0;
    return taken;
  }

  #snapLength(interfaceId: number): number {
    const length = this.#snapLengths[interfaceId];
    if (length !== undefined) return length;
    throw new ArgumentError(
      "interfaceId",
      interfaceId,
      "the number of an interface of this capture",
    );
  }

  /** Starts a block, with space for its frame and a small option. */
  #begin(type: number, bodyLength: number): void {
    this.#reserve(bodyLength + 32);
    this.#block = this.#length;
    this.#u32(type);
    this.#u32(0);
  }

  #end(options = true): void {
    if (options) this.#option(END_OF_OPTIONS, 0);
    const length = this.#length + 4 - this.#block;
    this.#view.setUint32(this.#block + 4, length, true);
    this.#u32(length);
  }

  #reserve(length: number): void {
    const needed = this.#length + length;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  #u16(value: number): void {
    this.#view.setUint16(this.#length, value, true);
    this.#length += 2;
  }

  #u32(value: number): void {
    this.#view.setUint32(this.#length, value, true);
    this.#length += 4;
  }

  /** A time in units of 10^-9 s, upper half first, without a BigInt. */
  #time(seconds: number, nanoseconds: number): void {
    // 10^9 = 15258 * 65536 + 51712: every product below stays under 2^53.
    const upper = seconds * 15258;
    const lower = (upper % 65536) * 65536 + seconds * 51712 + nanoseconds;
    this.#u32(Math.floor(upper / 65536) + Math.floor(lower / 0x100000000));
    this.#u32(lower % 0x100000000);
  }

  #raw(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    while (this.#length & 3) this.#bytes[this.#length++] = 0;
  }

  #option(code: number, length: number): void {
    this.#reserve(32);
    this.#u16(code);
    this.#u16(length);
  }

  #text(code: number, text: string | undefined): void {
    if (text === undefined) return;
    const bytes = new TextEncoder().encode(text).subarray(0, 0xffff);
    this.#reserve(bytes.length + 32);
    this.#option(code, bytes.length);
    this.#raw(bytes);
    this.#reserve(32);
  }

  #counter(code: number, count: number | undefined): void {
    if (count === undefined) return;
    this.#option(code, 8);
    this.#u32(count % 0x100000000);
    this.#u32(Math.floor(count / 0x100000000));
  }
}

/** Rejects a time that does not fit into 64 bits of nanoseconds. */
function checkTime(seconds: number, nanoseconds: number): void {
  checkNumber("seconds", seconds, 18_446_744_072);
  checkNumber("nanoseconds", nanoseconds, 999_999_999);
}
