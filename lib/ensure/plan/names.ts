// What objects without a name are called.

import type { RouteSpec } from "../../rtnetlink/changes/route.ts";
import type { RuleSpec } from "../../rtnetlink/changes/rule.ts";

/** A route by what tells it from others: where it leads. */
export function routeName(spec: RouteSpec): string {
  const { to, table, metric, family, via, nexthops = [], src } = spec;
  const addresses = [src, via, ...nexthops.map((one) => one.via)];
  const isIPv6 = family === "inet6" ||
    addresses.some((one) => one?.includes(":"));
  const isMain = table === undefined || table === 254 || table === "main";
  return [
    to,
    ...(to === "default" && isIPv6 ? ["(IPv6)"] : []),
    ...(isMain ? [] : [`table ${table}`]),
    ...(metric === undefined ? [] : [`metric ${metric}`]),
  ].join(" ");
}

/** A rule by all it says. */
export function ruleName(spec: RuleSpec): string {
  return Object.entries(spec).map((word) => word.join(" ")).join(" ");
}
