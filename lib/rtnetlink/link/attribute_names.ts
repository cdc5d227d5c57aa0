// What the attributes of links are called, those of their kinds included.

import * as bridge from "../../../ffi/uapi/linux_if_bridge.ts";
import * as link from "../../../ffi/uapi/linux_if_link.ts";
import * as kinds from "../../../ffi/uapi/linux_if_link_kinds.ts";
import { ifinfomsg } from "../../../ffi/uapi/linux_rtnetlink.ts";
import { AF_INET, AF_INET6 } from "../../../ffi/uapi/sys_socket.ts";
import type { AttributeNames } from "../../netlink/attribute_names.ts";
import type { AttributeConstants, LinkKind } from "../kinds/kind.ts";
import { reportedKind } from "../kinds/mod.ts";
import type { Entries } from "../spec/table.ts";
import { named, withInside } from "../constant_names.ts";

/** The names of a kind's attributes, read as its table does. */
function kindNames(
  { of, prefix, but, inside = {} }: AttributeConstants,
  entries: Entries = {},
): AttributeNames {
  const shows = new Map(
    Object.values(entries).map(({ number, show }) => [number, show]),
  );
  const names: Record<number, AttributeNames[number]> = {};
  for (const [number, one] of Object.entries(named(of, prefix, but))) {
    const read = shows.get(Number(number));
    names[Number(number)] = read === undefined ? one : { ...one, read };
  }
  return withInside(
    names,
    Object.fromEntries(
      Object.entries(inside).map(([number, constants]) =>
        [number, () => kindNames(constants)] as const
      ),
    ),
  );
}

/** IFLA_INFO_DATA of a kind, or IFLA_INFO_SLAVE_DATA of its ports. */
function dataNames(kind: LinkKind | undefined): AttributeNames | undefined {
  if (kind?.constants === undefined) return undefined;
  const names = kindNames(kind.constants, kind.table.entries);
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
        dataNames(reportedKind(siblings(link.IFLA_INFO_KIND) ?? "")),
      [link.IFLA_INFO_SLAVE_DATA]: (siblings) =>
        dataNames(reportedKind(masterKind(siblings) ?? "")?.port),
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
