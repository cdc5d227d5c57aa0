// Encapsulations of routes and nexthops (lightweight tunnels).
// Source: ip-route(8), linux/lwtunnel.h.

import {
  TUNNEL_CSUM,
  TUNNEL_KEY,
  TUNNEL_SEQ,
} from "../../ffi/uapi/linux_if_tunnel.ts";
import * as lwt from "../../ffi/uapi/linux_lwtunnel.ts";
import * as seg6 from "../../ffi/uapi/linux_seg6.ts";
import { formatIPv6, parseIPv6 } from "../net/ip_address.ts";
import type { AttributeReader } from "../netlink/attribute.ts";
import { addressText, tryLabelBytes } from "./family.ts";
import { tableName } from "./names/iproute2.ts";
import {
  address4,
  address6,
  type Attribute,
  attribute,
  bits,
  type Codec,
  link,
  number,
  type OptionValues,
  plainBits,
  reported,
  type SharedAttribute,
  toggleWord,
  word,
} from "./spec/attribute.ts";
import { type NumberCodec, u16, u32, u8 } from "./spec/codec.ts";
import { type JsonValue, onlyTrue } from "./spec/json.ts";
import { AttributeLevel } from "./spec/level.ts";
import { table as tableReader, tos } from "./spec/named_number.ts";
import type {
  JsonContext,
  JsonObject,
  ObjectAttribute,
} from "./spec/object.ts";
import { AttributeTable, levelOf, valueText } from "./spec/table.ts";
import {
  ipv6,
  linkName,
  list,
  oneOf,
  type Option,
  type Reader,
  wholeNumber,
} from "./spec/value.ts";

/** An encapsulation, undecoded. */
export interface RouteEncapsulation {
  /** LWTUNNEL_ENCAP_*, for example 1 for MPLS. Source: linux/lwtunnel.h. */
  readonly type: number;
  /** Its attributes. */
  readonly attributes: Uint8Array<ArrayBuffer>;
}

const NAMES = new Map([
  [lwt.LWTUNNEL_ENCAP_MPLS, "mpls"],
  [lwt.LWTUNNEL_ENCAP_IP, "ip"],
  [lwt.LWTUNNEL_ENCAP_IP6, "ip6"],
  [lwt.LWTUNNEL_ENCAP_ILA, "ila"],
  [lwt.LWTUNNEL_ENCAP_BPF, "bpf"],
  [lwt.LWTUNNEL_ENCAP_SEG6, "seg6"],
  [lwt.LWTUNNEL_ENCAP_SEG6_LOCAL, "seg6local"],
  [lwt.LWTUNNEL_ENCAP_RPL, "rpl"],
  [lwt.LWTUNNEL_ENCAP_IOAM6, "ioam6"],
  [lwt.LWTUNNEL_ENCAP_XFRM, "xfrm"],
]);

const number64: NumberCodec = {
  min: 0,
  max: Number.MAX_SAFE_INTEGER,
  size: 8,
  read: (value) => Number(value.be64()),
  write: (body, attribute, value) => void body.be64(attribute, BigInt(value)),
};

const id = (attribute: number) =>
  number(attribute, number64, { kernelDefault: 0 });
const byte = (attribute: number) => number(attribute, u8, { kernelDefault: 0 });
const service = (attribute: number) =>
  number(attribute, u8, { kernelDefault: 0, reader: tos });
const flags = (attribute: number) =>
  bits(attribute, plainBits(u16), {
    key: TUNNEL_KEY,
    csum: TUNNEL_CSUM,
    seq: TUNNEL_SEQ,
  }, { toggle: true, json: onlyTrue });
const table = (attribute: number) =>
  number(attribute, u32, { reader: tableReader, json: tableName });

/** A link by name, or "if7" by ifindex as in ip(8), which is its text. */
const device = (attribute: number): Attribute<string | number> => ({
  ...link(attribute),
  read(given) {
    const [, ifindex] = /^if(\d+)$/.exec(String(given)) ?? [];
    return linkName.read(ifindex === undefined ? given : Number(ifindex));
  },
  text: (ifindex) => `if${ifindex}`,
});

