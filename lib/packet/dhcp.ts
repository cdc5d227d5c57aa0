import { formatIPv4 } from "../net/ip_address.ts";
import { formatLinkAddress } from "../net/link_address.ts";
import {
  hexNumber,
  type Malformed,
  printable,
  readU16,
  readU32,
  tooShort,
} from "./bytes.ts";

/**
 * A BOOTP or DHCP message. Source: RFC 951, RFC 2131, RFC 2132.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * const bytes = new Uint8Array(244);
 * bytes.set([1, 1, 6]);
 * bytes.set(Uint8Array.fromHex("63825363350101ff"), 236);
 * const message = headers.decodeDhcp(bytes);
 * console.log("type" in message && message.type); // discover
 * ```
 */
export interface DhcpMessage {
  /** Always undefined; distinguishes a message from {@link Malformed}. */
  readonly malformed?: undefined;
  /** 1 from a client, 2 from a server. */
  readonly operation: number;
  /** For example `discover`; undefined in BOOTP. */
  readonly type?: string;
  /** The number that joins a request and its reply. */
  readonly transaction: number;
  /** The client's link-layer address, if it has 6 bytes. */
  readonly clientLink?: string;
  /** The address that the client has. */
  readonly client: string;
  /** The address that the server assigns. */
  readonly your: string;
  /** The address of the next server. */
  readonly server: string;
  /** The address of the relay agent. */
  readonly relay: string;
  /** Option 50: the address that the client requests. */
  readonly requested?: string;
  /** Option 54: the server. */
  readonly serverIdentifier?: string;
  /** Option 51: the lease time in seconds. */
  readonly leaseTime?: number;
  /** Option 12: the name of the client. */
  readonly hostName?: string;
}

// From type 1 on, as the next list.
const TYPES = [
  "discover",
  "offer",
  "request",
  "decline",
  "ack",
  "nak",
  "release",
  "inform",
];
const MAGIC = 0x63825363;

/**
 * Decodes a BOOTP or DHCP message.
 *
 * @param bytes The payload of a UDP datagram, or what contains it.
 * @param offset Offset of the message.
 * @param end Offset where decoding stops.
 * @returns The message, or why the bytes are not one. Source: RFC 2131.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * console.log(headers.decodeDhcp(new Uint8Array(20)).malformed);
 * // DHCP message of 44 bytes, 20 available
 * ```
 */
export function decodeDhcp(
  bytes: Uint8Array,
  offset = 0,
  end: number = bytes.length,
): DhcpMessage | Malformed {
  if (end > bytes.length) end = bytes.length;
  const available = end - offset;
  if (available < 44) return tooShort("DHCP message", 44, available);
  const isEthernet = bytes[offset + 1] === 1 && bytes[offset + 2] === 6;
  return {
    operation: bytes[offset]!,
    transaction: readU32(bytes, offset + 4),
    ...(isEthernet
      ? { clientLink: formatLinkAddress(bytes, offset + 28, 6) }
      : {}),
    client: formatIPv4(bytes, offset + 12),
    your: formatIPv4(bytes, offset + 16),
    server: formatIPv4(bytes, offset + 20),
    relay: formatIPv4(bytes, offset + 24),
    ...decodeOptions(bytes, offset + 236, end),
  };
}

type Options = Partial<
  Pick<
    DhcpMessage,
    "type" | "requested" | "serverIdentifier" | "leaseTime" | "hostName"
  >
>;

function decodeOptions(bytes: Uint8Array, start: number, end: number): Options {
  if (start + 4 > end || readU32(bytes, start) !== MAGIC) return {};
  const options: { -readonly [K in keyof Options]: Options[K] } = {};
  for (let at = start + 4; at < end && bytes[at] !== 255;) {
    if (bytes[at] === 0) {
      at++;
      continue;
    }
    const length = at + 1 < end ? bytes[at + 1]! : 255;
    const data = at + 2;
    if (data + length > end) break;
    switch (bytes[at]! << 8 | length) {
      case 53 << 8 | 1:
        options.type = TYPES[bytes[data]! - 1] ?? String(bytes[data]);
        break;
      case 50 << 8 | 4:
        options.requested = formatIPv4(bytes, data);
        break;
      case 54 << 8 | 4:
        options.serverIdentifier = formatIPv4(bytes, data);
        break;
      case 51 << 8 | 4:
        options.leaseTime = readU32(bytes, data);
        break;
      default:
        if (bytes[at] === 12) {
          options.hostName = printable(bytes, data, data + length);
        }
    }
    at = data + length;
  }
  return options;
}

/** A BOOTP or DHCP message in tcpdump's format. */
export function describeDhcp(dhcp: DhcpMessage, length: number): string {
  const { operation, clientLink } = dhcp;
  const name = operation === 1
    ? "Request"
    : operation === 2
    ? "Reply"
    : `unknown (${hexNumber(operation, 2)})`;
  const from = operation === 1 && clientLink ? ` from ${clientLink}` : "";
  return `BOOTP/DHCP, ${name}${from}, length ${length}`;
}

/**
 * The start of a DHCPv6 message. Source: RFC 8415 section 8.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * const message = headers.decodeDhcpv6(Uint8Array.fromHex("01abcdef"));
 * console.log("type" in message && message.type); // solicit
 * ```
 */
export interface Dhcpv6Message {
  /** Always undefined; distinguishes a message from {@link Malformed}. */
  readonly malformed?: undefined;
  /** For example `solicit`; `msgtype-` and the number if it has no name here. */
  readonly type: string;
  /** The number that joins a request and its reply; not in relayed messages. */
  readonly transaction?: number;
}

const TYPES6 = [
  "solicit",
  "advertise",
  "request",
  "confirm",
  "renew",
  "rebind",
  "reply",
  "release",
  "decline",
  "reconf",
  "inf-req",
  "relay-fwd",
  "relay-reply",
  "leasequery",
  "leasequery-reply",
];

/**
 * Decodes the start of a DHCPv6 message.
 *
 * @param bytes The payload of a UDP datagram, or what contains it.
 * @param offset Offset of the message.
 * @param end Offset where decoding stops.
 * @returns The message, or why the bytes are not one. Source: RFC 8415.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * console.log(headers.decodeDhcpv6(new Uint8Array(2)).malformed);
 * // DHCPv6 message of 4 bytes, 2 available
 * ```
 */
export function decodeDhcpv6(
  bytes: Uint8Array,
  offset = 0,
  end: number = bytes.length,
): Dhcpv6Message | Malformed {
  if (end > bytes.length) end = bytes.length;
  if (end - offset < 4) return tooShort("DHCPv6 message", 4, end - offset);
  const number = bytes[offset]!;
  const type = TYPES6[number - 1] ?? `msgtype-${number}`;
  // Relayed messages have a hop count and addresses in its place.
  return type.startsWith("relay") ? { type } : {
    type,
    transaction: bytes[offset + 1]! << 16 | readU16(bytes, offset + 2),
  };
}
