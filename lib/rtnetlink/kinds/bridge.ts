// Bridges and their ports. Source: ip-link(8), linux/if_link.h.

import {
  BR_BOOLOPT_MCAST_VLAN_SNOOPING,
  BR_BOOLOPT_NO_LL_LEARN,
  BR_STATE_BLOCKING,
} from "../../../ffi/uapi/linux_if_bridge.ts";
import * as c from "../../../ffi/uapi/linux_if_link_kinds.ts";
import type { AttributeReader } from "../../netlink/attribute.ts";
import { ethernetProtocolName } from "../names/ethernet.ts";
import { USER_HZ } from "../user_hz.ts";
import {
  type Attribute,
  bits,
  type Details,
  ethernet,
  flag,
  linkOrNone,
  maskedBits,
  number,
  presence,
  reported,
  word,
} from "../spec/attribute.ts";
import { be16, type NumberCodec, u16, u32, u64, u8 } from "../spec/codec.ts";
import { hex } from "../spec/json.ts";
import { type LinkKind, linkKind, portSettings } from "./kind.ts";
import { ETHERTYPES, type VlanProtocol } from "./vlan.ts";

/** Options of a bridge, with iproute2's keys. Source: ip-link(8). */
export interface BridgeOptions {
  /** Time that a port listens and learns before it forwards. */
  readonly forward_delay?: number;
  /** Interval of hello packets. */
  readonly hello_time?: number;
  /** Maximum age of a hello packet. */
  readonly max_age?: number;
  /** Lifetime of learned link-layer addresses. */
  readonly ageing_time?: number;
  /** Spanning tree protocol. */
  readonly stp_state?: boolean;
  /** Priority in the spanning tree; the smallest becomes root. */
  readonly priority?: number;
  /** VLAN filtering. */
  readonly vlan_filtering?: boolean;
  /** Protocol of the VLAN tags. */
  readonly vlan_protocol?: VlanProtocol;
  /** Default VLAN of new ports, 0 for none. */
  readonly vlan_default_pvid?: number;
  /** Count packets of each VLAN. */
  readonly vlan_stats_enabled?: boolean;
  /** Count packets of each VLAN of each port. */
  readonly vlan_stats_per_port?: boolean;
  /** Link-local groups to forward, a bit each. */
  readonly group_fwd_mask?: number;
  /** Destination address of spanning tree packets. */
  readonly group_address?: string;
  /** Multicast snooping. */
  readonly mcast_snooping?: boolean;
  /** Do not learn from link-local packets. */
  readonly no_linklocal_learn?: boolean;
  /** Multicast snooping of each VLAN. */
  readonly mcast_vlan_snooping?: boolean;
  /** Multicast router: 0 never, 1 if queries are received, 2 always. */
  readonly mcast_router?: number;
  /** Send queries from the bridge's own address instead of 0.0.0.0. */
  readonly mcast_query_use_ifaddr?: boolean;
  /** Send multicast queries. */
  readonly mcast_querier?: boolean;
  /** Longest chain of the multicast hash table; without effect since Linux 5.0. */
  readonly mcast_hash_elasticity?: number;
  /** Maximum number of multicast groups. */
  readonly mcast_hash_max?: number;
  /** Number of queries after a leave message. */
  readonly mcast_last_member_count?: number;
  /** Number of queries at the start. */
  readonly mcast_startup_query_count?: number;
  /** Interval of queries after a leave message. */
  readonly mcast_last_member_interval?: number;
  /** Lifetime of a membership. */
  readonly mcast_membership_interval?: number;
  /** Time without queries until another querier counts as gone. */
  readonly mcast_querier_interval?: number;
  /** Interval of queries. */
  readonly mcast_query_interval?: number;
  /** Maximum response time of queries. */
  readonly mcast_query_response_interval?: number;
  /** Interval of queries at the start. */
  readonly mcast_startup_query_interval?: number;
  /** Count IGMP and MLD packets. */
  readonly mcast_stats_enabled?: boolean;
  /** IGMP version. */
  readonly mcast_igmp_version?: number;
  /** MLD version. */
  readonly mcast_mld_version?: number;
  /** Pass bridged IPv4 packets to iptables. */
  readonly nf_call_iptables?: boolean;
  /** Pass bridged IPv6 packets to ip6tables. */
  readonly nf_call_ip6tables?: boolean;
  /** Pass bridged ARP packets to arptables. */
  readonly nf_call_arptables?: boolean;
  /** Flush the learned link-layer addresses now. */
  readonly fdb_flush?: boolean;
}

