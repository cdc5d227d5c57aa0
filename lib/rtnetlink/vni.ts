// Network identifiers that a VXLAN filters by: RTM_NEWTUNNEL. Source: bridge(8),
// linux/if_link.h.

import * as vx from "../../ffi/uapi/linux_if_link_kinds.ts";
import { RTM_GETTUNNEL } from "../../ffi/uapi/linux_rtnetlink.ts";
import { AF_BRIDGE } from "../../ffi/uapi/sys_socket.ts";
import type { MessageReader } from "../netlink/message.ts";
import type { NetlinkRequest } from "../netlink/transaction.ts";
import { addressText } from "./family.ts";
import { u32 } from "./spec/codec.ts";
import {
  countersJson,
  type CounterTable,
  readCounters,
} from "./spec/counters.ts";
import { type FieldCodec, fieldsOf, FieldTable } from "./spec/object.ts";

/** A network identifier of a VXLAN with `vnifilter`. Source: linux/if_link.h. */
export interface Vni {
  /** The VXLAN. */
  ifindex: number;
  /** The network identifier. */
  vni: number;
  /** The multicast group or the remote VTEP of unknown destinations. */
  remote?: string;
  /** Its counters, if they were requested. */
  statistics?: VniStatistics;
}

/** The counters of a network identifier. */
export interface VniStatistics {
  /** Received bytes. */
  readonly rxBytes: number;
  /** Received packets. */
  readonly rxPackets: number;
  /** Received packets that were dropped. */
  readonly rxDropped: number;
  /** Packets received with errors. */
  readonly rxErrors: number;
  /** Sent bytes. */
  readonly txBytes: number;
  /** Sent packets. */
  readonly txPackets: number;
  /** Packets dropped instead of sent. */
  readonly txDropped: number;
  /** Packets not sent because of errors. */
  readonly txErrors: number;
}

/** Network identifiers with the same remote, as the kernel reports them. */
export interface VniRange extends Vni {
  /** The last one, if there are several. */
  end?: number;
}

/** The counters: attribute, field, and iproute2's key. */
const COUNTERS: CounterTable<VniStatistics> = [
  [vx.VNIFILTER_ENTRY_STATS_RX_BYTES, "rxBytes", "rx_bytes"],
  [vx.VNIFILTER_ENTRY_STATS_RX_PKTS, "rxPackets", "rx_pkts"],
  [vx.VNIFILTER_ENTRY_STATS_RX_DROPS, "rxDropped", "rx_drops"],
  [vx.VNIFILTER_ENTRY_STATS_RX_ERRORS, "rxErrors", "rx_errors"],
  [vx.VNIFILTER_ENTRY_STATS_TX_BYTES, "txBytes", "tx_bytes"],
  [vx.VNIFILTER_ENTRY_STATS_TX_PKTS, "txPackets", "tx_pkts"],
  [vx.VNIFILTER_ENTRY_STATS_TX_DROPS, "txDropped", "tx_drops"],
  [vx.VNIFILTER_ENTRY_STATS_TX_ERRORS, "txErrors", "tx_errors"],
];

const remote: FieldCodec<string> = {
  read({ bytes, at, length }) {
    const family = length === 16 ? "inet6" : "inet";
    const text = addressText(family, bytes, at, length);
    return text === "0.0.0.0" || text === "::" ? undefined : text;
  },
};

const isMulticast = (address: string) =>
  address.includes(":")
    ? /^ff/i.test(address)
    : (Number.parseInt(address) & 0xf0) === 0xe0;

const field = fieldsOf<VniRange>();

/** The attributes of network identifiers, in iproute2's order. */
export const VNI: FieldTable<VniRange, object> = new FieldTable<
  VniRange,
  object
>({
  vni: field.attribute("vni", vx.VXLAN_VNIFILTER_ENTRY_START, u32, {
    key: "vni",
  }),
  end: field.attribute("end", vx.VXLAN_VNIFILTER_ENTRY_END, u32, {
    key: "vniEnd",
    json: (end, { vni }) => end > vni ? end : undefined,
  }),
  remote: field.attribute("remote", vx.VXLAN_VNIFILTER_ENTRY_GROUP, remote, {
    print(json, { remote }) {
      if (remote === undefined) return;
      json[isMulticast(remote) ? "group" : "remote"] = remote;
    },
  }),
  remote6: field.attribute("remote", vx.VXLAN_VNIFILTER_ENTRY_GROUP6, remote),
  statistics: field("statistics", {
    number: vx.VXLAN_VNIFILTER_ENTRY_STATS,
    decode(vni, value) {
      vni.statistics = readCounters(COUNTERS, value.enter());
    },
    key: "stats",
    json: (statistics, _, context) =>
      context.statistics ? countersJson(COUNTERS, statistics) : undefined,
  }),
}, true);

/** The request for the network identifiers of all VXLANs. */
export function vniRequest(statistics = false): NetlinkRequest {
  return {
    type: RTM_GETTUNNEL,
    body: vx.tunnel_msg.build({
      family: AF_BRIDGE,
      flags: statistics ? vx.TUNNEL_MSG_FLAG_STATS : 0,
    }),
    tried: "show network identifiers of VXLANs",
  };
}

/** Decodes the network identifiers of a message, as the ranges in it. */
export function decodeVniRanges(message: MessageReader): VniRange[] {
  if (!message.holds(vx.tunnel_msg.size)) return [];
  const { ifindex } = vx.tunnel_msg.get(message.view, message.payload);
  const ranges: VniRange[] = [];
  const attributes = message.attributes(vx.tunnel_msg.size);
  while (attributes.next()) {
    if (attributes.type !== vx.VXLAN_VNIFILTER_ENTRY) continue;
    const range: VniRange = { ifindex, vni: 0 };
    VNI.decodeAttributes(range, attributes.enter(), "bridge");
    ranges.push(range);
  }
  return ranges;
}

/** The network identifiers of ranges. */
export function* vnisOf(ranges: Iterable<VniRange>): Generator<Vni> {
  for (const { end, ...first } of ranges) {
    const last = Math.min(end ?? 0, 0xff_ffff);
    yield first;
    for (let vni = first.vni + 1; vni <= last; vni++) yield { ...first, vni };
  }
}
