// A rule as `ip -j rule` tells of it. Source: ip-rule(8) of iproute2 6.1.

import * as fib from "../../ffi/uapi/linux_fib_rules.ts";
import { RTN_NAT, RTPROT_KERNEL } from "../../ffi/uapi/linux_rtnetlink.ts";
import { hex } from "../rtnetlink/spec/json.ts";
import {
  ipProtocolName,
  linkGroupName,
  protocolName,
  realmName,
  routeTypeName,
  serviceName,
  tableName,
} from "../rtnetlink/names/iproute2.ts";
import type { IpJsonOptions } from "./options.ts";
import type { NumberRange, Rule } from "../rtnetlink/rule.ts";

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
  /** The link packets leave by. */
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
  /** The word of its RTPROT_ number. */
  protocol?: string;
};

const ALL_BITS = 0xffffffff;

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
export function ipRule(
  rule: Rule,
  { details = false }: IpJsonOptions = {},
): IpRule {
  // The source comes later in the order of keys.
  const json = { priority: rule.priority } as IpRule;
  const host = rule.family === "inet" ? 32 : rule.family === "inet6" ? 128 : -1;
  if (rule.flags & fib.FIB_RULE_INVERT) json.not = null;
  network(json, "src", rule.source, rule.sourceLength, host);
  json.src ??= "all";
  network(json, "dst", rule.destination, rule.destinationLength, host);
  if (rule.tos !== 0) json.tos = serviceName(rule.tos);
  if (rule.mark !== undefined || rule.markMask !== undefined) {
    json.fwmark = hex(rule.mark ?? 0);
    if (rule.markMask !== undefined && rule.markMask !== ALL_BITS) {
      json.fwmask = hex(rule.markMask);
    }
  }
  if (rule.inputInterface !== undefined) {
    json.iif = rule.inputInterface;
    if (rule.flags & fib.FIB_RULE_IIF_DETACHED) json.iif_detached = null;
  }
  if (rule.outputInterface !== undefined) {
    json.oif = rule.outputInterface;
    if (rule.flags & fib.FIB_RULE_OIF_DETACHED) json.oif_detached = null;
  }
  if (rule.l3mdev) json.l3mdev = null;
  if (rule.uids !== undefined) {
    json.uid_start = rule.uids.start;
    json.uid_end = rule.uids.end;
  }
  if (rule.ipProtocol !== undefined) {
    json.ipproto = ipProtocolName(rule.ipProtocol);
  }
  ports(json, "sport", rule.sourcePorts);
  ports(json, "dport", rule.destinationPorts);
  if (rule.tunnelId !== undefined) json.tun_id = Number(rule.tunnelId);
  if (rule.table !== 0) {
    json.table = tableName(rule.table);
    if (rule.suppressPrefixLength !== undefined) {
      const length = rule.suppressPrefixLength;
      if (length !== -1) json.suppress_prefixlen = length;
    }
    if (rule.suppressGroup !== undefined && rule.suppressGroup !== -1) {
      json.suppress_ifgroup = linkGroupName(rule.suppressGroup);
    }
  }
  if (rule.realms !== undefined) {
    if (rule.realms >>> 16) json.flow_from = realmName(rule.realms >>> 16);
    json.flow_to = realmName(rule.realms & 0xffff);
  }
  action(json, rule);
  const { protocol } = rule;
  if (
    protocol !== undefined &&
    ((protocol !== 0 && protocol !== RTPROT_KERNEL) || details)
  ) json.protocol = protocolName(protocol);
  return json;
}

function network(
  json: IpRule,
  key: "src" | "dst",
  address: string | undefined,
  length: number,
  host: number,
): void {
  if (address === undefined && length === 0) return;
  json[key] = address ?? "0";
  if (address === undefined || length !== host) json[`${key}len`] = length;
}

function ports(
  json: IpRule,
  key: "sport" | "dport",
  range: NumberRange | undefined,
): void {
  if (range === undefined) return;
  if (range.start === range.end) {
    json[key] = range.start;
  } else {
    json[`${key}_start`] = range.start;
    json[`${key}_end`] = range.end;
  }
}

function action(json: IpRule, rule: Rule): void {
  switch (rule.action) {
    case RTN_NAT:
      json.masquerade = null;
      break;
    case fib.FR_ACT_GOTO:
      json.goto = rule.goto ?? "none";
      if (rule.flags & fib.FIB_RULE_UNRESOLVED) json.unresolved = null;
      break;
    case fib.FR_ACT_NOP:
      json.nop = null;
      break;
    case fib.FR_ACT_TO_TBL:
      break;
    default:
      json.action = routeTypeName(rule.action);
  }
}
