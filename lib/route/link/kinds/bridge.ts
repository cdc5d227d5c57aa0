// ip link add NAME type bridge, and ip link set PORT type bridge_slave.
// Source: ip-link(8), linux/if_link.h.

import {
  BR_BOOLOPT_MCAST_VLAN_SNOOPING,
  br_boolopt_multi,
  BR_BOOLOPT_NO_LL_LEARN,
  BR_STATE_BLOCKING,
} from "../../../../ffi/layout/linux_if_bridge.ts";
import * as ifla from "../../../../ffi/layout/linux_if_link_kinds.ts";
import type { AttributeReader } from "../../../netlink/attribute.ts";
import {
  ethernetProtocol,
  type Field,
  hex16,
  type Kind,
  link,
  linkAddress,
  onOff,
  other,
  timer,
  u16,
  u32,
  u64,
  u8,
} from "../field.ts";

/** Priority and address, as `8000.2:0:5e:10:0:1`. */
function bridgeId({ bytes, at, length }: AttributeReader): string {
  if (length < ifla.ifla_bridge_id.size) return "";
  const priority = (bytes[at] << 8 | bytes[at + 1]).toString(16);
  const address = Array.from(
    bytes.subarray(at + 2, at + 8),
    (byte) => byte.toString(16),
  );
  return `${priority.padStart(4, "0")}.${address.join(":")}`;
}

/** An option among the many of IFLA_BR_MULTI_BOOLOPT; told of where it is set up. */
function multi(key: string, bit: number): Field {
  return other(ifla.IFLA_BR_MULTI_BOOLOPT, key, ({ words, at, length }) => {
    if (length < br_boolopt_multi.size) return undefined;
    const value = words[at >> 2];
    const mask = words[(at >> 2) + 1];
    return (mask >> bit & 1) === 1 ? value >> bit & 1 : undefined;
  });
}

const STATES = ["disabled", "listening", "learning", "forwarding", "blocking"];

/** Link-local groups a port forwards after all, by their last byte. */
const GROUPS = new Map([[0, "stp"], [2, "lacp"], [14, "lldp"]]);

function groupNames(mask: number): string {
  const names: string[] = [];
  for (let bit = 0; bit < 16; bit++) {
    if ((mask >> bit & 1) === 0) continue;
    names.push(GROUPS.get(bit) ?? `0x${(1 << bit).toString(16)}`);
  }
  return names.join(",") || "0x0";
}

