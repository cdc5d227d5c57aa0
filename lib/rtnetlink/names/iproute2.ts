// iproute2's names of numbers in routes, addresses, links and neighbours:
// built-in ones, and those of /etc/iproute2.

import * as ifa from "../../../ffi/uapi/linux_if_addr.ts";
import * as nd from "../../../ffi/uapi/linux_neighbour.ts";
import * as rt from "../../../ffi/uapi/linux_rtnetlink.ts";
import { type Names, readDatabase, readIproute2 } from "./database.ts";

const protocols = readIproute2("rt_protos", [
  [rt.RTPROT_UNSPEC, "unspec"],
  [rt.RTPROT_REDIRECT, "redirect"],
  [rt.RTPROT_KERNEL, "kernel"],
  [rt.RTPROT_BOOT, "boot"],
  [rt.RTPROT_STATIC, "static"],
  [rt.RTPROT_GATED, "gated"],
  [rt.RTPROT_RA, "ra"],
  [rt.RTPROT_MRT, "mrt"],
  [rt.RTPROT_ZEBRA, "zebra"],
  [rt.RTPROT_BIRD, "bird"],
  [rt.RTPROT_BABEL, "babel"],
  [rt.RTPROT_DNROUTED, "dnrouted"],
  [rt.RTPROT_XORP, "xorp"],
  [rt.RTPROT_NTK, "ntk"],
  [rt.RTPROT_DHCP, "dhcp"],
  [rt.RTPROT_KEEPALIVED, "keepalived"],
  [rt.RTPROT_BGP, "bgp"],
  [rt.RTPROT_ISIS, "isis"],
  [rt.RTPROT_OSPF, "ospf"],
  [rt.RTPROT_RIP, "rip"],
  [rt.RTPROT_EIGRP, "eigrp"],
]);

/** IFAPROT_*, of addresses. */
const origins = readIproute2("rt_addrprotos", [
  [ifa.IFAPROT_UNSPEC, "unspec"],
  [ifa.IFAPROT_KERNEL_LO, "kernel_lo"],
  [ifa.IFAPROT_KERNEL_RA, "kernel_ra"],
  [ifa.IFAPROT_KERNEL_LL, "kernel_ll"],
]);

const scopes = readIproute2("rt_scopes", [
  [rt.RT_SCOPE_UNIVERSE, "global"],
  [rt.RT_SCOPE_NOWHERE, "nowhere"],
  [rt.RT_SCOPE_HOST, "host"],
  [rt.RT_SCOPE_LINK, "link"],
  [rt.RT_SCOPE_SITE, "site"],
]);

const tables = readIproute2("rt_tables", [
  [rt.RT_TABLE_DEFAULT, "default"],
  [rt.RT_TABLE_MAIN, "main"],
  [rt.RT_TABLE_LOCAL, "local"],
]);

const realms = readIproute2("rt_realms", [[0, "unknown"]]);
const services = readIproute2("rt_dsfield", [[0, "0"]]);
const groups = readIproute2("group", [[0, "default"]]);
const reasons = readIproute2("protodown_reasons", []);

