// A datagram as a plain object, for callers who do not count nanoseconds.

import { timespec } from "../../ffi/layout/sys_socket.ts";
import { formatIPv4, formatIPv6, isMapped } from "../address.ts";
import type { Ancillary } from "./ancillary.ts";
import type { Endpoint } from "./sockaddr.ts";

/** Which of this host's addresses and interfaces a datagram came in by. */
export interface LocalInfo {
  /** The destination in the packet's header; may be a multicast or broadcast one. */
  readonly address: string;
  /**
   * The address to answer from; absent for multicast of which only in6_pktinfo
   * told, where the kernel chooses one of the interface.
   */
  readonly source?: string;
  /** The interface it arrived on. */
  readonly ifindex: number;
}

/** What the error queue, or a socket option, was asked to say beside the data. */
export interface DatagramInfo {
  /** Who sent it. */
  readonly peer: Endpoint;
  /** Where it arrived; absent without packet info. */
  readonly local?: LocalInfo;
  /** The control messages that carried packet info, by their struct's name. */
  readonly control: ReadonlyArray<"in_pktinfo" | "in6_pktinfo">;
  /** TTL or hop limit left on arrival; with `receiveTtl`. */
  readonly ttl?: number;
  /** The TOS or traffic class byte; with `receiveTrafficClass`. */
  readonly trafficClass?: number;
  /** The two ECN bits of the traffic class (RFC 3168); with `receiveTrafficClass`. */
  readonly ecn?: number;
  /** When the kernel received it, nanoseconds since 1970; with `receiveTimestamp`. */
  readonly timestamp?: bigint;
  /** Datagrams this socket has lost to a full queue so far; absent while none; with `receiveOverflow`. */
  readonly overflow?: number;
  /** With `gro`: `data` is a train of datagrams of this many bytes each, the last maybe shorter. */
  readonly segmentSize?: number;
  /** The datagram was longer than the buffer: `data` is its beginning (MSG_TRUNC). */
  readonly truncated: boolean;
  /** Control messages were lost to a short buffer: what is absent may have been there (MSG_CTRUNC). */
  readonly controlTruncated: boolean;
}

/** A received datagram. */
export interface Datagram extends DatagramInfo {
  /** Its payload, an own copy. */
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Reads where a datagram arrived out of its packet info. */
export function localInfo(
  bytes: Uint8Array,
  view: DataView,
  found: Ancillary,
): LocalInfo | undefined {
  if (found.in_pktinfo >= 0) {
    const at = found.in_pktinfo;
    return {
      address: formatIPv4(bytes, at + 8),
      source: formatIPv4(bytes, at + 4),
      ifindex: view.getInt32(at, true),
    };
  }
  if (found.in6_pktinfo >= 0) {
    const at = found.in6_pktinfo;
    const mapped = isMapped(bytes, at);
    const address = mapped ? formatIPv4(bytes, at + 12) : formatIPv6(bytes, at);
    const multicast = mapped
      ? (bytes[at + 12] & 0xf0) === 0xe0
      : bytes[at] === 0xff;
    return {
      address,
      ...(multicast ? {} : { source: address }),
      ifindex: view.getInt32(at + 16, true),
    };
  }
  return undefined;
}

/** The source that packet info asks for; undefined where it leaves that open. */
export function sourceOf(
  bytes: Uint8Array,
  view: DataView,
  found: Ancillary,
): string | undefined {
  const source = localInfo(bytes, view, found)?.source;
  return source === "0.0.0.0" || source === "::" ? undefined : source;
}

/** Everything the control messages say, as the fields of a datagram. */
export function describeAncillary(
  bytes: Uint8Array,
  view: DataView,
  found: Ancillary,
): Omit<DatagramInfo, "peer" | "truncated" | "controlTruncated"> {
  const control: Array<"in_pktinfo" | "in6_pktinfo"> = [];
  if (found.in6_pktinfo >= 0) control.push("in6_pktinfo");
  if (found.in_pktinfo >= 0) control.push("in_pktinfo");
  const local = localInfo(bytes, view, found);
  return {
    control,
    ...(local === undefined ? {} : { local }),
    ...(found.ttl < 0 ? {} : { ttl: found.ttl }),
    ...(found.trafficClass < 0
      ? {}
      : { trafficClass: found.trafficClass, ecn: found.trafficClass & 3 }),
    ...(found.timestamp < 0
      ? {}
      : { timestamp: nanoseconds(view, found.timestamp) }),
    ...(found.overflow < 0 ? {} : { overflow: found.overflow }),
    ...(found.segmentSize === 0 ? {} : { segmentSize: found.segmentSize }),
  };
}

function nanoseconds(view: DataView, at: number): bigint {
  const { tv_sec, tv_nsec } = timespec.get(view, at);
  return tv_sec * 1_000_000_000n + tv_nsec;
}
