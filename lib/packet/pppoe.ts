import {
  hexNumber,
  type Malformed,
  printable,
  readU16,
  tooShort,
} from "./bytes.ts";
import { ETH_P } from "./protocol.ts";

/**
 * A PPPoE header, and the PPP header of a session. Source: RFC 2516.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * const header = headers.decodePppoe(
 *   Uint8Array.fromHex("11090000000401010000"),
 * );
 * console.log("name" in header && header.name); // PADI
 * ```
 */
export interface PppoeHeader {
  /** Always undefined; distinguishes a header from {@link Malformed}. */
  readonly malformed?: undefined;
  /** The code: 0 in a session. */
  readonly code: number;
  /** For example `PADI`; empty in a session. */
  readonly name: string;
  /** The session; 0 during discovery. */
  readonly session: number;
  /** Length of the payload according to the header, in bytes. */
  readonly length: number;
  /** The tags of a discovery message. */
  readonly tags?: readonly PppoeTag[];
  /** The PPP header, in a session. */
  readonly ppp?: PppHeader;
  /** What is wrong after the header. */
  readonly defect?: string;
  /** Offset of the end of the payload, at most that of the captured bytes. */
  readonly payloadEnd: number;
}

/** A tag of a PPPoE discovery message. Source: RFC 2516 appendix A. */
export interface PppoeTag {
  /** The number. */
  readonly type: number;
  /** For example `Service-Name`; `TAG-0x...` if it has no name here. */
  readonly name: string;
  /** The value: printable ASCII as it is, other values in hexadecimal. */
  readonly value: string;
}

const SESSION = 0;
const CODES: ReadonlyMap<number, string> = new Map([
  [SESSION, ""],
  [0x07, "PADO"],
  [0x09, "PADI"],
  [0x19, "PADR"],
  [0x65, "PADS"],
  [0xa7, "PADT"],
]);
const TAGS: ReadonlyMap<number, string> = new Map([
  [0x0000, "EOL"],
  [0x0101, "Service-Name"],
  [0x0102, "AC-Name"],
  [0x0103, "Host-Uniq"],
  [0x0104, "AC-Cookie"],
  [0x0105, "Vendor-Specific"],
  [0x0110, "Relay-Session-ID"],
  [0x0120, "PPP-Max-Payload"],
  [0x0201, "Service-Name-Error"],
  [0x0202, "AC-System-Error"],
  [0x0203, "Generic-Error"],
]);

/**
 * Decodes a PPPoE header.
 *
 * @param bytes The frame.
 * @param offset Offset of the header.
 * @param end Offset where decoding stops.
 * @returns The header, or why the bytes are not one. Source: RFC 2516.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * const header = headers.decodePppoe(
 *   Uint8Array.fromHex("110000010006c02101010004"),
 * );
 * console.log("ppp" in header && header.ppp?.name); // LCP
 * ```
 */
export function decodePppoe(
  bytes: Uint8Array,
  offset = 0,
  end: number = bytes.length,
): PppoeHeader | Malformed {
  if (end > bytes.length) end = bytes.length;
  const available = end - offset;
  if (available < 6) return tooShort("PPPoE header", 6, available);
  const code = bytes[offset + 1]!;
  const length = readU16(bytes, offset + 4);
  const payloadEnd = Math.min(end, offset + 6 + length);
  const header = {
    code,
    name: CODES.get(code) ?? `PAD-${code.toString(16)}`,
    session: readU16(bytes, offset + 2),
    length,
    payloadEnd,
  };
  const missing = length > available - 6
    ? {
      defect: `PPPoE payload of ${length} bytes, ${available - 6} available`,
    }
    : {};
  if (code !== SESSION) {
    return {
      ...header,
      ...decodeTags(bytes, offset + 6, payloadEnd),
      ...missing,
    };
  }
  const ppp = decodePpp(bytes, offset + 6, payloadEnd);
  return ppp.malformed === undefined
    ? { ...header, ppp, ...missing }
    : { ...header, defect: ppp.malformed };
}

function decodeTags(
  bytes: Uint8Array,
  start: number,
  end: number,
): { tags: PppoeTag[]; defect?: string } {
  const tags: PppoeTag[] = [];
  for (let at = start; at < end;) {
    const length = at + 4 <= end ? readU16(bytes, at + 2) : 0xffff;
    if (at + 4 + length > end) {
      return { tags, defect: `PPPoE tag beyond the payload` };
    }
    const type = readU16(bytes, at);
    const data = bytes.subarray(at + 4, at + 4 + length);
    const isText = data.every((byte) => byte >= 0x20 && byte < 0x7f);
    tags.push({
      type,
      name: TAGS.get(type) ?? `TAG-${hexNumber(type)}`,
      value: isText
        ? printable(data, 0, length)
        : "0x" + data.toHex().toUpperCase(),
    });
    at += 4 + length;
    // The tag that ends the list.
    if (type === 0) break;
  }
  return { tags };
}