/** MPLS labels. */
const labels: Codec<string> = {
  expected: "labels like 100 or 100/200",
  schema: { type: "string" },
  read: (given) => {
    const text = String(given);
    return tryLabelBytes(text) === undefined ? undefined : text;
  },
  raw: ({ bytes, at, length }) => addressText("mpls", bytes, at, length),
  decode: (text) => text,
  encode: (body, attribute, text) =>
    void body.bytes(attribute, tryLabelBytes(text)!),
};

/** IPv6 addresses, in the order of visits. */
const segmentList: Reader<string[]> = list(ipv6, 64);

/**
 * The segments of a routing header, in the order of visits: the last entry is
 * the first segment.
 *
 * @param header The position of the header in the attribute.
 * @param lastOf The index of the last entry of the header at a position.
 */
function segments(
  { bytes, at, length }: AttributeReader,
  header: number,
  lastOf: (header: number) => number = (at) => bytes[at + FIRST_SEGMENT]!,
): string[] | undefined {
  const first = at + header;
  const end = at + length;
  if (end - first < HEADER_SIZE) return undefined;
  const segs: string[] = [];
  for (let index = lastOf(first); index >= 0; index--) {
    const segment = first + HEADER_SIZE + 16 * index;
    if (segment + 16 <= end) segs.push(formatIPv6(bytes, segment));
  }
  return segs;
}

/** A segment routing header, as iproute2 builds it. Source: RFC 8754. */
function segmentHeader(segs: readonly string[]): Uint8Array<ArrayBuffer> {
  const last = segs.length - 1;
  return routingHeader(segs, {
    type: IPV6_SRCRT_TYPE_4,
    segments_left: last,
    first_segment: last,
  });
}

function routingHeader(
  segs: readonly string[],
  fields: Readonly<Record<string, number>>,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_SIZE + 16 * segs.length);
  // In units of 8 bytes, without the first.
  bytes.set(seg6.ipv6_sr_hdr.build({ ...fields, hdrlen: 2 * segs.length }));
  segs.forEach((segment, at) =>
    bytes.set(
      parseIPv6(segment),
      HEADER_SIZE + 16 * (segs.length - 1 - at),
    )
  );
  return bytes;
}

/** The size of a routing header before its segments. */
const HEADER_SIZE = seg6.ipv6_sr_hdr.size;
const IPV6_SRCRT_TYPE_3 = 3;
const IPV6_SRCRT_TYPE_4 = 4;
/** Offsets of fields in a routing header. */
const SEGMENTS_LEFT = 3;
const FIRST_SEGMENT = 4;

/** The final destination, which the kernel inserts in the mode "inline". */
const OWN_DESTINATION = "::";

/** The mode in struct seg6_iptunnel_encap, before the header. */
const MODE_SIZE = 4;
const MODES = ["inline", "encap", "l2encap", "encap.red", "l2encap.red"];

const ACTIONS = {
  End: seg6.SEG6_LOCAL_ACTION_END,
  "End.X": seg6.SEG6_LOCAL_ACTION_END_X,
  "End.T": seg6.SEG6_LOCAL_ACTION_END_T,
  "End.DX2": seg6.SEG6_LOCAL_ACTION_END_DX2,
  "End.DX6": seg6.SEG6_LOCAL_ACTION_END_DX6,
  "End.DX4": seg6.SEG6_LOCAL_ACTION_END_DX4,
  "End.DT6": seg6.SEG6_LOCAL_ACTION_END_DT6,
  "End.DT4": seg6.SEG6_LOCAL_ACTION_END_DT4,
  "End.B6": seg6.SEG6_LOCAL_ACTION_END_B6,
  "End.B6.Encaps": seg6.SEG6_LOCAL_ACTION_END_B6_ENCAP,
  "End.BM": seg6.SEG6_LOCAL_ACTION_END_BM,
  "End.S": seg6.SEG6_LOCAL_ACTION_END_S,
  "End.AS": seg6.SEG6_LOCAL_ACTION_END_AS,
  "End.AM": seg6.SEG6_LOCAL_ACTION_END_AM,
  "End.BPF": seg6.SEG6_LOCAL_ACTION_END_BPF,
  "End.DT46": seg6.SEG6_LOCAL_ACTION_END_DT46,
} as const;

