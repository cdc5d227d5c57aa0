// Bonds: several links as one. Source: the kernel's bonding.rst.

import * as c from "../../../../ffi/layout/linux_if_link_kinds.ts";
import { parseIPv4, parseIPv6 } from "../../../address.ts";
import { ipv4, ipv6, list, type Reader } from "../value.ts";
import type { LinkKind } from "../kind.ts";
import {
  ethernet,
  flag,
  link,
  number,
  onOff,
  type Option,
  type OptionsOf,
  word,
} from "../option.ts";

/**
 * The options of a bond, by iproute2's words. Times are in milliseconds.
 * Source: ip-link(8), linux/if_link.h.
 */
export interface BondOptions {
  /** How packets are spread over the links. */
  readonly mode?:
    | "balance-rr"
    | "active-backup"
    | "balance-xor"
    | "broadcast"
    | "802.3ad"
    | "balance-tlb"
    | "balance-alb";
  /** The link in use. */
  readonly active_slave?: string | number;
  /** Takes the link in use back. */
  readonly clear_active_slave?: boolean;
  /** The time between looks at the links' state, 0 for never. */
  readonly miimon?: number;
  /** How long a link must be up to be used. */
  readonly updelay?: number;
  /** How long a link must be down to be given up. */
  readonly downdelay?: number;
  /** The time between announcements after a change. */
  readonly peer_notify_delay?: number;
  /** Whether the driver says if a link is up. */
  readonly use_carrier?: boolean;
  /** The time between ARP probes, 0 for none. */
  readonly arp_interval?: number;
  /** Whom to probe by ARP, up to 16. */
  readonly arp_ip_target?: readonly string[];
  /** Whom to probe by neighbour discovery, up to 16. */
  readonly ns_ip6_target?: readonly string[];
  /** Of which links the answers are looked at. */
  readonly arp_validate?:
    | "none"
    | "active"
    | "backup"
    | "all"
    | "filter"
    | "filter_active"
    | "filter_backup";
  /** How many of the probed must answer. */
  readonly arp_all_targets?: "any" | "all";
  /** How many probes may be missed. */
  readonly arp_missed_max?: number;
  /** The link to prefer. */
  readonly primary?: string | number;
  /** When the preferred link is taken back. */
  readonly primary_reselect?: "always" | "better" | "failure";
  /** Whose link-layer address the bond has. */
  readonly fail_over_mac?: "none" | "active" | "follow";
  /** What of a packet decides about its link. */
  readonly xmit_hash_policy?:
    | "layer2"
    | "layer3+4"
    | "layer2+3"
    | "encap2+3"
    | "encap3+4"
    | "vlan+srcmac";
  /** How often memberships are announced after a change. */
  readonly resend_igmp?: number;
  /** How often addresses are announced after a change. */
  readonly num_grat_arp?: number;
  /** The same as `num_grat_arp`. */
  readonly num_unsol_na?: number;
  /** Whether packets that come by links not in use are taken. */
  readonly all_slaves_active?: boolean;
  /** How many links must be up. */
  readonly min_links?: number;
  /** Seconds between learning packets. */
  readonly lp_interval?: number;
  /** Packets by a link before the next one's turn. */
  readonly packets_per_slave?: number;
  /** How often the partner speaks. */
  readonly lacp_rate?: "slow" | "fast";
  /** Whether it speaks LACP by itself. */
  readonly lacp_active?: "off" | "on";
  /** How an aggregate is chosen. */
  readonly ad_select?: "stable" | "bandwidth" | "count";
  /** The upper ten bits of the port key. */
  readonly ad_user_port_key?: number;
  /** The system's priority. */
  readonly ad_actor_sys_prio?: number;
  /** The system's address. */
  readonly ad_actor_system?: string;
  /** Whether flows move to links with less load. */
  readonly tlb_dynamic_lb?: boolean;
}

/** Words numbered from 0, as the kernel does. */
function numbered<const Word extends string>(
  ...words: Word[]
): { [W in Word]: number } {
  return Object.fromEntries(
    words.map((word, number) => [word, number]),
  ) as { [W in Word]: number };
}

/** BOND_MAX_ARP_TARGETS of linux/if_bonding.h. */
const TARGETS = 16;

