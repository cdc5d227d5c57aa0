// A rule as `ip -j rule` tells of it. Source: ip-rule(8) of iproute2 6.1.

import { RULE, type Rule } from "../rtnetlink/rule.ts";
import { type IpJsonOptions, jsonContext } from "./options.ts";

/** A rule under iproute2's keys. */
export type IpRule = {
  /** The smaller, the earlier it is looked at. */
  priority: number;
  /** Whether it applies to all other packets. */
  not?: null;
  /** The source address, or "all". */
  src: string;
  /** Bits of it, if not all count. */
  srclen?: number;
  /** The destination address. */
  dst?: string;
  /** Bits of it, if not all count. */
  dstlen?: number;
  /** The word of the type of service. */
  tos?: string;
  /** The packet mark, in hexadecimal. */
  fwmark?: string;
  /** Bits of the mark, if not all count. */
  fwmask?: string;
  /** The link packets arrive by. */
  iif?: string;
  /** Whether that link does not exist. */
  iif_detached?: null;
  /** The outgoing interface. */
  oif?: string;
  /** Whether that link does not exist. */
  oif_detached?: null;
  /** Whether the table is that of the VRF. */
  l3mdev?: null;
  /** The first user. */
  uid_start?: number;
  /** The last user. */
  uid_end?: number;
  /** The name of the IP protocol. */
  ipproto?: string;
  /** The source port. */
  sport?: number;
  /** The first source port. */
  sport_start?: number;
  /** The last source port. */
  sport_end?: number;
  /** The destination port. */
  dport?: number;
  /** The first destination port. */
  dport_start?: number;
  /** The last destination port. */
  dport_end?: number;
  /** The tunnel's id. */
  tun_id?: number;
  /** The table to look at. */
  table?: string;
  /** Routes with so short a prefix, or a shorter one, are passed over. */
  suppress_prefixlen?: number;
  /** Routes over links of this group are passed over. */
  suppress_ifgroup?: string;
  /** The realm of the source. */
  flow_from?: string;
  /** The realm of the destination. */
  flow_to?: string;
  /** RTN_NAT. */
  masquerade?: null;
  /** The rule to go on with, or "none". */
  goto?: number | "none";
  /** Whether that rule does not exist. */
  unresolved?: null;
  /** FR_ACT_NOP. */
  nop?: null;
  /** The word of another action. */
  action?: string;
  /** The name of the RTPROT_ number. */
  protocol?: string;
};

/**
 * A rule as `ip -j rule` prints it.
 *
 * Source: ip-rule(8).
 *
 * @param rule The rule.
 * @param options What to show.
 *
 * @example
 * ```ts
 * import { ipRule, RouteSocket } from "@netplumb/netplumb";
 *
 * await using route = RouteSocket.open();
 * for (const rule of await route.rules()) console.log(ipRule(rule));
 * // { priority: 0, src: "all", table: "local" } ...
 * ```
 */
export function ipRule(rule: Rule, options: IpJsonOptions = {}): IpRule {
  return RULE.json(rule, jsonContext(options)) as IpRule;
}
