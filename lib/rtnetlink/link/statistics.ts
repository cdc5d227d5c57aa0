// The counters of a link. Source: linux/if_link.h, struct rtnl_link_stats64.

import {
  IFLA_INET6_STATS,
  IFLA_PROTINFO,
  IFLA_STATS,
  IFLA_STATS64,
  rtnl_link_stats,
  rtnl_link_stats64,
} from "../../../ffi/uapi/linux_if_link.ts";
import * as mib from "../../../ffi/uapi/linux_snmp.ts";
import { isRelease } from "../../net/kernel_release.ts";
import type { AttributeReader } from "../../netlink/attribute.ts";
import type { AddressFamily } from "../family.ts";

/** The counters of a link, with the kernel's names. */
export interface LinkStatistics {
  /** Packets received. */
  readonly rx_packets: number;
  /** Packets sent. */
  readonly tx_packets: number;
  /** Bytes received. */
  readonly rx_bytes: number;
  /** Bytes sent. */
  readonly tx_bytes: number;
  /** Bad packets received. */
  readonly rx_errors: number;
  /** Packets that could not be sent. */
  readonly tx_errors: number;
  /** Received packets that were dropped because of missing resources. */
  readonly rx_dropped: number;
  /** Packets dropped before transmission. */
  readonly tx_dropped: number;
  /** Multicast packets received. */
  readonly multicast: number;
  /** Collisions while sending. */
  readonly collisions: number;
  /** Packets received with a bad length. */
  readonly rx_length_errors: number;
  /** Packets that overflowed the receiver. */
  readonly rx_over_errors: number;
  /** Packets received with a bad checksum. */
  readonly rx_crc_errors: number;
  /** Packets received that were not aligned. */
  readonly rx_frame_errors: number;
  /** Overruns of the receiver. */
  readonly rx_fifo_errors: number;
  /** Packets that the host missed. */
  readonly rx_missed_errors: number;
  /** Aborted transmissions. */
  readonly tx_aborted_errors: number;
  /** Transmissions that failed without carrier. */
  readonly tx_carrier_errors: number;
  /** Underruns of the transmitter. */
  readonly tx_fifo_errors: number;
  /** Heartbeat errors of half-duplex Ethernet. */
  readonly tx_heartbeat_errors: number;
  /** Late collisions. */
  readonly tx_window_errors: number;
  /** Compressed packets received. */
  readonly rx_compressed: number;
  /** Compressed packets sent. */
  readonly tx_compressed: number;
  /** Received packets without a handler. */
  readonly rx_nohandler: number;
  /** Received packets for another host. */
  readonly rx_otherhost_dropped: number;
}

const NAMES = Object.keys(
  rtnl_link_stats64.fields,
) as (keyof LinkStatistics)[];
const SHORT_NAMES = Object.keys(
  rtnl_link_stats.fields,
) as (keyof LinkStatistics)[];

type Counters = { -readonly [K in keyof LinkStatistics]: number };

/** The counters, and whether the kernel reported them as 64-bit numbers. */
export function linkStatistics(
  link: {
    readonly family: AddressFamily;
    attribute(type: number): AttributeReader | undefined;
  },
): { readonly counters: LinkStatistics; readonly wide: boolean } | undefined {
  const counters = Object.fromEntries(
    NAMES.map((name) => [name, 0]),
  ) as unknown as Counters;
  const wide = link.attribute(IFLA_STATS64);
  const short = wide ? undefined : link.attribute(IFLA_STATS);
  // Of a bridge's port it holds the options of the port.
  const ofIPv6 = wide || short || link.family !== "inet6"
    ? undefined
    : link.attribute(IFLA_PROTINFO);
  if (wide !== undefined) readWords(counters, NAMES, wide, 2);
  else if (short !== undefined) readWords(counters, SHORT_NAMES, short, 1);
  else if (ofIPv6 !== undefined) readIPv6(counters, ofIPv6.enter());
  else return undefined;
  return { counters, wide: short === undefined };
}

/** Reads as many numbers of one or two words as the attribute has. */
function readWords(
  counters: Counters,
  names: readonly (keyof Counters)[],
  { words, at, length }: AttributeReader,
  size: 1 | 2,
): void {
  // An older or newer kernel reports fewer or more counters than the layout.
  const end = (at + length) >> 2;
  let word = at >> 2;
  for (const name of names) {
    if (word + size > end) break;
    counters[name] = (words[word]! >>> 0) +
      (size === 2 ? (words[word + 1]! >>> 0) * 0x1_0000_0000 : 0);
    word += size;
  }
}

/** The IPv6 counters, if there are no others: see `ip -6 -s address`. */
function readIPv6(counters: Counters, info: AttributeReader): void {
  while (info.next()) {
    if (info.type !== IFLA_INET6_STATS) continue;
    const { words, at, length } = info;
    indexes ??= isRelease(6, 15) ? MOVED : IPV6;
    for (const [index, name] of indexes) {
      if (length < 8 * (index + 1)) continue;
      const word = (at >> 2) + 2 * index;
      counters[name] = (words[word]! >>> 0) +
        (words[word + 1]! >>> 0) * 0x1_0000_0000;
    }
  }
}

type Indexes = readonly (readonly [number, keyof LinkStatistics])[];

const IPV6: Indexes = [
  [mib.IPSTATS_MIB_INPKTS, "rx_packets"],
  [mib.IPSTATS_MIB_INOCTETS, "rx_bytes"],
  [mib.IPSTATS_MIB_OUTPKTS, "tx_packets"],
  [mib.IPSTATS_MIB_OUTOCTETS, "tx_bytes"],
  [mib.IPSTATS_MIB_INDISCARDS, "rx_errors"],
  [mib.IPSTATS_MIB_OUTDISCARDS, "tx_errors"],
  [mib.IPSTATS_MIB_INMCASTPKTS, "multicast"],
  [mib.IPSTATS_MIB_CSUMERRORS, "rx_frame_errors"],
];

/** The order from Linux 6.15 on; no message says which one it has. */
const MOVED: Indexes = [
  [1, "rx_packets"],
  [2, "rx_bytes"],
  [8, "tx_packets"],
  [10, "tx_bytes"],
  [18, "rx_errors"],
  [19, "tx_errors"],
  [28, "multicast"],
  [36, "rx_frame_errors"],
];

let indexes: Indexes | undefined;
