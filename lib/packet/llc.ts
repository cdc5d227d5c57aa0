import { formatLinkAddress } from "../net/link_address.ts";
import {
  hexNumber,
  type Malformed,
  readU16,
  readU32,
  tooShort,
} from "./bytes.ts";
import { ETH_P } from "./protocol.ts";

/**
 * An LLC header, with the SNAP header or the spanning tree message after it.
 * Source: IEEE 802.2, IEEE 802.1D.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * const header = headers.decodeLlc(Uint8Array.fromHex("aaaa030000000800"));
 * console.log("snap" in header && header.snap?.protocol); // 2048
 * ```
 */
export interface LlcHeader {
  /** Always undefined; distinguishes a header from {@link Malformed}. */
  readonly malformed?: undefined;
  /** The destination service access point. */
  readonly destinationSap: number;
  /** The source service access point; its lowest bit marks a response. */
  readonly sourceSap: number;
  /** The control field, of one byte in unnumbered frames, else of two. */
  readonly control: number;
  /** The SNAP header. */
  readonly snap?: SnapHeader;
  /** The spanning tree message. */
  readonly stp?: StpMessage;
  /** Length of header and payload in bytes. */
  readonly length: number;
  /** Offset of the payload. */
  readonly payloadOffset: number;
}

/** A SNAP header. Source: RFC 1042. */
export interface SnapHeader {
  /** The organization that assigned the protocol; 0 for EtherTypes. */
  readonly organization: number;
  /** The protocol. */
  readonly protocol: number;
}

/** A spanning tree message (BPDU). Source: IEEE 802.1D clause 9. */
export interface StpMessage {
  /** 0 for STP, 2 for RSTP, 3 for MSTP. */
  readonly version: number;
  /** 0 for a configuration, 0x80 for a topology change, 2 for RSTP. */
  readonly type: number;
  /** The flags. */
  readonly flags?: number;
  /** The root bridge: priority and address. */
  readonly root?: string;
  /** The path cost to the root bridge. */
  readonly rootCost?: number;
  /** The sending bridge: priority and address. */
  readonly bridge?: string;
  /** The sending port: priority and number. */
  readonly port?: number;
}

const SAP_IP = 0x06;
const SAP_STP = 0x42;
const SAP_SNAP = 0xaa;
const UNNUMBERED_INFORMATION = 0x03;
const TOPOLOGY_CHANGE = 0x80;

/** The SNAP organizations whose protocols are EtherTypes. */
const ETHERTYPE_ORGANIZATIONS = [0x000000, 0x0000f8];
const CISCO = 0x00000c;
const CISCO_PVST = 0x010b;

const SAPS: ReadonlyMap<number, string> = new Map([
  [0x00, "Null"],
  [0x02, "802.1B I"],
  [0x03, "802.1B G"],
  [SAP_IP, "IP"],
  [0x0e, "ProWay NM"],
  [SAP_STP, "STP"],
  [0x4e, "EIA RS-511"],
  [0x7e, "ISO 8208"],
  [0x8e, "ProWay ASM"],
  [SAP_SNAP, "SNAP"],
  [0xe0, "IPX"],
  [0xf0, "NetBeui"],
  [0xfe, "ISO CLNS"],
  [0xff, "Global"],
]);

const UNNUMBERED: ReadonlyMap<number, string> = new Map([
  [UNNUMBERED_INFORMATION, "ui"],
  [0x0f, "dm"],
  [0x43, "disc"],
  [0x63, "ua"],
  [0x6f, "sabme"],
  [0x87, "frmr"],
  [0xaf, "xid"],
  [0xe3, "test"],
]);

/**
 * Decodes an LLC header.
 *
 * @param bytes The frame.
 * @param offset Offset of the header.
 * @param end Offset of the end of the frame without padding.
 * @returns The header, or why the bytes are not one. Source: IEEE 802.2.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * console.log(headers.decodeLlc(new Uint8Array(2)).malformed);
 * // LLC header of 3 bytes, 2 available
 * ```
 */
export function decodeLlc(
  bytes: Uint8Array,
  offset = 0,
  end: number = bytes.length,
): LlcHeader | Malformed {
  if (end > bytes.length) end = bytes.length;
  const length = end - offset;
  if (length < 3) return tooShort("LLC header", 3, length);
  const destinationSap = bytes[offset]!;
  const sourceSap = bytes[offset + 1]!;
  const isUnnumbered = (bytes[offset + 2]! & 3) === 3;
  if (!isUnnumbered && length < 4) return tooShort("LLC header", 4, length);
  const control = isUnnumbered
    ? bytes[offset + 2]!
    // The control field of other frames is little-endian.
    : bytes[offset + 2]! | bytes[offset + 3]! << 8;
  const header = { destinationSap, sourceSap, control, length };
  let payloadOffset = offset + (isUnnumbered ? 3 : 4);
  if (control !== UNNUMBERED_INFORMATION || destinationSap !== sourceSap) {
    return { ...header, payloadOffset };
  }
  if (destinationSap === SAP_STP) {
    const stp = decodeStp(bytes, payloadOffset, end);
    if (stp.malformed !== undefined) return stp;
    return { ...header, stp, payloadOffset: end };
  }
  if (destinationSap !== SAP_SNAP) return { ...header, payloadOffset };
  payloadOffset = offset + 8;
  if (payloadOffset > end) return tooShort("SNAP header", 8, length);
  const organization = readU32(bytes, offset + 2) & 0xffffff;
  const protocol = readU16(bytes, offset + 6);
  const snap = { organization, protocol };
  if (organization === CISCO && protocol === CISCO_PVST) {
    const stp = decodeStp(bytes, payloadOffset, end);
    if (stp.malformed !== undefined) return stp;
    return { ...header, snap, stp, payloadOffset: end };
  }
  return { ...header, snap, payloadOffset };
}