const ACTION_NAMES = new Map<number, string>(
  Object.entries(ACTIONS).map(([name, number]) => [number, name]),
);

const FLAVORS = {
  "psp": seg6.SEG6_LOCAL_FLV_OP_PSP,
  "usp": seg6.SEG6_LOCAL_FLV_OP_USP,
  "usd": seg6.SEG6_LOCAL_FLV_OP_USD,
  "next-csid": seg6.SEG6_LOCAL_FLV_OP_NEXT_CSID,
} as const;
type Flavor = keyof typeof FLAVORS;
const FLAVOR_NAMES = Object.keys(FLAVORS) as Flavor[];

/** The flavors of a segment and their lengths, nested in one attribute. */
const flavorAttribute: SharedAttribute = {
  write(body, { flavors = [], lblen, nflen }) {
    body.nest(seg6.SEG6_LOCAL_FLAVORS, () => {
      let bits = 0;
      for (const name of flavors as Flavor[]) bits |= 1 << FLAVORS[name];
      body.u32(seg6.SEG6_LOCAL_FLV_OPERATION, bits);
      if (typeof lblen === "number") {
        body.u8(seg6.SEG6_LOCAL_FLV_LCBLOCK_BITS, lblen);
      }
      if (typeof nflen === "number") {
        body.u8(seg6.SEG6_LOCAL_FLV_LCNODE_FN_BITS, nflen);
      }
    });
  },
};

function inFlavors<T extends JsonValue>(
  reader: Reader<T>,
  read: (level: AttributeLevel) => T | undefined,
): Attribute<T> {
  const { json, decode } = reported<T>(
    seg6.SEG6_LOCAL_FLAVORS,
    (value) => read(new AttributeLevel(value.enter())),
  );
  const number = seg6.SEG6_LOCAL_FLAVORS;
  return { ...reader, number, json, decode, writes: flavorAttribute };
}

/** Packets, bytes and errors that a segment counts; shown with statistics. */
const COUNTERS = [
  seg6.SEG6_LOCAL_CNT_PACKETS,
  seg6.SEG6_LOCAL_CNT_BYTES,
  seg6.SEG6_LOCAL_CNT_ERRORS,
] as const;

/** The mode of SRv6 and its segments, in one struct. */
const segmentRouting: SharedAttribute = {
  write(body, { mode, segs }) {
    const visited = segs as string[];
    const all = mode === "inline" ? [...visited, OWN_DESTINATION] : visited;
    const header = segmentHeader(all);
    const bytes = new Uint8Array(MODE_SIZE + header.length);
    bytes[0] = MODES.indexOf(mode as string);
    bytes.set(header, MODE_SIZE);
    body.bytes(seg6.SEG6_IPTUNNEL_SRH, bytes);
  },
};

const SEG6_SRH = { number: seg6.SEG6_IPTUNNEL_SRH, writes: segmentRouting };
const modeOf = (level: AttributeLevel) =>
  level.get(seg6.SEG6_IPTUNNEL_SRH)?.u32();

/** How often a trace is inserted: into k of n packets. */
const FREQUENCY: Reader<string> = {
  expected: "k/n, both from 1 to 1000000",
  schema: { type: "string" },
  read(given) {
    const [k = 0, n = 0, ...rest] = String(given).split("/").map(Number);
    const most = lwt.IOAM6_IPTUNNEL_FREQ_MAX;
    return [k, n].every(Number.isInteger) && k >= 1 && k <= n && n <= most &&
        rest.length === 0
      ? `${k}/${n}`
      : undefined;
  },
};

