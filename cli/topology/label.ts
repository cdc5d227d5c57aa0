// What every form of the picture says of a link, and what it leaves out.

import type {
  TopologyEnd,
  TopologyLink,
  TopologyNamespace,
} from "../../lib/rtnetlink/topology.ts";
import { printable } from "../output/printable.ts";

/** The MTU nobody has to be told of. */
const USUAL_MTU = new Map([["loopback", 65536], ["vxlan", 1450]]);

/** How a namespace is called. */
export function namespaceLabel({ name }: TopologyNamespace): string {
  return name === undefined ? "this namespace" : printable(String(name));
}

/** The links worth showing: without details, no loopback that is like any. */
export function shownLinks(
  { links }: TopologyNamespace,
  details: boolean,
): TopologyLink[] {
  return links.filter((link) =>
    details || link.kind !== "loopback" ||
    link.addresses.some((address) => !/^(127\.|::1\/)/.test(address))
  );
}

/** Its addresses; without details, none that every link has. */
export function shownAddresses(
  { addresses }: TopologyLink,
  details: boolean,
): readonly string[] {
  return details
    ? addresses
    : addresses.filter((address) => !/^fe80:/i.test(address));
}

/** What kind of link it is. */
export function kindLabel({ kind, detail }: TopologyLink): string {
  return kind === "tun" && detail
    ? detail
    : detail
    ? `${kind} ${printable(detail)}`
    : printable(kind);
}

/** Its MTU, where it is not the usual one. */
export function unusualMtu({ kind, mtu }: TopologyLink): string | undefined {
  return mtu === (USUAL_MTU.get(kind) ?? 1500) ? undefined : `MTU ${mtu}`;
}

/** Who holds a TUN or TAP device. */
export function heldBy({ holders }: TopologyLink): string | undefined {
  if (holders === undefined) return undefined;
  if (holders.length === 0) return "nobody holds it";
  return `held by ${
    holders.map(({ command, pid }) => `${printable(command)} (${pid})`)
      .join(", ")
  }`;
}

/** Whether the other end is in the picture. */
export function isShown(end: TopologyEnd | undefined): end is TopologyLink {
  return end !== undefined && "name" in end;
}

/** How the other end is called, seen from a link. */
export function endLabel(end: TopologyEnd, from: TopologyLink): string {
  if (!isShown(end)) return `link ${end.ifindex} of namespace id ${end.nsid}`;
  const name = printable(end.name);
  return end.namespace === from.namespace
    ? name
    : `${name} in ${namespaceLabel(end.namespace)}`;
}
