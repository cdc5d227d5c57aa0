// Types of values with names in iproute2: a name or a number.

import type { ArgumentValue, TypeHandler } from "@cliffy/command";
import { ArgumentError } from "../../lib/errors.ts";
import {
  linkGroupNumber,
  NEIGHBOUR_STATES,
  protocolNumber,
  routeTypeNumber,
  scopeNumber,
  tableNumber,
} from "../../lib/rtnetlink/names/iproute2.ts";

function numbered(
  read: (word: string) => number | undefined,
  expected: string,
): TypeHandler<number> {
  return ({ name, value }: ArgumentValue) => {
    const number = read(value);
    if (number === undefined) throw new ArgumentError(name, value, expected);
    return number;
  };
}

/** A routing table; "all" is -1. */
export const routeTable: TypeHandler<number> = numbered(
  (word) => word === "all" ? -1 : tableNumber(word),
  "all, the name of a routing table (/etc/iproute2/rt_tables) or its number",
);

/** The origin of a route. */
export const routeProtocol: TypeHandler<number> = numbered(
  protocolNumber,
  "a name such as kernel, static or dhcp (/etc/iproute2/rt_protos) or a number up to 255",
);

/** The scope of an address or route. */
export const routeScope: TypeHandler<number> = numbered(
  scopeNumber,
  "global, site, link, host, nowhere or a number up to 255",
);

/** The type of a route. */
export const routeType: TypeHandler<number> = numbered(
  routeTypeNumber,
  "a name such as unicast, local, blackhole or unreachable, or a number up to 255",
);

/** A group of links. */
export const linkGroup: TypeHandler<number> = numbered(
  linkGroupNumber,
  "the name of a group (/etc/iproute2/group) or its number",
);

const neighbourStates = new Map<string, number>([
  ["all", -1],
  ...Object.entries(NEIGHBOUR_STATES),
]);

/** The state of a neighbour; "all" is -1. */
export const neighbourState: TypeHandler<number> = numbered(
  (word) => neighbourStates.get(word),
  `all or one of ${Object.keys(NEIGHBOUR_STATES).join(", ")}`,
);
