// Routing policy rules: RTM_NEWRULE and RTM_DELRULE. Source: rtnetlink(7),
// ip-rule(8), linux/fib_rules.h.

import type { Layout } from "../../ffi/struct.ts";
import * as fr from "../../ffi/uapi/linux_fib_rules.ts";
import {
  RT_TABLE_MAIN,
  RTM_NEWRULE,
  RTN_NAT,
  RTPROT_KERNEL,
} from "../../ffi/uapi/linux_rtnetlink.ts";
import { AF_INET, AF_INET6 } from "../../ffi/uapi/sys_socket.ts";
import { ArgumentError } from "../errors.ts";
import { sharedCidr } from "../net/prefix.ts";
import type { UnknownAttribute } from "../netlink/attribute.ts";
import type { MessageReader } from "../netlink/message.ts";
import type { Change, Verb } from "./changes/change.ts";
import type { AddressFamily } from "./family.ts";
import {
  dscpName,
  realmName,
  routeTypeName,
  serviceName,
  serviceNumber,
  tableName,
} from "./names/iproute2.ts";
import { type OptionValues, toggleWord } from "./spec/attribute.ts";
import { be32, i32, u32 as u32Codec, u8 } from "./spec/codec.ts";
import { hex } from "./spec/json.ts";
import {
  ipProtocol,
  linkGroup,
  protocol,
  realms,
  table,
  tos,
  u32,
} from "./spec/named_number.ts";
import {
  type FieldCodec,
  fieldsOf,
  ip,
  type JsonObject,
  type ObjectAttribute,
  ObjectTable,
  string,
} from "./spec/object.ts";
import {
  network,
  numbered,
  oneOf,
  type Reader,
  text,
  wholeNumber,
} from "./spec/value.ts";

/** An inclusive range of numbers. */
export interface NumberRange {
  /** The first. */
  readonly start: number;
  /** The last. */
  readonly end: number;
}

/**
 * A routing policy rule. Numbers are those of linux/fib_rules.h; `ipRule()`
 * returns their names. Source: rtnetlink(7), ip-rule(8).
 */
export interface Rule {
  /** "inet", "inet6", "ipmr" or "ip6mr". */
  readonly family: AddressFamily;
  /** The priority: lower values are evaluated first. */
  priority: number;
  /** The action, FR_ACT_*: 1 for a table lookup. */
  action: number;
  /** The table, 0 for none. */
  table: number;
  /** FIB_RULE_* bits. */
  flags: number;
  /** The source prefix. */
  source?: string;
  /** The prefix length of the source, in bits. */
  sourceLength: number;
  /** The destination prefix. */
  destination?: string;
  /** The prefix length of the destination, in bits. */
  destinationLength: number;
  /** The type of service, 0 for any. */
  tos: number;
  /** The incoming interface. */
  inputInterface?: string;
  /** The interface that the socket is bound to. */
  outputInterface?: string;
  /** The packet mark. */
  mark?: number;
  /** The mask of the mark. */
  markMask?: number;
  /** The priority of the rule to jump to. */
  goto?: number;
  /** Routing realms, from << 16 | to. */
  realms?: number;
  /** The id of the tunnel that the packet arrived through. */
  tunnelId?: bigint;
  /** Ignore routes with a prefix of at most this length; -1 for none. */
  suppressPrefixLength?: number;
  /** Ignore routes via interfaces of this group; -1 for none. */
  suppressGroup?: number;
  /** Whether it uses the table of the interface's VRF. */
  l3mdev?: boolean;
  /** The users of the socket. */
  uids?: NumberRange;
  /** The origin, RTPROT_*. */
  protocol?: number;
  /** The IP protocol, IPPROTO_*. */
  ipProtocol?: number;
  /** The source ports. */
  sourcePorts?: NumberRange;
  /** The destination ports. */
  destinationPorts?: NumberRange;
  /** The bits of a single source port that count, if not all. */
  sourcePortMask?: number;
  /** The bits of a single destination port that count, if not all. */
  destinationPortMask?: number;
  /** Only packets with this DSCP. */
  dscp?: number;
  /** The bits of the DSCP that count, if not all. */
  dscpMask?: number;
  /** Only IPv6 packets with this flow label. */
  flowLabel?: number;
  /** The bits of the flow label that count. */
  flowLabelMask?: number;
  /** Unknown attributes. */
  unknown?: UnknownAttribute[];
}

