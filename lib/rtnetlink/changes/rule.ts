// Requests that add and delete routing policy rules.

import * as fr from "../../../ffi/uapi/linux_fib_rules.ts";
import { NLM_F_CREATE, NLM_F_EXCL } from "../../../ffi/uapi/linux_netlink.ts";
import {
  RT_TABLE_MAIN,
  RT_TABLE_UNSPEC,
  RTM_DELRULE,
  RTM_NEWRULE,
} from "../../../ffi/uapi/linux_rtnetlink.ts";
import { AF_INET, AF_INET6 } from "../../../ffi/uapi/sys_socket.ts";
import { type Cidr, parseCidr } from "../../net/prefix.ts";
import { ArgumentError } from "../../errors.ts";
import { AttributeWriter } from "../../netlink/attribute_writer.ts";
import { linkGroupNumber } from "../names/iproute2.ts";
import { type Change, checked } from "./change.ts";
import { type OptionsOf, readSpec, toggleBit } from "./option.ts";
import {
  network,
  numbered,
  oneOf,
  type Reader,
  text,
  wholeNumber,
} from "../spec/value.ts";
import { protocol, realms, table, tos, u32 } from "./words.ts";

/** A routing policy rule, by iproute2's words. Source: ip-rule(8). */
export interface RuleSpec {
  /** The smaller, the sooner it is looked at. */
  readonly priority?: number;
  /** What is done; "table" looks a table up, "goto" goes on with `target`. */
  readonly action?:
    | "table"
    | "goto"
    | "nop"
    | "blackhole"
    | "unreachable"
    | "prohibit";
  /** The table to look up; main if not given. */
  readonly table?: number | string;
  /** The rule to go on with. */
  readonly target?: number;
  /** Packets from this network only. */
  readonly from?: string;
  /** Packets to this network only. */
  readonly to?: string;
  /** Whether it is for all other packets instead. */
  readonly not?: boolean;
  /** Packets of this type of service only. */
  readonly tos?: number;
  /** Packets with this mark only: "1", "0x10/0xf0". */
  readonly fwmark?: number | string;
  /** Packets that arrive by this link only. */
  readonly iif?: string;
  /** Packets of sockets bound to this link only. */
  readonly oif?: string;
  /** Packets of sockets of these users only: "1000-1999". */
  readonly uidrange?: string;
  /** Packets of this IPPROTO_* only. */
  readonly ipproto?: number;
  /** Packets from these ports only: "53", "1000-2000". */
  readonly sport?: number | string;
  /** Packets to these ports only. */
  readonly dport?: number | string;
  /** Packets out of this tunnel only. */
  readonly tun_id?: number;
  /** Whether the table is that of the link's VRF. */
  readonly l3mdev?: boolean;
  /** Routes with a prefix of this length or shorter do not count. */
  readonly suppress_prefixlength?: number;
  /** Routes by links of this group do not count. */
  readonly suppress_ifgroup?: number | string;
  /** Realms, as "FROM/TO" or "TO". */
  readonly realms?: string | number;
  /** Who made it. */
  readonly protocol?: number | string;
  /** Of a rule that has no address to tell: "inet6" for IPv6. */
  readonly family?: "inet" | "inet6";
}

/** What a rule does with packets. */
export type RuleAction = NonNullable<RuleSpec["action"]>;

/** FR_ACT_* of each action. */
export const ACTIONS: { readonly [A in RuleAction]: number } = {
  table: fr.FR_ACT_TO_TBL,
  goto: fr.FR_ACT_GOTO,
  nop: fr.FR_ACT_NOP,
  blackhole: fr.FR_ACT_BLACKHOLE,
  unreachable: fr.FR_ACT_UNREACHABLE,
  prohibit: fr.FR_ACT_PROHIBIT,
};

