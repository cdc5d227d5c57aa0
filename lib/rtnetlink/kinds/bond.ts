// Bonds: several links as one. Source: ip-link(8),
// Documentation/networking/bonding.rst.

import * as c from "../../../ffi/uapi/linux_if_link_kinds.ts";
import { parseIPv4, parseIPv6 } from "../../net/ip_address.ts";
import { formatLinkAddress } from "../../net/link_address.ts";
import type { AttributeReader } from "../../netlink/attribute.ts";
import {
  type Attribute,
  attribute,
  ethernet,
  flag,
  link,
  number,
  readAddress,
  reported,
  word,
} from "../spec/attribute.ts";
import { i32, type NumberCodec, u16, u32, u8 } from "../spec/codec.ts";
import { bitNames, type JsonValue } from "../spec/json.ts";
import { AttributeLevel } from "../spec/level.ts";
import { AttributeTable } from "../spec/table.ts";
import { bit, ipv4, ipv6, list, type Reader } from "../spec/value.ts";
import { type LinkKind, linkKind, portSettings } from "./kind.ts";

/** Options of a bond, with iproute2's keys. Source: ip-link(8). */
export interface BondOptions {
  /** How packets are distributed over the ports. */
  readonly mode?:
    | "balance-rr"
    | "active-backup"
    | "balance-xor"
    | "broadcast"
    | "802.3ad"
    | "balance-tlb"
    | "balance-alb";
  /** Active port. */
  readonly active_slave?: string | number;
  /** Clear the active port now. */
  readonly clear_active_slave?: boolean;
  /** Interval of MII link monitoring, 0 for none. */
  readonly miimon?: number;
  /** Delay before a port that came up is used. */
  readonly updelay?: number;
  /** Delay before a port that went down is given up. */
  readonly downdelay?: number;
  /** Interval of peer notifications after a failover. */
  readonly peer_notify_delay?: number;
  /** Take the link state from the driver's carrier. */
  readonly use_carrier?: boolean;
  /** Interval of ARP probes, 0 for none. */
  readonly arp_interval?: number;
  /** Number of ARP probes without reply until a port counts as down. */
  readonly arp_missed_max?: number;
  /** IPv4 addresses to probe by ARP, up to 16. */
  readonly arp_ip_target?: readonly string[];
  /** IPv6 addresses to probe by neighbour discovery, up to 16. */
  readonly ns_ip6_target?: readonly string[];
  /** Ports whose probes and replies are validated. */
  readonly arp_validate?:
    | "none"
    | "active"
    | "backup"
    | "all"
    | "filter"
    | "filter_active"
    | "filter_backup";
  /** Number of targets that must reply. */
  readonly arp_all_targets?: "any" | "all";
  /** Preferred port. */
  readonly primary?: string | number;
  /** When the preferred port becomes active again. */
  readonly primary_reselect?: "always" | "better" | "failure";
  /** Link-layer address after a failover. */
  readonly fail_over_mac?: "none" | "active" | "follow";
  /** Packet fields that select the port. */
  readonly xmit_hash_policy?:
    | "layer2"
    | "layer3+4"
    | "layer2+3"
    | "encap2+3"
    | "encap3+4"
    | "vlan+srcmac";
  /** Number of IGMP reports after a failover. */
  readonly resend_igmp?: number;
  /** Number of gratuitous ARP packets after a failover. */
  readonly num_grat_arp?: number;
  /** Alias of `num_grat_arp`. */
  readonly num_unsol_na?: number;
  /** Deliver packets received on inactive ports. */
  readonly all_slaves_active?: boolean;
  /** Number of ports that must be up. */
  readonly min_links?: number;
  /** Interval of learning packets. */
  readonly lp_interval?: number;
  /** Number of packets to send by a port before the next one. */
  readonly packets_per_slave?: number;
  /** Send LACP packets actively instead of only replying. */
  readonly lacp_active?: "off" | "on";
  /** Rate at which the partner is to send LACP packets. */
  readonly lacp_rate?: "slow" | "fast";
  /** How an aggregator is selected. */
  readonly ad_select?: "stable" | "bandwidth" | "count";
  /** System priority. */
  readonly ad_actor_sys_prio?: number;
  /** Upper ten bits of the port key. */
  readonly ad_user_port_key?: number;
  /** System address. */
  readonly ad_actor_system?: string;
  /** Rebalance flows by the load of the ports. */
  readonly tlb_dynamic_lb?: boolean;
}

