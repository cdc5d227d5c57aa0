import { formatIPv4, formatIPv6 } from "../net/ip_address.ts";
import {
  hexNumber,
  type Malformed,
  printable,
  readU16,
  readU32,
  tooShort,
} from "./bytes.ts";

/**
 * A DNS or multicast DNS message: header, questions and answers. Source:
 * RFC 1035, RFC 6762.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * const message = headers.decodeDns(Uint8Array.fromHex(
 *   "000101000001000000000000" + "0161026e6c00" + "00010001",
 * ));
 * console.log("questions" in message && message.questions[0].name); // a.nl.
 * ```
 */
export interface DnsMessage {
  /** Always undefined; distinguishes a message from {@link Malformed}. */
  readonly malformed?: undefined;
  /** The number that joins a query and its response. */
  readonly id: number;
  /** Whether this is a response. */
  readonly response: boolean;
  /** 0 for a query, 4 for a notification, 5 for an update. */
  readonly opcode: number;
  /** The response code, for example 3 for a name that does not exist. */
  readonly rcode: number;
  /** The second word of the header: all flags, opcode and response code. */
  readonly flags: number;
  /** The number of questions in the header. */
  readonly questionCount: number;
  /** The number of answers in the header. */
  readonly answerCount: number;
  /** The number of authority records in the header. */
  readonly authorityCount: number;
  /** The number of additional records in the header. */
  readonly additionalCount: number;
  /** The questions, as far as they are complete. */
  readonly questions: readonly DnsQuestion[];
  /** The answers, as far as they are complete. */
  readonly answers: readonly DnsRecord[];
  /** Whether the message ends before its questions or answers do. */
  readonly truncated: boolean;
}

/** A question. */
export interface DnsQuestion {
  /** The name, with a dot at its end. */
  readonly name: string;
  /** For example `AAAA`; `Type65` if it has no name here. */
  readonly type: string;
  /** The number of the class: 1 is the internet. */
  readonly class: number;
}

/** A resource record. */
export interface DnsRecord {
  /** The name, with a dot at its end. */
  readonly name: string;
  /** For example `AAAA`; `Type65` if it has no name here. */
  readonly type: string;
  /** The number of the class: 1 is the internet. */
  readonly class: number;
  /** How long it may be cached, in seconds. */
  readonly ttl: number;
  /** Addresses, names and texts; undefined for other types. */
  readonly data?: string;
}

const QR = 0x8000;
const AA = 0x0400;
const TC = 0x0200;
const RD = 0x0100;
const RA = 0x0080;
const AD = 0x0020;
const CD = 0x0010;
const CLASS_IN = 1;
/** Multicast DNS: a unicast response is wanted, or the cache is flushed. */
const CLASS_TOP_BIT = 0x8000;
/** The most bytes and labels of a name: RFC 1035 section 3.1. */
const MAX_NAME = 255;
const MAX_LABELS = 127;

// The types with a name in tcpdump; all others are `Type` and the number.
const TYPES = new Map<number, string>([
  ..."A NS MD MF CNAME SOA MB MG MR NULL WKS PTR HINFO MINFO MX TXT RP AFSDB X25 ISDN RT NSAP NSAP_PTR SIG KEY PX GPOS AAAA LOC NXT EID NIMLOC SRV ATMA NAPTR KX CERT A6 DNAME SINK OPT APL DS SSHFP IPSECKEY RRSIG NSEC DNSKEY"
    .split(" ").map((name, i): [number, string] => [i + 1, name]),
  [99, "SPF"],
  [100, "UINFO"],
  [101, "UID"],
  [102, "GID"],
  [103, "UNSPEC"],
  [137, "UNSPECA"],
  ..."TKEY TSIG IXFR AXFR MAILB MAILA ANY".split(" ").map((
    name,
    i,
  ): [number, string] => [249 + i, name]),
]);
const OPT = 41;
const CLASSES: ReadonlyMap<number, string> = new Map([
  [3, "CHAOS"],
  [4, "HS"],
  [255, "ANY"],
]);
const OPCODES = ["", " inv_q", " stat", " op3", " notify", " update"];
const RCODES = [
  "",
  " FormErr",
  " ServFail",
  " NXDomain",
  " NotImp",
  " Refused",
  " YXDomain",
  " YXRRSet",
  " NXRRSet",
  " NotAuth",
  " NotZone",
];