/** A number and a mask, the numbers from A to B: two numbers or one. */
function pair(
  separator: string,
  one: Reader<number>,
  example: string,
  single: boolean,
): Reader<string> {
  const parts = (given: unknown) =>
    typeof given === "number" ? [given] : String(given).split(separator);
  return {
    expected: `like ${example}`,
    schema: single
      ? { anyOf: [one.schema, { type: "string" }] }
      : { type: "string" },
    read(given) {
      const numbers = parts(given).map((part) => one.read(part));
      const right = (numbers.length === 2 || single && numbers.length === 1) &&
        numbers.every((number) => number !== undefined);
      return right ? numbers.join(separator) : undefined;
    },
  };
}

const port = wholeNumber(1, 65535);
const ports = pair("-", port, "53 or 1000-2000", true);

/** How each word is read. */
export const RULE: OptionsOf<RuleSpec> = {
  priority: u32,
  action: oneOf(Object.keys(ACTIONS) as RuleAction[]),
  table,
  target: u32,
  from: network,
  to: network,
  not: toggleBit,
  tos,
  fwmark: pair("/", u32, "1 or 0x10/0xf0", true),
  iif: text(15),
  oif: text(15),
  uidrange: pair("-", u32, "1000-1999", false),
  ipproto: wholeNumber(0, 255),
  sport: ports,
  dport: ports,
  tun_id: wholeNumber(0, Number.MAX_SAFE_INTEGER),
  l3mdev: toggleBit,
  suppress_prefixlength: wholeNumber(0, 128),
  suppress_ifgroup: numbered(
    "the name of a group (/etc/iproute2/group) or its number",
    0x7fff_ffff,
    linkGroupNumber,
  ),
  realms,
  protocol,
  family: oneOf(["inet", "inet6"]),
};

/** The networks of a rule, and their family. */
function networks({ from, to, family }: RuleSpec) {
  const read = (text: string | undefined) =>
    text === undefined || text === "default" ? undefined : parseCidr(text);
  const [source, destination] = [read(from), read(to)];
  const length = (source ?? destination)?.address.length ??
    (family === "inet6" ? 16 : 4);
  for (const one of [source, destination]) {
    if (
      one && one.address.length !== length ||
      family && (family === "inet6") !== (length === 16)
    ) throw new ArgumentError("rule", `${from} ${to}`, "of one family");
  }
  return { source, destination, af: length === 16 ? AF_INET6 : AF_INET };
}

/** Two numbers, the second the same as the first where there is none. */
function range(given: string | number): { start: number; end: number } {
  const [start = NaN, end = start] = String(given).split("-").map(Number);
  return { start, end };
}

function change(
  verb: string,
  type: number,
  flags: number,
  given: RuleSpec,
): Change {
  const spec = readSpec("rule", RULE, given);
  const { priority = "" } = spec;
  const what = `${verb} rule ${priority}`.trimEnd();
  if (Object.keys(spec).length === 0) {
    throw new ArgumentError("rule", "", "told what it is for");
  }
  const { source, destination, af } = networks(spec);
  if (spec.l3mdev && spec.table !== undefined) {
    throw new ArgumentError("table", spec.table, "possible beside l3mdev");
  }
  const adding = type === RTM_NEWRULE;
  const action = spec.action === undefined
    ? adding ? fr.FR_ACT_TO_TBL : fr.FR_ACT_UNSPEC
    : ACTIONS[spec.action];
  // Only a rule that looks a table up has one if nobody says which.
  const looksUp = adding && !spec.l3mdev &&
    (spec.action === undefined || spec.action === "table");
  const number = Number(spec.table ?? (looksUp ? RT_TABLE_MAIN : 0));
  return checked({
    what,
    requests() {
      const body = new AttributeWriter().raw(fr.fib_rule_hdr.build({
        family: af,
        src_len: source?.prefix ?? 0,
        dst_len: destination?.prefix ?? 0,
        tos: spec.tos ?? 0,
        table: number < 256 ? number : RT_TABLE_UNSPEC,
        action,
        flags: spec.not ? fr.FIB_RULE_INVERT : 0,
      }));
      if (number >= 256) body.u32(fr.FRA_TABLE, number);
      writeSelectors(body, spec, source, destination);
      writeActions(body, spec);
      return [{ type, flags, body: body.finish(), tried: what }];
    },
  });
}

