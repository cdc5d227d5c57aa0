// Links in the format of `ip -j link` and `ip -j address`: the same keys and
// values, in the same order. Source: ip-link(8) of iproute2 6.1.

import { IFF_POINTOPOINT } from "../../ffi/uapi/net_if.ts";
import * as ifla from "../../ffi/uapi/linux_if_link.ts";
import { AF_INET6 } from "../../ffi/uapi/sys_socket.ts";
import type { AttributeReader } from "../netlink/attribute.ts";
import type { LinkKind } from "../rtnetlink/kinds/kind.ts";
import { reportedKind } from "../rtnetlink/kinds/mod.ts";
import { hex, type JsonValue, type KindData } from "../rtnetlink/spec/json.ts";
import { AttributeLevel } from "../rtnetlink/spec/level.ts";
import { flagNames } from "../rtnetlink/link/flags.ts";
import type { Link } from "../rtnetlink/link/link.ts";
import { linkLayerAddress } from "../rtnetlink/link/link_layer.ts";
import type { LinkNames } from "../rtnetlink/link/names.ts";
import {
  linkGroupName,
  protoDownReasonName,
} from "../rtnetlink/names/iproute2.ts";
import { linkTypeName } from "../rtnetlink/names/link_type.ts";
import { ipLinkStatistics } from "./link_statistics.ts";
import { type IpJsonOptions, NO_NAMES } from "./options.ts";
import { ipVirtualFunctions } from "./virtual_function.ts";
import { ipXdp } from "./xdp.ts";

/** A link with iproute2's keys. */
export type IpLink = {
  /** The ifindex. */
  ifindex: number;
  /** The name of the lower link, null for an unknown one. */
  link?: string | null;
  /** The ifindex of a lower link in another namespace. */
  link_index?: number;
  /** The name. */
  ifname: string;
  /** IFF_* flags. */
  flags: string[];
  /** The MTU, in bytes. */
  mtu?: number;
  /** The XDP programs. */
  xdp?: JsonValue;
  /** The queueing discipline. */
  qdisc?: string;
  /** The name of the master. */
  master?: string;
  /** IF_OPER_* without the prefix. */
  operstate?: string;
  /** The number of a state without a name. */
  operstate_index?: number;
  /** IF_LINK_MODE_* without the prefix. */
  linkmode?: string;
  /** The number of a mode without a name. */
  linkmode_index?: number;
  /** The group of links. */
  group?: string;
  /** The length of the transmit queue, in packets. */
  txqlen?: number;
  /** The reason of a notification. */
  event?: string | number;
  /** The name of the ARPHRD_ number. */
  link_type?: string;
  /** The link-layer address. */
  address?: string;
  /** Whether "broadcast" is the peer of a point-to-point link. */
  link_pointtopoint?: boolean;
  /** The link-layer broadcast address. */
  broadcast?: string;
  /** The permanent address, if it differs. */
  permaddr?: string;
  /** The id of the lower link's namespace. */
  link_netnsid?: number;
  /** Whether a protocol keeps it down. */
  proto_down?: boolean;
  /** The reasons of protodown. */
  proto_down_reason?: string[];
  /**
   * The number of users of promiscuous mode; this and the following keys with
   * details.
   */
  promiscuity?: number;
  /** The number of users of allmulti mode. */
  allmulti?: number;
  /** The minimum MTU, in bytes. */
  min_mtu?: number;
  /** The maximum MTU, in bytes. */
  max_mtu?: number;
  /** The kinds of the link and its master, with their options. */
  linkinfo?: {
    /** Its kind. */
    info_kind?: string;
    /** The options of the kind. */
    info_data?: KindData;
    /** The kind of the master. */
    info_slave_kind?: string;
    /** The options as a port. */
    info_slave_data?: KindData;
  };
  /** How IPv6 generates link-local addresses. */
  inet6_addr_gen_mode?: string;
  /** The number of transmit queues. */
  num_tx_queues?: number;
  /** The number of receive queues. */
  num_rx_queues?: number;
  /** The maximum size of a GSO packet, in bytes. */
  gso_max_size?: number;
  /** The maximum number of segments of a GSO packet. */
  gso_max_segs?: number;
  /** The maximum size of a TSO packet, in bytes. */
  tso_max_size?: number;
  /** The maximum number of segments of a TSO packet. */
  tso_max_segs?: number;
  /** The maximum size of a GRO packet, in bytes. */
  gro_max_size?: number;
  /** The name of the physical port. */
  phys_port_name?: string;
  /** The physical port, in hexadecimal. */
  phys_port_id?: string;
  /** The switch, in hexadecimal. */
  phys_switch_id?: string;
  /** The bus of the device. */
  parentbus?: string;
  /** The device. */
  parentdev?: string;
  /** A description. */
  ifalias?: string;
  /** 64-bit counters, with statistics. */
  stats64?: {
    readonly rx: Readonly<Record<string, JsonValue>>;
    readonly tx: Readonly<Record<string, JsonValue>>;
  };
  /** 32-bit counters, with statistics of an old kernel. */
  stats?: {
    readonly rx: Readonly<Record<string, JsonValue>>;
    readonly tx: Readonly<Record<string, JsonValue>>;
  };
  /** Virtual functions. */
  vfinfo_list?: JsonValue[];
  /** The alternative names. */
  altnames?: string[];
};

