// Objects that are there, as specifications that name them to the kernel.

import type { RouteSpec, RouteType } from "../../rtnetlink/changes/route.ts";
import type { RuleAction, RuleSpec } from "../../rtnetlink/changes/rule.ts";
import { ACTIONS } from "../../rtnetlink/changes/rule.ts";
import { routeTypeName } from "../../rtnetlink/names/iproute2.ts";
import type { Route } from "../../rtnetlink/route.ts";
import type { Rule } from "../../rtnetlink/rule.ts";

/** What names a route; undefined of a family that no specification has. */
export function routeSpecOf(route: Route): RouteSpec | undefined {
  const { family, destination, prefixLength, table, metric, tos } = route;
  if (family !== "inet" && family !== "inet6") return undefined;
  const { gateway, ifindex, nexthops } = route;
  return {
    ...(destination === undefined
      ? { to: "default", family }
      : { to: `${destination}/${prefixLength}` }),
    type: routeTypeName(route.type) as RouteType,
    table,
    ...(metric === undefined ? {} : { metric }),
    ...(tos === undefined ? {} : { tos }),
    ...(gateway === undefined ? {} : { via: gateway }),
    ...(ifindex === 0 || nexthops !== undefined ? {} : { dev: ifindex }),
  };
}

const ACTION_NAMES = new Map(
  Object.entries(ACTIONS).map(([name, number]) =>
    [number, name as RuleAction] as const
  ),
);

/** What names a rule among those of its priority. */
export function ruleSpecOf(rule: Rule): RuleSpec | undefined {
  const { family, priority, table, source, destination } = rule;
  const action = ACTION_NAMES.get(rule.action);
  if (action === undefined || (family !== "inet" && family !== "inet6")) {
    return undefined;
  }
  return {
    priority,
    action,
    ...(table === 0 ? {} : { table }),
    ...(source === undefined ? {} : { from: `${source}/${rule.sourceLength}` }),
    ...(destination === undefined
      ? {}
      : { to: `${destination}/${rule.destinationLength}` }),
    ...(source === undefined && destination === undefined ? { family } : {}),
  };
}
