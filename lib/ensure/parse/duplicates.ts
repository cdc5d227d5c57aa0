// Detects objects that are configured twice: each would replace the other in a
// loop.

import { tryParseCidr } from "../../net/prefix.ts";
import type { RouteSpec } from "../../rtnetlink/route.ts";
import { isFlooded } from "../../rtnetlink/monitor/identities.ts";
import { vlanRange } from "../../rtnetlink/bridge_vlan.ts";
import { qdiscKindNamed } from "../../rtnetlink/qdiscs/list.ts";
import type { AddressConfiguration } from "./configuration.ts";
import {
  type DesiredLink,
  type DesiredNamespace,
  type DesiredSysctl,
  pathOf,
} from "./desired.ts";
import { type Path, pathText } from "./error.ts";
import type { Input } from "./input.ts";

/** The kernel's default metric of IPv6 routes. */
const IPV6_METRIC = 1024;
const MAIN_TABLE = 254;

/** The canonical text of an address or a network. */
function canonical(text: string): string {
  if (!text.includes(":")) return text.replace(/\/32$/, "");
  const cidr = tryParseCidr(text);
  return cidr === undefined ? text : `${cidr.address.join()}/${cidr.prefix}`;
}

function addressKey({ address, peer = "" }: AddressConfiguration): string {
  // The kernel stores an IPv6 address once, regardless of its prefix length.
  return address.includes(":")
    ? canonical(address.split("/")[0]!)
    : `${canonical(address)} ${canonical(peer)}`;
}

function routeKey(route: RouteSpec): string {
  const { to, family, via, src, nexthops = [], tos = 0 } = route;
  const { table = MAIN_TABLE } = route;
  const hasColon = (text: string | undefined) => text?.includes(":");
  const isIPv6 = family === "inet6" || hasColon(to) || hasColon(via) ||
    hasColon(src) || nexthops.some((hop) => hasColon(hop.via));
  const { metric = isIPv6 ? IPV6_METRIC : 0 } = route;
  const network = to.endsWith("/0") ? "default" : canonical(to);
  return `${isIPv6} ${network} ${table} ${metric} ${tos}`;
}

/** Adds a problem for VLANs that a link has twice, and for a second PVID. */
function checkVlans(input: Input, { vlans, absentVlans }: DesiredLink): void {
  const first = new Map<number | "pvid", Path>();
  const claim = (key: number | "pvid", path: Path): boolean => {
    const other = first.get(key);
    if (other === undefined) {
      first.set(key, path);
      return true;
    }
    const what = key === "pvid" ? "the PVID" : `VLAN ${key}`;
    const message = `${what} is configured by ${pathText(other)} too`;
    input.problem(path, message, other);
    return false;
  };
  for (const vlan of vlans) {
    const path = pathOf(vlan)!;
    if (vlan.pvid) claim("pvid", [...path, "pvid"]);
    // One problem for a range.
    vlanRange(vlan.vid).every((vid) => claim(vid, path));
  }
  for (const absent of absentVlans) {
    const vid = vlanRange(absent).find((vid) => first.has(vid));
    if (vid === undefined) continue;
    input.problem(first.get(vid)!, `VLAN ${vid} is absent too`);
  }
}

/** Adds a problem for each device that is identified twice. */
export function checkIdentities(
  input: Input,
  links: readonly DesiredLink[],
): void {
  const first = new Map<string, Path>();
  for (const { path, from, identity } of links) {
    if (identity === undefined) continue;
    const { name, address, parent, bus } = identity;
    const key = JSON.stringify([
      ...[from, name, address?.toLowerCase(), parent, bus],
    ]);
    const other = first.get(key);
    if (other === undefined) first.set(key, path);
    else {
      const message = `the same device as ${pathText(other)}`;
      input.problem(path, message, other);
    }
  }
}

/** Adds a problem for each object that is configured twice. */
export function checkDuplicates(
  input: Input,
  path: Path,
  { links, absentLinks, routes, neighbours, nexthops, sysctls }:
    DesiredNamespace,
): void {
  for (const { path, name } of absentLinks) {
    const other = links.find((link) => link.name === name);
    if (other === undefined) continue;
    const text = pathText(other.path);
    input.problem(path, `link ${name} is configured by ${text}`, other.path);
  }
  const check = <T>(
    what: string,
    path: Path,
    objects: readonly T[],
    key: (object: T) => string,
  ) => {
    const indexes = new Map<string, number>();
    for (const [at, object] of objects.entries()) {
      const identity = key(object);
      const other = indexes.get(identity);
      if (other === undefined) {
        indexes.set(identity, at);
        continue;
      }
      const first = [...path, other];
      const message = `the same ${what} as ${pathText(first)}`;
      input.problem([...path, at], message, first);
    }
  };
  for (const link of links) {
    const { path, addresses, fdb, mdb, qdiscs, classes } = link;
    checkVlans(input, link);
    check("address", [...path, "addresses"], addresses, addressKey);
    check("forwarding entry", [...path, "fdb"], fdb, (entry) => {
      const { to, master, vlan, src_vni, dst, port, vni } = entry;
      const remote = isFlooded(to) ? [dst, port, vni] : [];
      return [to.toLowerCase(), master, vlan, src_vni, ...remote].join(" ");
    });
    check("multicast entry", [...path, "mdb"], mdb, (entry) => {
      const { grp, src = "", vid, dst, dst_port, vni, src_vni, via } = entry;
      const group = [grp, src].map((one) => canonical(one.toLowerCase()));
      return [...group, vid, dst, dst_port, vni, src_vni, via].join(" ");
    });
    const qdisc = [...path, "qdisc"];
    check(
      "place of a qdisc",
      qdisc,
      qdiscs,
      ({ kind, parent }) =>
        qdiscKindNamed(kind)?.isIngress ? "ingress" : parent ?? "root",
    );
    check("class", [...path, "classes"], classes, ({ classid }) => classid);
  }
  check("route", [...path, "routes"], routes, routeKey);
  check(
    "neighbour",
    [...path, "neighbours"],
    neighbours,
    ({ to, dev }) => `${canonical(to)} ${dev}`,
  );
  check("nexthop", [...path, "nexthops"], nexthops, ({ id }) => `${id}`);
  const first = new Map<string, DesiredSysctl>();
  for (const one of [...links.map(({ sysctls }) => sysctls), sysctls].flat()) {
    const other = first.get(one.name);
    if (other === undefined) first.set(one.name, one);
    else {
      const message = `the same sysctl as ${pathText(other.path)}`;
      input.problem(one.path, message, other.path);
    }
  }
}