/** Options of a rule, with the keys of iproute2. Source: ip-rule(8). */
export interface RuleSpec {
  /** The priority: lower values are evaluated first. */
  readonly priority?: number;
  /** The action; "table" looks a table up, "goto" jumps to `target`. */
  readonly action?:
    | "table"
    | "goto"
    | "nop"
    | "blackhole"
    | "unreachable"
    | "prohibit";
  /** The table; default: main. */
  readonly table?: number | string;
  /** The priority of the rule to jump to. */
  readonly target?: number;
  /** The source prefix. */
  readonly from?: string;
  /** The destination prefix. */
  readonly to?: string;
  /** Invert the match. */
  readonly not?: boolean;
  /** The type of service: a number, hexadecimal text or a name. */
  readonly tos?: number | string;
  /** The packet mark, with an optional mask: "1", "0x10/0xf0". */
  readonly fwmark?: number | string;
  /** The incoming interface. */
  readonly iif?: string;
  /** The interface that the socket is bound to. */
  readonly oif?: string;
  /** The users of the socket: "1000-1999". */
  readonly uidrange?: string;
  /** The IP protocol: "tcp", 17. */
  readonly ipproto?: number | string;
  /** The source ports: 53, "1000-2000", with a mask "0x50/0xfff0". */
  readonly sport?: number | string;
  /** The destination ports. */
  readonly dport?: number | string;
  /** The DSCP, with an optional mask: 10, "AF11", "8/0x38". */
  readonly dscp?: number | string;
  /** The IPv6 flow label, with an optional mask: "0x12345/0xff000". */
  readonly flowlabel?: number | string;
  /** The id of the tunnel that the packet arrived through. */
  readonly tun_id?: number;
  /** Use the table of the interface's VRF. */
  readonly l3mdev?: boolean;
  /** Ignore routes with a prefix of at most this length. */
  readonly suppress_prefixlength?: number;
  /** Ignore routes via interfaces of this group. */
  readonly suppress_ifgroup?: number | string;
  /** Realms, as "FROM/TO" or "TO". */
  readonly realms?: string | number;
  /** The origin, for example "static". */
  readonly protocol?: number | string;
  /** The family of a rule without an address: "inet6" for IPv6. */
  readonly family?: "inet" | "inet6";
}

/** The action of a rule. */
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

/** Encodes a number and a mask, or a range: two numbers or one. */
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

/** Codec of a struct of `start` and `end`. */
function rangeCodec({ size, get, build }: Layout): FieldCodec<NumberRange> {
  return {
    read: ({ view, at, length }) =>
      length < size ? undefined : get(view, at) as NumberRange,
    write: (body, attribute, range) =>
      void body.bytes(attribute, build({ ...range })),
  };
}

const rangeText = ({ start, end }: NumberRange) => `${start}-${end}`;

/** Parses a range; a single number is both start and end. */
function rangeOf(given: string | number): NumberRange {
  const [start = NaN, end = start] = String(given).split("-").map(Number);
  return { start, end };
}

const field = fieldsOf<Rule>();

/** A source or destination prefix; its length is in the header. */
const networkField = (
  of: "source" | "destination",
  key: "src" | "dst",
  number: number,
) =>
  field(of, {
    ...network,
    of: (rule) => rule[of] && `${rule[of]}/${rule[`${of}Length`]}`,
    number,
    codec: ip,
    print(json, rule) {
      const [address, length] = [rule[of], rule[`${of}Length`]];
      const host = rule.family === "inet"
        ? 32
        : rule.family === "inet6"
        ? 128
        : -1;
      if (address === undefined && length === 0) {
        if (key === "src") json.src = "all";
        return;
      }
      json[key] = address ?? "0";
      if (address === undefined || length !== host) json[`${key}len`] = length;
    },
  });

