// What iproute2 calls the numbers of routes, addresses and links: its built-in
// words, and those that /etc/iproute2 adds.

import {
  RT_SCOPE_HOST,
  RT_SCOPE_LINK,
  RT_SCOPE_NOWHERE,
  RT_SCOPE_SITE,
  RT_SCOPE_UNIVERSE,
  RT_TABLE_DEFAULT,
  RT_TABLE_LOCAL,
  RT_TABLE_MAIN,
  RTN_ANYCAST,
  RTN_BLACKHOLE,
  RTN_BROADCAST,
  RTN_LOCAL,
  RTN_MULTICAST,
  RTN_NAT,
  RTN_PROHIBIT,
  RTN_THROW,
  RTN_UNICAST,
  RTN_UNREACHABLE,
  RTN_UNSPEC,
  RTN_XRESOLVE,
  RTPROT_BABEL,
  RTPROT_BGP,
  RTPROT_BIRD,
  RTPROT_BOOT,
  RTPROT_DHCP,
  RTPROT_DNROUTED,
  RTPROT_EIGRP,
  RTPROT_GATED,
  RTPROT_ISIS,
  RTPROT_KEEPALIVED,
  RTPROT_KERNEL,
  RTPROT_MRT,
  RTPROT_NTK,
  RTPROT_OSPF,
  RTPROT_RA,
  RTPROT_REDIRECT,
  RTPROT_RIP,
  RTPROT_STATIC,
  RTPROT_UNSPEC,
  RTPROT_XORP,
  RTPROT_ZEBRA,
} from "../../../ffi/uapi/linux_rtnetlink.ts";
import { type Names, readDatabase, readIproute2 } from "./database.ts";

const protocols = readIproute2("rt_protos", [
  [RTPROT_UNSPEC, "unspec"],
  [RTPROT_REDIRECT, "redirect"],
  [RTPROT_KERNEL, "kernel"],
  [RTPROT_BOOT, "boot"],
  [RTPROT_STATIC, "static"],
  [RTPROT_GATED, "gated"],
  [RTPROT_RA, "ra"],
  [RTPROT_MRT, "mrt"],
  [RTPROT_ZEBRA, "zebra"],
  [RTPROT_BIRD, "bird"],
  [RTPROT_BABEL, "babel"],
  [RTPROT_DNROUTED, "dnrouted"],
  [RTPROT_XORP, "xorp"],
  [RTPROT_NTK, "ntk"],
  [RTPROT_DHCP, "dhcp"],
  [RTPROT_KEEPALIVED, "keepalived"],
  [RTPROT_BGP, "bgp"],
  [RTPROT_ISIS, "isis"],
  [RTPROT_OSPF, "ospf"],
  [RTPROT_RIP, "rip"],
  [RTPROT_EIGRP, "eigrp"],
]);

const scopes = readIproute2("rt_scopes", [
  [RT_SCOPE_UNIVERSE, "global"],
  [RT_SCOPE_NOWHERE, "nowhere"],
  [RT_SCOPE_HOST, "host"],
  [RT_SCOPE_LINK, "link"],
  [RT_SCOPE_SITE, "site"],
]);

const tables = readIproute2("rt_tables", [
  [RT_TABLE_DEFAULT, "default"],
  [RT_TABLE_MAIN, "main"],
  [RT_TABLE_LOCAL, "local"],
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
  [RTN_UNSPEC, "none"],
  [RTN_UNICAST, "unicast"],
  [RTN_LOCAL, "local"],
  [RTN_BROADCAST, "broadcast"],
  [RTN_ANYCAST, "anycast"],
  [RTN_MULTICAST, "multicast"],
  [RTN_BLACKHOLE, "blackhole"],
  [RTN_UNREACHABLE, "unreachable"],
  [RTN_PROHIBIT, "prohibit"],
  [RTN_THROW, "throw"],
  [RTN_NAT, "nat"],
  [RTN_XRESOLVE, "xresolve"],
]);

function text(names: Names, number: number): string {
  return names.nameOf(number) ?? String(number);
}

/** The word for an RTPROT_ number. */
export function protocolName(protocol: number): string {
  return text(protocols(), protocol);
}

/** The word for an RT_SCOPE_ number. */
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

/** The word for a type of service. */
export function serviceName(tos: number): string {
  return services().nameOf(tos) ?? "0x" + tos.toString(16).padStart(2, "0");
}

/** The name of a group of links. */
export function linkGroupName(group: number): string {
  return text(groups(), group);
}

/** The word for the bit of a reason why a link is kept down. */
export function protoDownReasonName(bit: number): string {
  return text(reasons(), bit);
}

/** The word for an RTN_ number. */
export function routeTypeName(type: number): string {
  return TYPES.get(type) ?? String(type);
}

/** The name of an IPPROTO_ number. */
export function ipProtocolName(protocol: number): string {
  return ipProtocols().nameOf(protocol) ?? `ipproto-${protocol}`;
}

/** A table by its name or number; undefined if it is neither. */
export function tableNumber(word: string): number | undefined {
  return tables().numberOf(word) ?? number(word, 0xffffffff);
}

/** An RTPROT_ by its word or number; undefined if it is neither. */
export function protocolNumber(word: string): number | undefined {
  return protocols().numberOf(word) ?? number(word, 255);
}

/** An RT_SCOPE_ by its word or number; undefined if it is neither. */
export function scopeNumber(word: string): number | undefined {
  return scopes().numberOf(word) ?? number(word, 255);
}

/** A group of links by its name or number; undefined if it is neither. */
export function linkGroupNumber(word: string): number | undefined {
  return groups().numberOf(word) ?? number(word, 0x7fffffff);
}

/** An RTN_ by its word or number; undefined if it is neither. */
export function routeTypeNumber(word: string): number | undefined {
  for (const [type, name] of TYPES) if (name === word) return type;
  return number(word, 255);
}

/** All words of a table, for people to choose from. */
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