function writeSelectors(
  body: AttributeWriter,
  spec: RuleSpec,
  source: Cidr | undefined,
  destination: Cidr | undefined,
): void {
  const { fwmark, iif, oif, uidrange, ipproto, sport, dport, tun_id } = spec;
  if (source) body.bytes(fr.FRA_SRC, source.address);
  if (destination) body.bytes(fr.FRA_DST, destination.address);
  if (fwmark !== undefined) {
    const [mark = NaN, mask] = String(fwmark).split("/").map(Number);
    body.u32(fr.FRA_FWMARK, mark);
    if (mask !== undefined) body.u32(fr.FRA_FWMASK, mask);
  }
  if (iif !== undefined) body.string(fr.FRA_IIFNAME, iif);
  if (oif !== undefined) body.string(fr.FRA_OIFNAME, oif);
  if (uidrange !== undefined) {
    const uids = fr.fib_rule_uid_range.build(range(uidrange));
    body.bytes(fr.FRA_UID_RANGE, uids);
  }
  if (ipproto !== undefined) body.u8(fr.FRA_IP_PROTO, ipproto);
  if (sport !== undefined) {
    const ports = fr.fib_rule_port_range.build(range(sport));
    body.bytes(fr.FRA_SPORT_RANGE, ports);
  }
  if (dport !== undefined) {
    const ports = fr.fib_rule_port_range.build(range(dport));
    body.bytes(fr.FRA_DPORT_RANGE, ports);
  }
  if (tun_id !== undefined) body.be64(fr.FRA_TUN_ID, tun_id);
}

function writeActions(body: AttributeWriter, spec: RuleSpec): void {
  const { priority, target, realms, protocol, l3mdev } = spec;
  if (priority !== undefined) body.u32(fr.FRA_PRIORITY, priority);
  if (target !== undefined) body.u32(fr.FRA_GOTO, target);
  if (realms !== undefined) body.u32(fr.FRA_FLOW, Number(realms));
  if (protocol !== undefined) body.u8(fr.FRA_PROTOCOL, Number(protocol));
  if (l3mdev) body.u8(fr.FRA_L3MDEV, 1);
  if (spec.suppress_prefixlength !== undefined) {
    body.u32(fr.FRA_SUPPRESS_PREFIXLEN, spec.suppress_prefixlength);
  }
  if (spec.suppress_ifgroup !== undefined) {
    body.u32(fr.FRA_SUPPRESS_IFGROUP, Number(spec.suppress_ifgroup));
  }
}

/**
 * A rule to add; there must be none like it yet.
 *
 * Source: ip-rule(8), rtnetlink(7).
 *
 * @param spec The rule.
 * @throws {ArgumentError} If something in it cannot be right.
 *
 * @example
 * ```ts
 * import { addRule } from "@netplumb/netplumb";
 *
 * addRule({ from: "192.0.2.0/24", table: 100, priority: 1000 });
 * addRule({ fwmark: "0x10/0xf0", action: "blackhole", family: "inet6" });
 * ```
 */
export function addRule(spec: RuleSpec): Change {
  return change("add", RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, spec);
}

/**
 * A rule to delete: the first that is as the spec says.
 *
 * Source: ip-rule(8), rtnetlink(7).
 *
 * @param spec The rule, as much of it as tells it from others.
 * @throws {ArgumentError} If something in it cannot be right.
 *
 * @example
 * ```ts
 * import { deleteRule } from "@netplumb/netplumb";
 *
 * deleteRule({ priority: 1000 });
 * ```
 */
export function deleteRule(spec: RuleSpec): Change {
  return change("delete", RTM_DELRULE, 0, spec);
}
