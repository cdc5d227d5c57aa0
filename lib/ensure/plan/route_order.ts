// The order in which routes are added: a route whose gateway another route of
// the configuration leads to comes after that one.

import { tryParseIPv4, tryParseIPv6 } from "../../net/ip_address.ts";
import { tryParseCidr } from "../../net/prefix.ts";
import type { RouteSpec } from "../../rtnetlink/changes/route.ts";
import { longestPaths } from "./longest_path.ts";
import { PrefixTable } from "./prefix_table.ts";

/** A route, with the prefixes that contain its gateways. */
interface RouteNode {
  readonly hasGateway: boolean;
  readonly needs: readonly PrefixNode[];
}

/** A prefix, with the routes to it. */
interface PrefixNode {
  readonly routes: RouteNode[];
}

/**
 * How many other routes have to be there before each route, one after the
 * other: 0 for a route without gateway. A default route counts as no way to a
 * gateway.
 */
export function routeLevels(routes: readonly RouteSpec[]): number[] {
  const table = new PrefixTable<PrefixNode>();
  const prefixes = routes.map(({ to }) => {
    const cidr = tryParseCidr(to);
    return cidr === undefined || cidr.prefix === 0
      ? undefined
      : table.at(cidr, () => ({ routes: [] }));
  });
  // Many routes share few gateways.
  const containing = new Map<string, readonly PrefixNode[]>();
  const wayTo = (gateway: string) => {
    let nodes = containing.get(gateway);
    if (nodes === undefined) {
      const address = tryParseIPv4(gateway) ?? tryParseIPv6(gateway);
      nodes = address === undefined ? [] : table.containing(address);
      containing.set(gateway, nodes);
    }
    return nodes;
  };
  const nodes = routes.map(({ via, nexthops = [] }, at): RouteNode => {
    const gateways = new Set<string>();
    if (via !== undefined) gateways.add(via);
    for (const hop of nexthops) {
      if (hop.via !== undefined) gateways.add(hop.via);
    }
    const needs: PrefixNode[] = [];
    for (const gateway of gateways) {
      for (const prefix of wayTo(gateway)) {
        // Routes to one prefix do not lead to each other's gateways.
        if (prefix !== prefixes[at]) needs.push(prefix);
      }
    }
    const node = { hasGateway: gateways.size > 0, needs };
    prefixes[at]?.routes.push(node);
    return node;
  });
  const levels = longestPaths<RouteNode | PrefixNode>(
    nodes,
    (node) => "needs" in node && node.hasGateway ? 1 : 0,
    (node) => "needs" in node ? node.needs : node.routes,
  );
  return nodes.map((node) => levels.get(node)!);
}
