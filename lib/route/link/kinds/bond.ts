// ip link add NAME type bond, and ip link set PORT type bond_slave.
// Source: ip-link(8), Documentation/networking/bonding.rst.

import * as ifla from "../../../../ffi/layout/linux_if_link_kinds.ts";
import { formatLinkAddress } from "../../../link_address.ts";
import type { AttributeReader } from "../../../netlink/attribute.ts";
import {
  address,
  AttributeLevel,
  bits,
  i32,
  type JsonValue,
  type Kind,
  linkAddress,
  linkNot0,
  other,
  readFields,
  u16,
  u32,
  u8,
  word,
} from "../field.ts";

const MODES = [
  "balance-rr",
  "active-backup",
  "balance-xor",
  "broadcast",
  "802.3ad",
  "balance-tlb",
  "balance-alb",
];
const VALIDATE = [
  "none",
  "active",
  "backup",
  "all",
  "filter",
  "filter_active",
  "filter_backup",
];
const HASH_POLICIES = [
  "layer2",
  "layer3+4",
  "layer2+3",
  "encap2+3",
  "encap3+4",
  "vlan+srcmac",
];

/** The addresses of a list, if it has a first one. */
function targets(list: AttributeReader): JsonValue | undefined {
  const found: string[] = [];
  const one = list.enter();
  while (one.next()) found[one.type] ??= address(one);
  return found[0] === undefined ? undefined : found.filter(Boolean);
}

/** The aggregator of 802.3ad. */
const INFO = [
  u16(ifla.IFLA_BOND_AD_INFO_AGGREGATOR, "aggregator"),
  u16(ifla.IFLA_BOND_AD_INFO_NUM_PORTS, "num_ports"),
  u16(ifla.IFLA_BOND_AD_INFO_ACTOR_KEY, "actor_key"),
  u16(ifla.IFLA_BOND_AD_INFO_PARTNER_KEY, "partner_key"),
  other(
    ifla.IFLA_BOND_AD_INFO_PARTNER_MAC,
    "partner_mac",
    ({ bytes, at, length }) =>
      formatLinkAddress(bytes, at, Math.min(length, 6)),
  ),
];

/** States of a port by IEEE 802.3ad, 5.4.2.2. */
const LACP = [
  [0x01, "active"],
  [0x02, "short_timeout"],
  [0x04, "aggregating"],
  [0x08, "in_sync"],
  [0x10, "collecting"],
  [0x20, "distributing"],
  [0x40, "defaulted"],
  [0x80, "expired"],
] as const;

function lacp(attribute: number, key: string) {
  return [
    u8(attribute, key),
    other(attribute, `${key}_str`, (value) => bits(value.u8(), LACP)),
  ];
}

const STATES = ["ACTIVE", "BACKUP"];
const LINK_STATES = ["UP", "GOING_DOWN", "DOWN", "GOING_BACK"];

/** A word for a number, or the number under another key. */
function wordOrIndex(attribute: number, key: string, words: readonly string[]) {
  return [
    other(attribute, key, (value) => words[value.u8()]),
    other(
      attribute,
      `${key}_index`,
      (value) => value.u8() < words.length ? undefined : value.u8(),
    ),
  ];
}

