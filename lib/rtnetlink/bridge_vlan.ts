// VLANs of bridges and their ports: RTM_NEWVLAN to read them, AF_BRIDGE links to
// change them. Source: bridge(8), linux/if_bridge.h.

import * as br from "../../ffi/uapi/linux_if_bridge.ts";
import { IFLA_AF_SPEC } from "../../ffi/uapi/linux_if_link.ts";
import {
  ifinfomsg,
  RTM_DELLINK,
  RTM_GETVLAN,
  RTM_SETLINK,
} from "../../ffi/uapi/linux_rtnetlink.ts";
import { AF_BRIDGE } from "../../ffi/uapi/sys_socket.ts";
import { EOPNOTSUPP } from "../../ffi/errno.ts";
import { ArgumentError } from "../errors.ts";
import type { AttributeReader } from "../netlink/attribute.ts";
import { AttributeWriter } from "../netlink/attribute_writer.ts";
import type { MessageReader } from "../netlink/message.ts";
import type { NetlinkRequest } from "../netlink/transaction.ts";
import { type Change, checked } from "./changes/change.ts";
import { toggleWord } from "./spec/attribute.ts";
import { u16, u32, u8 } from "./spec/codec.ts";
import {
  countersJson,
  type CounterTable,
  readCounters,
} from "./spec/counters.ts";
import { fieldsOf, FieldTable } from "./spec/object.ts";
import { type OptionsOf, readSpec } from "./spec/table.ts";
import { linkName, type Reader, wholeNumber } from "./spec/value.ts";

/** A VLAN of a bridge or of one of its ports. Source: linux/if_bridge.h. */
export interface BridgeVlan {
  /** The port, or the bridge itself. */
  ifindex: number;
  /** The VLAN, 1 to 4094. */
  vid: number;
  /** BRIDGE_VLAN_INFO_*: 2 for the PVID, 4 for untagged packets. */
  flags: number;
  /** BR_STATE_*, the spanning tree state: 3 is forwarding. */
  state?: number;
  /** The identifier that the packets have on a tunnel, such as a VNI. */
  tunnelId?: number;
  /** The kind of a multicast router, as `mcast_router` of a port. */
  multicastRouter?: number;
  /** Multicast groups of the port in this VLAN. */
  multicastGroups?: number;
  /** The limit of these groups; 0 for none. */
  multicastMaxGroups?: number;
  /** Whether neighbour discovery is answered or dropped. */
  neighbourSuppression?: boolean;
  /** Whether gratuitous ARP and unsolicited advertisements are forwarded. */
  forwardsGratuitous?: boolean;
  /** Its counters, if they were requested. */
  statistics?: BridgeVlanStatistics;
}

/** The counters of a VLAN. */
export interface BridgeVlanStatistics {
  /** Received bytes. */
  readonly rxBytes: number;
  /** Received packets. */
  readonly rxPackets: number;
  /** Sent bytes. */
  readonly txBytes: number;
  /** Sent packets. */
  readonly txPackets: number;
}

/** VLANs with the same properties, as the kernel notifies them. */
interface BridgeVlanRange extends BridgeVlan {
  /** The last VLAN, if there are several. */
  end?: number;
}

/** The counters: attribute, field, and iproute2's key. */
const COUNTERS: CounterTable<BridgeVlanStatistics> = [
  [br.BRIDGE_VLANDB_STATS_RX_BYTES, "rxBytes", "rx_bytes"],
  [br.BRIDGE_VLANDB_STATS_RX_PACKETS, "rxPackets", "rx_packets"],
  [br.BRIDGE_VLANDB_STATS_TX_BYTES, "txBytes", "tx_bytes"],
  [br.BRIDGE_VLANDB_STATS_TX_PACKETS, "txPackets", "tx_packets"],
];

const field = fieldsOf<BridgeVlanRange>();
const { newer } = br;
const STATES = ["disabled", "listening", "learning", "forwarding", "blocking"];

/** A value that only `bridge -d` prints. */
const detail = <T extends number | boolean>(key: string) => ({
  key,
  json: (
    value: T,
    _: unknown,
    { details }: { details?: boolean | undefined },
  ) => details ? value : undefined,
});
const onOff = { read: (value: AttributeReader) => value.u8() !== 0 };

