// The desired objects of a namespace in the order in which they are compared,
// encoded once for all comparisons.

import type { DesiredNamespace } from "../parse/desired.ts";
import type { DesiredObject } from "./desired_object.ts";
import {
  desiredAddress,
  desiredNeighbour,
  desiredNexthop,
  desiredRoute,
  desiredRule,
} from "./object_differences.ts";
import { desiredPrefixRoute } from "./prefix_route.ts";
import { routeLevels } from "./dependency_order.ts";

const known = new WeakMap<DesiredNamespace, readonly DesiredObject[]>();

/** The addresses, neighbours, nexthop objects, routes and rules of a namespace. */
export function desiredObjects(
  namespace: DesiredNamespace,
): readonly DesiredObject[] {
  let objects = known.get(namespace);
  if (objects === undefined) {
    known.set(namespace, objects = [...encode(namespace)]);
  }
  return objects;
}

function* encode(
  { links, neighbours, nexthops, routes, rules }: DesiredNamespace,
): Generator<DesiredObject, void, void> {
  // Addresses of a link in the same network share a route.
  const prefixRoutes = new Map<string, DesiredObject>();
  for (const { name, addresses } of links) {
    for (const one of addresses) {
      const address = desiredAddress(name, one);
      yield address;
      const route = desiredPrefixRoute(name, one, address);
      if (route !== undefined && !prefixRoutes.has(route.name)) {
        prefixRoutes.set(route.name, route);
      }
    }
  }
  for (const spec of neighbours) yield desiredNeighbour(spec);
  for (const spec of nexthops) yield desiredNexthop(spec);
  yield* prefixRoutes.values();
  const levels = routeLevels(routes);
  for (const [at, spec] of routes.entries()) {
    yield desiredRoute(spec, levels[at]!);
  }
  for (const spec of rules) yield desiredRule(spec);
}