/** What the kernel reports about a bond. */
export interface BondData extends BondOptions {
  /** Active aggregator of 802.3ad. */
  readonly ad_info?: { readonly [key: string]: JsonValue };
}

/** Settings of a bond port, with iproute2's keys. Source: ip-link(8). */
export interface BondPortOptions {
  /** Queue whose packets leave by the port. */
  readonly queue_id?: number;
  /** Priority for becoming active; the largest wins. */
  readonly prio?: number;
}

/** What the kernel reports about a bond port. */
export interface BondPortData extends BondPortOptions {
  /** Whether the port is active. */
  readonly state?: number;
  /** State of the link by MII monitoring. */
  readonly mii_status?: number;
  /** Number of link failures. */
  readonly link_failure_count?: number;
  /** Permanent link-layer address. */
  readonly perm_hwaddr?: string;
  /** Aggregator of 802.3ad. */
  readonly ad_aggregator_id?: number;
  /** Port state of the actor. */
  readonly ad_actor_oper_port_state?: number;
  /** Port state of the partner. */
  readonly ad_partner_oper_port_state?: number;
}

const MODES = [
  "balance-rr",
  "active-backup",
  "balance-xor",
  "broadcast",
  "802.3ad",
  "balance-tlb",
  "balance-alb",
] as const;
const VALIDATE = [
  "none",
  "active",
  "backup",
  "all",
  "filter",
  "filter_active",
  "filter_backup",
] as const;
const HASH_POLICIES = [
  "layer2",
  "layer3+4",
  "layer2+3",
  "encap2+3",
  "encap3+4",
  "vlan+srcmac",
] as const;

/** BOND_MAX_ARP_TARGETS of linux/if_bonding.h. */
const TARGETS = 16;

/** Addresses, each in an attribute with its position as the number. */
function targets(
  number: number,
  reader: Reader<string>,
  parse: (text: string) => Uint8Array,
): Attribute<readonly string[]> {
  return attribute<readonly string[], readonly string[]>(number, {
    ...list(reader, TARGETS),
    raw(value) {
      const found: string[] = [];
      const one = value.enter();
      while (one.next()) {
        if (one.type < TARGETS) found[one.type] ??= targetText(one);
      }
      return found;
    },
    decode: (found) => found.filter(Boolean),
    json: (found) => found[0] === undefined ? undefined : found.filter(Boolean),
    encode(body, attribute, value) {
      body.nest(attribute, () => {
        value.forEach((target, index) => body.bytes(index, parse(target)));
      }, true);
    },
  });
}

function targetText(value: AttributeReader): string {
  return readAddress(value) ??
    (value.length >= 16 ? "::" : value.length >= 4 ? "0.0.0.0" : "");
}

const OFF = { kernelDefault: false, json: (raw: number) => raw } as const;
const ON = { kernelDefault: true, json: (raw: number) => raw } as const;
const MS = { unit: "ms", kernelDefault: 0 } as const;
const WHILE_DOWN = { change: "while down" } as const;

const reportedNumber = (number: number, codec: NumberCodec) =>
  reported<number>(number, (value) => codec.read(value));

/** The aggregator of 802.3ad. */
const AD_INFO = new AttributeTable({
  aggregator: reportedNumber(c.IFLA_BOND_AD_INFO_AGGREGATOR, u16),
  num_ports: reportedNumber(c.IFLA_BOND_AD_INFO_NUM_PORTS, u16),
  actor_key: reportedNumber(c.IFLA_BOND_AD_INFO_ACTOR_KEY, u16),
  partner_key: reportedNumber(c.IFLA_BOND_AD_INFO_PARTNER_KEY, u16),
  partner_mac: reported<string>(
    c.IFLA_BOND_AD_INFO_PARTNER_MAC,
    ({ bytes, at, length }) =>
      formatLinkAddress(bytes, at, Math.min(length, 6)),
  ),
});