/** The attributes of VLANs, in iproute2's order. */
export const BRIDGE_VLAN_ENTRY: FieldTable<BridgeVlanRange, object> =
  new FieldTable<BridgeVlanRange, object>({
    vid: field("vid", {
      number: br.BRIDGE_VLANDB_ENTRY_INFO,
      key: "vlan",
      decode(vlan, { view, at, length }) {
        if (length < br.bridge_vlan_info.size) return;
        Object.assign(vlan, br.bridge_vlan_info.get(view, at));
      },
    }),
    end: field.attribute("end", br.BRIDGE_VLANDB_ENTRY_RANGE, u16),
    flags: field("flags", {
      key: "flags",
      json: (flags) =>
        flags === 0 ? undefined : [
          ...flags & br.BRIDGE_VLAN_INFO_PVID ? ["PVID"] : [],
          ...flags & br.BRIDGE_VLAN_INFO_UNTAGGED ? ["Egress Untagged"] : [],
        ],
    }),
    state: field.attribute("state", br.BRIDGE_VLANDB_ENTRY_STATE, u8, {
      key: "state",
      json: (state, _, { details }) =>
        details ? STATES[state] ?? state : undefined,
    }),
    multicastRouter: field.attribute(
      "multicastRouter",
      br.BRIDGE_VLANDB_ENTRY_MCAST_ROUTER,
      u8,
      detail("mcast_router"),
    ),
    multicastGroups: field.attribute(
      "multicastGroups",
      newer.BRIDGE_VLANDB_ENTRY_MCAST_N_GROUPS,
      u32,
      detail("mcast_n_groups"),
    ),
    multicastMaxGroups: field.attribute(
      "multicastMaxGroups",
      newer.BRIDGE_VLANDB_ENTRY_MCAST_MAX_GROUPS,
      u32,
      detail("mcast_max_groups"),
    ),
    neighbourSuppression: field.attribute(
      "neighbourSuppression",
      newer.BRIDGE_VLANDB_ENTRY_NEIGH_SUPPRESS,
      onOff,
      detail("neigh_suppress"),
    ),
    forwardsGratuitous: field.attribute(
      "forwardsGratuitous",
      newer.BRIDGE_VLANDB_ENTRY_NEIGH_FORWARD_GRAT,
      onOff,
      detail("neigh_forward_grat"),
    ),
    tunnelId: field("tunnelId", {
      number: br.BRIDGE_VLANDB_ENTRY_TUNNEL_INFO,
      decode(vlan, value) {
        const inner = value.enter();
        while (inner.next()) {
          if (inner.type === br.BRIDGE_VLANDB_TINFO_ID) {
            vlan.tunnelId = inner.u32();
          }
        }
      },
    }),
    statistics: field("statistics", {
      number: br.BRIDGE_VLANDB_ENTRY_STATS,
      decode(vlan, value) {
        vlan.statistics = readCounters(COUNTERS, value.enter());
      },
      print(json, { statistics }, context) {
        if (!context.statistics || statistics === undefined) return;
        Object.assign(json, countersJson(COUNTERS, statistics));
      },
    }),
  }, true);

/**
 * The request for all VLANs. With counters, the kernel reports each VLAN by
 * itself; the ranges that it reports otherwise lack those after the PVID.
 */
export function bridgeVlanRequest(): NetlinkRequest {
  const body = new AttributeWriter()
    .raw(br.br_vlan_msg.build({ family: AF_BRIDGE }))
    .u32(br.BRIDGE_VLANDB_DUMP_FLAGS, br.BRIDGE_VLANDB_DUMPF_STATS);
  return { type: RTM_GETVLAN, body: body.finish(), tried: "show VLANs" };
}

/**
 * Decodes the VLANs of a message.
 *
 * @param statistics Whether to keep their counters.
 */
export function decodeBridgeVlans(
  message: MessageReader,
  statistics = false,
): BridgeVlan[] {
  if (!message.holds(br.br_vlan_msg.size)) return [];
  const { ifindex } = br.br_vlan_msg.get(message.view, message.payload);
  const vlans: BridgeVlan[] = [];
  const attributes = message.attributes(br.br_vlan_msg.size);
  while (attributes.next()) {
    if (attributes.type !== br.BRIDGE_VLANDB_ENTRY) continue;
    const range: BridgeVlanRange = { ifindex, vid: 0, flags: 0 };
    BRIDGE_VLAN_ENTRY.decodeAttributes(range, attributes.enter(), "bridge");
    if (!statistics) delete range.statistics;
    // VLAN 0 does not exist: the message lacks it.
    if (range.vid !== 0) {
      for (const vlan of vlansOf(range)) vlans.push(vlan);
    }
  }
  return vlans;
}

/** The VLANs of a range. Their tunnels are consecutive too. */
function* vlansOf({ end, ...first }: BridgeVlanRange): Generator<BridgeVlan> {
  const { vid, flags, tunnelId } = first;
  yield first;
  for (let next = vid + 1; next <= Math.min(end ?? 0, 4094); next++) {
    yield {
      ...first,
      vid: next,
      // A port has one.
      flags: flags & ~br.BRIDGE_VLAN_INFO_PVID,
      ...tunnelId !== undefined && { tunnelId: tunnelId + next - vid },
    };
  }
}

/** A VLAN of a bridge port, with the keys of iproute2. Source: bridge(8). */
export interface BridgeVlanSpec {
  /** The port; with `self`, the bridge. */
  readonly dev: string | number;
  /** The VLAN, 1 to 4094, or an inclusive range: "10-20". */
  readonly vid: number | string;
  /** Assign received untagged packets to this VLAN. */
  readonly pvid?: boolean;
  /** Send the packets of this VLAN untagged. */
  readonly untagged?: boolean;
  /** Apply it to the device itself; required for a bridge. */
  readonly self?: boolean;
  /** Apply it to the port's bridge, which is the default. */
  readonly master?: boolean;
}

const VLAN = wholeNumber(1, 4094);

