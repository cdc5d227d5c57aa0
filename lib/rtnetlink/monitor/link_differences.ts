// Compares two states of a link: fields, and the attributes without a field,
// except those that change by themselves.

import * as ifla from "../../../ffi/uapi/linux_if_link.ts";
import { RTM_NEWLINK } from "../../../ffi/uapi/linux_rtnetlink.ts";
import { AF_INET6, AF_UNSPEC } from "../../../ffi/uapi/sys_socket.ts";
import type { AttributeReader } from "../../netlink/attribute.ts";
import type { LinkKind } from "../kinds/kind.ts";
import { reportedKind } from "../kinds/mod.ts";
import type { Link } from "../link/link.ts";
import { routeNames } from "../attribute_names.ts";
import { differences, same } from "./differences.ts";

/** Fields of the event, not of the link. */
const ABOUT_EVENT: ReadonlySet<string> = new Set([
  "change",
  "newNetnsid",
  "newIfindex",
]);

/**
 * Attributes with a field, counters, and those that only dumps or only events
 * have.
 */
const LEFT_OUT: ReadonlySet<number> = new Set([
  ifla.IFLA_ADDRESS,
  ifla.IFLA_BROADCAST,
  ifla.IFLA_IFNAME,
  ifla.IFLA_MTU,
  ifla.IFLA_LINK,
  ifla.IFLA_QDISC,
  ifla.IFLA_STATS,
  ifla.IFLA_MASTER,
  ifla.IFLA_WIRELESS,
  ifla.IFLA_PROTINFO,
  ifla.IFLA_TXQLEN,
  ifla.IFLA_OPERSTATE,
  ifla.IFLA_LINKMODE,
  ifla.IFLA_LINKINFO,
  ifla.IFLA_IFALIAS,
  ifla.IFLA_NUM_VF,
  ifla.IFLA_VFINFO_LIST,
  ifla.IFLA_STATS64,
  ifla.IFLA_VF_PORTS,
  ifla.IFLA_PORT_SELF,
  ifla.IFLA_AF_SPEC,
  ifla.IFLA_GROUP,
  ifla.IFLA_EXT_MASK,
  ifla.IFLA_CARRIER_CHANGES,
  ifla.IFLA_CARRIER_UP_COUNT,
  ifla.IFLA_CARRIER_DOWN_COUNT,
  ifla.IFLA_LINK_NETNSID,
  ifla.IFLA_EVENT,
  ifla.IFLA_NEW_NETNSID,
  ifla.IFLA_NEW_IFINDEX,
  ifla.IFLA_PROP_LIST,
]);

const NOTHING: ReadonlySet<string> = new Set();

/** Options of a kind or of its ports that change by themselves. */
function timersOf(kind: LinkKind | undefined): ReadonlySet<string> {
  return kind?.table.timers ?? NOTHING;
}

/** The fields and attributes that differ between two states of a link. */
export function linkDifferences(link: Link, previous: Link): string[] {
  const fields = differences(link, previous, ABOUT_EVENT);
  const now = otherAttributes(link);
  const before = otherAttributes(previous);
  for (const type of new Set([...now.keys(), ...before.keys()])) {
    if (!same(now.get(type), before.get(type))) fields.push(attribute(type));
  }
  const [mode, before6] = [addressMode(link), addressMode(previous)];
  if (mode !== before6 && mode !== undefined && before6 !== undefined) {
    fields.push("IFLA_INET6_ADDR_GEN_MODE");
  }
  if (!same(kindAttributes(link), kindAttributes(previous))) {
    const { data } = link;
    if (data === undefined) fields.push("IFLA_INFO_DATA");
    else {
      const timers = timersOf(reportedKind(link.kind ?? ""));
      return fields.concat(differences(data, previous.data ?? {}, timers));
    }
  }
  return fields;
}

/** The fields of a bridge port that differ; the link reports the others. */
export function portDifferences(port: Link, previous: Link): string[] {
  const fields = (["name", "master"] as const)
    .filter((field) => port[field] !== previous[field]) as string[];
  const data = port.portData ?? {};
  const timers = timersOf(reportedKind("bridge")?.port);
  return fields.concat(differences(data, previous.portData ?? {}, timers));
}

/** The value of an attribute by its C name: a number, or bytes in hexadecimal. */
export function attributeValue(
  link: Link,
  name: string,
): number | string | undefined {
  const attributes = link.attributes();
  while (attributes.next()) {
    if (attribute(attributes.type) !== name) continue;
    switch (attributes.length) {
      case 1:
        return attributes.u8();
      case 4:
        return attributes.u32();
      default:
        return value(attributes).toHex();
    }
  }
  return undefined;
}

function otherAttributes(link: Link): Map<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
  const attributes = link.attributes();
  while (attributes.next()) {
    const { type } = attributes;
    if (!LEFT_OUT.has(type)) found.set(type, value(attributes));
  }
  return found;
}

function kindAttributes(link: Link): Uint8Array | undefined {
  const info = link.attribute(ifla.IFLA_LINKINFO)?.enter();
  while (info?.next()) {
    if (info.type === ifla.IFLA_INFO_DATA) return value(info);
  }
  return undefined;
}

/** How IPv6 makes addresses; the rest of IFLA_AF_SPEC has counters and timers. */
function addressMode(link: Link): number | undefined {
  const families = link.attribute(ifla.IFLA_AF_SPEC)?.enter();
  while (families?.next()) {
    if (families.type !== AF_INET6) continue;
    const inet6 = families.enter();
    while (inet6.next()) {
      if (inet6.type === ifla.IFLA_INET6_ADDR_GEN_MODE) return inet6.u8();
    }
  }
  return undefined;
}

function value({ bytes, at, length }: AttributeReader): Uint8Array {
  return bytes.subarray(at, at + length);
}

function attribute(type: number): string {
  return routeNames.body(RTM_NEWLINK, AF_UNSPEC)?.names[type]?.name ??
    `attribute ${type}`;
}