/** Port states of IEEE 802.3ad, 5.4.2.2. */
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

/** A port state as a number and as names. */
function lacpState(number: number, key: string): Attribute<number> {
  const entry = reportedNumber(number, u8);
  return {
    ...entry,
    json: [...entry.json, {
      key: `${key}_str`,
      read(level) {
        const value = level.get(number);
        return value && bitNames(value.u8(), LACP);
      },
    }],
  };
}

/** A name for a number, or the number with another key. */
function wordOrIndex(
  number: number,
  key: string,
  words: readonly string[],
): Attribute<number> {
  const entry = reportedNumber(number, u8);
  return {
    ...entry,
    json: [
      { read: (level) => words[entry.decode(level) ?? -1] },
      {
        key: `${key}_index`,
        read(level) {
          const value = entry.decode(level) ?? -1;
          return value < words.length ? undefined : value;
        },
      },
    ],
  };
}

const port: LinkKind<BondPortOptions> = portSettings<
  BondPortOptions,
  BondPortData
>("bond", () => ({
  state: wordOrIndex(c.IFLA_BOND_SLAVE_STATE, "state", ["ACTIVE", "BACKUP"]),
  mii_status: wordOrIndex(c.IFLA_BOND_SLAVE_MII_STATUS, "mii_status", [
    "UP",
    "GOING_DOWN",
    "DOWN",
    "GOING_BACK",
  ]),
  link_failure_count: reportedNumber(
    c.IFLA_BOND_SLAVE_LINK_FAILURE_COUNT,
    i32,
  ),
  perm_hwaddr: ethernet(c.IFLA_BOND_SLAVE_PERM_HWADDR, { change: "never" }),
  queue_id: number(c.IFLA_BOND_SLAVE_QUEUE_ID, u16, { kernelDefault: 0 }),
  prio: number(c.IFLA_BOND_SLAVE_PRIO, i32, { kernelDefault: 0, since: "6.0" }),
  ad_aggregator_id: reportedNumber(c.IFLA_BOND_SLAVE_AD_AGGREGATOR_ID, u16),
  ad_actor_oper_port_state: lacpState(
    c.IFLA_BOND_SLAVE_AD_ACTOR_OPER_PORT_STATE,
    "ad_actor_oper_port_state",
  ),
  ad_partner_oper_port_state: lacpState(
    c.IFLA_BOND_SLAVE_AD_PARTNER_OPER_PORT_STATE,
    "ad_partner_oper_port_state",
  ),
}), {
  module: "bonding",
  constants: { of: c, prefix: "IFLA_BOND_SLAVE_" },
});