/**
 * Reads a message from its start; `at` is beyond the end once it is truncated.
 */
class Reader {
  at: number;
  constructor(
    readonly bytes: Uint8Array,
    readonly start: number,
    readonly end: number,
  ) {
    this.at = start + 12;
  }

  /** A name with escaped labels; undefined if it is truncated or malformed. */
  name(): string | undefined {
    let text = "";
    let length = 0;
    let at = this.at;
    let jumps = 0;
    for (;;) {
      if (at >= this.end) return undefined;
      const size = this.bytes[at]!;
      if (size >= 0xc0) {
        if (at + 2 > this.end) return undefined;
        const target = this.start + (readU16(this.bytes, at) & 0x3fff);
        if (jumps === 0) this.at = at + 2;
        // A pointer refers to an earlier name.
        if (target >= at || ++jumps > MAX_LABELS) return undefined;
        at = target;
        continue;
      }
      if (size >= 0x40 || at + 1 + size > this.end) return undefined;
      if ((length += size + 1) > MAX_NAME) return undefined;
      at += 1 + size;
      if (size === 0) {
        if (jumps === 0) this.at = at;
        return text || ".";
      }
      text += printable(this.bytes, at - size, at) + ".";
    }
  }

  question(): DnsQuestion | undefined {
    const name = this.name();
    const at = this.at;
    if (name === undefined || at + 4 > this.end) return undefined;
    this.at += 4;
    const type = typeName(readU16(this.bytes, at));
    return { name, type, class: readU16(this.bytes, at + 2) };
  }

  record(): DnsRecord | undefined {
    const name = this.name();
    const { bytes, at } = this;
    if (name === undefined || at + 10 > this.end) return undefined;
    const type = readU16(bytes, at);
    const next = at + 10 + readU16(bytes, at + 8);
    if (next > this.end) return undefined;
    const record = {
      name,
      type: typeName(type),
      class: readU16(bytes, at + 2),
      ttl: readU32(bytes, at + 4),
    };
    this.at = at + 10;
    const data = this.data(type, next, record.class);
    this.at = next;
    return data === undefined ? record : { ...record, data };
  }

  /** The data of a record in tcpdump's format. */
  data(type: number, end: number, recordClass: number): string | undefined {
    const { bytes, at } = this;
    const length = end - at;
    switch (TYPES.get(type)) {
      case "A":
        return length >= 4 ? formatIPv4(bytes, at) : undefined;
      case "AAAA":
        return length >= 16 ? formatIPv6(bytes, at) : undefined;
      case "NS":
      case "CNAME":
      case "PTR":
      case "DNAME":
        return this.name();
      case "MX": {
        if (length < 2) return undefined;
        this.at += 2;
        const name = this.name();
        return name && `${name} ${readU16(bytes, at)}`;
      }
      case "SRV": {
        if (length < 6) return undefined;
        this.at += 6;
        const name = this.name();
        return name &&
          `${name}:${readU16(bytes, at + 4)} ${readU16(bytes, at)} ${
            readU16(bytes, at + 2)
          }`;
      }
      case "TXT": {
        const texts: string[] = [];
        for (let i = at; i < end; i += 1 + bytes[i]!) {
          const stop = Math.min(end, i + 1 + bytes[i]!);
          texts.push(`"${printable(bytes, i + 1, stop)}"`);
        }
        return texts.join(" ");
      }
      case "OPT":
        return `UDPsize=${recordClass}`;
      default:
        return undefined;
    }
  }
}

function typeName(type: number): string {
  return TYPES.get(type) ?? `Type${type}`;
}

/**
 * Decodes a DNS message.
 *
 * @param bytes The payload of a UDP datagram, or what contains it.
 * @param offset Offset of the message.
 * @param end Offset where decoding stops.
 * @returns The message, or why the bytes are not one. Source: RFC 1035.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * console.log(headers.decodeDns(new Uint8Array(3)).malformed);
 * // DNS message of 12 bytes, 3 available
 * ```
 */
