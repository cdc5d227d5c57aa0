// The kinds of link whose options are known here. One file a kind: a new one
// is a table of its fields and a line below.

import {
  IFLA_INFO_DATA,
  IFLA_INFO_SLAVE_DATA,
  IFLA_LINKINFO,
} from "../../../ffi/layout/linux_if_link.ts";
import {
  AttributeLevel,
  type Field,
  type Kind,
  type KindData,
  readFields,
} from "./field.ts";
import { bridge } from "./kinds/bridge.ts";
import { macvlan, macvtap } from "./kinds/macvlan.ts";
import { tun } from "./kinds/tun.ts";
import { vlan } from "./kinds/vlan.ts";
import { vxlan } from "./kinds/vxlan.ts";
import type { Link } from "./link.ts";

const KINDS: ReadonlyMap<string, Kind> = new Map(
  [bridge, macvlan, macvtap, tun, vlan, vxlan].map((kind) => [kind.name, kind]),
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
  const kind = kindOf(link.masterKind);
  return kind?.port && read(kind, kind.port, level(link, IFLA_INFO_SLAVE_DATA));
}
