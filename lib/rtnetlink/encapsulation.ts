// Encapsulations of routes and nexthops (lightweight tunnels).
// Source: ip-route(8), linux/lwtunnel.h.

import {
  TUNNEL_CSUM,
  TUNNEL_KEY,
  TUNNEL_SEQ,
} from "../../ffi/uapi/linux_if_tunnel.ts";
import * as lwt from "../../ffi/uapi/linux_lwtunnel.ts";
import * as seg6 from "../../ffi/uapi/linux_seg6.ts";
import { formatIPv6 } from "../net/ip_address.ts";
import type { AttributeReader } from "../netlink/attribute.ts";
import { addressText } from "./family.ts";
import { tableName } from "./names/iproute2.ts";
import { reported, showAddress } from "./spec/attribute.ts";
import { type JsonValue, onlyTrue } from "./spec/json.ts";
import { AttributeLevel } from "./spec/level.ts";
import { AttributeTable, levelOf } from "./spec/table.ts";
import type {
  JsonContext,
  JsonObject,
  ObjectAttribute,
} from "./spec/object.ts";

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

const flag = (number: number, bit: number) =>
  reported<boolean>(number, (value) => onlyTrue(value.u16() & bit));
const byte = (number: number) =>
  reported<number>(number, (value) => value.u8());
const id = (number: number) =>
  reported<number>(number, (value) => Number(value.be64()));
const address = (number: number) =>
  reported<string>(number, (value) => showAddress(value.copy()));

const text = (number: number, names: Readonly<Record<number, string>>) =>
  reported<string>(number, (value) => names[value.u32()] ?? "<unknown>");
const table = (number: number) =>
  reported<string>(number, (value) => tableName(value.u32()));
const link = (number: number) =>
  reported<number>(number, (value) => value.u32(), { link: true });

/** The segments of struct ipv6_sr_hdr, in the order of visits. */
function segments(
  { bytes, at, length }: AttributeReader,
  header: number,
): { readonly segs: readonly string[] } | undefined {
  const first = at + header;
  const { size } = seg6.ipv6_sr_hdr;
  const end = at + length;
  if (end - first < size) return undefined;
  const segs: string[] = [];
  // first_segment is the index of the last entry.
  for (let index = bytes[first + 4]!; index >= 0; index--) {
    const segment = first + size + 16 * index;
    if (segment + 16 <= end) segs.push(formatIPv6(bytes, segment));
  }
  return { segs };
}

/** The mode in struct seg6_iptunnel_encap, before the header. */
const MODE_SIZE = 4;
const MODES = ["inline", "encap", "l2encap", "encap.red", "l2encap.red"];

const ACTIONS: Readonly<Record<number, string>> = {
  [seg6.SEG6_LOCAL_ACTION_END]: "End",
  [seg6.SEG6_LOCAL_ACTION_END_X]: "End.X",
  [seg6.SEG6_LOCAL_ACTION_END_T]: "End.T",
  [seg6.SEG6_LOCAL_ACTION_END_DX2]: "End.DX2",
  [seg6.SEG6_LOCAL_ACTION_END_DX6]: "End.DX6",
  [seg6.SEG6_LOCAL_ACTION_END_DX4]: "End.DX4",
  [seg6.SEG6_LOCAL_ACTION_END_DT6]: "End.DT6",
  [seg6.SEG6_LOCAL_ACTION_END_DT4]: "End.DT4",
  [seg6.SEG6_LOCAL_ACTION_END_B6]: "End.B6",
  [seg6.SEG6_LOCAL_ACTION_END_B6_ENCAP]: "End.B6.Encaps",
  [seg6.SEG6_LOCAL_ACTION_END_BM]: "End.BM",
  [seg6.SEG6_LOCAL_ACTION_END_S]: "End.S",
  [seg6.SEG6_LOCAL_ACTION_END_AS]: "End.AS",
  [seg6.SEG6_LOCAL_ACTION_END_AM]: "End.AM",
  [seg6.SEG6_LOCAL_ACTION_END_BPF]: "End.BPF",
  [seg6.SEG6_LOCAL_ACTION_END_DT46]: "End.DT46",
};

const FLAVORS: Readonly<Record<number, string>> = {
  [seg6.SEG6_LOCAL_FLV_OP_PSP]: "psp",
  [seg6.SEG6_LOCAL_FLV_OP_USP]: "usp",
  [seg6.SEG6_LOCAL_FLV_OP_USD]: "usd",
  [seg6.SEG6_LOCAL_FLV_OP_NEXT_CSID]: "next-csid",
};