/** The size of the data of a trace, in words of four bytes. */
const TRACE_DATA_SIZE: Reader<number> = {
  ...wholeNumber(4, lwt.IOAM6_TRACE_DATA_SIZE_MAX),
  expected: "a multiple of 4 from 4 to 244",
  read(given) {
    const size = wholeNumber(4, lwt.IOAM6_TRACE_DATA_SIZE_MAX).read(given);
    return size !== undefined && size % 4 === 0 ? size : undefined;
  },
};

/** struct ioam6_trace_hdr: namespace, bits, remaining length, type << 8. */
const TRACE_SIZE = 8;

const trace: SharedAttribute = {
  write(body, { type, ns, size }) {
    const bytes = new Uint8Array(TRACE_SIZE);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, Number(ns));
    view.setUint8(3, Number(size) / 4);
    view.setUint32(4, Number(type) << 8);
    body.bytes(lwt.IOAM6_IPTUNNEL_TRACE, bytes);
  },
};

/** A part of the trace header. */
function inTrace(
  reader: Reader<number>,
  read: (view: DataView, at: number) => number,
  json: (value: number) => JsonValue = (value) => value,
): Attribute<number> {
  const decode = (level: AttributeLevel) => {
    const value = level.get(lwt.IOAM6_IPTUNNEL_TRACE);
    return value && value.length >= TRACE_SIZE
      ? read(value.view, value.at)
      : undefined;
  };
  return {
    ...reader,
    number: lwt.IOAM6_IPTUNNEL_TRACE,
    writes: trace,
    decode,
    json: [{
      read(level) {
        const value = decode(level);
        return value === undefined ? undefined : json(value);
      },
    }],
  };
}

/** A word that iproute2 prints and expects before the parts of a trace. */
const onlyPrinted = (): Attribute<null> =>
  reported(lwt.IOAM6_IPTUNNEL_TRACE, () => null);

const frequency = (level: AttributeLevel) => ({
  k: level.get(lwt.IOAM6_IPTUNNEL_FREQ_K)?.u32(),
  n: level.get(lwt.IOAM6_IPTUNNEL_FREQ_N)?.u32(),
});