/** What the kernel reports about a bridge. */
export interface BridgeData extends BridgeOptions {
  /** Priority and address in the spanning tree. */
  readonly bridge_id?: string;
  /** Priority and address of the root. */
  readonly root_id?: string;
  /** Port towards the root. */
  readonly root_port?: number;
  /** Cost of the path to the root. */
  readonly root_path_cost?: number;
  /** Whether the topology changes. */
  readonly topology_change?: number;
  /** Whether a topology change was detected. */
  readonly topology_change_detected?: number;
  /** Time until the next hello packet. */
  readonly hello_timer?: number;
  /** Timer of topology change notifications. */
  readonly tcn_timer?: number;
  /** Time until the topology change is over. */
  readonly topology_change_timer?: number;
  /** Time until expired addresses are removed. */
  readonly gc_timer?: number;
}

/** Settings of a bridge port, with iproute2's keys. Source: ip-link(8). */
export interface BridgePortOptions {
  /** BR_STATE_*: 0 disabled, 1 listening, 2 learning, 3 forwarding, 4 blocking. */
  readonly state?: number;
  /** Priority in the spanning tree. */
  readonly priority?: number;
  /** Cost of a path through the port in the spanning tree. */
  readonly cost?: number;
  /** Send packets out of the port that received them. */
  readonly hairpin?: boolean;
  /** Drop received spanning tree packets. */
  readonly guard?: boolean;
  /** Never become the root port. */
  readonly root_block?: boolean;
  /** End a multicast membership immediately on a leave message. */
  readonly fastleave?: boolean;
  /** Learn link-layer addresses. */
  readonly learning?: boolean;
  /** Flood packets to unknown unicast addresses. */
  readonly flood?: boolean;
  /** Reply to ARP requests for other hosts. */
  readonly proxy_arp?: boolean;
  /** Proxy ARP as IEEE 802.11 and Hotspot 2.0 require. */
  readonly proxy_arp_wifi?: boolean;
  /** Multicast router port: 0 to 3, see ip-link(8). */
  readonly mcast_router?: number;
  /** Alias of `fastleave`. */
  readonly mcast_fast_leave?: boolean;
  /** Flood packets to unknown multicast groups. */
  readonly mcast_flood?: boolean;
  /** Flood broadcast packets. */
  readonly bcast_flood?: boolean;
  /** Send multicast packets to each member as unicast. */
  readonly mcast_to_unicast?: boolean;
  /** Suppress flooding of ARP and neighbour discovery. */
  readonly neigh_suppress?: boolean;
  /** Link-local groups to forward, a bit each. */
  readonly group_fwd_mask?: number;
  /** Map VLANs to tunnels. */
  readonly vlan_tunnel?: boolean;
  /** Exchange packets with non-isolated ports only. */
  readonly isolated?: boolean;
  /** Receive packets from known addresses only. */
  readonly locked?: boolean;
  /** Port that forwards when this one is down, or "none". */
  readonly backup_port?: string | number;
  /** Flush the learned link-layer addresses of the port now. */
  readonly fdb_flush?: boolean;
}

/** What the kernel reports about a bridge port. */
export interface BridgePortData extends BridgePortOptions {
  /** Port identifier. */
  readonly id?: string;
  /** Port number. */
  readonly no?: string;
  /** Port of the designated bridge. */
  readonly designated_port?: number;
  /** Cost of the path of the designated bridge. */
  readonly designated_cost?: number;
  /** Priority and address of the designated bridge. */
  readonly bridge_id?: string;
  /** Priority and address of the root. */
  readonly root_id?: string;
  /** Time until another configuration packet may be sent. */
  readonly hold_timer?: number;
  /** Time until the received information expires. */
  readonly message_age_timer?: number;
  /** Time until the next state. */
  readonly forward_delay_timer?: number;
  /** Whether a topology change is acknowledged. */
  readonly topology_change_ack?: number;
  /** Whether a configuration packet waits. */
  readonly config_pending?: number;
  /** Names of the groups of `group_fwd_mask`. */
  readonly group_fwd_mask_str?: string;
}

