// Builds complete packets.

import { parseAddress } from "../net/ip_address.ts";
import { ArgumentError } from "../errors.ts";
import { pseudoHeader4, pseudoHeader6 } from "../net/checksum.ts";
import { type IcmpFields, writeIcmp } from "./icmp.ts";
import { writeIPv4 } from "./ipv4.ts";
import { writeIPv6 } from "./ipv6.ts";
import { IPPROTO } from "./protocol.ts";
import { type TcpFields, writeTcp } from "./tcp.ts";
import { type UdpFields, writeUdp } from "./udp.ts";

/** The IP header fields of a packet; the addresses determine the version. */
export interface IPEnvelope {
  /** The source, as text or as 4 or 16 bytes. */
  readonly source: string | Uint8Array;
  /** The destination, of the same version. */
  readonly destination: string | Uint8Array;
  /** Time to live, or hop limit; default 64. */
  readonly ttl?: number | undefined;
  /** The DSCP and ECN bits; default 0. */
  readonly trafficClass?: number | undefined;
  /** IPv4: identifies the fragments of one packet; default 0. */
  readonly identification?: number | undefined;
  /** IPv4: whether routers must not fragment it. */
  readonly dontFragment?: boolean | undefined;
  /** IPv6: 20 bits; default 0. */
  readonly flowLabel?: number | undefined;
}

/** The protocol's number on IPv4 and on IPv6, mostly the same. */
type Protocols = readonly [ipv4: number, ipv6: number];

function build(
  envelope: IPEnvelope,
  [protocol4, protocol6]: Protocols,
  payloadLength: number,
  write: (bytes: Uint8Array, at: number, pseudoHeader: number) => void,
): Uint8Array<ArrayBuffer> {
  const sourceAddress = addressBytes(envelope.source, "source");
  const destinationAddress = addressBytes(envelope.destination, "destination");
  if (sourceAddress.length !== destinationAddress.length) {
    throw new ArgumentError(
      "destination",
      envelope.destination,
      "of the IP version of the source",
    );
  }
  const addresses = { sourceAddress, destinationAddress };
  const limit = sourceAddress.length === 4 ? 65535 - 20 : 65535;
  if (payloadLength > limit) {
    throw new ArgumentError(
      "payload",
      `${payloadLength} bytes with its header`,
      `of ${limit} bytes at most`,
    );
  }
  if (sourceAddress.length === 4) {
    const protocol = protocol4;
    const bytes = new Uint8Array(20 + payloadLength);
    const fields = { ...envelope, ...addresses, protocol, payloadLength };
    const at = writeIPv4(bytes, 0, fields);
    write(bytes, at, pseudoHeader4(bytes, 12, protocol, payloadLength));
    return bytes;
  }
  const protocol = protocol6;
  const bytes = new Uint8Array(40 + payloadLength);
  const fields = { ...envelope, ...addresses, protocol, payloadLength };
  const at = writeIPv6(bytes, 0, fields);
  write(bytes, at, pseudoHeader6(bytes, 8, protocol, payloadLength));
  return bytes;
}

function addressBytes(address: string | Uint8Array, name: string) {
  const bytes = typeof address === "string"
    ? parseAddress(address, name).address
    : address;
  if (bytes.length === 4 || bytes.length === 16) return bytes;
  throw new ArgumentError(
    name,
    `${bytes.length} bytes`,
    "an address of 4 or 16 bytes",
  );
}

/**
 * Builds a UDP packet.
 *
 * @param envelope The IP header fields.
 * @param fields Its header and payload.
 * @returns The packet, IP header first, all lengths and checksums right.
 * @throws {ArgumentError} if an address or number is invalid, the versions
 * differ, or the packet is too long.
 *
 * @example
 * ```ts
 * import { buildUdp } from "@netplumb/netplumb";
 *
 * const packet = buildUdp(
 *   { source: "10.0.0.1", destination: "10.0.0.2" },
 *   { sourcePort: 5000, destinationPort: 7, payload: new Uint8Array(4) },
 * );
 * console.log(packet.length); // 32
 * ```
 */
export function buildUdp(
  envelope: IPEnvelope,
  fields: UdpFields,
): Uint8Array<ArrayBuffer> {
  return build(
    envelope,
    [IPPROTO.UDP, IPPROTO.UDP],
    8 + fields.payload.length,
    (bytes, at, pseudoHeader) => writeUdp(bytes, at, fields, pseudoHeader),
  );
}

/**
 * Builds a TCP packet. Source: RFC 9293.
 *
 * @param envelope The IP header fields.
 * @param fields Its header and payload.
 * @returns The packet, IP header first, all lengths and checksums right.
 * @throws {ArgumentError} if an address or number is invalid, the versions
 * differ, or the packet is too long.
 *
 * @example
 * ```ts
 * import { buildTcp, TCP } from "@netplumb/netplumb";
 *
 * const syn = buildTcp({ source: "::1", destination: "::2" }, {
 *   sourcePort: 5000,
 *   destinationPort: 80,
 *   sequence: 1,
 *   flags: TCP.SYN,
 *   payload: new Uint8Array(0),
 * });
 * console.log(syn.length); // 60
 * ```
 */
export function buildTcp(
  envelope: IPEnvelope,
  fields: TcpFields,
): Uint8Array<ArrayBuffer> {
  return build(
    envelope,
    [IPPROTO.TCP, IPPROTO.TCP],
    20 + (fields.optionBytes?.length ?? 0) + fields.payload.length,
    (bytes, at, pseudoHeader) => writeTcp(bytes, at, fields, pseudoHeader),
  );
}

/**
 * Builds an ICMP packet, or an ICMPv6 one if the addresses are IPv6.
 *
 * @param envelope The IP header fields.
 * @param fields The message.
 * @returns The packet, IP header first, all lengths and checksums right.
 * @throws {ArgumentError} if an address or number is invalid, the versions
 * differ, or the packet is too long.
 *
 * Source: RFC 792, RFC 4443.
 *
 * @example
 * ```ts
 * import { buildIcmp, ICMP } from "@netplumb/netplumb";
 *
 * const ping = buildIcmp({ source: "10.0.0.1", destination: "10.0.0.2" }, {
 *   type: ICMP.ECHO,
 *   code: 0,
 *   identifier: 1,
 *   sequence: 1,
 *   payload: new Uint8Array(56),
 * });
 * console.log(ping.length); // 84
 * ```
 */
export function buildIcmp(
  envelope: IPEnvelope,
  fields: IcmpFields,
): Uint8Array<ArrayBuffer> {
  return build(
    envelope,
    [IPPROTO.ICMP, IPPROTO.ICMPV6],
    8 + fields.payload.length,
    (bytes, at, pseudoHeader) =>
      // ICMP on IPv4 has no pseudo header.
      writeIcmp(bytes, at, fields, bytes[0]! >> 4 === 4 ? 0 : pseudoHeader),
  );
}