const TABLES: { readonly [type: number]: AttributeTable } = {
  [lwt.LWTUNNEL_ENCAP_MPLS]: new AttributeTable({
    dst: attribute(lwt.MPLS_IPTUNNEL_DST, labels),
    ttl: number(lwt.MPLS_IPTUNNEL_TTL, u8),
  }),
  [lwt.LWTUNNEL_ENCAP_IP]: new AttributeTable({
    id: id(lwt.LWTUNNEL_IP_ID),
    src: address4(lwt.LWTUNNEL_IP_SRC, { json: (raw) => raw ?? "0.0.0.0" }),
    dst: address4(lwt.LWTUNNEL_IP_DST, { json: (raw) => raw ?? "0.0.0.0" }),
    ttl: byte(lwt.LWTUNNEL_IP_TTL),
    tos: service(lwt.LWTUNNEL_IP_TOS),
    ...flags(lwt.LWTUNNEL_IP_FLAGS),
  }),
  [lwt.LWTUNNEL_ENCAP_IP6]: new AttributeTable({
    id: id(lwt.LWTUNNEL_IP6_ID),
    src: address6(lwt.LWTUNNEL_IP6_SRC, { json: (raw) => raw ?? "::" }),
    dst: address6(lwt.LWTUNNEL_IP6_DST, { json: (raw) => raw ?? "::" }),
    hoplimit: byte(lwt.LWTUNNEL_IP6_HOPLIMIT),
    tc: service(lwt.LWTUNNEL_IP6_TC),
    ...flags(lwt.LWTUNNEL_IP6_FLAGS),
  }),
  [lwt.LWTUNNEL_ENCAP_SEG6]: new AttributeTable({
    mode: {
      ...oneOf(MODES),
      ...SEG6_SRH,
      decode: (level) => MODES[modeOf(level) ?? -1],
      json: [{
        read(level) {
          const mode = modeOf(level);
          return mode === undefined ? undefined : MODES[mode] ?? "<unknown>";
        },
      }],
    },
    tunsrc: address6(seg6.newer.SEG6_IPTUNNEL_SRC),
    segs: {
      ...segmentList,
      ...SEG6_SRH,
      decode(level) {
        const value = level.get(seg6.SEG6_IPTUNNEL_SRH);
        const segs = value && segments(value, MODE_SIZE);
        return MODES[modeOf(level) ?? -1] === "inline"
          ? segs?.slice(0, -1)
          : segs;
      },
      json: [{
        read(level) {
          const value = level.get(seg6.SEG6_IPTUNNEL_SRH);
          return value && segments(value, MODE_SIZE);
        },
      }],
    },
  }),
  [lwt.LWTUNNEL_ENCAP_SEG6_LOCAL]: new AttributeTable({
    action: word(seg6.SEG6_LOCAL_ACTION, u32, ACTIONS, {
      json: (raw) => ACTION_NAMES.get(raw) ?? "<unknown>",
    }),
    segs: {
      ...attribute<string[], string[] | undefined>(seg6.SEG6_LOCAL_SRH, {
        ...segmentList,
        raw: (value) => segments(value, 0),
        decode: (segs) => segs,
        encode: () => {},
      }, { key: "srh", json: (segs) => segs && { segs } }),
      encode: undefined,
      decode(level) {
        const value = level.get(seg6.SEG6_LOCAL_SRH);
        const segs = value && segments(value, 0);
        return segs?.at(-1) === OWN_DESTINATION ? segs.slice(0, -1) : segs;
      },
      writes: {
        // Only one action carries the packet to its own destination.
        write(body, { action, segs }) {
          const visited = segs as string[];
          body.bytes(
            seg6.SEG6_LOCAL_SRH,
            segmentHeader(
              action === "End.B6.Encaps"
                ? visited
                : [...visited, OWN_DESTINATION],
            ),
          );
        },
      },
    },
    table: table(seg6.SEG6_LOCAL_TABLE),
    vrftable: table(seg6.SEG6_LOCAL_VRFTABLE),
    nh4: address4(seg6.SEG6_LOCAL_NH4),
    nh6: address6(seg6.SEG6_LOCAL_NH6),
    iif: device(seg6.SEG6_LOCAL_IIF),
    oif: device(seg6.SEG6_LOCAL_OIF),
    flavors: inFlavors(list(oneOf(FLAVOR_NAMES), 4), (level) => {
      const bits = level.get(seg6.SEG6_LOCAL_FLV_OPERATION)?.u32() ?? 0;
      return FLAVOR_NAMES.filter((name) => bits & 1 << FLAVORS[name]);
    }),
    lblen: inFlavors(
      wholeNumber(0, 255),
      (level) => level.get(seg6.SEG6_LOCAL_FLV_LCBLOCK_BITS)?.u8(),
    ),
    nflen: inFlavors(
      wholeNumber(0, 255),
      (level) => level.get(seg6.SEG6_LOCAL_FLV_LCNODE_FN_BITS)?.u8(),
    ),
    count: {
      ...toggleWord,
      number: seg6.SEG6_LOCAL_COUNTERS,
      decode: (level) => level.has(seg6.SEG6_LOCAL_COUNTERS),
      encode(body, isOn) {
        if (!isOn) return;
        body.nest(seg6.SEG6_LOCAL_COUNTERS, () => {
          for (const counter of COUNTERS) body.u64(counter, 0);
        });
      },
      json: [],
    },
  }),
  [lwt.LWTUNNEL_ENCAP_RPL]: new AttributeTable({
    segs: attribute<string[], string[] | undefined>(lwt.RPL_IPTUNNEL_SRH, {
      ...segmentList,
      raw: (value) =>
        segments(value, 0, (at) => value.bytes[at + SEGMENTS_LEFT]! - 1),
      decode: (segs) => segs,
      encode: (body, attribute, segs) =>
        void body.bytes(
          attribute,
          routingHeader(segs, {
            type: IPV6_SRCRT_TYPE_3,
            segments_left: segs.length,
          }),
        ),
    }),
  }),
  [lwt.LWTUNNEL_ENCAP_IOAM6]: new AttributeTable({
    freq: {
      ...FREQUENCY,
      number: lwt.IOAM6_IPTUNNEL_FREQ_K,
      decode(level) {
        const { k, n } = frequency(level);
        return k === undefined ? undefined : `${k}/${n}`;
      },
      encode(body, value) {
        const [k, n] = value.split("/").map(Number);
        body.u32(lwt.IOAM6_IPTUNNEL_FREQ_K, k!)
          .u32(lwt.IOAM6_IPTUNNEL_FREQ_N, n!);
      },
      json: [
        { key: "freqk", read: (level) => frequency(level).k },
        { key: "freqn", read: (level) => frequency(level).n },
      ],
    },
    mode: word(lwt.IOAM6_IPTUNNEL_MODE, u8, {
      inline: lwt.IOAM6_IPTUNNEL_MODE_INLINE,
      encap: lwt.IOAM6_IPTUNNEL_MODE_ENCAP,
      auto: lwt.IOAM6_IPTUNNEL_MODE_AUTO,
    }),
    tunsrc: address6(lwt.newer.IOAM6_IPTUNNEL_SRC),
    tundst: address6(lwt.IOAM6_IPTUNNEL_DST),
    trace: onlyPrinted(),
    prealloc: onlyPrinted(),
    type: inTrace(
      wholeNumber(1, 0xff_ffff),
      (view, at) => view.getUint32(at + 4) >>> 8,
      (type) => `0x${type.toString(16).padStart(6, "0")}`,
    ),
    ns: inTrace(wholeNumber(0, 0xffff), (view, at) => view.getUint16(at)),
    size: inTrace(
      TRACE_DATA_SIZE,
      (view, at) => (view.getUint8(at + 3) & 0x7f) * 4,
    ),
  }),
};

