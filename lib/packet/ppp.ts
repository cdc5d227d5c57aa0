// PPP frames, as PPPoE and PPTP carry them. Source: RFC 1661, RFC 1332.

import { hexNumber, type Malformed, readU16, tooShort } from "./bytes.ts";
import { ETH_P } from "./protocol.ts";

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

const NAMES: ReadonlyMap<number, string> = new Map([
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
    name: NAMES.get(protocol) ?? hexNumber(protocol, 4),
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
  }
}

/** A PPP frame without network protocol, in tcpdump's words. */
export function describePppControl(ppp: PppHeader): string {
  const { protocol, name, code, identifier, length } = ppp;
  if (!NAMES.has(protocol)) {
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
