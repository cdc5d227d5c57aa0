// What the attributes of links are called, those of their kinds included.

import * as bridge from "../../../ffi/layout/linux_if_bridge.ts";
import * as link from "../../../ffi/layout/linux_if_link.ts";
import * as kinds from "../../../ffi/layout/linux_if_link_kinds.ts";
import * as tunnel from "../../../ffi/layout/linux_if_tunnel.ts";
import { ifinfomsg } from "../../../ffi/layout/linux_rtnetlink.ts";
import { VETH_INFO_PEER } from "../../../ffi/layout/linux_veth.ts";
import { AF_INET, AF_INET6 } from "../../../ffi/layout/sys_socket.ts";
import type { AttributeNames } from "../../netlink/vocabulary.ts";
import { named, withInside } from "../constant_names.ts";

const GRE = () => named(tunnel, "IFLA_GRE_");
const IPTUN = () => named(tunnel, "IFLA_IPTUN_");
const VTI = () => named(tunnel, "IFLA_VTI_");
const MACVLAN = () => named(kinds, "IFLA_MACVLAN_");
const IPVLAN = () => named(kinds, "IFLA_IPVLAN_");

/** IFLA_INFO_DATA of each kind. */
const DATA: Readonly<Record<string, () => AttributeNames>> = {
  bareudp: () => named(kinds, "IFLA_BAREUDP_"),
  bond: () =>
    withInside(
      named(kinds, "IFLA_BOND_", ["IFLA_BOND_SLAVE_", "IFLA_BOND_AD_INFO_"]),
      { [kinds.IFLA_BOND_AD_INFO]: named(kinds, "IFLA_BOND_AD_INFO_") },
    ),
  bridge: () => named(kinds, "IFLA_BR_"),
  erspan: GRE,
  geneve: () => named(kinds, "IFLA_GENEVE_"),
  gre: GRE,
  gretap: GRE,
  hsr: () => named(kinds, "IFLA_HSR_"),
  ip6erspan: GRE,
  ip6gre: GRE,
  ip6gretap: GRE,
  ip6tnl: IPTUN,
  ipip: IPTUN,
  ipvlan: IPVLAN,
  ipvtap: IPVLAN,
  macvlan: MACVLAN,
  macvtap: MACVLAN,
  sit: IPTUN,
  tun: () => named(kinds, "IFLA_TUN_"),
  veth: () => ({
    [VETH_INFO_PEER]: {
      name: "VETH_INFO_PEER",
      struct: ifinfomsg,
      inside: linkAttributeNames,
    },
  }),
  vlan: () =>
    withInside(named(kinds, "IFLA_VLAN_", ["IFLA_VLAN_QOS_"]), {
      [kinds.IFLA_VLAN_INGRESS_QOS]: named(kinds, "IFLA_VLAN_QOS_"),
      [kinds.IFLA_VLAN_EGRESS_QOS]: named(kinds, "IFLA_VLAN_QOS_"),
    }),
  vrf: () => named(kinds, "IFLA_VRF_", ["IFLA_VRF_PORT_"]),
  vti: VTI,
  vti6: VTI,
  vxlan: () => named(kinds, "IFLA_VXLAN_"),
  xfrm: () => named(kinds, "IFLA_XFRM_"),
};

/** IFLA_INFO_SLAVE_DATA of the ports of each kind. */
const PORT: Readonly<Record<string, () => AttributeNames>> = {
  bond: () => named(kinds, "IFLA_BOND_SLAVE_"),
  bridge: () => named(kinds, "IFLA_BRPORT_"),
  vrf: () => named(kinds, "IFLA_VRF_PORT_"),
};

/** IFLA_AF_SPEC: what each family knows of a link. */
const FAMILIES: AttributeNames = {
  [AF_INET]: { name: "AF_INET", inside: () => named(link, "IFLA_INET_") },
  [AF_INET6]: { name: "AF_INET6", inside: () => named(link, "IFLA_INET6_") },
};

/** The master's kind: requests say it as the link's own, "bridge_slave". */
function masterKind(
  siblings: (type: number) => string | undefined,
): string | undefined {
  return siblings(link.IFLA_INFO_SLAVE_KIND) ??
    siblings(link.IFLA_INFO_KIND)?.replace(/_slave$/, "");
}

/** The attributes of a link. */
export function linkAttributeNames(): AttributeNames {
  const top = named(link, "IFLA_", [
    "IFLA_INET_",
    "IFLA_INET6_",
    "IFLA_INFO_",
    "IFLA_VF_",
    "IFLA_XDP_",
    "IFLA_EVENT_",
    "IFLA_PROTO_DOWN_REASON_",
  ]);
  return withInside(top, {
    [link.IFLA_LINKINFO]: withInside(named(link, "IFLA_INFO_"), {
      [link.IFLA_INFO_DATA]: (siblings) =>
        DATA[siblings(link.IFLA_INFO_KIND) ?? ""]?.(),
      [link.IFLA_INFO_SLAVE_DATA]: (siblings) =>
        PORT[masterKind(siblings) ?? ""]?.(),
    }),
    [link.IFLA_AF_SPEC]: FAMILIES,
    [link.IFLA_PROP_LIST]: {
      [link.IFLA_ALT_IFNAME]: { name: "IFLA_ALT_IFNAME" },
    },
    [link.IFLA_PROTO_DOWN_REASON]: named(link, "IFLA_PROTO_DOWN_REASON_"),
    [link.IFLA_XDP]: named(link, "IFLA_XDP_"),
    [link.IFLA_VFINFO_LIST]: withInside(named(link, "IFLA_VF_INFO"), {
      [link.IFLA_VF_INFO]: named(link, "IFLA_VF_", [
        "IFLA_VF_INFO",
        "IFLA_VF_VLAN_INFO",
        "IFLA_VF_STATS_",
        "IFLA_VF_LINK_STATE_",
      ]),
    }),
  });
}

/** The attributes of a bridge's port, in messages of AF_BRIDGE. */
export function bridgePortNames(): AttributeNames {
  return withInside(linkAttributeNames(), {
    [link.IFLA_AF_SPEC]: named(bridge, "IFLA_BRIDGE_"),
    [link.IFLA_PROTINFO]: named(kinds, "IFLA_BRPORT_"),
  });
}
