// Bridges.

import {
  BR_BOOLOPT_MCAST_VLAN_SNOOPING,
  br_boolopt_multi,
  BR_BOOLOPT_NO_LL_LEARN,
} from "../../../../ffi/layout/linux_if_bridge.ts";
import * as c from "../../../../ffi/layout/linux_if_link_kinds.ts";
import type { LinkKind } from "../kind.ts";
import {
  bitsOf,
  ethernet,
  flag,
  number,
  onOff,
  type OptionsOf,
  word,
} from "../option.ts";
import { bit } from "../value.ts";
import { ETHERTYPES, type VlanProtocol } from "./vlan.ts";

/**
 * The options of a bridge, by iproute2's words. Times are in hundredths of a
 * second. Source: ip-link(8), linux/if_link.h.
 */
export interface BridgeOptions {
  /** How long a port listens and learns before it forwards. */
  readonly forward_delay?: number;
  /** The time between hello packets. */
  readonly hello_time?: number;
  /** How old a hello packet may be. */
  readonly max_age?: number;
  /** How long a link-layer address is remembered. */
  readonly ageing_time?: number;
  /** Whether the spanning tree protocol is on. */
  readonly stp_state?: boolean;
  /** Its priority in the spanning tree; the smaller wins. */
  readonly priority?: number;
  /** Whether it keeps VLANs apart. */
  readonly vlan_filtering?: boolean;
  /** The tag it goes by. */
  readonly vlan_protocol?: VlanProtocol;
  /** Which link-local groups it forwards, a bit each. */
  readonly group_fwd_mask?: number;
  /** The address of spanning tree packets. */
  readonly group_address?: string;
  /** Forgets all link-layer addresses now. */
  readonly fdb_flush?: boolean;
  /** Whether it does not learn from link-local packets. */
  readonly no_linklocal_learn?: boolean;
  /** The VLAN that new ports are in, 0 for none. */
  readonly vlan_default_pvid?: number;
  /** Whether it counts for each VLAN. */
  readonly vlan_stats_enabled?: boolean;
  /** Whether it counts for each VLAN of each port. */
  readonly vlan_stats_per_port?: boolean;
  /** 0 never a multicast router, 1 if it hears queries, 2 always. */
  readonly mcast_router?: number;
  /** Whether it learns who wants which multicast group. */
  readonly mcast_snooping?: boolean;
  /** The same for each VLAN. */
  readonly mcast_vlan_snooping?: boolean;
  /** Whether queries come from its own address instead of 0.0.0.0. */
  readonly mcast_query_use_ifaddr?: boolean;
  /** Whether it asks who wants which group. */
  readonly mcast_querier?: boolean;
  /** The longest chain of the multicast table, on old kernels. */
  readonly mcast_hash_elasticity?: number;
  /** The size of the multicast table. */
  readonly mcast_hash_max?: number;
  /** How often it asks when somebody leaves a group. */
  readonly mcast_last_member_count?: number;
  /** How often it asks at the start. */
  readonly mcast_startup_query_count?: number;
  /** The time between questions when somebody leaves. */
  readonly mcast_last_member_interval?: number;
  /** How long a member is remembered. */
  readonly mcast_membership_interval?: number;
  /** How long another querier is waited for. */
  readonly mcast_querier_interval?: number;
  /** The time between questions. */
  readonly mcast_query_interval?: number;
  /** How long an answer may take. */
  readonly mcast_query_response_interval?: number;
  /** The time between questions at the start. */
  readonly mcast_startup_query_interval?: number;
  /** Whether it counts IGMP and MLD packets. */
  readonly mcast_stats_enabled?: boolean;
  /** 2 or 3. */
  readonly mcast_igmp_version?: number;
  /** 1 or 2. */
  readonly mcast_mld_version?: number;
  /** Whether iptables sees its packets. */
  readonly nf_call_iptables?: boolean;
  /** Whether ip6tables sees its packets. */
  readonly nf_call_ip6tables?: boolean;
  /** Whether arptables sees its packets. */
  readonly nf_call_arptables?: boolean;
}