/** An interface by name; it need not exist. */
const interfaceField = (
  of: "inputInterface" | "outputInterface",
  key: "iif" | "oif",
  number: number,
  detached: number,
) =>
  field(of, {
    ...text(15),
    number,
    codec: string,
    print(json, rule) {
      const name = rule[of];
      if (name === undefined) return;
      json[key] = name;
      if (rule.flags & detached) json[`${key}_detached`] = null;
    },
  });

/** A port, a range or a port with a mask: "53", "1000-2000", "0x50/0xfff0". */
const ports: Reader<string> = {
  expected: "like 53, 1000-2000 or 0x50/0xfff0",
  schema: { anyOf: [port.schema, { type: "string" }] },
  read(given) {
    const [first, mask, ...rest] = String(given).split("/");
    const [one, other = one, ...more] = (first ?? "").split("-");
    const [start, end] = [port.read(one), port.read(other)];
    const bits = mask === undefined ? 0xffff : port.read(mask);
    const isOne = start === end && rest.length === 0;
    return start === undefined || end === undefined || bits === undefined ||
        more.length > 0 || mask !== undefined && !isOne
      ? undefined
      : portsText({ start, end }, bits);
  },
};

function portsText({ start, end }: NumberRange, mask = 0xffff): string {
  return start !== end
    ? `${start}-${end}`
    : mask === 0xffff
    ? `${start}`
    : `${hex(start)}/${hex(mask)}`;
}

const portField = (
  of: "sourcePorts" | "destinationPorts",
  maskOf: "sourcePortMask" | "destinationPortMask",
  key: "sport" | "dport",
  number: number,
  maskNumber: number,
) =>
  field(of, {
    ...ports,
    of: ({ [of]: range, [maskOf]: mask }) => range && portsText(range, mask),
    number,
    codec: rangeCodec(fr.fib_rule_port_range),
    encode(body, text) {
      const [range = "", mask] = String(text).split("/");
      body.bytes(
        number,
        fr.fib_rule_port_range.build({ ...rangeOf(range) }),
      );
      if (mask !== undefined) body.u16(maskNumber, Number(mask));
    },
    print(json, rule) {
      const range = rule[of];
      if (range === undefined) return;
      if (range.start === range.end) json[key] = range.start;
      else {
        json[`${key}_start`] = range.start;
        json[`${key}_end`] = range.end;
      }
    },
  });

/**
 * The mask of a port. From Linux 6.15 on the kernel reports one for each single
 * port; any other than all bits makes the rule another one.
 */
const portMask = (
  of: "sourcePortMask" | "destinationPortMask",
  number: number,
  key: string,
): ObjectAttribute<Rule> =>
  field.attribute(of, number, {
    read(value) {
      const mask = value.u16();
      return mask === 0xffff ? undefined : mask;
    },
  }, { key, json: hex });

/** A DSCP by number or name. */
export const dscpNumber: Reader<number> = numbered(
  "a number up to 63 or a name such as AF11 (/etc/iproute2/rt_dsfield)",
  63,
  (word) => {
    const tos = serviceNumber(word);
    return tos === undefined ? undefined : tos >> 2;
  },
);

/**
 * A number with an optional mask, as text with both: "10/63".
 *
 * @param all All bits, the default mask.
 */
const masked = (one: Reader<number>, all: number): Reader<string> => ({
  expected: `${one.expected}, with an optional mask`,
  schema: { anyOf: [one.schema, { type: "string" }] },
  read(given) {
    const [first, mask = all, ...rest] = typeof given === "number"
      ? [given]
      : String(given).split("/");
    const value = one.read(first);
    const bits = wholeNumber(1, all).read(mask);
    return value === undefined || bits === undefined || rest.length > 0
      ? undefined
      : `${value}/${bits}`;
  },
});