const ipProtocols = readDatabase(
  "/etc/protocols",
  /^([^\s#]+)\s+(\d+)/,
  1,
  2,
);

const TYPES = new Map([
  [rt.RTN_UNSPEC, "none"],
  [rt.RTN_UNICAST, "unicast"],
  [rt.RTN_LOCAL, "local"],
  [rt.RTN_BROADCAST, "broadcast"],
  [rt.RTN_ANYCAST, "anycast"],
  [rt.RTN_MULTICAST, "multicast"],
  [rt.RTN_BLACKHOLE, "blackhole"],
  [rt.RTN_UNREACHABLE, "unreachable"],
  [rt.RTN_PROHIBIT, "prohibit"],
  [rt.RTN_THROW, "throw"],
  [rt.RTN_NAT, "nat"],
  [rt.RTN_XRESOLVE, "xresolve"],
]);

function text(names: Names, number: number): string {
  return names.nameOf(number) ?? String(number);
}

/** The name of an RTPROT_ number. */
export function protocolName(protocol: number): string {
  return text(protocols(), protocol);
}

/** The name of the origin of an address. */
export function originName(origin: number): string {
  return origins().nameOf(origin) ?? `0x${origin.toString(16)}`;
}

/** The name of an RT_SCOPE_ number. */
export function scopeName(scope: number): string {
  return text(scopes(), scope);
}

/** The name of a routing table. */
export function tableName(table: number): string {
  return text(tables(), table);
}

/** The name of a routing realm. */
export function realmName(realm: number): string {
  return text(realms(), realm);
}

/** The name of a type of service. */
export function serviceName(tos: number): string {
  return services().nameOf(tos) ?? "0x" + tos.toString(16).padStart(2, "0");
}

/** The name of a DSCP. */
export function dscpName(dscp: number): string {
  return services().nameOf(dscp << 2) ?? `${dscp}`;
}

/** A type of service by name; undefined for an unknown name. */
export function serviceNumber(word: string): number | undefined {
  return services().numberOf(word);
}

/** The name of a group of links. */
export function linkGroupName(group: number): string {
  return text(groups(), group);
}

/** The name of the bit of a protodown reason. */
export function protoDownReasonName(bit: number): string {
  return text(reasons(), bit);
}

/** The name of an RTN_ number. */
export function routeTypeName(type: number): string {
  return TYPES.get(type) ?? String(type);
}

/** The name of an IPPROTO_ number. */
export function ipProtocolName(protocol: number): string {
  return ipProtocols().nameOf(protocol) ?? `ipproto-${protocol}`;
}

/** An IPPROTO_ number by name or number; undefined for neither. */
export function ipProtocolNumber(word: string): number | undefined {
  return ipProtocols().numberOf(word) ?? number(word, 255);
}

/** A table by name or number; undefined for neither. */
export function tableNumber(word: string): number | undefined {
  return tables().numberOf(word) ?? number(word, 0xffffffff);
}

/** An RTPROT_ number by name or number; undefined for neither. */
export function protocolNumber(word: string): number | undefined {
  return protocols().numberOf(word) ?? number(word, 255);
}

/** The origin of an address by name or number; undefined for neither. */
export function originNumber(word: string): number | undefined {
  return origins().numberOf(word) ?? number(word, 255);
}

/** An RT_SCOPE_ number by name or number; undefined for neither. */
export function scopeNumber(word: string): number | undefined {
  return scopes().numberOf(word) ?? number(word, 255);
}

/** A group of links by name or number; undefined for neither. */
export function linkGroupNumber(word: string): number | undefined {
  return groups().numberOf(word) ?? number(word, 0x7fffffff);
}

/** An RTN_ number by name or number; undefined for neither. */
export function routeTypeNumber(word: string): number | undefined {
  for (const [type, name] of TYPES) if (name === word) return type;
  return number(word, 255);
}

/** All names of a table, for errors. */
export function wordsOf(
  what: "table" | "protocol" | "scope" | "group" | "type",
): string[] {
  if (what === "type") return [...TYPES.values()];
  const all = {
    table: tables,
    protocol: protocols,
    scope: scopes,
    group: groups,
  };
  return all[what]().words();
}

function number(word: string, max: number): number | undefined {
  if (!/^(0x[0-9a-f]+|\d+)$/i.test(word)) return undefined;
  const value = Number(word);
  return value <= max ? value : undefined;
}

/** NUD_* by iproute2's names of neighbour states. */
export const NEIGHBOUR_STATES = {
  none: nd.NUD_NONE,
  incomplete: nd.NUD_INCOMPLETE,
  reachable: nd.NUD_REACHABLE,
  stale: nd.NUD_STALE,
  delay: nd.NUD_DELAY,
  probe: nd.NUD_PROBE,
  failed: nd.NUD_FAILED,
  noarp: nd.NUD_NOARP,
  permanent: nd.NUD_PERMANENT,
} as const;
