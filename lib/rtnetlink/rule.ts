// Routing policy rules: RTM_NEWRULE and RTM_DELRULE.

import {
  fib_rule_hdr,
  FRA_DPORT_RANGE,
  FRA_DST,
  FRA_FLOW,
  FRA_FWMARK,
  FRA_FWMASK,
  FRA_GOTO,
  FRA_IIFNAME,
  FRA_IP_PROTO,
  FRA_L3MDEV,
  FRA_OIFNAME,
  FRA_PRIORITY,
  FRA_PROTOCOL,
  FRA_SPORT_RANGE,
  FRA_SRC,
  FRA_SUPPRESS_IFGROUP,
  FRA_SUPPRESS_PREFIXLEN,
  FRA_TABLE,
  FRA_TUN_ID,
  FRA_UID_RANGE,
} from "../../ffi/uapi/linux_fib_rules.ts";
import type {
  AttributeReader,
  UnknownAttribute,
} from "../netlink/attribute.ts";
import type { MessageReader } from "../netlink/message.ts";
import { type AddressFamily, addressText, familyName } from "./family.ts";

/** From one number to another, both included. */
export interface NumberRange {
  /** The first. */
  readonly start: number;
  /** The last. */
  readonly end: number;
}

/**
 * A routing policy rule. Numbers are those of linux/fib_rules.h; `ipRule()`
 * gives them their names. Source: rtnetlink(7), ip-rule(8).
 */
export interface Rule {
  /** "inet", "inet6", "ipmr" or "ip6mr". */
  readonly family: AddressFamily;
  /** The smaller, the sooner it is looked at. */
  priority: number;
  /** FR_ACT_*, 1 to look a table up. */
  action: number;
  /** The table to look up, 0 for none. */
  table: number;
  /** FIB_RULE_* bits. */
  flags: number;
  /** Packets from this network only. */
  source?: string;
  /** How many bits of `source` count. */
  sourceLength: number;
  /** Packets to this network only. */
  destination?: string;
  /** How many bits of `destination` count. */
  destinationLength: number;
  /** Packets of this type of service only, 0 for all. */
  tos: number;
  /** Interface packets arrive by. */
  inputInterface?: string;
  /** Interface packets of a bound socket leave by. */
  outputInterface?: string;
  /** Packets with this mark only. */
  mark?: number;
  /** Which bits of the mark count. */
  markMask?: number;
  /** The rule to go on with. */
  goto?: number;
  /** Routing realms, from << 16 | to. */
  realms?: number;
  /** Packets out of this tunnel only. */
  tunnelId?: bigint;
  /** Routes with a prefix of this length or shorter do not count, -1 for none. */
  suppressPrefixLength?: number;
  /** Routes by interfaces of this group do not count, -1 for none. */
  suppressGroup?: number;
  /** Whether the table is that of the interface's VRF. */
  l3mdev?: boolean;
  /** Sockets of these users only. */
  uids?: NumberRange;
  /** RTPROT_*, who made it. */
  protocol?: number;
  /** IPPROTO_*. */
  ipProtocol?: number;
  /** Packets from these ports only. */
  sourcePorts?: NumberRange;
  /** Packets to these ports only. */
  destinationPorts?: NumberRange;
  /** Attributes nobody here knows. */
  unknown?: UnknownAttribute[];
}

/**
 * Reads an RTM_NEWRULE or RTM_DELRULE message; undefined if it is cut off.
 *
 * Source: linux/fib_rules.h.
 *
 * @param message The message, as a reader stands on it.
 */
export function decodeRule(message: MessageReader): Rule | undefined {
  if (!message.holds(fib_rule_hdr.size)) return undefined;
  const { bytes, words, payload } = message;
  const word = payload >> 2;
  const head = words[word]!;
  const family = familyName(head & 0xff);
  const rule: Rule = {
    family,
    priority: 0,
    action: words[word + 1]! >>> 24,
    table: words[word + 1]! & 0xff,
    flags: words[word + 2]!,
    sourceLength: head >> 16 & 0xff,
    destinationLength: head >> 8 & 0xff,
    tos: head >>> 24,
  };
  const attributes = message.attributes(fib_rule_hdr.size);
  while (attributes.next()) {
    const { at, length } = attributes;
    switch (attributes.type) {
      case FRA_DST:
        rule.destination = addressText(family, bytes, at, length);
        break;
      case FRA_SRC:
        rule.source = addressText(family, bytes, at, length);
        break;
      case FRA_IIFNAME:
        rule.inputInterface = attributes.string();
        break;
      case FRA_OIFNAME:
        rule.outputInterface = attributes.string();
        break;
      case FRA_GOTO:
        rule.goto = attributes.u32();
        break;
      case FRA_PRIORITY:
        rule.priority = attributes.u32();
        break;
      case FRA_FWMARK:
        rule.mark = attributes.u32();
        break;
      case FRA_FWMASK:
        rule.markMask = attributes.u32();
        break;
      case FRA_FLOW:
        rule.realms = attributes.u32();
        break;
      case FRA_TUN_ID:
        rule.tunnelId = attributes.be64();
        break;
      case FRA_SUPPRESS_IFGROUP:
        rule.suppressGroup = attributes.i32();
        break;
      case FRA_SUPPRESS_PREFIXLEN:
        rule.suppressPrefixLength = attributes.i32();
        break;
      case FRA_TABLE:
        rule.table = attributes.u32();
        break;
      case FRA_L3MDEV:
        rule.l3mdev = attributes.u8() !== 0;
        break;
      case FRA_UID_RANGE:
        if (attributes.length >= 8) rule.uids = range(attributes, 4);
        break;
      case FRA_PROTOCOL:
        rule.protocol = attributes.u8();
        break;
      case FRA_IP_PROTO:
        rule.ipProtocol = attributes.u8();
        break;
      case FRA_SPORT_RANGE:
        if (attributes.length >= 4) rule.sourcePorts = range(attributes, 2);
        break;
      case FRA_DPORT_RANGE:
        if (attributes.length >= 4) {
          rule.destinationPorts = range(attributes, 2);
        }
        break;
      default:
        (rule.unknown ??= []).push(attributes.unknown());
    }
  }
  return rule;
}

function range(attributes: AttributeReader, size: 2 | 4): NumberRange {
  const { at, view } = attributes;
  return size === 4
    ? { start: view.getUint32(at, true), end: view.getUint32(at + 4, true) }
    : { start: view.getUint16(at, true), end: view.getUint16(at + 2, true) };
}
