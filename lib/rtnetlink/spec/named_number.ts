// Named numbers of routes, addresses and rules, from iproute2 and
// /etc/iproute2.

import {
  ipProtocolName,
  ipProtocolNumber,
  linkGroupName,
  linkGroupNumber,
  originName,
  originNumber,
  protocolName,
  protocolNumber,
  scopeName,
  scopeNumber,
  serviceName,
  serviceNumber,
  tableName,
  tableNumber,
} from "../names/iproute2.ts";
import { hexadecimal, numbered, type Reader, wholeNumber } from "./value.ts";

/** Parses a named number, and returns its name. */
export interface NamedNumber extends Reader<number> {
  text(number: number): string;
}

/** The scope of an address or a route. */
export const scope: NamedNumber = {
  ...numbered(
    "global, site, link, host, nowhere or a number from 0 to 255",
    255,
    scopeNumber,
  ),
  text: scopeName,
};

/** A routing table. */
export const table: NamedNumber = {
  ...numbered(
    "the name of a routing table (/etc/iproute2/rt_tables) or its number",
    0xffff_ffff,
    tableNumber,
  ),
  text: tableName,
};

/** The origin of a route, a rule or a neighbour. */
export const protocol: NamedNumber = {
  ...numbered(
    "a word such as static or dhcp (/etc/iproute2/rt_protos) or a number from 0 to 255",
    255,
    protocolNumber,
  ),
  text: protocolName,
};

/** The origin of an address. */
export const origin: NamedNumber = {
  ...numbered(
    "a word such as kernel_ra (/etc/iproute2/rt_addrprotos) or a number from 0 to 255",
    255,
    originNumber,
  ),
  text: originName,
};

/** A protocol on top of IP. */
export const ipProtocol: NamedNumber = {
  ...numbered(
    "a name such as tcp (/etc/protocols) or a number from 0 to 255",
    255,
    ipProtocolNumber,
  ),
  text: ipProtocolName,
};

/** A group of links. */
export const linkGroup: NamedNumber = {
  ...numbered(
    "the name of a group (/etc/iproute2/group) or its number",
    0x7fff_ffff,
    linkGroupNumber,
  ),
  text: linkGroupName,
};

/** Any number of 32 bits. */
export const u32: Reader<number> = wholeNumber(0, 0xffff_ffff);

/** The type of service of packets; text is hexadecimal, as in ip(8). */
export const tos: NamedNumber = {
  ...hexadecimal(0xff, serviceNumber),
  text: serviceName,
};

const REALM = /^(?:(\d+)\/)?(\d+)$/;

/** Realms, "FROM/TO" or "TO", as from << 16 | to. Source: ip-route(8). */
export const realms: NamedNumber = {
  expected: "realms like 5 or 4/5",
  schema: { anyOf: [u32.schema, { type: "string" }] },
  read(given) {
    if (typeof given === "number") return u32.read(given);
    const [, from = "0", to] = REALM.exec(String(given)) ?? [];
    const [high, low] = [Number(from), Number(to)];
    return high <= 0xffff && low <= 0xffff
      ? (high << 16 | low) >>> 0
      : undefined;
  },
  text: (number) =>
    number >>> 16 === 0 ? `${number}` : `${number >>> 16}/${number & 0xffff}`,
};
