// Numbers of routes, addresses and rules that go by names: those that iproute2
// has for them, and those that /etc/iproute2 adds.

import { protocolNumber, scopeNumber, tableNumber } from "../names/iproute2.ts";
import { numbered, type Reader, wholeNumber } from "../spec/value.ts";

/** How far an address or a route reaches. */
export const scope: Reader<number> = numbered(
  "global, site, link, host, nowhere or a number from 0 to 255",
  255,
  scopeNumber,
);

/** A routing table. */
export const table: Reader<number> = numbered(
  "the name of a routing table (/etc/iproute2/rt_tables) or its number",
  0xffff_ffff,
  tableNumber,
);

/** Who made a route, a rule or a neighbour. */
export const protocol: Reader<number> = numbered(
  "a word such as static or dhcp (/etc/iproute2/rt_protos) or a number from 0 to 255",
  255,
  protocolNumber,
);

/** Any number of 32 bits. */
export const u32: Reader<number> = wholeNumber(0, 0xffff_ffff);

/** The type of service of packets. */
export const tos: Reader<number> = wholeNumber(0, 255);

const REALM = /^(?:(\d+)\/)?(\d+)$/;

/** Realms, "FROM/TO" or "TO", as from << 16 | to. Source: ip-route(8). */
export const realms: Reader<number> = {
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
};
