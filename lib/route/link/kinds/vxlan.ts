// ip link add NAME type vxlan. Source: ip-link(8), RFC 7348.

import * as ifla from "../../../../ffi/layout/linux_if_link_kinds.ts";
import { isMulticast } from "../../../address.ts";
import {
  address,
  type AttributeLevel,
  be16,
  hex,
  hex8Not0,
  isZero,
  type Kind,
  type KindData,
  linkNot0,
  onlyOn,
  onOff,
  other,
  present,
  u32,
  u32Not0,
} from "../field.ts";

/** Whom it sends to: one peer or a group, told of where it is set. */
function peer(
  attribute: number,
  key: string,
  multicast: boolean,
) {
  return other(attribute, key, (value) => {
    const { bytes, at, length } = value;
    return !isZero(value) &&
        isMulticast(bytes.subarray(at, at + length)) === multicast
      ? address(value)
      : undefined;
  });
}

function notZero(attribute: number, key: string) {
  return other(
    attribute,
    key,
    (value) => isZero(value) ? undefined : address(value),
  );
}

const DF = ["unset", "set", "inherit"];

/** An inherited TTL has no value, and an IPv4 address hides an IPv6 one. */
function finish(data: KindData, level: AttributeLevel): void {
  if (level.get(ifla.IFLA_VXLAN_TTL_INHERIT)?.u8()) delete data.ttl;
  if (level.has(ifla.IFLA_VXLAN_GROUP)) {
    delete data.group6;
    delete data.remote6;
  }
  if (level.has(ifla.IFLA_VXLAN_LOCAL)) delete data.local6;
}

export const vxlan: Kind = {
  name: "vxlan",
  data: [
    onlyOn(ifla.IFLA_VXLAN_COLLECT_METADATA, "external"),
    onlyOn(ifla.IFLA_VXLAN_VNIFILTER, "vnifilter"),
    u32(ifla.IFLA_VXLAN_ID, "id"),
    peer(ifla.IFLA_VXLAN_GROUP, "group", true),
    peer(ifla.IFLA_VXLAN_GROUP, "remote", false),
    peer(ifla.IFLA_VXLAN_GROUP6, "group6", true),
    peer(ifla.IFLA_VXLAN_GROUP6, "remote6", false),
    notZero(ifla.IFLA_VXLAN_LOCAL, "local"),
    notZero(ifla.IFLA_VXLAN_LOCAL6, "local6"),
    linkNot0(ifla.IFLA_VXLAN_LINK, "link"),
    other(
      ifla.IFLA_VXLAN_PORT_RANGE,
      "port_range",
      ({ view, at, length }) =>
        length < ifla.ifla_vxlan_port_range.size
          ? undefined
          : ifla.ifla_vxlan_port_range.get(view, at),
    ),
    be16(ifla.IFLA_VXLAN_PORT, "port"),
    onOff(ifla.IFLA_VXLAN_LEARNING, "learning"),
    onlyOn(ifla.IFLA_VXLAN_PROXY, "proxy"),
    onlyOn(ifla.IFLA_VXLAN_RSC, "rsc"),
    onlyOn(ifla.IFLA_VXLAN_L2MISS, "l2miss"),
    onlyOn(ifla.IFLA_VXLAN_L3MISS, "l3miss"),
    hex8Not0(ifla.IFLA_VXLAN_TOS, "tos"),
    other(ifla.IFLA_VXLAN_TTL, "ttl", (value) => value.u8()),
    other(ifla.IFLA_VXLAN_DF, "df", (value) => DF[value.u8()]),
    other(
      ifla.IFLA_VXLAN_LABEL,
      "label",
      (value) => value.be32() === 0 ? undefined : hex(value.be32()),
    ),
    u32(ifla.IFLA_VXLAN_AGEING, "ageing"),
    u32Not0(ifla.IFLA_VXLAN_LIMIT, "limit"),
    onOff(ifla.IFLA_VXLAN_UDP_CSUM, "udp_csum"),
    onOff(ifla.IFLA_VXLAN_UDP_ZERO_CSUM6_TX, "udp_zero_csum6_tx"),
    onOff(ifla.IFLA_VXLAN_UDP_ZERO_CSUM6_RX, "udp_zero_csum6_rx"),
    onlyOn(ifla.IFLA_VXLAN_REMCSUM_TX, "remcsum_tx"),
    onlyOn(ifla.IFLA_VXLAN_REMCSUM_RX, "remcsum_rx"),
    present(ifla.IFLA_VXLAN_GBP, "gbp"),
    present(ifla.IFLA_VXLAN_GPE, "gpe"),
  ],
  finish,
};
