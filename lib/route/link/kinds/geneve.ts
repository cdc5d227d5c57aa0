// ip link add NAME type geneve. Source: ip-link(8), RFC 8926.

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
  onOff,
  other,
  present,
  u32,
  u8,
} from "../field.ts";

const DF = ["unset", "set", "inherit"];

/** An inherited TTL has no value, and an IPv4 address hides an IPv6 one. */
function finish(data: KindData, level: AttributeLevel): void {
  if (level.get(ifla.IFLA_GENEVE_TTL_INHERIT)?.u8()) delete data.ttl;
  if (level.has(ifla.IFLA_GENEVE_REMOTE)) delete data.remote6;
}

export const geneve: Kind = {
  name: "geneve",
  data: [
    present(ifla.IFLA_GENEVE_COLLECT_METADATA, "external"),
    u32(ifla.IFLA_GENEVE_ID, "id"),
    other(
      ifla.IFLA_GENEVE_REMOTE,
      "remote",
      (value) => isZero(value) ? undefined : address(value),
    ),
    other(ifla.IFLA_GENEVE_REMOTE6, "remote6", (value) => {
      const { bytes, at, length } = value;
      return isZero(value) || isMulticast(bytes.subarray(at, at + length))
        ? undefined
        : address(value);
    }),
    u8(ifla.IFLA_GENEVE_TTL, "ttl"),
    hex8Not0(ifla.IFLA_GENEVE_TOS, "tos"),
    other(ifla.IFLA_GENEVE_DF, "df", (value) => DF[value.u8()]),
    other(
      ifla.IFLA_GENEVE_LABEL,
      "label",
      (value) => value.be32() === 0 ? undefined : hex(value.be32()),
    ),
    be16(ifla.IFLA_GENEVE_PORT, "port"),
    onOff(ifla.IFLA_GENEVE_UDP_CSUM, "udp_csum"),
    onOff(ifla.IFLA_GENEVE_UDP_ZERO_CSUM6_TX, "udp_zero_csum6_tx"),
    onOff(ifla.IFLA_GENEVE_UDP_ZERO_CSUM6_RX, "udp_zero_csum6_rx"),
    present(ifla.IFLA_GENEVE_INNER_PROTO_INHERIT, "inner_proto_inherit"),
  ],
  finish,
};