/** The EtherType of what follows, or undefined. */
export function llcEtherType(llc: LlcHeader): number | undefined {
  if (llc.destinationSap === SAP_IP && llc.sourceSap === SAP_IP) {
    return llc.control === UNNUMBERED_INFORMATION ? ETH_P.IP : undefined;
  }
  return llc.snap && ETHERTYPE_ORGANIZATIONS.includes(llc.snap.organization)
    ? llc.snap.protocol
    : undefined;
}

function decodeStp(
  bytes: Uint8Array,
  at: number,
  end: number,
): StpMessage & { malformed?: undefined } | Malformed {
  if (at + 4 > end) return tooShort("STP message", 4, end - at);
  const protocol = readU16(bytes, at);
  if (protocol !== 0) return { malformed: `STP protocol ${protocol}, not 0` };
  const version = bytes[at + 2]!;
  const type = bytes[at + 3]!;
  if (type !== 0 && type !== 2) return { version, type };
  if (at + 35 > end) return tooShort("STP message", 35, end - at);
  return {
    version,
    type,
    flags: bytes[at + 4]!,
    root: bridgeId(bytes, at + 5),
    rootCost: readU32(bytes, at + 13),
    bridge: bridgeId(bytes, at + 17),
    port: readU16(bytes, at + 25),
  };
}

function bridgeId(bytes: Uint8Array, at: number): string {
  const priority = readU16(bytes, at).toString(16).padStart(4, "0");
  return `${priority}.${formatLinkAddress(bytes, at + 2, 6)}`;
}

/** An LLC header that carries no other protocol, in tcpdump's format. */
export function describeLlc(
  llc: LlcHeader,
  source: string,
  destination: string,
): string {
  const { control, length, stp, snap } = llc;
  // The length of the message includes its padding.
  if (stp) return describeStp(stp, length - (snap ? 8 : 3));
  const from = llc.sourceSap & 0xfe;
  const to = llc.destinationSap;
  if (snap) {
    const owner = snap.organization === CISCO ? "Cisco" : "Unknown";
    const organization = hexNumber(snap.organization, 6);
    const protocol = hexNumber(snap.protocol, 4);
    return `${source} > ${destination} SNAP, oui ${owner} (${organization}), pid Unknown (${protocol}), length ${
      length - 8
    }`;
  }
  const addresses = from === to
    ? `${source} > ${destination} ${sapName(to)}`
    : `${source} ${sapName(from)} > ${destination} ${sapName(to)}`;
  return `${addresses} ${describeControl(llc, control)}, length ${length}`;
}

function sapName(sap: number): string {
  return SAPS.get(sap) ?? `Unknown (${hexNumber(sap, 2)})`;
}

function describeControl(llc: LlcHeader, control: number): string {
  const isResponse = (llc.sourceSap & 1) !== 0;
  const isUnnumbered = (control & 3) === 3;
  const isPoll = (control & (isUnnumbered ? 0x10 : 0x100)) !== 0;
  const flag = isResponse
    ? isPoll ? "Final" : "Response"
    : isPoll
    ? "Poll"
    : "Command";
  const flags = `Flags [${flag}]`;
  if (isUnnumbered) {
    const command = control & ~0x10;
    const name = UNNUMBERED.get(command) ?? hexNumber(command, 2);
    return `Unnumbered, ${name}, ${flags}`;
  }
  const received = control >> 9;
  if ((control & 1) === 0) {
    return `Information, send seq ${
      control >> 1 & 0x7f
    }, rcv seq ${received}, ${flags}`;
  }
  const name = ["Receiver Ready", "Receiver not Ready", "Reject", "?"][
    control >> 2 & 3
  ];
  return `Supervisory, ${name}, rcv seq ${received}, ${flags}`;
}

// In tcpdump's order.
const STP_FLAGS: [bit: number, name: string][] = [
  [0x01, "Topology change"],
  [0x02, "Proposal"],
  [0x10, "Learn"],
  [0x20, "Forward"],
  [0x40, "Agreement"],
  [0x80, "Topology change ACK"],
];
const STP_VERSIONS = ["802.1d", "", "802.1w", "802.1s", "802.1aq"];

function describeStp(stp: StpMessage, length: number): string {
  const { version, type, flags } = stp;
  const name = STP_VERSIONS[version];
  if (!name) return `STP Unknown STP protocol (${hexNumber(version, 2)})`;
  if (type === TOPOLOGY_CHANGE) return `STP ${name}, Topology Change`;
  if (flags === undefined) {
    return `STP ${name}, Unknown BPDU Type (${hexNumber(type, 2)})`;
  }
  const kind = type === 0 ? "Config" : "Rapid STP";
  const set = STP_FLAGS.filter(([bit]) => flags & bit).map(([, name]) => name);
  const list = `Flags [${set.join(", ") || "none"}]`;
  if (version >= 3) {
    return `STP ${name}, ${kind}, CIST ${list}, length ${length}`;
  }
  const port = stp.port!.toString(16).padStart(4, "0");
  return `STP ${name}, ${kind}, ${list}, bridge-id ${stp.bridge}.${port}, length ${length}`;
}
