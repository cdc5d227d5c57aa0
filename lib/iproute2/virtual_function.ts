// Virtual functions of a network card (SR-IOV) in the format of `ip -j link`.

import { ARPHRD_ETHER } from "../../ffi/uapi/linux_if_arp.ts";
import { ETH_P_8021Q } from "../../ffi/uapi/linux_if_ether.ts";
import * as ifla from "../../ffi/uapi/linux_if_link.ts";
import { IFF_POINTOPOINT } from "../../ffi/uapi/net_if.ts";
import type { AttributeReader } from "../netlink/attribute.ts";
import { formatLinkAddress } from "../net/link_address.ts";
import type { JsonValue } from "../rtnetlink/spec/json.ts";
import { AttributeLevel } from "../rtnetlink/spec/level.ts";
import type { Link } from "../rtnetlink/link/link.ts";
import { ethernetProtocolName } from "../rtnetlink/names/ethernet.ts";
import { linkTypeName } from "../rtnetlink/names/link_type.ts";
import type { IpJsonOptions } from "./options.ts";

type Json = Record<string, JsonValue>;

const ETHERNET = 6;
const INFINIBAND = 20;
/** A setting that the driver does not support. */
const UNKNOWN = 0xffffffff;

export function ipVirtualFunctions(
  list: AttributeReader,
  link: Link,
  options: IpJsonOptions,
): JsonValue[] {
  const functions: JsonValue[] = [];
  const one = list.enter();
  while (one.next()) {
    if (one.type === ifla.IFLA_VF_INFO) {
      functions.push(describe(new AttributeLevel(one.enter()), link, options));
    }
  }
  return functions;
}

/** A word of an attribute's struct; undefined after its end. */
function at(
  level: AttributeLevel,
  type: number,
  index: number,
): number | undefined {
  const value = level.get(type);
  return value === undefined || value.length < 4 * (index + 1)
    ? undefined
    : value.words[(value.at >> 2) + index]! >>> 0;
}

function describe(
  level: AttributeLevel,
  link: Link,
  options: IpJsonOptions,
): Json {
  const json: Json = {};
  const size = link.type === ARPHRD_ETHER ? ETHERNET : INFINIBAND;
  const mac = level.get(ifla.IFLA_VF_MAC);
  if (mac !== undefined) json.vf = mac.u32();
  json.link_type = linkTypeName(link.type);
  if (mac !== undefined && mac.length >= ifla.ifla_vf_mac.size) {
    json.address = formatLinkAddress(mac.bytes, mac.at + 4, size);
  }
  const broadcast = level.get(ifla.IFLA_VF_BROADCAST);
  if (broadcast !== undefined && broadcast.length >= size) {
    if (link.flags & IFF_POINTOPOINT) json.link_pointtopoint = true;
    json.broadcast = formatLinkAddress(broadcast.bytes, broadcast.at, size);
  }
  vlans(json, level);
  const txRate = at(level, ifla.IFLA_VF_TX_RATE, 1);
  if (txRate) json.tx_rate = txRate;
  const min = at(level, ifla.IFLA_VF_RATE, 1);
  const max = at(level, ifla.IFLA_VF_RATE, 2);
  if (min !== undefined && max !== undefined) {
    json.rate = { max_tx: max, min_tx: min };
  }
  setting(json, "spoofchk", at(level, ifla.IFLA_VF_SPOOFCHK, 1));
  guid(json, "node guid", level.get(ifla.IFLA_VF_IB_NODE_GUID));
  guid(json, "port guid", level.get(ifla.IFLA_VF_IB_PORT_GUID));
  const state = at(level, ifla.IFLA_VF_LINK_STATE, 1);
  if (state !== undefined) {
    json.link_state = state === ifla.IFLA_VF_LINK_STATE_AUTO
      ? "auto"
      : state === ifla.IFLA_VF_LINK_STATE_ENABLE
      ? "enable"
      : "disable";
  }
  setting(json, "trust", at(level, ifla.IFLA_VF_TRUST, 1));
  setting(json, "query_rss_en", at(level, ifla.IFLA_VF_RSS_QUERY_EN, 1));
  const counters = level.get(ifla.IFLA_VF_STATS);
  if (counters !== undefined && options.statistics) {
    json.stats = statistics(new AttributeLevel(counters.enter()));
  }
  return json;
}

function vlans(json: Json, level: AttributeLevel): void {
  const list = level.get(ifla.IFLA_VF_VLAN_LIST)?.enter();
  if (list === undefined) {
    const vlan = at(level, ifla.IFLA_VF_VLAN, 1);
    const qos = at(level, ifla.IFLA_VF_VLAN, 2);
    if (vlan) json.vlan = vlan;
    if (qos) json.qos = qos;
    return;
  }
  const all: JsonValue[] = [];
  while (list.next()) {
    if (list.length < ifla.ifla_vf_vlan_info.size) continue;
    const { vlan, qos, vlan_proto } = ifla.ifla_vf_vlan_info.get(
      list.view,
      list.at,
    );
    all.push({
      ...(vlan ? { vlan } : {}),
      ...(qos ? { qos } : {}),
      ...(vlan_proto && vlan_proto !== ETH_P_8021Q
        ? { protocol: ethernetProtocolName(vlan_proto) }
        : {}),
    });
  }
  json.vlan_list = all;
}

function setting(json: Json, key: string, value: number | undefined): void {
  if (value !== undefined && value !== UNKNOWN) json[key] = value !== 0;
}

function guid(
  json: Json,
  key: string,
  value: AttributeReader | undefined,
): void {
  if (value === undefined || value.length < ifla.ifla_vf_guid.size) return;
  const { view, at } = value;
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, view.getBigUint64(at + 8, true));
  json[key] = formatLinkAddress(bytes);
}

function statistics(level: AttributeLevel): Json {
  const count = (type: number) => level.get(type)?.u64() ?? 0;
  const rx: Json = {
    bytes: count(ifla.IFLA_VF_STATS_RX_BYTES),
    packets: count(ifla.IFLA_VF_STATS_RX_PACKETS),
    multicast: count(ifla.IFLA_VF_STATS_MULTICAST),
    broadcast: count(ifla.IFLA_VF_STATS_BROADCAST),
  };
  if (level.has(ifla.IFLA_VF_STATS_RX_DROPPED)) {
    rx.dropped = count(ifla.IFLA_VF_STATS_RX_DROPPED);
  }
  const tx: Json = {
    tx_bytes: count(ifla.IFLA_VF_STATS_TX_BYTES),
    tx_packets: count(ifla.IFLA_VF_STATS_TX_PACKETS),
  };
  if (level.has(ifla.IFLA_VF_STATS_TX_DROPPED)) {
    tx.dropped = count(ifla.IFLA_VF_STATS_TX_DROPPED);
  }
  return { rx, tx };
}