export const bridge: Kind = {
  name: "bridge",
  data: [
    u32(ifla.IFLA_BR_FORWARD_DELAY, "forward_delay"),
    u32(ifla.IFLA_BR_HELLO_TIME, "hello_time"),
    u32(ifla.IFLA_BR_MAX_AGE, "max_age"),
    u32(ifla.IFLA_BR_AGEING_TIME, "ageing_time"),
    u32(ifla.IFLA_BR_STP_STATE, "stp_state"),
    u16(ifla.IFLA_BR_PRIORITY, "priority"),
    u8(ifla.IFLA_BR_VLAN_FILTERING, "vlan_filtering"),
    ethernetProtocol(ifla.IFLA_BR_VLAN_PROTOCOL, "vlan_protocol"),
    other(ifla.IFLA_BR_BRIDGE_ID, "bridge_id", bridgeId),
    other(ifla.IFLA_BR_ROOT_ID, "root_id", bridgeId),
    u16(ifla.IFLA_BR_ROOT_PORT, "root_port"),
    u32(ifla.IFLA_BR_ROOT_PATH_COST, "root_path_cost"),
    u8(ifla.IFLA_BR_TOPOLOGY_CHANGE, "topology_change"),
    u8(ifla.IFLA_BR_TOPOLOGY_CHANGE_DETECTED, "topology_change_detected"),
    timer(ifla.IFLA_BR_HELLO_TIMER, "hello_timer"),
    timer(ifla.IFLA_BR_TCN_TIMER, "tcn_timer"),
    timer(ifla.IFLA_BR_TOPOLOGY_CHANGE_TIMER, "topology_change_timer"),
    timer(ifla.IFLA_BR_GC_TIMER, "gc_timer"),
    u16(ifla.IFLA_BR_VLAN_DEFAULT_PVID, "vlan_default_pvid"),
    u8(ifla.IFLA_BR_VLAN_STATS_ENABLED, "vlan_stats_enabled"),
    u8(ifla.IFLA_BR_VLAN_STATS_PER_PORT, "vlan_stats_per_port"),
    hex16(ifla.IFLA_BR_GROUP_FWD_MASK, "group_fwd_mask"),
    linkAddress(ifla.IFLA_BR_GROUP_ADDR, "group_addr"),
    u8(ifla.IFLA_BR_MCAST_SNOOPING, "mcast_snooping"),
    multi("no_linklocal_learn", BR_BOOLOPT_NO_LL_LEARN),
    multi("mcast_vlan_snooping", BR_BOOLOPT_MCAST_VLAN_SNOOPING),
    u8(ifla.IFLA_BR_MCAST_ROUTER, "mcast_router"),
    u8(ifla.IFLA_BR_MCAST_QUERY_USE_IFADDR, "mcast_query_use_ifaddr"),
    u8(ifla.IFLA_BR_MCAST_QUERIER, "mcast_querier"),
    u32(ifla.IFLA_BR_MCAST_HASH_ELASTICITY, "mcast_hash_elasticity"),
    u32(ifla.IFLA_BR_MCAST_HASH_MAX, "mcast_hash_max"),
    u32(ifla.IFLA_BR_MCAST_LAST_MEMBER_CNT, "mcast_last_member_cnt"),
    u32(ifla.IFLA_BR_MCAST_STARTUP_QUERY_CNT, "mcast_startup_query_cnt"),
    u64(ifla.IFLA_BR_MCAST_LAST_MEMBER_INTVL, "mcast_last_member_intvl"),
    u64(ifla.IFLA_BR_MCAST_MEMBERSHIP_INTVL, "mcast_membership_intvl"),
    u64(ifla.IFLA_BR_MCAST_QUERIER_INTVL, "mcast_querier_intvl"),
    u64(ifla.IFLA_BR_MCAST_QUERY_INTVL, "mcast_query_intvl"),
    u64(
      ifla.IFLA_BR_MCAST_QUERY_RESPONSE_INTVL,
      "mcast_query_response_intvl",
    ),
    u64(ifla.IFLA_BR_MCAST_STARTUP_QUERY_INTVL, "mcast_startup_query_intvl"),
    u8(ifla.IFLA_BR_MCAST_STATS_ENABLED, "mcast_stats_enabled"),
    u8(ifla.IFLA_BR_MCAST_IGMP_VERSION, "mcast_igmp_version"),
    u8(ifla.IFLA_BR_MCAST_MLD_VERSION, "mcast_mld_version"),
    u8(ifla.IFLA_BR_NF_CALL_IPTABLES, "nf_call_iptables"),
    u8(ifla.IFLA_BR_NF_CALL_IP6TABLES, "nf_call_ip6tables"),
    u8(ifla.IFLA_BR_NF_CALL_ARPTABLES, "nf_call_arptables"),
  ],
  port: [
    other(
      ifla.IFLA_BRPORT_STATE,
      "state",
      (value) => STATES[value.u8()],
    ),
    other(
      ifla.IFLA_BRPORT_STATE,
      "state_index",
      (value) => value.u8() > BR_STATE_BLOCKING ? value.u8() : undefined,
    ),
    u16(ifla.IFLA_BRPORT_PRIORITY, "priority"),
    u32(ifla.IFLA_BRPORT_COST, "cost"),
    onOff(ifla.IFLA_BRPORT_MODE, "hairpin"),
    onOff(ifla.IFLA_BRPORT_GUARD, "guard"),
    onOff(ifla.IFLA_BRPORT_PROTECT, "root_block"),
    onOff(ifla.IFLA_BRPORT_FAST_LEAVE, "fastleave"),
    onOff(ifla.IFLA_BRPORT_LEARNING, "learning"),
    onOff(ifla.IFLA_BRPORT_UNICAST_FLOOD, "flood"),
    hex16(ifla.IFLA_BRPORT_ID, "id"),
    hex16(ifla.IFLA_BRPORT_NO, "no"),
    u16(ifla.IFLA_BRPORT_DESIGNATED_PORT, "designated_port"),
    u16(ifla.IFLA_BRPORT_DESIGNATED_COST, "designated_cost"),
    other(ifla.IFLA_BRPORT_BRIDGE_ID, "bridge_id", bridgeId),
    other(ifla.IFLA_BRPORT_ROOT_ID, "root_id", bridgeId),
    timer(ifla.IFLA_BRPORT_HOLD_TIMER, "hold_timer"),
    timer(ifla.IFLA_BRPORT_MESSAGE_AGE_TIMER, "message_age_timer"),
    timer(ifla.IFLA_BRPORT_FORWARD_DELAY_TIMER, "forward_delay_timer"),
    u8(ifla.IFLA_BRPORT_TOPOLOGY_CHANGE_ACK, "topology_change_ack"),
    u8(ifla.IFLA_BRPORT_CONFIG_PENDING, "config_pending"),
    onOff(ifla.IFLA_BRPORT_PROXYARP, "proxy_arp"),
    onOff(ifla.IFLA_BRPORT_PROXYARP_WIFI, "proxy_arp_wifi"),
    u8(ifla.IFLA_BRPORT_MULTICAST_ROUTER, "multicast_router"),
    onOff(ifla.IFLA_BRPORT_MCAST_FLOOD, "mcast_flood"),
    onOff(ifla.IFLA_BRPORT_BCAST_FLOOD, "bcast_flood"),
    onOff(ifla.IFLA_BRPORT_MCAST_TO_UCAST, "mcast_to_unicast"),
    onOff(ifla.IFLA_BRPORT_NEIGH_SUPPRESS, "neigh_suppress"),
    hex16(ifla.IFLA_BRPORT_GROUP_FWD_MASK, "group_fwd_mask"),
    other(
      ifla.IFLA_BRPORT_GROUP_FWD_MASK,
      "group_fwd_mask_str",
      (value) => groupNames(value.u16()),
    ),
    onOff(ifla.IFLA_BRPORT_VLAN_TUNNEL, "vlan_tunnel"),
    onOff(ifla.IFLA_BRPORT_ISOLATED, "isolated"),
    onOff(ifla.IFLA_BRPORT_LOCKED, "locked"),
    link(ifla.IFLA_BRPORT_BACKUP_PORT, "backup_port"),
  ],
};