/** The numbers of a value with a mask. */
const partsOf = (text: string | number) =>
  String(text).split("/").map(Number) as [value: number, mask: number];

const ALL_OF_DSCP = 0x3f;
const ALL_OF_LABEL = 0xf_ffff;

/** The attributes of rules, in iproute2's order. */
export const RULE: ObjectTable<Rule, RuleSpec> = new ObjectTable({
  name: "rule",
  message: RTM_NEWRULE,
  struct: fr.fib_rule_hdr,
  constants: { of: fr, prefix: "FRA_" },
  initial: { priority: 0 },
  title: ({ priority = "" }) => `${priority}`,
  familyOf: (spec) => networks(spec).af,
  prepare,
}, {
  family: {
    ...oneOf(["inet", "inet6"]),
    compare: false,
    of: ({ family }) => family,
  },
  priority: field.attribute("priority", fr.FRA_PRIORITY, u32Codec, {
    ...u32,
    key: "priority",
  }),
  flags: field.header("flags", "flags"),
  not: field.bit("flags", fr.FIB_RULE_INVERT, {
    ...toggleWord,
    key: "not",
    json: () => null,
  }),
  from: networkField("source", "src", fr.FRA_SRC),
  fromLength: field.header("sourceLength", "src_len"),
  to: networkField("destination", "dst", fr.FRA_DST),
  toLength: field.header("destinationLength", "dst_len"),
  tos: field.header("tos", "tos", {
    ...tos,
    kernelDefault: 0,
    key: "tos",
    json: (tos) => tos === 0 ? undefined : serviceName(tos),
  }),
  fwmark: {
    ...pair("/", u32, "1 or 0x10/0xf0", true),
    of: ({ mark = 0, markMask = mark === 0 ? 0 : 0xffff_ffff }) =>
      markMask === 0 ? undefined : `${mark}/${markMask}`,
    encode(body, value) {
      const [mark = NaN, mask] = String(value).split("/").map(Number);
      body.u32(fr.FRA_FWMARK, mark);
      if (mask !== undefined) body.u32(fr.FRA_FWMASK, mask);
    },
    print(json, { mark, markMask }) {
      if ((mark ?? markMask) === undefined) return;
      json.fwmark = hex(mark ?? 0);
      if (markMask !== undefined && markMask !== 0xffff_ffff) {
        json.fwmask = hex(markMask);
      }
    },
  },
  mark: field.attribute("mark", fr.FRA_FWMARK, u32Codec),
  markMask: field.attribute("markMask", fr.FRA_FWMASK, u32Codec),
  iif: interfaceField(
    "inputInterface",
    "iif",
    fr.FRA_IIFNAME,
    fr.FIB_RULE_IIF_DETACHED,
  ),
  oif: interfaceField(
    "outputInterface",
    "oif",
    fr.FRA_OIFNAME,
    fr.FIB_RULE_OIF_DETACHED,
  ),
  l3mdev: field.attribute("l3mdev", fr.FRA_L3MDEV, {
    read: (value) => value.u8() !== 0,
    write(body, attribute, value) {
      if (value) body.u8(attribute, 1);
    },
  }, {
    ...toggleWord,
    key: "l3mdev",
    json: (isOn) => isOn ? null : undefined,
  }),
  uidrange: field.attribute(
    "uids",
    fr.FRA_UID_RANGE,
    rangeCodec(fr.fib_rule_uid_range),
    {
      ...pair("-", u32, "1000-1999", false),
      toRaw: (range) => rangeOf(range),
      text: rangeText,
      print(json, { uids }) {
        if (uids === undefined) return;
        json.uid_start = uids.start;
        json.uid_end = uids.end;
      },
    },
  ),
  ipproto: field.attribute("ipProtocol", fr.FRA_IP_PROTO, u8, {
    ...ipProtocol,
    key: "ipproto",
  }),
  sport: portField(
    "sourcePorts",
    "sourcePortMask",
    "sport",
    fr.FRA_SPORT_RANGE,
    fr.newer.FRA_SPORT_MASK,
  ),
  dport: portField(
    "destinationPorts",
    "destinationPortMask",
    "dport",
    fr.FRA_DPORT_RANGE,
    fr.newer.FRA_DPORT_MASK,
  ),
  sportMask: portMask(
    "sourcePortMask",
    fr.newer.FRA_SPORT_MASK,
    "sport_mask",
  ),
  dportMask: portMask(
    "destinationPortMask",
    fr.newer.FRA_DPORT_MASK,
    "dport_mask",
  ),
  tun_id: field.attribute("tunnelId", fr.FRA_TUN_ID, {
    read: (value) => value.be64(),
    write: (body, attribute, id) => void body.be64(attribute, id),
  }, {
    ...wholeNumber(0, Number.MAX_SAFE_INTEGER),
    toRaw: (id) => BigInt(id),
    text: (id) => `${id}`,
    kernelDefault: 0n,
    key: "tun_id",
    json: Number,
  }),
  table: field("table", {
    ...table,
    header: "table",
    number: fr.FRA_TABLE,
    codec: u32Codec,
    kernelDefault: 0,
    key: "table",
    json: (table) => table === 0 ? undefined : tableName(table),
  }),
  suppress_prefixlength: field.attribute(
    "suppressPrefixLength",
    fr.FRA_SUPPRESS_PREFIXLEN,
    i32,
    {
      ...wholeNumber(0, 128),
      kernelDefault: -1,
      key: "suppress_prefixlen",
      json: (length, { table }) =>
        table === 0 || length === -1 ? undefined : length,
    },
  ),
  suppress_ifgroup: field.attribute(
    "suppressGroup",
    fr.FRA_SUPPRESS_IFGROUP,
    i32,
    {
      ...linkGroup,
      kernelDefault: -1,
      key: "suppress_ifgroup",
      json: (group, { table }) =>
        table === 0 || group === -1 ? undefined : linkGroup.text(group),
    },
  ),
  realms: field.attribute("realms", fr.FRA_FLOW, u32Codec, {
    ...realms,
    print(json, { realms }) {
      if (realms === undefined) return;
      if (realms >>> 16) json.flow_from = realmName(realms >>> 16);
      json.flow_to = realmName(realms & 0xffff);
    },
  }),
  action: field.header("action", "action", {
    ...oneOf(Object.keys(ACTIONS) as RuleAction[]),
    toRaw: (action) => ACTIONS[action],
    text: (number) =>
      Object.entries(ACTIONS).find(([, one]) => one === number)?.[0] ?? "",
    print: printAction,
  }),
  target: field.attribute("goto", fr.FRA_GOTO, u32Codec, { ...u32 }),
  protocol: field.attribute("protocol", fr.FRA_PROTOCOL, u8, {
    ...protocol,
    key: "protocol",
    json: (number, _, { details }) =>
      (number === 0 || number === RTPROT_KERNEL) && !details
        ? undefined
        : protocol.text(number),
  }),
  dscp: field.attribute("dscp", fr.newer.FRA_DSCP, u8, {
    ...masked(dscpNumber, ALL_OF_DSCP),
    of: ({ dscp, dscpMask = ALL_OF_DSCP }) =>
      dscp === undefined ? undefined : `${dscp}/${dscpMask}`,
    encode(body, text) {
      const [dscp, mask] = partsOf(text);
      body.u8(fr.newer.FRA_DSCP, dscp);
      // Older kernels do not have the mask.
      if (mask !== ALL_OF_DSCP) body.u8(fr.newer.FRA_DSCP_MASK, mask);
    },
    key: "dscp",
    json: dscpName,
  }),
  dscpMask: field.attribute("dscpMask", fr.newer.FRA_DSCP_MASK, {
    read(value) {
      const mask = value.u8();
      return mask === ALL_OF_DSCP ? undefined : mask;
    },
  }, { key: "dscp_mask", json: hex }),
  flowlabel: field.attribute("flowLabel", fr.newer.FRA_FLOWLABEL, be32, {
    ...masked(wholeNumber(0, ALL_OF_LABEL), ALL_OF_LABEL),
    of: ({ flowLabel, flowLabelMask }) =>
      flowLabel === undefined ? undefined : `${flowLabel}/${flowLabelMask}`,
    encode(body, text) {
      const [label, mask] = partsOf(text);
      body.be32(fr.newer.FRA_FLOWLABEL, label)
        .be32(fr.newer.FRA_FLOWLABEL_MASK, mask);
    },
    key: "flowlabel",
    json: hex,
  }),
  flowLabelMask: field.attribute(
    "flowLabelMask",
    fr.newer.FRA_FLOWLABEL_MASK,
    be32,
    { key: "flowlabel_mask", json: hex },
  ),
});

