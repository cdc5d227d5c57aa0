import {
  hexNumber,
  type Malformed,
  readU16,
  readU32,
  tooShort,
} from "./bytes.ts";

/**
 * An SCTP packet. Source: RFC 9260.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * const packet = headers.decodeSctp(
 *   Uint8Array.fromHex("9c40c3500000000100000000" + "0b000004"),
 * );
 * console.log("chunks" in packet && packet.chunks[0].name); // COOKIE ACK
 * ```
 */
export interface SctpHeader {
  /** Always undefined; distinguishes a header from {@link Malformed}. */
  readonly malformed?: undefined;
  /** The source port. */
  readonly sourcePort: number;
  /** The destination port. */
  readonly destinationPort: number;
  /** The verification tag. */
  readonly tag: number;
  /** The chunks that are complete. */
  readonly chunks: readonly SctpChunk[];
  /** What is wrong with the chunk after those. */
  readonly defect?: string;
  /** Length after the common header, in bytes. */
  readonly payloadLength: number;
}

/** A chunk of an SCTP packet. */
export interface SctpChunk {
  /** The number. */
  readonly type: number;
  /** For example `DATA`; `Unknown chunk type: 0x..` without a name here. */
  readonly name: string;
  /** The flags. */
  readonly flags: number;
  /** Length without padding, in bytes. */
  readonly length: number;
  /** INIT and INIT ACK: the tag that the peer must use. */
  readonly initiateTag?: number;
  /** INIT, INIT ACK and SACK: the receiver window in bytes. */
  readonly window?: number;
  /** INIT and INIT ACK: the number of outbound streams. */
  readonly outboundStreams?: number;
  /** INIT and INIT ACK: the number of inbound streams. */
  readonly inboundStreams?: number;
  /** DATA, INIT and INIT ACK: the first TSN; SACK: the last in sequence. */
  readonly tsn?: number;
  /** DATA: the stream. */
  readonly stream?: number;
  /** DATA: the sequence number in the stream. */
  readonly streamSequence?: number;
  /** DATA: the protocol of the payload. */
  readonly payloadProtocol?: number;
  /** SACK: the number of gaps. */
  readonly gaps?: number;
  /** SACK: the number of duplicates. */
  readonly duplicates?: number;
}

const DATA = 0;
const INIT = 1;
const INIT_ACK = 2;
const SACK = 3;
const NAMES: ReadonlyMap<number, string> = new Map([
  [DATA, "DATA"],
  [INIT, "INIT"],
  [INIT_ACK, "INIT ACK"],
  [SACK, "SACK"],
  [4, "HB REQ"],
  [5, "HB ACK"],
  [6, "ABORT"],
  [7, "SHUTDOWN"],
  [8, "SHUTDOWN ACK"],
  [9, "OP ERR"],
  [10, "COOKIE ECHO"],
  [11, "COOKIE ACK"],
  [12, "ECN ECHO"],
  [13, "ECN CWR"],
  [14, "SHUTDOWN COMPLETE"],
  [0xc0, "FOR CUM TSN"],
  [0xc1, "REL CTRL"],
]);

// Payload protocols from 1 on, as tcpdump names them. Source: IANA.
const PAYLOAD_PROTOCOLS =
  ("ISDN Q.921,M2UA,M3UA,SUA,M2PA,V5.2,H.248,BICC,TALI,DUA,ASAP,ENRP,H.323," +
    "Q.IPC,SIMCO,DDPSC,DDPSSC,S1AP,RUA,HNBAP,ForCES HP,ForCES MP,ForCES LP," +
    "SBc-AP,NBAP,,X2AP").split(",");

/**
 * Decodes an SCTP packet.
 *
 * @param bytes The packet.
 * @param offset Offset of the common header.
 * @param end Offset where decoding stops.
 * @returns The header, or why the bytes are not one. Source: RFC 9260.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * console.log(headers.decodeSctp(Uint8Array.fromHex("9c40c350")).malformed);
 * // SCTP header of 12 bytes, 4 available
 * ```
 */