export const bond: LinkKind<BondOptions> = linkKind<BondOptions, BondData>(
  "bond",
  () => ({
    mode: word(c.IFLA_BOND_MODE, u8, MODES, {
      change: "at creation",
      kernelDefault: "balance-rr",
    }),
    active_slave: { ...link(c.IFLA_BOND_ACTIVE_SLAVE), ofPort: true },
    clear_active_slave: {
      ...bit,
      alone: true,
      once: true,
      number: c.IFLA_BOND_ACTIVE_SLAVE,
      decode: () => undefined,
      encode(body, value) {
        if (value) body.u32(c.IFLA_BOND_ACTIVE_SLAVE, 0);
      },
      json: [],
    },
    miimon: number(c.IFLA_BOND_MIIMON, u32, { unit: "ms" }),
    updelay: number(c.IFLA_BOND_UPDELAY, u32, MS),
    downdelay: number(c.IFLA_BOND_DOWNDELAY, u32, MS),
    peer_notify_delay: number(c.IFLA_BOND_PEER_NOTIF_DELAY, u32, {
      ...MS,
      since: "5.3",
    }),
    use_carrier: flag(c.IFLA_BOND_USE_CARRIER, ON),
    arp_interval: number(c.IFLA_BOND_ARP_INTERVAL, u32, MS),
    arp_missed_max: number(c.IFLA_BOND_MISSED_MAX, u8, {
      min: 1,
      kernelDefault: 2,
      since: "5.17",
    }),
    arp_ip_target: targets(c.IFLA_BOND_ARP_IP_TARGET, ipv4, parseIPv4),
    ns_ip6_target: targets(c.IFLA_BOND_NS_IP6_TARGET, ipv6, parseIPv6),
    arp_validate: word(c.IFLA_BOND_ARP_VALIDATE, u32, VALIDATE, {
      kernelDefault: "none",
      json: (raw) => raw === 0 ? null : VALIDATE[raw] ?? "UNKNOWN",
    }),
    arp_all_targets: word(c.IFLA_BOND_ARP_ALL_TARGETS, u32, ["any", "all"], {
      kernelDefault: "any",
    }),
    primary: link(c.IFLA_BOND_PRIMARY),
    primary_reselect: word(
      c.IFLA_BOND_PRIMARY_RESELECT,
      u8,
      ["always", "better", "failure"],
      { kernelDefault: "always" },
    ),
    fail_over_mac: word(
      c.IFLA_BOND_FAIL_OVER_MAC,
      u8,
      ["none", "active", "follow"],
      { kernelDefault: "none" },
    ),
    xmit_hash_policy: word(c.IFLA_BOND_XMIT_HASH_POLICY, u8, HASH_POLICIES, {
      kernelDefault: "layer2",
    }),
    resend_igmp: number(c.IFLA_BOND_RESEND_IGMP, u32, {
      max: 255,
      kernelDefault: 1,
    }),
    num_grat_arp: number(c.IFLA_BOND_NUM_PEER_NOTIF, u8, {
      key: "num_peer_notif",
      kernelDefault: 1,
    }),
    num_unsol_na: number(c.IFLA_BOND_NUM_PEER_NOTIF, u8, {
      json: false,
      kernelDefault: 1,
    }),
    all_slaves_active: flag(c.IFLA_BOND_ALL_SLAVES_ACTIVE, OFF),
    min_links: number(c.IFLA_BOND_MIN_LINKS, u32, { kernelDefault: 0 }),
    lp_interval: number(c.IFLA_BOND_LP_INTERVAL, u32, {
      min: 1,
      unit: "s",
      kernelDefault: 1,
    }),
    packets_per_slave: number(c.IFLA_BOND_PACKETS_PER_SLAVE, u32, {
      max: 65535,
      kernelDefault: 1,
    }),
    lacp_active: word(c.IFLA_BOND_AD_LACP_ACTIVE, u8, ["off", "on"], {
      ...WHILE_DOWN,
      key: "ad_lacp_active",
      kernelDefault: "on",
      since: "5.15",
    }),
    lacp_rate: word(c.IFLA_BOND_AD_LACP_RATE, u8, ["slow", "fast"], {
      ...WHILE_DOWN,
      key: "ad_lacp_rate",
      kernelDefault: "slow",
    }),
    ad_select: word(
      c.IFLA_BOND_AD_SELECT,
      u8,
      ["stable", "bandwidth", "count"],
      { ...WHILE_DOWN, kernelDefault: "stable" },
    ),
    ad_info: reported<{ readonly [key: string]: JsonValue }>(
      c.IFLA_BOND_AD_INFO,
      (value) => AD_INFO.json(new AttributeLevel(value.enter())),
    ),
    ad_actor_sys_prio: number(c.IFLA_BOND_AD_ACTOR_SYS_PRIO, u16, { min: 1 }),
    ad_user_port_key: number(c.IFLA_BOND_AD_USER_PORT_KEY, u16, {
      ...WHILE_DOWN,
      max: 1023,
    }),
    ad_actor_system: ethernet(c.IFLA_BOND_AD_ACTOR_SYSTEM),
    tlb_dynamic_lb: flag(c.IFLA_BOND_TLB_DYNAMIC_LB, {
      ...ON,
      ...WHILE_DOWN,
    }),
  }),
  {
    module: "bonding",
    port,
    constants: {
      of: c,
      prefix: "IFLA_BOND_",
      but: ["IFLA_BOND_SLAVE_", "IFLA_BOND_AD_INFO_"],
      inside: {
        [c.IFLA_BOND_AD_INFO]: { of: c, prefix: "IFLA_BOND_AD_INFO_" },
      },
    },
  },
);
