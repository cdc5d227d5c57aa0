// The kinds of link whose options are known here. One file a kind: a new one
// is a table of its fields and a line below.

import {
  IFLA_INFO_DATA,
  IFLA_INFO_SLAVE_DATA,
  IFLA_LINKINFO,
  IFLA_PROTINFO,
} from "../../../ffi/layout/linux_if_link.ts";
import {
  AttributeLevel,
  type Field,
  type Kind,
  type KindData,
  readFields,
} from "./field.ts";
import { bareudp } from "./kinds/bareudp.ts";
import { bond } from "./kinds/bond.ts";
import { bridge } from "./kinds/bridge.ts";
import { geneve } from "./kinds/geneve.ts";
import { gres } from "./kinds/gre.ts";
import { hsr } from "./kinds/hsr.ts";
import { ipTunnels } from "./kinds/ip_tunnel.ts";
import { ipvlan, ipvtap } from "./kinds/ipvlan.ts";
import { macvlan, macvtap } from "./kinds/macvlan.ts";
import { tun } from "./kinds/tun.ts";
import { vlan } from "./kinds/vlan.ts";
import { vrf } from "./kinds/vrf.ts";
import { vtis } from "./kinds/vti.ts";
import { vxlan } from "./kinds/vxlan.ts";
import { xfrm } from "./kinds/xfrm.ts";
import type { Link } from "./link.ts";

/** All of them, by their names. */
export const KINDS: ReadonlyMap<string, Kind> = new Map(
  [
    bareudp,
    bond,
    bridge,
    geneve,
    ...gres,
    hsr,
    ...ipTunnels,
    ipvlan,
    ipvtap,
    macvlan,
    macvtap,
    tun,
    vlan,
    vrf,
    ...vtis,
    vxlan,
    xfrm,
  ].map((kind) => [kind.name, kind]),
);

/** What is known of a kind of link. */
export function kindOf(name: string | undefined): Kind | undefined {
  return name === undefined ? undefined : KINDS.get(name);
}

function level(link: Link, type: number): AttributeLevel | undefined {
  const info = link.attribute(IFLA_LINKINFO)?.enter();
  while (info?.next()) {
    if (info.type === type) return new AttributeLevel(info.enter());
  }
}

function read(
  kind: Kind,
  fields: readonly Field[],
  attributes: AttributeLevel | undefined,
): KindData {
  if (attributes === undefined) return {};
  if (kind.needs?.some((type) => !attributes.has(type))) return {};
  const data = readFields(fields, attributes);
  if (fields === kind.data) kind.finish?.(data, attributes);
  return data;
}

/** The options of a link; undefined where its kind is not known. */
export function linkData(link: Link): KindData | undefined {
  const kind = kindOf(link.kind);
  return kind?.data && read(kind, kind.data, level(link, IFLA_INFO_DATA));
}

/** The options of a link as a port of its master. */
export function portData(link: Link): KindData | undefined {
  if (link.family === "bridge") return bridgePortData(link);
  const kind = kindOf(link.masterKind);
  return kind?.port && read(kind, kind.port, level(link, IFLA_INFO_SLAVE_DATA));
}

/** What a bridge tells of its port is elsewhere than what the port tells. */
function bridgePortData(link: Link): KindData | undefined {
  const info = link.attribute(IFLA_PROTINFO);
  return info && bridge.port &&
    readFields(bridge.port, new AttributeLevel(info.enter()));
}