export function decodeSctp(
  bytes: Uint8Array,
  offset = 0,
  end: number = bytes.length,
): SctpHeader | Malformed {
  if (end > bytes.length) end = bytes.length;
  const available = end - offset;
  if (available < 12) return tooShort("SCTP header", 12, available);
  const header = {
    sourcePort: readU16(bytes, offset),
    destinationPort: readU16(bytes, offset + 2),
    tag: readU32(bytes, offset + 4),
    payloadLength: available - 12,
  };
  const chunks: SctpChunk[] = [];
  for (let at = offset + 12; at < end;) {
    const length = at + 4 <= end ? readU16(bytes, at + 2) : 0;
    const needed = leastLength(at + 4 <= end ? bytes[at]! : -1);
    if (length < needed || length > end - at) {
      const defect = `SCTP chunk of ${length} bytes, ${end - at} available`;
      return { ...header, chunks, defect };
    }
    chunks.push(decodeChunk(bytes, at, length));
    // Chunks are padded to 4 bytes.
    at += length + 3 & ~3;
  }
  return { ...header, chunks };
}

function leastLength(type: number): number {
  switch (type) {
    case DATA:
    case SACK:
      return 16;
    case INIT:
    case INIT_ACK:
      return 20;
    default:
      return 4;
  }
}

function decodeChunk(
  bytes: Uint8Array,
  at: number,
  length: number,
): SctpChunk {
  const type = bytes[at]!;
  const name = NAMES.get(type) ?? `Unknown chunk type: ${hexNumber(type)}`;
  const chunk = { type, name, flags: bytes[at + 1]!, length };
  switch (type) {
    case DATA:
      return {
        ...chunk,
        tsn: readU32(bytes, at + 4),
        stream: readU16(bytes, at + 8),
        streamSequence: readU16(bytes, at + 10),
        payloadProtocol: readU32(bytes, at + 12),
      };
    case INIT:
    case INIT_ACK:
      return {
        ...chunk,
        initiateTag: readU32(bytes, at + 4),
        window: readU32(bytes, at + 8),
        outboundStreams: readU16(bytes, at + 12),
        inboundStreams: readU16(bytes, at + 14),
        tsn: readU32(bytes, at + 16),
      };
    case SACK:
      return {
        ...chunk,
        tsn: readU32(bytes, at + 4),
        window: readU32(bytes, at + 8),
        gaps: readU16(bytes, at + 12),
        duplicates: readU16(bytes, at + 14),
      };
    default:
      return chunk;
  }
}

/** The chunks of an SCTP packet in tcpdump's format. */
export function describeSctp({ chunks }: SctpHeader): string {
  const texts = chunks.map((chunk, i) => `(${i + 1}) ${describeChunk(chunk)}`);
  return ["sctp", texts.join(" , ")].join(" ").trimEnd();
}

function describeChunk(chunk: SctpChunk): string {
  const { type, flags, tsn } = chunk;
  const text = `[${chunk.name}]`;
  switch (type) {
    case DATA: {
      const unordered = flags & 4 ? "(U)" : "";
      const first = flags & 2 ? "(B)" : "";
      const last = flags & 1 ? "(E)" : "";
      const number = chunk.payloadProtocol!;
      const protocol = PAYLOAD_PROTOCOLS[number - 1] || hexNumber(number);
      const bits = `${unordered}${first}${last}`;
      return `${text} ${bits}${
        bits && " "
      }[TSN: ${tsn}] [SID: ${chunk.stream}] [SSEQ ${chunk.streamSequence}] [PPID ${protocol}]`;
    }
    case INIT:
    case INIT_ACK:
      return `${text} [init tag: ${chunk.initiateTag}] [rwnd: ${chunk.window}] [OS: ${chunk.outboundStreams}] [MIS: ${chunk.inboundStreams}] [init TSN: ${tsn}]`;
    case SACK:
      return `${text} [cum ack ${tsn}] [a_rwnd ${chunk.window}] [#gap acks ${chunk.gaps}] [#dup tsns ${chunk.duplicates}]`;
    default:
      return text;
  }
}