export const bond: Kind = {
  name: "bond",
  data: [
    word(ifla.IFLA_BOND_MODE, "mode", MODES),
    linkNot0(ifla.IFLA_BOND_ACTIVE_SLAVE, "active_slave"),
    u32(ifla.IFLA_BOND_MIIMON, "miimon"),
    u32(ifla.IFLA_BOND_UPDELAY, "updelay"),
    u32(ifla.IFLA_BOND_DOWNDELAY, "downdelay"),
    u32(ifla.IFLA_BOND_PEER_NOTIF_DELAY, "peer_notify_delay"),
    u8(ifla.IFLA_BOND_USE_CARRIER, "use_carrier"),
    u32(ifla.IFLA_BOND_ARP_INTERVAL, "arp_interval"),
    u8(ifla.IFLA_BOND_MISSED_MAX, "arp_missed_max"),
    other(ifla.IFLA_BOND_ARP_IP_TARGET, "arp_ip_target", targets),
    other(ifla.IFLA_BOND_NS_IP6_TARGET, "ns_ip6_target", targets),
    other(
      ifla.IFLA_BOND_ARP_VALIDATE,
      "arp_validate",
      (value) => value.u32() === 0 ? null : VALIDATE[value.u32()] ?? "UNKNOWN",
    ),
    word(
      ifla.IFLA_BOND_ARP_ALL_TARGETS,
      "arp_all_targets",
      ["any", "all"],
      32,
    ),
    linkNot0(ifla.IFLA_BOND_PRIMARY, "primary"),
    word(
      ifla.IFLA_BOND_PRIMARY_RESELECT,
      "primary_reselect",
      ["always", "better", "failure"],
    ),
    word(
      ifla.IFLA_BOND_FAIL_OVER_MAC,
      "fail_over_mac",
      ["none", "active", "follow"],
    ),
    word(ifla.IFLA_BOND_XMIT_HASH_POLICY, "xmit_hash_policy", HASH_POLICIES),
    u32(ifla.IFLA_BOND_RESEND_IGMP, "resend_igmp"),
    u8(ifla.IFLA_BOND_NUM_PEER_NOTIF, "num_peer_notif"),
    u8(ifla.IFLA_BOND_ALL_SLAVES_ACTIVE, "all_slaves_active"),
    u32(ifla.IFLA_BOND_MIN_LINKS, "min_links"),
    u32(ifla.IFLA_BOND_LP_INTERVAL, "lp_interval"),
    u32(ifla.IFLA_BOND_PACKETS_PER_SLAVE, "packets_per_slave"),
    word(ifla.IFLA_BOND_AD_LACP_ACTIVE, "ad_lacp_active", ["off", "on"]),
    word(ifla.IFLA_BOND_AD_LACP_RATE, "ad_lacp_rate", ["slow", "fast"]),
    word(
      ifla.IFLA_BOND_AD_SELECT,
      "ad_select",
      ["stable", "bandwidth", "count"],
    ),
    other(
      ifla.IFLA_BOND_AD_INFO,
      "ad_info",
      (value) => readFields(INFO, new AttributeLevel(value.enter())),
    ),
    u16(ifla.IFLA_BOND_AD_ACTOR_SYS_PRIO, "ad_actor_sys_prio"),
    u16(ifla.IFLA_BOND_AD_USER_PORT_KEY, "ad_user_port_key"),
    linkAddress(ifla.IFLA_BOND_AD_ACTOR_SYSTEM, "ad_actor_system"),
    u8(ifla.IFLA_BOND_TLB_DYNAMIC_LB, "tlb_dynamic_lb"),
  ],
  port: [
    ...wordOrIndex(ifla.IFLA_BOND_SLAVE_STATE, "state", STATES),
    ...wordOrIndex(ifla.IFLA_BOND_SLAVE_MII_STATUS, "mii_status", LINK_STATES),
    i32(ifla.IFLA_BOND_SLAVE_LINK_FAILURE_COUNT, "link_failure_count"),
    linkAddress(ifla.IFLA_BOND_SLAVE_PERM_HWADDR, "perm_hwaddr"),
    u16(ifla.IFLA_BOND_SLAVE_QUEUE_ID, "queue_id"),
    i32(ifla.IFLA_BOND_SLAVE_PRIO, "prio"),
    u16(ifla.IFLA_BOND_SLAVE_AD_AGGREGATOR_ID, "ad_aggregator_id"),
    ...lacp(
      ifla.IFLA_BOND_SLAVE_AD_ACTOR_OPER_PORT_STATE,
      "ad_actor_oper_port_state",
    ),
    ...lacp(
      ifla.IFLA_BOND_SLAVE_AD_PARTNER_OPER_PORT_STATE,
      "ad_partner_oper_port_state",
    ),
  ],
};