export function decodeDns(
  bytes: Uint8Array,
  offset = 0,
  end: number = bytes.length,
): DnsMessage | Malformed {
  if (end > bytes.length) end = bytes.length;
  if (end - offset < 12) return tooShort("DNS message", 12, end - offset);
  const flags = readU16(bytes, offset + 2);
  const questionCount = readU16(bytes, offset + 4);
  const answerCount = readU16(bytes, offset + 6);
  const questions: DnsQuestion[] = [];
  const answers: DnsRecord[] = [];
  const reader = new Reader(bytes, offset, end);
  let truncated = false;
  while (!truncated && questions.length < questionCount) {
    const question = reader.question();
    if (question) questions.push(question);
    else truncated = true;
  }
  while (!truncated && answers.length < answerCount) {
    const answer = reader.record();
    if (answer) answers.push(answer);
    else truncated = true;
  }
  return {
    id: readU16(bytes, offset),
    response: (flags & QR) !== 0,
    opcode: flags >> 11 & 15,
    rcode: flags & 15,
    flags,
    questionCount,
    answerCount,
    authorityCount: readU16(bytes, offset + 8),
    additionalCount: readU16(bytes, offset + 10),
    questions,
    answers,
    truncated,
  };
}

/**
 * A DNS message in tcpdump's format.
 *
 * @param length Length of the message in bytes.
 * @param multicast Whether it is one of multicast DNS.
 */
export function describeDns(
  dns: DnsMessage,
  length: number,
  multicast: boolean,
): string {
  const { flags, opcode } = dns;
  const name = OPCODES[opcode] ?? ` op${opcode}`;
  const end = dns.truncated ? " [|domain]" : ` (${length})`;
  if (dns.response) {
    const bits = (flags & AA ? "*" : "") + (flags & RA ? "" : "-") +
      (flags & TC ? "|" : "") + (flags & AD ? "$" : "");
    const rcode = RCODES[dns.rcode] ?? ` Resp${dns.rcode}`;
    const questions = dns.questionCount === 1
      ? ""
      // tcpdump prints a comma between the questions that it omits.
      : ` [${dns.questionCount}q]${
        ",".repeat(Math.max(0, dns.questions.length - 1))
      }`;
    const counts =
      ` ${dns.answerCount}/${dns.authorityCount}/${dns.additionalCount}`;
    const answers = dns.answers.map((answer) =>
      describeRecord(answer, multicast)
    ).join(",");
    return `${dns.id}${name}${rcode}${bits}${questions}${counts}${answers}${end}`;
  }
  const bits = (flags & RD ? "+" : "") + (flags & CD ? "%" : "");
  const unusual = flags & 0x06cf ? ` [b2&3=${hexNumber(flags)}]` : "";
  let counts = "";
  // In the obsolete inverse query, the answer section has the data and the
  // question is empty.
  if (opcode === 1) {
    if (dns.questionCount) counts += ` [${dns.questionCount}q]`;
    if (dns.answerCount !== 1) counts += ` [${dns.answerCount}a]`;
  } else {
    if (dns.answerCount) counts += ` [${dns.answerCount}a]`;
    if (dns.questionCount !== 1) counts += ` [${dns.questionCount}q]`;
  }
  if (dns.authorityCount) counts += ` [${dns.authorityCount}n]`;
  if (dns.additionalCount) counts += ` [${dns.additionalCount}au]`;
  const questions = dns.questions.map((question) =>
    describeQuestion(question, multicast)
  ).join("");
  return `${dns.id}${name}${bits}${unusual}${counts}${questions}${end}`;
}

function describeQuestion(question: DnsQuestion, multicast: boolean): string {
  const kind = !multicast
    ? ""
    : question.class & CLASS_TOP_BIT
    ? " (QU)"
    : " (QM)";
  const network = className(question.class, multicast);
  return ` ${question.type}${network}${kind}? ${question.name}`;
}

function describeRecord(record: DnsRecord, multicast: boolean): string {
  const { type, data } = record;
  const isOption = type === TYPES.get(OPT);
  const network = isOption ? "" : className(record.class, multicast);
  const flush = multicast && !isOption && record.class & CLASS_TOP_BIT
    ? " (Cache flush)"
    : "";
  return `${flush}${network} ${type}${data === undefined ? "" : ` ${data}`}`;
}

function className(value: number, multicast: boolean): string {
  const number = multicast ? value & ~CLASS_TOP_BIT : value;
  if (number === CLASS_IN) return "";
  return ` ${CLASSES.get(number) ?? `(Class ${number})`}`;
}