/** Priority and address, as `8000.2:0:5e:10:0:1`. */
function bridgeId({ bytes, view, at, length }: AttributeReader): string {
  if (length < c.ifla_bridge_id.size) return "";
  const priority = view.getUint16(at).toString(16);
  const address = Array.from(
    bytes.subarray(at + 2, at + 8),
    (byte) => byte.toString(16),
  );
  return `${priority.padStart(4, "0")}.${address.join(":")}`;
}

/** A time of the kernel in seconds with two decimals. */
function timer(number: number): Attribute<number> {
  return reported(number, (value) => value.u64() / USER_HZ, { timer: true });
}

const reportedU8 = (number: number) =>
  reported<number>(number, (value) => value.u8());
const reportedU16 = (number: number) =>
  reported<number>(number, (value) => value.u16());
const reportedHex16 = (number: number) =>
  reported<string>(number, (value) => hex(value.u16()));

/** A flag that iproute2 prints as a number. */
function setting(
  number: number,
  details: Details<boolean, number> & { readonly codec?: NumberCodec } = {},
): Attribute<boolean> {
  return flag(number, { json: (raw) => raw, ...details });
}

/** A time in hundredths of a second. */
function time(
  attribute: number,
  codec: NumberCodec,
  kernelDefault: number,
  key?: string,
): Attribute<number> {
  return {
    ...number(attribute, codec, {
      unit: "1/100 s",
      kernelDefault,
      ...(key !== undefined && { key }),
    }),
    // The kernel stores it in its own ticks and reports it rounded down.
    same: (is, wanted) => is === wanted || is === wanted - 1,
  };
}

/** RHT_ELASTICITY of the kernel's linux/rhashtable.h. */
const HASH_ELASTICITY = 16;

const OFF = { kernelDefault: false } as const;
const ON = { kernelDefault: true } as const;

const STATES = ["disabled", "listening", "learning", "forwarding", "blocking"];

const state: Attribute<number> = {
  ...number(c.IFLA_BRPORT_STATE, u8, { max: BR_STATE_BLOCKING }),
  json: [
    { read: (level) => STATES[level.get(c.IFLA_BRPORT_STATE)?.u8() ?? -1] },
    {
      key: "state_index",
      read(level) {
        const value = level.get(c.IFLA_BRPORT_STATE)?.u8() ?? 0;
        return value > BR_STATE_BLOCKING ? value : undefined;
      },
    },
  ],
};

/** Link-local groups by the last byte of their address. */
const GROUPS = new Map([[0, "stp"], [2, "lacp"], [14, "lldp"]]);

function groupNames(mask: number): string {
  const names: string[] = [];
  for (let bit = 0; bit < 16; bit++) {
    if ((mask >> bit & 1) === 0) continue;
    names.push(GROUPS.get(bit) ?? `0x${(1 << bit).toString(16)}`);
  }
  return names.join(",") || "0x0";
}

const port: LinkKind<BridgePortOptions> = portSettings<
  BridgePortOptions,
  BridgePortData
