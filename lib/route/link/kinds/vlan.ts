// ip link add link LOWER name NAME type vlan. Source: ip-link(8).

import {
  VLAN_FLAG_BRIDGE_BINDING,
  VLAN_FLAG_GVRP,
  VLAN_FLAG_LOOSE_BINDING,
  VLAN_FLAG_MVRP,
  VLAN_FLAG_REORDER_HDR,
} from "../../../../ffi/layout/linux_if_vlan.ts";
import * as ifla from "../../../../ffi/layout/linux_if_link_kinds.ts";
import type { AttributeReader } from "../../../netlink/attribute.ts";
import {
  bits,
  ethernetProtocol,
  type JsonValue,
  type Kind,
  other,
  u16,
} from "../field.ts";

const FLAGS = [
  [VLAN_FLAG_REORDER_HDR, "REORDER_HDR"],
  [VLAN_FLAG_GVRP, "GVRP"],
  [VLAN_FLAG_MVRP, "MVRP"],
  [VLAN_FLAG_LOOSE_BINDING, "LOOSE_BINDING"],
  [VLAN_FLAG_BRIDGE_BINDING, "BRIDGE_BINDING"],
] as const;

function priorities(list: AttributeReader): JsonValue {
  const map: JsonValue[] = [];
  const one = list.enter();
  while (one.next()) {
    if (one.length < ifla.ifla_vlan_qos_mapping.size) continue;
    map.push({
      from: one.words[one.at >> 2] >>> 0,
      to: one.words[(one.at >> 2) + 1] >>> 0,
    });
  }
  return map;
}

export const vlan: Kind = {
  name: "vlan",
  needs: [ifla.IFLA_VLAN_ID],
  data: [
    {
      ...ethernetProtocol(ifla.IFLA_VLAN_PROTOCOL, "protocol"),
      absent: "802.1q",
    },
    u16(ifla.IFLA_VLAN_ID, "id"),
    other(
      ifla.IFLA_VLAN_FLAGS,
      "flags",
      (value) =>
        value.length < ifla.ifla_vlan_flags.size
          ? undefined
          : bits(value.u32(), FLAGS),
    ),
    other(ifla.IFLA_VLAN_INGRESS_QOS, "ingress_qos", priorities),
    other(ifla.IFLA_VLAN_EGRESS_QOS, "egress_qos", priorities),
  ],
};
