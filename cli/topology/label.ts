// Common labels of all formats, and the filters without --details.

import type {
  TopologyEnd,
  TopologyLink,
  TopologyNamespace,
} from "../../lib/rtnetlink/topology.ts";
import { printable } from "../output/printable.ts";

/** The default MTU of kinds, which is not shown. */
const DEFAULT_MTU = new Map([["loopback", 65536], ["vxlan", 1450]]);

/** The name of a namespace. */
export function namespaceLabel({ name }: TopologyNamespace): string {
  return name === undefined ? "this namespace" : printable(String(name));
}

/** The links; without details, no loopback with only default addresses. */
export function shownLinks(
  { links }: TopologyNamespace,
  details: boolean,
): TopologyLink[] {
  return links.filter((link) =>
    details || link.kind !== "loopback" ||
    link.addresses.some((address) => !/^(127\.|::1\/)/.test(address))
  );
}

/** The addresses; without details, no link-local ones. */
export function shownAddresses(
  { addresses }: TopologyLink,
  details: boolean,
): readonly string[] {
  return details
    ? addresses
    : addresses.filter((address) => !/^fe80:/i.test(address));
}

/** The kind, with its details. */
export function kindLabel({ kind, detail }: TopologyLink): string {
  return kind === "tun" && detail
    ? detail
    : detail
    ? `${kind} ${printable(detail)}`
    : printable(kind);
}

/** The MTU, if it is not the default. */
export function unusualMtu({ kind, mtu }: TopologyLink): string | undefined {
  return mtu === (DEFAULT_MTU.get(kind) ?? 1500) ? undefined : `MTU ${mtu}`;
}

/** The processes that hold a TUN or TAP device. */
export function heldBy({ holders }: TopologyLink): string | undefined {
  if (holders === undefined) return undefined;
  if (holders.length === 0) return "not held by a process";
  return `held by ${
    holders.map(({ command, pid }) => `${printable(command)} (${pid})`)
      .join(", ")
  }`;
}

/** Whether the other end is shown. */
export function isShown(end: TopologyEnd | undefined): end is TopologyLink {
  return end !== undefined && "name" in end;
}

/** The name of the other end, with its namespace if that differs. */
export function endLabel(end: TopologyEnd, from: TopologyLink): string {
  if (!isShown(end)) return `link ${end.ifindex} of namespace id ${end.nsid}`;
  const name = printable(end.name);
  return end.namespace === from.namespace
    ? name
    : `${name} in ${namespaceLabel(end.namespace)}`;
}