/** Addresses numbered from 0, in an attribute each. */
function targets(
  attribute: number,
  reader: Reader<string>,
  parse: (text: string) => Uint8Array,
): Option<readonly string[]> {
  return {
    ...list(reader, TARGETS),
    write(body, value) {
      body.nest(attribute, () => {
        value.forEach((target, index) => body.bytes(index, parse(target)));
      }, true);
    },
  };
}

const options: OptionsOf<BondOptions> = {
  mode: word(
    "u8",
    c.IFLA_BOND_MODE,
    numbered(
      "balance-rr",
      "active-backup",
      "balance-xor",
      "broadcast",
      "802.3ad",
      "balance-tlb",
      "balance-alb",
    ),
  ),
  active_slave: link(c.IFLA_BOND_ACTIVE_SLAVE),
  clear_active_slave: {
    ...flag(c.IFLA_BOND_ACTIVE_SLAVE),
    write(body, value) {
      if (value) body.u32(c.IFLA_BOND_ACTIVE_SLAVE, 0);
    },
  },
  miimon: number("u32", c.IFLA_BOND_MIIMON),
  updelay: number("u32", c.IFLA_BOND_UPDELAY),
  downdelay: number("u32", c.IFLA_BOND_DOWNDELAY),
  peer_notify_delay: number("u32", c.IFLA_BOND_PEER_NOTIF_DELAY),
  use_carrier: onOff(c.IFLA_BOND_USE_CARRIER),
  arp_interval: number("u32", c.IFLA_BOND_ARP_INTERVAL),
  arp_ip_target: targets(c.IFLA_BOND_ARP_IP_TARGET, ipv4, parseIPv4),
  ns_ip6_target: targets(c.IFLA_BOND_NS_IP6_TARGET, ipv6, parseIPv6),
  arp_validate: word(
    "u32",
    c.IFLA_BOND_ARP_VALIDATE,
    numbered(
      "none",
      "active",
      "backup",
      "all",
      "filter",
      "filter_active",
      "filter_backup",
    ),
  ),
  arp_all_targets: word(
    "u32",
    c.IFLA_BOND_ARP_ALL_TARGETS,
    numbered("any", "all"),
  ),
  arp_missed_max: number("u8", c.IFLA_BOND_MISSED_MAX, 1),
  primary: link(c.IFLA_BOND_PRIMARY),
  primary_reselect: word(
    "u8",
    c.IFLA_BOND_PRIMARY_RESELECT,
    numbered("always", "better", "failure"),
  ),
  fail_over_mac: word(
    "u8",
    c.IFLA_BOND_FAIL_OVER_MAC,
    numbered("none", "active", "follow"),
  ),
  xmit_hash_policy: word(
    "u8",
    c.IFLA_BOND_XMIT_HASH_POLICY,
    numbered(
      "layer2",
      "layer3+4",
      "layer2+3",
      "encap2+3",
      "encap3+4",
      "vlan+srcmac",
    ),
  ),
  resend_igmp: number("u32", c.IFLA_BOND_RESEND_IGMP, 0, 255),
  num_grat_arp: number("u8", c.IFLA_BOND_NUM_PEER_NOTIF),
  num_unsol_na: number("u8", c.IFLA_BOND_NUM_PEER_NOTIF),
  all_slaves_active: onOff(c.IFLA_BOND_ALL_SLAVES_ACTIVE),
  min_links: number("u32", c.IFLA_BOND_MIN_LINKS),
  lp_interval: number("u32", c.IFLA_BOND_LP_INTERVAL, 1),
  packets_per_slave: number("u32", c.IFLA_BOND_PACKETS_PER_SLAVE, 0, 65535),
  lacp_rate: word("u8", c.IFLA_BOND_AD_LACP_RATE, numbered("slow", "fast")),
  lacp_active: word("u8", c.IFLA_BOND_AD_LACP_ACTIVE, numbered("off", "on")),
  ad_select: word(
    "u8",
    c.IFLA_BOND_AD_SELECT,
    numbered("stable", "bandwidth", "count"),
  ),
  ad_user_port_key: number("u16", c.IFLA_BOND_AD_USER_PORT_KEY, 0, 1023),
  ad_actor_sys_prio: number("u16", c.IFLA_BOND_AD_ACTOR_SYS_PRIO, 1),
  ad_actor_system: ethernet(c.IFLA_BOND_AD_ACTOR_SYSTEM),
  tlb_dynamic_lb: onOff(c.IFLA_BOND_TLB_DYNAMIC_LB),
};

export const bond: LinkKind = { name: "bond", module: "bonding", options };