const OPERSTATES = [
  "UNKNOWN",
  "NOTPRESENT",
  "DOWN",
  "LOWERLAYERDOWN",
  "TESTING",
  "DORMANT",
  "UP",
];
const MODES = ["DEFAULT", "DORMANT"];
const EVENTS = [
  "NONE",
  "REBOOT",
  "FEATURE CHANGE",
  "BONDING FAILOVER",
  "NOTIFY PEERS",
  "RESEND IGMP",
  "BONDING OPTION",
];
const GENERATION_MODES = ["eui64", "none", "stable_secret", "random"];

/**
 * Returns a link in the format of `ip -j link`.
 *
 * @param link The link, read with statistics if they are printed.
 * @param options What to print.
 *
 * Source: ip-link(8).
 *
 * @example
 * ```ts
 * import { ipLink, LinkNames, RouteSocket } from "@netplumb/netplumb";
 *
 * await using route = RouteSocket.open();
 * const links = await route.links();
 * const names = new LinkNames(links);
 * console.log(JSON.stringify(links.map((link) => ipLink(link, { names }))));
 * ```
 */
export function ipLink(link: Link, options: IpJsonOptions = {}): IpLink {
  const { names = NO_NAMES, details = false, forAddresses = false } = options;
  const rest = new AttributeLevel(link.attributes());
  // Keys are added in iproute2's order.
  const json = { ifindex: link.ifindex } as IpLink;
  lowerLink(json, link, names);
  json.ifname = link.name;
  const flags = json.flags = flagNames(link.flags);
  if (
    link.link !== undefined && link.link !== 0 &&
    link.linkNetnsid === undefined && names.isDown(link.link)
  ) flags.push("M-DOWN");
  if (rest.has(ifla.IFLA_MTU)) json.mtu = link.mtu | 0;
  const xdp = rest.get(ifla.IFLA_XDP);
  if (xdp !== undefined) Object.assign(json, ipXdp(xdp, options));
  if (link.qdisc !== undefined) json.qdisc = link.qdisc;
  if (rest.has(ifla.IFLA_MASTER)) json.master = names.name(link.master);
  if (rest.has(ifla.IFLA_OPERSTATE)) {
    word(json, "operstate", OPERSTATES, link.operstate);
  }
  if (!forAddresses && rest.has(ifla.IFLA_LINKMODE)) {
    word(json, "linkmode", MODES, link.linkMode);
  }
  if (rest.has(ifla.IFLA_GROUP)) json.group = linkGroupName(link.group | 0);
  const txqlen = options.txqlen ?? link.txqlen;
  if (txqlen !== 0) json.txqlen = txqlen | 0;
  const event = rest.get(ifla.IFLA_EVENT)?.u32();
  if (event) json.event = EVENTS[event] ?? event | 0;
  if (!options.withoutLinkLayer || details) linkLayer(json, link, rest);
  if (link.linkNetnsid !== undefined) json.link_netnsid = link.linkNetnsid;
  protoDown(json, rest);
  if (details) {
    describeDetails(json, link, rest, options);
  }
  if ((!forAddresses || details) && link.alias !== undefined) {
    json.ifalias = link.alias;
  }
  if (!forAddresses && options.statistics) {
    Object.assign(json, ipLinkStatistics(link, options.statistics));
  }
  if (!forAddresses || details) {
    const functions = rest.get(ifla.IFLA_VFINFO_LIST);
    if (functions !== undefined && rest.has(ifla.IFLA_NUM_VF)) {
      json.vfinfo_list = ipVirtualFunctions(functions, link, options);
    }
  }
  if (rest.has(ifla.IFLA_PROP_LIST)) json.altnames = [...link.altNames];
  return json;
}

/** The name of a number, or the number without one. */
function word(
  json: IpLink,
  key: "operstate" | "linkmode",
  words: readonly string[],
  index: number,
): void {
  const word = words[index];
  if (word === undefined) json[`${key}_index`] = index;
  else json[key] = word;
}

/** The lower link, by name if it is in the same namespace. */
function lowerLink(json: IpLink, link: Link, names: LinkNames): void {
  if (link.link === undefined) return;
  if (link.link === 0) json.link = null;
  else if (link.linkNetnsid !== undefined) json.link_index = link.link;
  else json.link = names.name(link.link);
}

function linkLayer(json: IpLink, link: Link, rest: AttributeLevel): void {
  json.link_type = linkTypeName(link.type);
  if (link.address !== undefined) json.address = link.address;
  if (link.broadcast !== undefined) {
    if (link.flags & IFF_POINTOPOINT) json.link_pointtopoint = true;
    json.broadcast = link.broadcast;
  }
  const permanent = rest.get(ifla.IFLA_PERM_ADDRESS);
  if (permanent !== undefined) {
    const { bytes, at, length } = permanent;
    const address = linkLayerAddress(link.type, bytes, at, length);
    if (address !== link.address) json.permaddr = address;
  }
}