/** Values that iproute2 encodes if they are not given. */
const DEFAULTS: { readonly [type: number]: OptionValues } = {
  [lwt.LWTUNNEL_ENCAP_IOAM6]: { freq: "1/1", mode: "inline" },
};

/** Options that a type needs. */
const REQUIRED: { readonly [type: number]: readonly string[] } = {
  [lwt.LWTUNNEL_ENCAP_SEG6]: ["mode", "segs"],
  [lwt.LWTUNNEL_ENCAP_SEG6_LOCAL]: ["action"],
  [lwt.LWTUNNEL_ENCAP_RPL]: ["segs"],
  [lwt.LWTUNNEL_ENCAP_IOAM6]: ["type", "ns", "size"],
};

/** Words without a meaning of their own. */
const FILLERS = ["srh", "trace", "prealloc"];

/** An encapsulation as a user describes it. */
interface Described {
  readonly type: number;
  readonly values: OptionValues;
}

/** Parses the words of an encapsulation; undefined if one is wrong. */
function parse(text: string): Described | undefined {
  const [name, ...words] = text.split(/\s+/)
    .filter((word) => word !== "" && !FILLERS.includes(word));
  const [type = 0] = [...NAMES].find(([, one]) => one === name) ?? [];
  const options = TABLES[type]?.options;
  if (options === undefined) return undefined;
  const values: Record<string, unknown> = {};
  if (type === lwt.LWTUNNEL_ENCAP_MPLS) words.unshift("dst");
  while (words.length > 0) {
    const word = words.shift()!;
    const option = Object.hasOwn(options, word) ? options[word] : undefined;
    if (option === undefined || word in values) return undefined;
    values[word] = option.alone ?? option.read(words.shift());
    if (values[word] === undefined) return undefined;
  }
  return REQUIRED[type]?.every((word) => word in values) === false
    ? undefined
    : { type, values: { ...DEFAULTS[type], ...values } };
}

