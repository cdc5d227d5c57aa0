// Rules in the format of `ip -j rule`. Source: ip-rule(8) of iproute2 6.1.

import { RULE, type Rule } from "../rtnetlink/rule.ts";
import { type IpJsonOptions, jsonContext } from "./options.ts";

/** A rule with iproute2's keys. */
export type IpRule = {
  /** The priority: lower values are evaluated first. */
  priority: number;
  /** Whether the match is inverted. */
  not?: null;
  /** The source address, or "all". */
  src: string;
  /** The prefix length of the source, if not all bits. */
  srclen?: number;
  /** The destination address. */
  dst?: string;
  /** The prefix length of the destination, if not all bits. */
  dstlen?: number;
  /** The name of the type of service. */
  tos?: string;
  /** The packet mark, in hexadecimal. */
  fwmark?: string;
  /** The mask of the mark, if not all bits. */
  fwmask?: string;
  /** The incoming interface. */
  iif?: string;
  /** Whether the incoming interface does not exist. */
  iif_detached?: null;
  /** The interface that the socket is bound to. */
  oif?: string;
  /** Whether this interface does not exist. */
  oif_detached?: null;
  /** Whether the table is that of the interface's VRF. */
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
  /** The id of the tunnel. */
  tun_id?: number;
  /** The table. */
  table?: string;
  /** Routes with a prefix of at most this length are ignored. */
  suppress_prefixlen?: number;
  /** Routes via links of this group are ignored. */
  suppress_ifgroup?: string;
  /** The realm of the source. */
  flow_from?: string;
  /** The realm of the destination. */
  flow_to?: string;
  /** RTN_NAT. */
  masquerade?: null;
  /** The priority of the rule to jump to, or "none". */
  goto?: number | "none";
  /** Whether the rule to jump to does not exist. */
  unresolved?: null;
  /** FR_ACT_NOP. */
  nop?: null;
  /** The name of another action. */
  action?: string;
  /** The name of the RTPROT_ number. */
  protocol?: string;
  /** The bits of `sport` that count, if not all. */
  sport_mask?: string;
  /** The bits of `dport` that count, if not all. */
  dport_mask?: string;
  /** The name of the DSCP. */
  dscp?: string;
  /** The bits of the DSCP that count, if not all. */
  dscp_mask?: string;
  /** The IPv6 flow label. */
  flowlabel?: string;
  /** The bits of the flow label that count. */
  flowlabel_mask?: string;
};

/**
 * Returns a rule in the format of `ip -j rule`.
 *
 * Source: ip-rule(8).
 *
 * @param rule The rule.
 * @param options What to print.
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