function printAction(json: JsonObject, rule: Rule): void {
  switch (rule.action) {
    case RTN_NAT:
      json.masquerade = null;
      break;
    case fr.FR_ACT_GOTO:
      json.goto = rule.goto ?? "none";
      if (rule.flags & fr.FIB_RULE_UNRESOLVED) json.unresolved = null;
      break;
    case fr.FR_ACT_NOP:
      json.nop = null;
      break;
    case fr.FR_ACT_TO_TBL:
      break;
    default:
      json.action = routeTypeName(rule.action);
  }
}

/** Checks the options and returns the values of the request. */
function prepare(spec: RuleSpec, verb: Verb): OptionValues {
  if (Object.keys(spec).length === 0) {
    throw new ArgumentError("rule", "", "a rule with at least one option");
  }
  if (spec.l3mdev && spec.table !== undefined) {
    throw new ArgumentError("table", spec.table, "allowed with l3mdev");
  }
  const { source, destination } = networks(spec);
  const adding = verb === "add";
  // Only a rule that looks up a table has a default table.
  const looksUp = adding && !spec.l3mdev &&
    (spec.action === undefined || spec.action === "table");
  return {
    ...spec,
    from: source && spec.from,
    fromLength: source?.prefix,
    to: destination && spec.to,
    toLength: destination?.prefix,
    action: spec.action ?? (adding ? "table" : undefined),
    table: spec.table ?? (looksUp ? RT_TABLE_MAIN : undefined),
  };
}

