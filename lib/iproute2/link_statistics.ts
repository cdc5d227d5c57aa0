// Counters of links in the format of `ip -s` and `ip -s -s`.

import { IFLA_CARRIER_CHANGES } from "../../ffi/uapi/linux_if_link.ts";
import type { JsonValue } from "../rtnetlink/spec/json.ts";
import type { Link } from "../rtnetlink/link/link.ts";
import { linkStatistics } from "../rtnetlink/link/statistics.ts";

type Counters = Record<string, JsonValue>;

/** The counters of a link, by direction. */
type LinkCounters = {
  /** Counters of received packets. */
  readonly rx: Readonly<Record<string, JsonValue>>;
  /** Counters of sent packets. */
  readonly tx: Readonly<Record<string, JsonValue>>;
};

/**
 * Returns the counters with the key "stats64", or "stats" for a kernel with
 * 32-bit counters only.
 */
export function ipLinkStatistics(
  link: Link,
  level: boolean | 2,
): { stats?: LinkCounters; stats64?: LinkCounters } {
  const statistics = linkStatistics(link);
  if (statistics === undefined) return {};
  const { counters: c, wide } = statistics;
  const rx: Counters = {
    bytes: c.rx_bytes,
    packets: c.rx_packets,
    errors: c.rx_errors,
    dropped: c.rx_dropped,
    over_errors: c.rx_over_errors,
    multicast: c.multicast,
  };
  if (c.rx_compressed) rx.compressed = c.rx_compressed;
  const tx: Counters = {
    bytes: c.tx_bytes,
    packets: c.tx_packets,
    errors: c.tx_errors,
    dropped: c.tx_dropped,
    carrier_errors: c.tx_carrier_errors,
    collisions: c.collisions,
  };
  if (c.tx_compressed) tx.compressed = c.tx_compressed;
  if (level === 2) {
    Object.assign(rx, {
      length_errors: c.rx_length_errors,
      crc_errors: c.rx_crc_errors,
      frame_errors: c.rx_frame_errors,
      fifo_errors: c.rx_fifo_errors,
      missed_errors: c.rx_missed_errors,
    });
    if (c.rx_nohandler) rx.nohandler = c.rx_nohandler;
    if (c.rx_otherhost_dropped) rx.otherhost = c.rx_otherhost_dropped;
    Object.assign(tx, {
      aborted_errors: c.tx_aborted_errors,
      fifo_errors: c.tx_fifo_errors,
      window_errors: c.tx_window_errors,
      heartbeat_errors: c.tx_heartbeat_errors,
    });
    const changes = link.attribute(IFLA_CARRIER_CHANGES);
    if (changes !== undefined) tx.carrier_changes = changes.u32();
  }
  return { [wide ? "stats64" : "stats"]: { rx, tx } };
}