>("bridge", () => ({
  state,
  priority: number(c.IFLA_BRPORT_PRIORITY, u16, { max: 63, kernelDefault: 32 }),
  cost: number(c.IFLA_BRPORT_COST, u32, { min: 1 }),
  hairpin: flag(c.IFLA_BRPORT_MODE, OFF),
  guard: flag(c.IFLA_BRPORT_GUARD, OFF),
  root_block: flag(c.IFLA_BRPORT_PROTECT, OFF),
  fastleave: flag(c.IFLA_BRPORT_FAST_LEAVE, OFF),
  learning: flag(c.IFLA_BRPORT_LEARNING, ON),
  flood: flag(c.IFLA_BRPORT_UNICAST_FLOOD, ON),
  id: reportedHex16(c.IFLA_BRPORT_ID),
  no: reportedHex16(c.IFLA_BRPORT_NO),
  designated_port: reportedU16(c.IFLA_BRPORT_DESIGNATED_PORT),
  designated_cost: reportedU16(c.IFLA_BRPORT_DESIGNATED_COST),
  bridge_id: reported(c.IFLA_BRPORT_BRIDGE_ID, bridgeId),
  root_id: reported(c.IFLA_BRPORT_ROOT_ID, bridgeId),
  hold_timer: timer(c.IFLA_BRPORT_HOLD_TIMER),
  message_age_timer: timer(c.IFLA_BRPORT_MESSAGE_AGE_TIMER),
  forward_delay_timer: timer(c.IFLA_BRPORT_FORWARD_DELAY_TIMER),
  topology_change_ack: reportedU8(c.IFLA_BRPORT_TOPOLOGY_CHANGE_ACK),
  config_pending: reportedU8(c.IFLA_BRPORT_CONFIG_PENDING),
  proxy_arp: flag(c.IFLA_BRPORT_PROXYARP, OFF),
  proxy_arp_wifi: flag(c.IFLA_BRPORT_PROXYARP_WIFI, OFF),
  mcast_router: number(c.IFLA_BRPORT_MULTICAST_ROUTER, u8, {
    max: 3,
    key: "multicast_router",
    kernelDefault: 1,
  }),
  mcast_fast_leave: flag(c.IFLA_BRPORT_FAST_LEAVE, { ...OFF, json: false }),
  mcast_flood: flag(c.IFLA_BRPORT_MCAST_FLOOD, ON),
  bcast_flood: flag(c.IFLA_BRPORT_BCAST_FLOOD, ON),
  mcast_to_unicast: flag(c.IFLA_BRPORT_MCAST_TO_UCAST, OFF),
  neigh_suppress: flag(c.IFLA_BRPORT_NEIGH_SUPPRESS, OFF),
  group_fwd_mask: number(c.IFLA_BRPORT_GROUP_FWD_MASK, u16, {
    kernelDefault: 0,
    json: hex,
  }),
  group_fwd_mask_str: reported<string>(
    c.IFLA_BRPORT_GROUP_FWD_MASK,
    (value) => groupNames(value.u16()),
  ),
  vlan_tunnel: flag(c.IFLA_BRPORT_VLAN_TUNNEL, OFF),
  isolated: flag(c.IFLA_BRPORT_ISOLATED, OFF),
  locked: flag(c.IFLA_BRPORT_LOCKED, { ...OFF, since: "5.18" }),
  backup_port: linkOrNone(c.IFLA_BRPORT_BACKUP_PORT, {
    kernelDefault: "none",
    json: (raw) => raw,
  }),
  fdb_flush: presence(c.IFLA_BRPORT_FLUSH, { once: true, json: false }),
}), {
  module: "bridge",
  constants: { of: c, prefix: "IFLA_BRPORT_" },
});

export const bridge: LinkKind<BridgeOptions> = linkKind<
  BridgeOptions,
  BridgeData