function protoDown(json: IpLink, rest: AttributeLevel): void {
  const down = rest.get(ifla.IFLA_PROTO_DOWN);
  if (down === undefined) return;
  if (down.u8() !== 0) json.proto_down = true;
  const inner = rest.get(ifla.IFLA_PROTO_DOWN_REASON)?.enter();
  while (inner?.next()) {
    if (inner.type !== ifla.IFLA_PROTO_DOWN_REASON_VALUE) continue;
    // iproute2 uses only the first eight bits.
    const bits = inner.u8();
    if (bits === 0) continue;
    const reasons: string[] = [];
    for (let bit = 0; bit < 8; bit++) {
      if (bits >> bit & 1) reasons.push(protoDownReasonName(bit));
    }
    json.proto_down_reason = reasons;
  }
}

/** The numbers that `-d` adds, in order of output. */
const FIRST = [
  [ifla.IFLA_PROMISCUITY, "promiscuity"],
  [ifla.IFLA_ALLMULTI, "allmulti"],
  [ifla.IFLA_MIN_MTU, "min_mtu"],
  [ifla.IFLA_MAX_MTU, "max_mtu"],
] as const;
const LAST = [
  [ifla.IFLA_NUM_TX_QUEUES, "num_tx_queues"],
  [ifla.IFLA_NUM_RX_QUEUES, "num_rx_queues"],
  [ifla.IFLA_GSO_MAX_SIZE, "gso_max_size"],
  [ifla.IFLA_GSO_MAX_SEGS, "gso_max_segs"],
  [ifla.IFLA_TSO_MAX_SIZE, "tso_max_size"],
  [ifla.IFLA_TSO_MAX_SEGS, "tso_max_segs"],
  [ifla.IFLA_GRO_MAX_SIZE, "gro_max_size"],
] as const;

function describeDetails(
  json: IpLink,
  link: Link,
  rest: AttributeLevel,
  options: IpJsonOptions,
): void {
  for (const [type, key] of FIRST) {
    const value = rest.get(type);
    if (value !== undefined) json[key] = value.u32();
  }
  if (rest.has(ifla.IFLA_LINKINFO)) {
    json.linkinfo = linkInfo(link, options.names ?? NO_NAMES);
  }
  const families = rest.get(ifla.IFLA_AF_SPEC);
  if (!options.forAddresses && families !== undefined) {
    const mode = generationMode(families);
    if (mode !== undefined) json.inet6_addr_gen_mode = mode;
  }
  for (const [type, key] of LAST) {
    const value = rest.get(type);
    if (value !== undefined) json[key] = value.u32();
  }
  text(json, "phys_port_name", rest.get(ifla.IFLA_PHYS_PORT_NAME));
  bytes(json, "phys_port_id", rest.get(ifla.IFLA_PHYS_PORT_ID));
  bytes(json, "phys_switch_id", rest.get(ifla.IFLA_PHYS_SWITCH_ID));
  text(json, "parentbus", rest.get(ifla.IFLA_PARENT_DEV_BUS_NAME));
  text(json, "parentdev", rest.get(ifla.IFLA_PARENT_DEV_NAME));
}

function text(
  json: IpLink,
  key: "phys_port_name" | "parentbus" | "parentdev",
  value: AttributeReader | undefined,
): void {
  if (value !== undefined) json[key] = value.string();
}

function bytes(
  json: IpLink,
  key: "phys_port_id" | "phys_switch_id",
  value: AttributeReader | undefined,
): void {
  if (value !== undefined) json[key] = value.copy().toHex();
}

/** How IPv6 generates link-local addresses on the link. */
function generationMode(families: AttributeReader): string | undefined {
  const family = families.enter();
  while (family.next()) {
    if (family.type !== AF_INET6) continue;
    const inner = family.enter();
    while (inner.next()) {
      if (inner.type !== ifla.IFLA_INET6_ADDR_GEN_MODE) continue;
      const mode = inner.u8();
      return GENERATION_MODES[mode] ?? hex(mode).replace("0x", "0x0");
    }
  }
  return undefined;
}

type LinkInfo = NonNullable<IpLink["linkinfo"]>;

/** The kinds of a link and its master, with their options. */
function linkInfo(link: Link, names: LinkNames): LinkInfo {
  const json: LinkInfo = {};
  if (link.kind !== undefined) {
    json.info_kind = link.kind;
    const { data } = link;
    if (data !== undefined) {
      json.info_data = named(data, reportedKind(link.kind), names);
    }
  }
  if (link.masterKind !== undefined) {
    json.info_slave_kind = link.masterKind;
    const { portData } = link;
    if (portData !== undefined) {
      const settings = reportedKind(link.masterKind)?.port;
      json.info_slave_data = named(portData, settings, names);
    }
  }
  return json;
}

/** The options, with names of links instead of ifindexes. */
function named(
  data: KindData,
  kind: LinkKind | undefined,
  names: LinkNames,
): KindData {
  for (const key of kind?.table.links ?? []) {
    const value = data[key];
    if (typeof value === "number") data[key] = names.name(value);
  }
  return data;
}
