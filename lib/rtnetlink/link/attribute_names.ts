// C names of link attributes, including those of kinds.

import * as bridge from "../../../ffi/uapi/linux_if_bridge.ts";
import * as link from "../../../ffi/uapi/linux_if_link.ts";
import * as kinds from "../../../ffi/uapi/linux_if_link_kinds.ts";
import { ifinfomsg } from "../../../ffi/uapi/linux_rtnetlink.ts";
import { AF_INET, AF_INET6 } from "../../../ffi/uapi/sys_socket.ts";
import type { AttributeNames } from "../../netlink/attribute_names.ts";
import { netlinkString } from "../../socket/netlink_attributes.ts";
import type { LinkKind } from "../kinds/kind.ts";
import { reportedKind } from "../kinds/mod.ts";
import { SETTINGS } from "../settings.ts";
import { attributeNames } from "../spec/constants.ts";

/** IFLA_INFO_DATA of a kind, or IFLA_INFO_SLAVE_DATA of its ports. */
function dataNames(kind: LinkKind | undefined): AttributeNames | undefined {
  if (kind?.constants === undefined) return undefined;
  const names = attributeNames(kind.constants, kind.table.entries);
  const { peer } = kind.constants;
  return peer === undefined ? names : {
    ...names,
    [peer]: {
      name: names[peer]?.name ?? "",
      struct: ifinfomsg,
      inside: linkAttributeNames,
    },
  };
}

/** IFLA_AF_SPEC: attributes of each address family. */
const FAMILIES: AttributeNames = {
  [AF_INET]: {
    name: "AF_INET",
    inside: () => attributeNames({ of: link, prefix: "IFLA_INET_" }),
  },
  [AF_INET6]: {
    name: "AF_INET6",
    inside: () => attributeNames({ of: link, prefix: "IFLA_INET6_" }),
  },
};

/** Text attributes of links that are not settings. */
const TEXTS = {
  kind: { number: link.IFLA_INFO_KIND, show: netlinkString },
  slaveKind: { number: link.IFLA_INFO_SLAVE_KIND, show: netlinkString },
};

/**
 * The kind of the master: requests carry it as the link's kind, "bridge_slave".
 */
function masterKind(
  siblings: (type: number) => string | undefined,
): string | undefined {
  return siblings(link.IFLA_INFO_SLAVE_KIND) ??
    siblings(link.IFLA_INFO_KIND)?.replace(/_slave$/, "");
}

/** The attributes of a link. */
export function linkAttributeNames(): AttributeNames {
  return attributeNames({
    of: link,
    prefix: "IFLA_",
    but: [
      "IFLA_INET_",
      "IFLA_INET6_",
      "IFLA_INFO_",
      "IFLA_VF_",
      "IFLA_XDP_",
      "IFLA_EVENT_",
      "IFLA_PROTO_DOWN_REASON_",
    ],
    inside: {
      [link.IFLA_LINKINFO]: attributeNames({
        of: link,
        prefix: "IFLA_INFO_",
        inside: {
          [link.IFLA_INFO_DATA]: (siblings) =>
            dataNames(reportedKind(siblings(link.IFLA_INFO_KIND) ?? "")),
          [link.IFLA_INFO_SLAVE_DATA]: (siblings) =>
            dataNames(reportedKind(masterKind(siblings) ?? "")?.port),
        },
      }, TEXTS),
      [link.IFLA_AF_SPEC]: FAMILIES,
      [link.IFLA_PROP_LIST]: {
        [link.IFLA_ALT_IFNAME]: {
          name: "IFLA_ALT_IFNAME",
          read: netlinkString,
        },
      },
      [link.IFLA_PROTO_DOWN_REASON]: {
        of: link,
        prefix: "IFLA_PROTO_DOWN_REASON_",
      },
      [link.IFLA_XDP]: { of: link, prefix: "IFLA_XDP_" },
      [link.IFLA_VFINFO_LIST]: {
        of: link,
        prefix: "IFLA_VF_INFO",
        inside: {
          [link.IFLA_VF_INFO]: {
            of: link,
            prefix: "IFLA_VF_",
            but: [
              "IFLA_VF_INFO",
              "IFLA_VF_VLAN_INFO",
              "IFLA_VF_STATS_",
              "IFLA_VF_LINK_STATE_",
            ],
          },
        },
      },
    },
  }, {
    ...SETTINGS,
    altName: { number: link.IFLA_ALT_IFNAME, show: netlinkString },
  });
}

/** The attributes of a bridge port, in messages of AF_BRIDGE. */
export function bridgePortNames(): AttributeNames {
  const names = linkAttributeNames();
  const inside = (number: number, inner: AttributeNames) => ({
    [number]: { ...names[number]!, inside: () => inner },
  });
  return {
    ...names,
    ...inside(
      link.IFLA_AF_SPEC,
      attributeNames({ of: bridge, prefix: "IFLA_BRIDGE_" }),
    ),
    ...inside(
      link.IFLA_PROTINFO,
      attributeNames({ of: kinds, prefix: "IFLA_BRPORT_" }),
    ),
  };
}
