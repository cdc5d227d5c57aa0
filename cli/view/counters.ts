// Link counters, read with RTM_GETSTATS: a dump of links takes the kernel several
// times as long, because it has all their attributes.

import {
  if_stats_msg,
  IFLA_STATS_LINK_64,
  rtnl_link_stats64,
} from "../../ffi/uapi/linux_if_link.ts";
import { NETLINK_ROUTE } from "../../ffi/uapi/linux_netlink.ts";
import { RTM_GETSTATS, RTM_NEWSTATS } from "../../ffi/uapi/linux_rtnetlink.ts";
import { isGone } from "../../lib/netns/namespace.ts";
import { NetlinkConnection } from "../../lib/netlink/connection.ts";
import type { MessageReader } from "../../lib/netlink/message.ts";
import type { ComparedCounters } from "../rates/meter.ts";

/** A link and its counters at one time. */
export interface CountedLink {
  readonly namespace: string | undefined;
  readonly ifindex: number;
  /** Monotonic, in milliseconds. */
  readonly time: number;
  readonly counters: ComparedCounters;
}

const NAMES = Object.keys(rtnl_link_stats64.fields);
/** Positions in the counters, in words. */
const [
  RX_PACKETS,
  TX_PACKETS,
  RX_BYTES,
  TX_BYTES,
  RX_ERRORS,
  TX_ERRORS,
  RX_DROPPED,
  TX_DROPPED,
] = [
  "rx_packets",
  "tx_packets",
  "rx_bytes",
  "tx_bytes",
  "rx_errors",
  "tx_errors",
  "rx_dropped",
  "tx_dropped",
].map((name) => 2 * NAMES.indexOf(name));
/** Up to the last of them; newer kernels have more. */
const SIZE = 8 * 8;
const HEADER = if_stats_msg.size;

const REQUEST = {
  type: RTM_GETSTATS,
  body: if_stats_msg.build({ filter_mask: 1 << IFLA_STATS_LINK_64 - 1 }),
  tried: "read link counters",
};

/** Reads the counters of links in monitored namespaces. */
export class CounterReader implements AsyncDisposable {
  readonly #connections = new Map<string | undefined, NetlinkConnection>();

  /**
   * The links of namespaces. A socket keeps its namespace alive, so it is closed
   * when its namespace is no longer among them.
   */
  async read(
    namespaces: readonly (string | undefined)[],
    signal: AbortSignal,
  ): Promise<CountedLink[]> {
    await this.retain(namespaces);
    const links: CountedLink[] = [];
    for (const namespace of namespaces) {
      const connection = this.#connection(namespace);
      if (connection === undefined) continue;
      const found = await connection.dump(
        REQUEST,
        (message) => decode(message, namespace),
        { signal, onInterrupt: "partial" },
      );
      for (const link of found) links.push(link);
    }
    return links;
  }

  /** Closes the sockets of other namespaces. */
  async retain(namespaces: readonly (string | undefined)[]): Promise<void> {
    for (const [namespace, connection] of this.#connections) {
      if (namespaces.includes(namespace)) continue;
      this.#connections.delete(namespace);
      await connection.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.retain([]);
  }

  #connection(namespace: string | undefined): NetlinkConnection | undefined {
    const open = this.#connections.get(namespace);
    if (open !== undefined) return open;
    try {
      const connection = NetlinkConnection.open({
        protocol: NETLINK_ROUTE,
        namespace,
      });
      this.#connections.set(namespace, connection);
      return connection;
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
  }
}

function decode(
  message: MessageReader,
  namespace: string | undefined,
): CountedLink | undefined {
  if (message.type !== RTM_NEWSTATS || !message.holds(HEADER)) return undefined;
  const { words, payload } = message;
  const attributes = message.attributes(HEADER);
  while (attributes.next()) {
    const { type, at: start, length } = attributes;
    if (type !== IFLA_STATS_LINK_64 || length < SIZE) continue;
    const counter = (at: number) => {
      const word = (start >> 2) + at;
      return (words[word]! >>> 0) + (words[word + 1]! >>> 0) * 2 ** 32;
    };
    return {
      namespace,
      ifindex: words[(payload >> 2) + 1]!,
      time: performance.now(),
      counters: {
        rx_packets: counter(RX_PACKETS!),
        tx_packets: counter(TX_PACKETS!),
        rx_bytes: counter(RX_BYTES!),
        tx_bytes: counter(TX_BYTES!),
        rx_errors: counter(RX_ERRORS!),
        tx_errors: counter(TX_ERRORS!),
        rx_dropped: counter(RX_DROPPED!),
        tx_dropped: counter(TX_DROPPED!),
        carrier_changes: 0,
      },
    };
  }
}
