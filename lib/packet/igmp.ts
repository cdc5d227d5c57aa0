import { checksumAdd } from "../net/checksum.ts";
import { formatIPv4 } from "../net/ip_address.ts";
import { type Malformed, readU16, tooShort } from "./bytes.ts";

/**
 * An IGMP message. Source: RFC 1112, RFC 2236, RFC 3376.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * const message = headers.decodeIgmp(Uint8Array.fromHex("1600f900e00000fb"));
 * console.log("group" in message && message.group); // 224.0.0.251
 * ```
 */
export interface IgmpMessage {
  /** Always undefined; distinguishes a message from {@link Malformed}. */
  readonly malformed?: undefined;
  /** For example `query`, `v2 report` or `leave`; a number if unknown. */
  readonly name: string;
  /** The number of the message. */
  readonly type: number;
  /** The maximum response time in tenths of a second, in queries. */
  readonly maxResponseTime?: number;
  /** The group address, in messages about one group. */
  readonly group?: string;
  /** The number of source addresses of a version 3 query. */
  readonly sources?: number;
  /** The group records of a version 3 report. */
  readonly records?: readonly IgmpRecord[];
  /** Whether the checksum is correct. */
  readonly checksumCorrect: boolean;
}

/** A group record of an IGMPv3 report. Source: RFC 3376 section 4.2.4. */
export interface IgmpRecord {
  /** 1 to 6, for example 4 for a change to "exclude". */
  readonly type: number;
  /** The group address. */
  readonly group: string;
  /** The source addresses. */
  readonly sources: readonly string[];
}

const QUERY = 0x11;
const REPORT3 = 0x22;
const NAMES: ReadonlyMap<number, string> = new Map([
  [QUERY, "query"],
  [0x12, "v1 report"],
  [0x13, "dvmrp"],
  [0x14, "pimv1"],
  [0x16, "v2 report"],
  [0x17, "leave"],
  [REPORT3, "v3 report"],
]);

/**
 * Decodes an IGMP message.
 *
 * @param bytes The packet.
 * @param offset Offset of the message.
 * @param end Offset where decoding stops.
 * @returns The message, or why the bytes are not one. Source: RFC 3376.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * const message = headers.decodeIgmp(Uint8Array.fromHex("1164ee9b00000000"));
 * console.log("name" in message && message.name); // v2 query
 * ```
 */
export function decodeIgmp(
  bytes: Uint8Array,
  offset = 0,
  end: number = bytes.length,
): IgmpMessage | Malformed {
  if (end > bytes.length) end = bytes.length;
  const length = end - offset;
  if (length < 8) return tooShort("IGMP message", 8, length);
  const type = bytes[offset]!;
  const code = bytes[offset + 1]!;
  const known = NAMES.get(type);
  const checksumCorrect = checksumAdd(bytes, offset, end) === 0xffff;
  if (type === QUERY) {
    const version = length >= 12 ? 3 : code === 0 ? 1 : 2;
    return {
      name: `v${version} query`,
      type,
      maxResponseTime: version === 3 ? floatingTime(code) : code,
      group: formatIPv4(bytes, offset + 4),
      ...(version === 3 ? { sources: readU16(bytes, offset + 10) } : {}),
      checksumCorrect,
    };
  }
  if (type === REPORT3) {
    const records = decodeRecords(bytes, offset, end);
    return { name: "v3 report", type, records, checksumCorrect };
  }
  const about = known?.endsWith("report") || known === "leave"
    ? { group: formatIPv4(bytes, offset + 4) }
    : {};
  return { name: known ?? String(type), type, ...about, checksumCorrect };
}

/** A time above 127 has a mantissa and an exponent: RFC 3376 section 4.1.1. */
function floatingTime(code: number): number {
  return code < 128 ? code : (code & 15 | 16) << ((code >> 4 & 7) + 3);
}

function decodeRecords(bytes: Uint8Array, offset: number, end: number) {
  const records: IgmpRecord[] = [];
  const count = readU16(bytes, offset + 6);
  for (let at = offset + 8; records.length < count && at + 8 <= end;) {
    const next = at + 8 + readU16(bytes, at + 2) * 4 + bytes[at + 1]! * 4;
    if (next > end) break;
    const sources: string[] = [];
    for (let i = 0; i < readU16(bytes, at + 2); i++) {
      sources.push(formatIPv4(bytes, at + 8 + i * 4));
    }
    records.push({
      type: bytes[at]!,
      group: formatIPv4(bytes, at + 4),
      sources,
    });
    at = next;
  }
  return records;
}

/** An IGMP message in tcpdump's format. */
export function describeIgmp(message: IgmpMessage): string {
  const { name, type, maxResponseTime: time = 0, group } = message;
  switch (type) {
    case QUERY: {
      const version = name.slice(0, 2);
      let text = `igmp query ${version}`;
      // 100 is the default of both versions.
      if (time !== 100 && version !== "v1") {
        text += ` [max resp time ${version === "v2" ? time : seconds(time)}]`;
      }
      if (group === "0.0.0.0") return text;
      const sources = message.sources ? `, ${message.sources} source(s)` : "";
      return `${text} [gaddr ${group}${sources}]`;
    }
    case REPORT3:
      return `igmp v3 report, ${message.records?.length} group record(s)`;
    default:
      if (group !== undefined) return `igmp ${name} ${group}`;
      return NAMES.has(type) ? `igmp ${name}` : `igmp-${type}`;
  }
}

function seconds(tenths: number): string {
  if (tenths < 600) return `${(tenths / 10).toFixed(1)}s`;
  const whole = Math.floor(tenths / 10);
  return `${Math.floor(whole / 60)}m${whole % 60}s`;
}