/** An encapsulation in the words of ip-route(8). */
const encapsulationReader: Option<string> = {
  several: true,
  expected:
    "an encapsulation like mpls 100/200 or ip id 42 dst 192.0.2.1, see ip-route(8)",
  schema: { type: "string" },
  read: (given) =>
    typeof given === "string" && parse(given) !== undefined ? given : undefined,
};

/** The words that describe an encapsulation, without the kernel's defaults. */
function textOf({ type, attributes }: RouteEncapsulation): string {
  const table = TABLES[type];
  const found = table?.decode(levelOf(attributes)) ?? {};
  const words = Object.entries(found).flatMap(([word, value]) => {
    const { kernelDefault, alone, text } = table!.entries[word]!;
    const isDefault = value === (DEFAULTS[type]?.[word] ?? kernelDefault) ||
      value === false || value === null;
    return isDefault ? [] : [
      word,
      ...alone === undefined ? [text?.(value) ?? valueText(value)] : [],
    ];
  });
  if (type === lwt.LWTUNNEL_ENCAP_MPLS) words.shift();
  return [nameOf({ type }), ...words].join(" ");
}

/** The keys that ip(8) adds with statistics. */
function counters(type: number, level: AttributeLevel): JsonObject {
  if (type !== lwt.LWTUNNEL_ENCAP_SEG6_LOCAL) return {};
  const inner = level.get(seg6.SEG6_LOCAL_COUNTERS)?.enter();
  if (inner === undefined) return {};
  const counts = new AttributeLevel(inner);
  const count = (number: number) => counts.get(number)?.u64() ?? 0;
  return {
    stats64: {
      packets: count(seg6.SEG6_LOCAL_CNT_PACKETS),
      bytes: count(seg6.SEG6_LOCAL_CNT_BYTES),
      errors: count(seg6.SEG6_LOCAL_CNT_ERRORS),
    },
  };
}

/**
 * An encapsulation, nested as in iproute2 7.1; 6.1 mixes its keys with those of
 * the route.
 */
function encapsulationJson(
  { type, attributes }: RouteEncapsulation,
  { names, statistics }: JsonContext,
): JsonObject {
  const level = levelOf(attributes);
  const json: JsonObject = {
    encap_type: NAMES.get(type) ?? "unknown",
    ...TABLES[type]?.json(level),
    ...(statistics ? counters(type, level) : {}),
  };
  for (const key of TABLES[type]?.links ?? []) {
    if (key in json) json[key] = names.name(Number(json[key]));
  }
  return json;
}

const NONE = new Uint8Array(0);

/** The table entries of an object that can have an encapsulation. */
export function encapsulationFields<
  O extends { encapsulation?: RouteEncapsulation },
>(typeNumber: number, number: number): {
  readonly [Entry in "encap" | "encapType"]: ObjectAttribute<O>;
} {
  return {
    encap: {
      number,
      ...encapsulationReader,
      // The encapsulation is part of the identity of an object.
      compare: true,
      of: ({ encapsulation }) => encapsulation && textOf(encapsulation),
      encode(body, text: string, { names }) {
        const { type, values } = parse(text)!;
        body.nest(number, () => TABLES[type]!.encode(body, values, names))
          .u16(typeNumber, type);
      },
      decode(object, value) {
        const type = object.encapsulation?.type ?? 0;
        object.encapsulation = { type, attributes: value.copy() };
      },
      print(json, { encapsulation }, context) {
        if (encapsulation === undefined) return;
        json.encap = encapsulationJson(encapsulation, context);
      },
    },
    encapType: {
      number: typeNumber,
      decode(object, value) {
        const attributes = object.encapsulation?.attributes ?? NONE;
        object.encapsulation = { type: value.u16(), attributes };
      },
    },
  };
}

function nameOf({ type }: Pick<RouteEncapsulation, "type">): string {
  return NAMES.get(type) ?? "unknown";
}
