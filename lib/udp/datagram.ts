// Received datagrams as plain objects.

import { formatIPv4, formatIPv6, isMapped } from "../net/ip_address.ts";
import type { ControlMessages } from "../socket/control_messages.ts";
import { type Endpoint, readSockaddr } from "../socket/sockaddr.ts";
import {
  nanoseconds,
  type PacketTimestamps,
  readTimestamps,
} from "../socket/timestamping.ts";

/** The local address and interface that a datagram arrived at. */
export interface LocalInfo {
  /** The destination in the packet's header; may be a multicast or broadcast one. */
  readonly address: string;
  /**
   * The address to reply from; absent for multicast with only in6_pktinfo: the
   * kernel chooses an address of the interface.
   */
  readonly source?: string;
  /** The interface it arrived on. */
  readonly ifindex: number;
}

/** A received datagram without its payload. */
export interface DatagramInfo {
  /** The sender. */
  readonly peer: Endpoint;
  /** The local address and interface; absent without packet info. */
  readonly local?: LocalInfo;
  /** The control messages with packet info, by the name of their struct. */
  readonly control: ReadonlyArray<"in_pktinfo" | "in6_pktinfo">;
  /** The received TTL or hop limit; with `receiveTtl`. */
  readonly ttl?: number;
  /** The TOS or traffic class byte; with `receiveTrafficClass`. */
  readonly trafficClass?: number;
  /** The two ECN bits of the traffic class (RFC 3168); with `receiveTrafficClass`. */
  readonly ecn?: number;
  /** When the kernel received it, nanoseconds since 1970; with `receiveTimestamp`. */
  readonly timestamp?: bigint;
  /** Datagrams dropped so far because the receive buffer was full; absent while none; with `receiveOverflow`. */
  readonly overflow?: number;
  /** With `gro`: `data` holds datagrams of this many bytes each, the last may be shorter. */
  readonly segmentSize?: number;
  /** Time stamps of the kernel and of the device; with `timestamping.receive`. */
  readonly timestamps?: PacketTimestamps;
  /** Where the sender sent it, before TPROXY; with `receiveOriginalDestination`. */
  readonly originalDestination?: Endpoint;
  /** The IPv6 flow label; absent while 0; with `receiveFlowLabel`. */
  readonly flowLabel?: number;
  /** The datagram was longer than the buffer: `data` is its beginning (MSG_TRUNC). */
  readonly truncated: boolean;
  /** If it was truncated: the bytes that the sender sent. */
  readonly fullLength?: number;
  /** Control messages did not fit their buffer: absent fields may have been sent (MSG_CTRUNC). */
  readonly controlTruncated: boolean;
}

/** A received datagram. */
export interface Datagram extends DatagramInfo {
  /** Its payload, a copy. */
  readonly data: Uint8Array<ArrayBuffer>;
}

/** The local address and interface in a datagram's packet info. */
export function localInfo(
  bytes: Uint8Array,
  view: DataView,
  control: ControlMessages,
): LocalInfo | undefined {
  if (control.in_pktinfo >= 0) {
    const at = control.in_pktinfo;
    const address = formatIPv4(bytes, at + 8);
    const ifindex = view.getInt32(at, true);
    if (view.getInt32(at + 4) !== 0) {
      return { address, source: formatIPv4(bytes, at + 4), ifindex };
    }
    // Queued before the option was set: only the header's destination is known.
    return bytes[at + 8]! >= 0xe0
      ? { address, ifindex }
      : { address, source: address, ifindex };
  }
  if (control.in6_pktinfo >= 0) {
    const at = control.in6_pktinfo;
    const mapped = isMapped(bytes, at);
    const address = mapped ? formatIPv4(bytes, at + 12) : formatIPv6(bytes, at);
    const multicast = mapped
      ? (bytes[at + 12]! & 0xf0) === 0xe0
      : bytes[at] === 0xff;
    return {
      address,
      ...(multicast ? {} : { source: address }),
      ifindex: view.getInt32(at + 16, true),
    };
  }
  return undefined;
}

/** The source address in packet info to be sent; undefined for an unspecified one. */
export function sourceOf(
  bytes: Uint8Array,
  view: DataView,
  control: ControlMessages,
): string | undefined {
  const source = localInfo(bytes, view, control)?.source;
  return source === "0.0.0.0" || source === "::" ? undefined : source;
}

/** The fields from control messages. */
export type ControlFields = {
  -readonly [
    Key in keyof Omit<
      DatagramInfo,
      "peer" | "truncated" | "fullLength" | "controlTruncated"
    >
  ]: DatagramInfo[Key];
};

// The packet info structs of a datagram; shared by all datagrams.
export const NO_PACKET_INFO: DatagramInfo["control"] = Object.freeze([]);
const IPV4: DatagramInfo["control"] = Object.freeze(["in_pktinfo"] as const);
const IPV6: DatagramInfo["control"] = Object.freeze(["in6_pktinfo"] as const);
const BOTH: DatagramInfo["control"] = Object.freeze(
  ["in6_pktinfo", "in_pktinfo"] as const,
);

/** Sets the fields from control messages. */
export function setControlFields(
  to: ControlFields,
  bytes: Uint8Array,
  view: DataView,
  control: ControlMessages,
): void {
  const ipv4 = control.in_pktinfo >= 0;
  if (control.in6_pktinfo >= 0) to.control = ipv4 ? BOTH : IPV6;
  else to.control = ipv4 ? IPV4 : NO_PACKET_INFO;
  const local = localInfo(bytes, view, control);
  if (local !== undefined) to.local = local;
  if (control.ttl >= 0) to.ttl = control.ttl;
  if (control.trafficClass >= 0) {
    to.trafficClass = control.trafficClass;
    to.ecn = control.trafficClass & 3;
  }
  if (control.timestamp >= 0) {
    to.timestamp = nanoseconds(view, control.timestamp);
    Object.defineProperty(to, "toJSON", TO_JSON);
  }
  if (control.overflow >= 0) to.overflow = control.overflow;
  if (control.segmentSize !== 0) to.segmentSize = control.segmentSize;
  const { timestamping, originalDestination, flowLabel } = control;
  // Few sockets enable these: one test for all of them.
  if ((timestamping & originalDestination & flowLabel) === -1) return;
  if (timestamping >= 0) to.timestamps = readTimestamps(view, timestamping);
  if (originalDestination >= 0) {
    const destination = readSockaddr(view, originalDestination);
    if (destination !== undefined) to.originalDestination = destination;
  }
  if (flowLabel >= 0) to.flowLabel = flowLabel;
}

/** JSON has no bigint: a time stamp is written in decimal digits. */
const TO_JSON: PropertyDescriptor = {
  // Not enumerable, so that postMessage does not see it.
  value(this: DatagramInfo): object {
    return JSON.parse(JSON.stringify({ ...this }, writeBigint));
  },
};

function writeBigint(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