/** The options that are bits of one attribute. */
const BITS = {
  no_linklocal_learn: 1 << BR_BOOLOPT_NO_LL_LEARN,
  mcast_vlan_snooping: 1 << BR_BOOLOPT_MCAST_VLAN_SNOOPING,
};

const options: OptionsOf<BridgeOptions> = {
  forward_delay: number("u32", c.IFLA_BR_FORWARD_DELAY),
  hello_time: number("u32", c.IFLA_BR_HELLO_TIME),
  max_age: number("u32", c.IFLA_BR_MAX_AGE),
  ageing_time: number("u32", c.IFLA_BR_AGEING_TIME),
  stp_state: onOff(c.IFLA_BR_STP_STATE, "u32"),
  priority: number("u16", c.IFLA_BR_PRIORITY),
  vlan_filtering: onOff(c.IFLA_BR_VLAN_FILTERING),
  vlan_protocol: word("be16", c.IFLA_BR_VLAN_PROTOCOL, ETHERTYPES),
  group_fwd_mask: number("u16", c.IFLA_BR_GROUP_FWD_MASK),
  group_address: ethernet(c.IFLA_BR_GROUP_ADDR),
  fdb_flush: flag(c.IFLA_BR_FDB_FLUSH),
  no_linklocal_learn: bit,
  vlan_default_pvid: number("u16", c.IFLA_BR_VLAN_DEFAULT_PVID, 0, 4094),
  vlan_stats_enabled: onOff(c.IFLA_BR_VLAN_STATS_ENABLED),
  vlan_stats_per_port: onOff(c.IFLA_BR_VLAN_STATS_PER_PORT),
  mcast_router: number("u8", c.IFLA_BR_MCAST_ROUTER, 0, 2),
  mcast_snooping: onOff(c.IFLA_BR_MCAST_SNOOPING),
  mcast_vlan_snooping: bit,
  mcast_query_use_ifaddr: onOff(c.IFLA_BR_MCAST_QUERY_USE_IFADDR),
  mcast_querier: onOff(c.IFLA_BR_MCAST_QUERIER),
  mcast_hash_elasticity: number("u32", c.IFLA_BR_MCAST_HASH_ELASTICITY),
  mcast_hash_max: number("u32", c.IFLA_BR_MCAST_HASH_MAX),
  mcast_last_member_count: number("u32", c.IFLA_BR_MCAST_LAST_MEMBER_CNT),
  mcast_startup_query_count: number("u32", c.IFLA_BR_MCAST_STARTUP_QUERY_CNT),
  mcast_last_member_interval: number("u64", c.IFLA_BR_MCAST_LAST_MEMBER_INTVL),
  mcast_membership_interval: number("u64", c.IFLA_BR_MCAST_MEMBERSHIP_INTVL),
  mcast_querier_interval: number("u64", c.IFLA_BR_MCAST_QUERIER_INTVL),
  mcast_query_interval: number("u64", c.IFLA_BR_MCAST_QUERY_INTVL),
  mcast_query_response_interval: number(
    "u64",
    c.IFLA_BR_MCAST_QUERY_RESPONSE_INTVL,
  ),
  mcast_startup_query_interval: number(
    "u64",
    c.IFLA_BR_MCAST_STARTUP_QUERY_INTVL,
  ),
  mcast_stats_enabled: onOff(c.IFLA_BR_MCAST_STATS_ENABLED),
  mcast_igmp_version: number("u8", c.IFLA_BR_MCAST_IGMP_VERSION, 2, 3),
  mcast_mld_version: number("u8", c.IFLA_BR_MCAST_MLD_VERSION, 1, 2),
  nf_call_iptables: onOff(c.IFLA_BR_NF_CALL_IPTABLES),
  nf_call_ip6tables: onOff(c.IFLA_BR_NF_CALL_IP6TABLES),
  nf_call_arptables: onOff(c.IFLA_BR_NF_CALL_ARPTABLES),
};

export const bridge: LinkKind = {
  name: "bridge",
  options,
  finish(body, values) {
    const { value, mask } = bitsOf(values, BITS);
    if (mask === 0) return;
    body.bytes(
      c.IFLA_BR_MULTI_BOOLOPT,
      br_boolopt_multi.build({ optval: value, optmask: mask }),
    );
  },
};