/** A VLAN or an inclusive range. */
const range: Reader<string> = {
  expected: "a VLAN from 1 to 4094, or two like 10-20",
  schema: { anyOf: [VLAN.schema, { type: "string", pattern: "^\\d+-\\d+$" }] },
  read(given) {
    const vlans = String(given).split("-").map((part) => VLAN.read(part));
    const [first, last = first, ...more] = vlans;
    return first !== undefined && last !== undefined && more.length === 0 &&
        (vlans.length === 1 || first < last)
      ? vlans.join("-")
      : undefined;
  },
};

/** The VLANs of a number or an inclusive range. */
export function vlanRange(vid: number | string): number[] {
  const [first = 0, last = first] = String(vid).split("-").map(Number);
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}

/** Numbers and ranges with all of these VLANs, which are in order. */
export function vlanRanges(vids: Iterable<number>): string[] {
  const ranges: [first: number, last: number][] = [];
  for (const vid of vids) {
    const last = ranges.at(-1);
    if (last?.[1] === vid - 1) last[1] = vid;
    else ranges.push([vid, vid]);
  }
  return ranges.map(([first, last]) =>
    first === last ? `${first}` : `${first}-${last}`
  );
}

/** How each key is parsed. */
export const BRIDGE_VLAN: OptionsOf<BridgeVlanSpec> = {
  dev: linkName,
  vid: range,
  pvid: toggleWord,
  untagged: toggleWord,
  self: toggleWord,
  master: toggleWord,
};

const FLAGS = { self: br.BRIDGE_FLAGS_SELF, master: br.BRIDGE_FLAGS_MASTER };
const VLAN_FLAGS = {
  pvid: br.BRIDGE_VLAN_INFO_PVID,
  untagged: br.BRIDGE_VLAN_INFO_UNTAGGED,
};

/** The bits of the enabled options. */
function bitsOf<Word extends keyof BridgeVlanSpec>(
  spec: BridgeVlanSpec,
  bits: { readonly [W in Word]: number },
): number {
  let value = 0;
  for (const [word, bit] of Object.entries<number>(bits)) {
    if (spec[word as Word]) value |= bit;
  }
  return value;
}

function change(verb: string, type: number, given: BridgeVlanSpec): Change {
  const spec = readSpec("VLAN", BRIDGE_VLAN, given, ["dev", "vid"]);
  const what = `${verb} VLAN ${given.vid} of ${given.dev}`;
  const [first = NaN, last] = String(spec.vid).split("-").map(Number);
  if (last !== undefined && spec.pvid) {
    throw new ArgumentError("pvid", spec.pvid, "possible of more than one");
  }
  return checked({
    what,
    requests(known) {
      const where = bitsOf(spec, FLAGS);
      const flags = bitsOf(spec, VLAN_FLAGS);
      const body = new AttributeWriter().raw(ifinfomsg.build({
        ifi_family: AF_BRIDGE,
        ifi_index: known.index(spec.dev),
      })).nest(IFLA_AF_SPEC, (inner) => {
        const vlan = (vid: number, flags: number) =>
          inner.bytes(
            br.IFLA_BRIDGE_VLAN_INFO,
            br.bridge_vlan_info.build({ vid, flags }),
          );
        if (where !== 0) inner.u16(br.IFLA_BRIDGE_FLAGS, where);
        if (last === undefined) {
          vlan(first, flags);
        } else {
          vlan(first, flags | br.BRIDGE_VLAN_INFO_RANGE_BEGIN);
          vlan(last, flags | br.BRIDGE_VLAN_INFO_RANGE_END);
        }
      }, true);
      return [{ type, body: body.finish(), tried: what }];
    },
    advice: ({ errno }) =>
      errno === EOPNOTSUPP
        ? "The link is no port of a bridge, or this kernel keeps no VLANs apart " +
          "(CONFIG_BRIDGE_VLAN_FILTERING)"
        : undefined,
  });
}

/**
 * Builds a change that adds a VLAN to a bridge port.
 *
 * Source: bridge(8), linux/if_bridge.h.
 *
 * @param spec The port and the VLAN.
 * @throws {ArgumentError} For an invalid value.
 *
 * @example
 * ```ts
 * import { addBridgeVlan } from "@netplumb/netplumb";
 *
 * addBridgeVlan({ dev: "veth0", vid: 10, pvid: true, untagged: true });
 * addBridgeVlan({ dev: "br0", vid: "20-29", self: true });
 * ```
 */
export function addBridgeVlan(spec: BridgeVlanSpec): Change {
  return change("add", RTM_SETLINK, spec);
}

/**
 * Builds a change that deletes a VLAN from a bridge port.
 *
 * Source: bridge(8), linux/if_bridge.h.
 *
 * @param spec The port and the VLAN.
 * @throws {ArgumentError} For an invalid value.
 *
 * @example
 * ```ts
 * import { deleteBridgeVlan } from "@netplumb/netplumb";
 *
 * deleteBridgeVlan({ dev: "veth0", vid: 1 });
 * ```
 */
export function deleteBridgeVlan(spec: BridgeVlanSpec): Change {
  return change("delete", RTM_DELLINK, spec);
}