/** A PPPoE header in tcpdump's format, with what PPP carries. */
export function describePppoe(
  pppoe: PppoeHeader,
  inner: string | undefined,
): string {
  let text = `PPPoE ${pppoe.name}`;
  if (pppoe.session !== 0) text += ` [ses ${hexNumber(pppoe.session)}]`;
  for (const { name, value } of pppoe.tags ?? []) {
    const shown = value.startsWith("0x") ? value : `"${value}"`;
    text += value === "" ? ` [${name}]` : ` [${name} ${shown}]`;
  }
  if (inner !== undefined) return `${text} ${inner}`;
  return pppoe.ppp ? `${text} ${describePppControl(pppoe.ppp)}` : text;
}

// PPP frames, as PPPoE and PPTP carry them: RFC 1661, RFC 1332.

/** The start of a PPP frame. Source: RFC 1661 section 2. */
export interface PppHeader {
  /** Always undefined; distinguishes a header from {@link Malformed}. */
  readonly malformed?: undefined;
  /** For example 0x0021 for IPv4 or 0xc021 for LCP. */
  readonly protocol: number;
  /** Its name, for example `LCP`; the number if it has no name here. */
  readonly name: string;
  /** The number of a control message. */
  readonly code?: number;
  /** The identifier that joins a control message and its reply. */
  readonly identifier?: number;
  /** Length of the frame from the protocol on, in bytes. */
  readonly length: number;
  /** Offset of the payload. */
  readonly payloadOffset: number;
}

const PPP_NAMES: ReadonlyMap<number, string> = new Map([
  [0x0021, "IP"],
  [0x0057, "IP6"],
  [0x0281, "MPLS"],
  [0x8021, "IPCP"],
  [0x8057, "IP6CP"],
  [0x80fd, "CCP"],
  [0x8281, "MPLSCP"],
  [0xc021, "LCP"],
  [0xc023, "PAP"],
  [0xc223, "CHAP"],
  [0xc227, "EAP"],
]);

const CONTROL_CODES = [
  "Vend-Ext",
  "Conf-Request",
  "Conf-Ack",
  "Conf-Nack",
  "Conf-Reject",
  "Term-Request",
  "Term-Ack",
  "Code-Reject",
  "Prot-Reject",
  "Echo-Request",
  "Echo-Reply",
  "Disc-Req",
  "Ident",
  "Time-Remaining",
  "Reset-Req",
  "Reset-Ack",
];
const PAP_CODES = ["", "Auth-Req", "Auth-ACK", "Auth-NACK"];
const CHAP_CODES = ["", "Challenge", "Response", "Success", "Failure"];

/** Decodes the start of a PPP frame, with or without address and control. */
export function decodePpp(
  bytes: Uint8Array,
  offset: number,
  end: number,
): PppHeader | Malformed {
  let at = offset;
  if (end - at >= 2 && readU16(bytes, at) === 0xff03) at += 2;
  const start = at;
  // An odd first byte is a compressed protocol field: RFC 1661 section 6.5.
  const compressed = at < end && (bytes[at]! & 1) !== 0;
  if (at + (compressed ? 1 : 2) > end) {
    return tooShort("PPP header", 2, end - at);
  }
  const protocol = compressed ? bytes[at]! : readU16(bytes, at);
  at += compressed ? 1 : 2;
  const control = protocol >= 0x8000 && at + 4 <= end
    ? { code: bytes[at]!, identifier: bytes[at + 1]! }
    : {};
  return {
    protocol,
    name: PPP_NAMES.get(protocol) ?? hexNumber(protocol, 4),
    ...control,
    length: end - start,
    payloadOffset: at,
  };
}

/** The EtherType of a network protocol over PPP, or undefined. */
export function pppEtherType(protocol: number): number | undefined {
  switch (protocol) {
    case 0x0021:
      return ETH_P.IP;
    case 0x0057:
      return ETH_P.IPV6;
    case 0x0281:
      return ETH_P.MPLS_UC;
    default:
      return undefined;
  }
}

/** A PPP frame without network protocol, in tcpdump's format. */
export function describePppControl(ppp: PppHeader): string {
  const { protocol, name, code, identifier, length } = ppp;
  if (!PPP_NAMES.has(protocol)) {
    return `unknown PPP protocol (${hexNumber(protocol, 4)})`;
  }
  if (code === undefined || name === "EAP") return name;
  const codes = name === "PAP"
    ? PAP_CODES
    : name === "CHAP"
    ? CHAP_CODES
    : CONTROL_CODES;
  const word = `${codes[code] || "Unknown Opcode"} (${hexNumber(code, 2)})`;
  const end = codes === CONTROL_CODES ? `, length ${length}` : "";
  return `${name}, ${word}, id ${identifier}${end}`;
}