>("bridge", () => ({
  forward_delay: time(c.IFLA_BR_FORWARD_DELAY, u32, 1500),
  hello_time: time(c.IFLA_BR_HELLO_TIME, u32, 200),
  max_age: time(c.IFLA_BR_MAX_AGE, u32, 2000),
  ageing_time: time(c.IFLA_BR_AGEING_TIME, u32, 30000),
  stp_state: setting(c.IFLA_BR_STP_STATE, { ...OFF, codec: u32 }),
  priority: number(c.IFLA_BR_PRIORITY, u16, { kernelDefault: 0x8000 }),
  vlan_filtering: setting(c.IFLA_BR_VLAN_FILTERING, OFF),
  vlan_protocol: word(c.IFLA_BR_VLAN_PROTOCOL, be16, ETHERTYPES, {
    kernelDefault: "802.1Q",
    json: ethernetProtocolName,
  }),
  bridge_id: reported(c.IFLA_BR_BRIDGE_ID, bridgeId),
  root_id: reported(c.IFLA_BR_ROOT_ID, bridgeId),
  root_port: reportedU16(c.IFLA_BR_ROOT_PORT),
  root_path_cost: reported<number>(
    c.IFLA_BR_ROOT_PATH_COST,
    (value) => value.u32(),
  ),
  topology_change: reportedU8(c.IFLA_BR_TOPOLOGY_CHANGE),
  topology_change_detected: reportedU8(c.IFLA_BR_TOPOLOGY_CHANGE_DETECTED),
  hello_timer: timer(c.IFLA_BR_HELLO_TIMER),
  tcn_timer: timer(c.IFLA_BR_TCN_TIMER),
  topology_change_timer: timer(c.IFLA_BR_TOPOLOGY_CHANGE_TIMER),
  gc_timer: timer(c.IFLA_BR_GC_TIMER),
  vlan_default_pvid: number(c.IFLA_BR_VLAN_DEFAULT_PVID, u16, {
    max: 4094,
    kernelDefault: 1,
  }),
  vlan_stats_enabled: setting(c.IFLA_BR_VLAN_STATS_ENABLED, OFF),
  vlan_stats_per_port: setting(c.IFLA_BR_VLAN_STATS_PER_PORT, OFF),
  group_fwd_mask: number(c.IFLA_BR_GROUP_FWD_MASK, u16, {
    kernelDefault: 0,
    json: hex,
  }),
  group_address: ethernet(c.IFLA_BR_GROUP_ADDR, {
    key: "group_addr",
    kernelDefault: "01:80:c2:00:00:00",
  }),
  mcast_snooping: setting(c.IFLA_BR_MCAST_SNOOPING, ON),
  ...bits(c.IFLA_BR_MULTI_BOOLOPT, maskedBits, {
    no_linklocal_learn: 1 << BR_BOOLOPT_NO_LL_LEARN,
    mcast_vlan_snooping: 1 << BR_BOOLOPT_MCAST_VLAN_SNOOPING,
  }, { json: Number }),
  mcast_router: number(c.IFLA_BR_MCAST_ROUTER, u8, {
    max: 2,
    kernelDefault: 1,
  }),
  mcast_query_use_ifaddr: setting(c.IFLA_BR_MCAST_QUERY_USE_IFADDR, OFF),
  mcast_querier: setting(c.IFLA_BR_MCAST_QUERIER, OFF),
  mcast_hash_elasticity: {
    ...number(c.IFLA_BR_MCAST_HASH_ELASTICITY, u32),
    // From Linux 5.0 on, another value is accepted and ignored.
    same: (is, wanted) => is === wanted || is === HASH_ELASTICITY,
  },
  mcast_hash_max: number(c.IFLA_BR_MCAST_HASH_MAX, u32, {
    kernelDefault: 4096,
  }),
  mcast_last_member_count: number(c.IFLA_BR_MCAST_LAST_MEMBER_CNT, u32, {
    key: "mcast_last_member_cnt",
    kernelDefault: 2,
  }),
  mcast_startup_query_count: number(c.IFLA_BR_MCAST_STARTUP_QUERY_CNT, u32, {
    key: "mcast_startup_query_cnt",
    kernelDefault: 2,
  }),
  mcast_last_member_interval: time(
    c.IFLA_BR_MCAST_LAST_MEMBER_INTVL,
    u64,
    100,
    "mcast_last_member_intvl",
  ),
  mcast_membership_interval: time(
    c.IFLA_BR_MCAST_MEMBERSHIP_INTVL,
    u64,
    26000,
    "mcast_membership_intvl",
  ),
  mcast_querier_interval: time(
    c.IFLA_BR_MCAST_QUERIER_INTVL,
    u64,
    25500,
    "mcast_querier_intvl",
  ),
  mcast_query_interval: time(
    c.IFLA_BR_MCAST_QUERY_INTVL,
    u64,
    12500,
    "mcast_query_intvl",
  ),
  mcast_query_response_interval: time(
    c.IFLA_BR_MCAST_QUERY_RESPONSE_INTVL,
    u64,
    1000,
    "mcast_query_response_intvl",
  ),
  mcast_startup_query_interval: time(
    c.IFLA_BR_MCAST_STARTUP_QUERY_INTVL,
    u64,
    3125,
    "mcast_startup_query_intvl",
  ),
  mcast_stats_enabled: setting(c.IFLA_BR_MCAST_STATS_ENABLED, OFF),
  mcast_igmp_version: number(c.IFLA_BR_MCAST_IGMP_VERSION, u8, {
    min: 2,
    max: 3,
    kernelDefault: 2,
  }),
  mcast_mld_version: number(c.IFLA_BR_MCAST_MLD_VERSION, u8, {
    min: 1,
    max: 2,
    kernelDefault: 1,
  }),
  nf_call_iptables: setting(c.IFLA_BR_NF_CALL_IPTABLES, OFF),
  nf_call_ip6tables: setting(c.IFLA_BR_NF_CALL_IP6TABLES, OFF),
  nf_call_arptables: setting(c.IFLA_BR_NF_CALL_ARPTABLES, OFF),
  fdb_flush: presence(c.IFLA_BR_FDB_FLUSH, { once: true, json: false }),
}), {
  port,
  constants: { of: c, prefix: "IFLA_BR_" },
});