/** The prefixes of a rule, and their family. */
function networks({ from, to, family }: RuleSpec) {
  const read = (text: string | undefined) =>
    text === undefined || text === "default" ? undefined : sharedCidr(text);
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

/**
 * Decodes an RTM_NEWRULE or RTM_DELRULE message; undefined if it is truncated.
 *
 * Source: linux/fib_rules.h.
 *
 * @param message The message, at the position of the reader.
 */
export function decodeRule(message: MessageReader): Rule | undefined {
  return RULE.decode(message);
}

/**
 * Builds a change that adds a rule; fails with EEXIST if it exists.
 *
 * Source: ip-rule(8), rtnetlink(7).
 *
 * @param spec The options of the rule.
 * @throws {ArgumentError} For an invalid value.
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
  return RULE.change("add", spec);
}

/**
 * Builds a change that deletes the first matching rule.
 *
 * Source: ip-rule(8), rtnetlink(7).
 *
 * @param spec The options that identify the rule.
 * @throws {ArgumentError} For an invalid value.
 *
 * @example
 * ```ts
 * import { deleteRule } from "@netplumb/netplumb";
 *
 * deleteRule({ priority: 1000 });
 * ```
 */
export function deleteRule(spec: RuleSpec): Change {
  return RULE.change("delete", spec);
}