function flavors(level: AttributeLevel): JsonValue {
  const bits = level.get(seg6.SEG6_LOCAL_FLV_OPERATION)?.u32() ?? 0;
  return Object.entries(FLAVORS).flatMap(([bit, name]) =>
    bits & 1 << Number(bit) ? [name] : []
  );
}

const inFlavors = <T extends JsonValue>(
  key: string,
  read: (level: AttributeLevel) => T | undefined,
) =>
  reported<T>(
    seg6.SEG6_LOCAL_FLAVORS,
    (value) => read(new AttributeLevel(value.enter())),
    { key },
  );

const TABLES: { readonly [type: number]: AttributeTable } = {
  [lwt.LWTUNNEL_ENCAP_MPLS]: new AttributeTable({
    dst: reported<string>(
      lwt.MPLS_IPTUNNEL_DST,
      ({ bytes, at, length }) => addressText("mpls", bytes, at, length),
    ),
    ttl: byte(lwt.MPLS_IPTUNNEL_TTL),
  }),
  [lwt.LWTUNNEL_ENCAP_IP]: new AttributeTable({
    id: id(lwt.LWTUNNEL_IP_ID),
    src: address(lwt.LWTUNNEL_IP_SRC),
    dst: address(lwt.LWTUNNEL_IP_DST),
    ttl: byte(lwt.LWTUNNEL_IP_TTL),
    tos: byte(lwt.LWTUNNEL_IP_TOS),
    key: flag(lwt.LWTUNNEL_IP_FLAGS, TUNNEL_KEY),
    csum: flag(lwt.LWTUNNEL_IP_FLAGS, TUNNEL_CSUM),
    seq: flag(lwt.LWTUNNEL_IP_FLAGS, TUNNEL_SEQ),
  }),
  [lwt.LWTUNNEL_ENCAP_IP6]: new AttributeTable({
    id: id(lwt.LWTUNNEL_IP6_ID),
    src: address(lwt.LWTUNNEL_IP6_SRC),
    dst: address(lwt.LWTUNNEL_IP6_DST),
    hoplimit: byte(lwt.LWTUNNEL_IP6_HOPLIMIT),
    tc: byte(lwt.LWTUNNEL_IP6_TC),
    key: flag(lwt.LWTUNNEL_IP6_FLAGS, TUNNEL_KEY),
    csum: flag(lwt.LWTUNNEL_IP6_FLAGS, TUNNEL_CSUM),
    seq: flag(lwt.LWTUNNEL_IP6_FLAGS, TUNNEL_SEQ),
  }),
  [lwt.LWTUNNEL_ENCAP_SEG6]: new AttributeTable({
    mode: text(seg6.SEG6_IPTUNNEL_SRH, { ...MODES }),
    tunsrc: address(seg6.newer.SEG6_IPTUNNEL_SRC),
    segs: reported<readonly string[]>(
      seg6.SEG6_IPTUNNEL_SRH,
      (value) => segments(value, MODE_SIZE)?.segs,
    ),
  }),
  [lwt.LWTUNNEL_ENCAP_SEG6_LOCAL]: new AttributeTable({
    action: text(seg6.SEG6_LOCAL_ACTION, ACTIONS),
    srh: reported<{ readonly segs: readonly string[] }>(
      seg6.SEG6_LOCAL_SRH,
      (value) => segments(value, 0),
    ),
    table: table(seg6.SEG6_LOCAL_TABLE),
    vrftable: table(seg6.SEG6_LOCAL_VRFTABLE),
    nh4: address(seg6.SEG6_LOCAL_NH4),
    nh6: address(seg6.SEG6_LOCAL_NH6),
    iif: link(seg6.SEG6_LOCAL_IIF),
    oif: link(seg6.SEG6_LOCAL_OIF),
    flavors: inFlavors("flavors", flavors),
    lblen: inFlavors(
      "lblen",
      (level) => level.get(seg6.SEG6_LOCAL_FLV_LCBLOCK_BITS)?.u8(),
    ),
    nflen: inFlavors(
      "nflen",
      (level) => level.get(seg6.SEG6_LOCAL_FLV_LCNODE_FN_BITS)?.u8(),
    ),
  }),
};

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
      // The encapsulation is part of the identity of an object.
      compare: true,
      of: ({ encapsulation }) => encapsulation && nameOf(encapsulation),
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

function nameOf({ type }: RouteEncapsulation): string {
  return NAMES.get(type) ?? "unknown";
}
