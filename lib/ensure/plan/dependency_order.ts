// Dependency order: the number of predecessors of each link and each route.

import { tryParseIPv4, tryParseIPv6 } from "../../net/ip_address.ts";
import { type Cidr, tryParseCidr } from "../../net/prefix.ts";
import type { RouteSpec } from "../../rtnetlink/route.ts";

/** A node whose dependencies are being visited. */
interface Frame<T> {
  readonly node: T;
  readonly left: T[];
  longest: number;
}

/**
 * The length of the longest chain of dependencies of each node.
 *
 * Iterative, because a chain may be longer than the stack. A dependency that
 * closes a cycle is ignored: no order satisfies it.
 *
 * @param weight The contribution of a node to its chain.
 */
export function longestPaths<T>(
  nodes: Iterable<T>,
  weight: (node: T) => number,
  dependencies: (node: T) => readonly T[],
): Map<T, number> {
  const lengths = new Map<T, number>();
  const active = new Set<T>();
  const stack: Frame<T>[] = [];
  const enter = (node: T) => {
    active.add(node);
    stack.push({ node, left: [...dependencies(node)], longest: 0 });
  };
  for (const start of nodes) {
    if (lengths.has(start)) continue;
    enter(start);
    while (stack.length > 0) {
      const frame = stack[stack.length - 1]!;
      const next = frame.left.pop();
      if (next === undefined) {
        stack.pop();
        active.delete(frame.node);
        const length = weight(frame.node) + frame.longest;
        lengths.set(frame.node, length);
        const parent = stack[stack.length - 1];
        if (parent !== undefined) {
          parent.longest = Math.max(parent.longest, length);
        }
      } else if (lengths.has(next)) {
        frame.longest = Math.max(frame.longest, lengths.get(next)!);
      } else if (!active.has(next)) enter(next);
    }
  }
  return lengths;
}

/** Values by IP prefix, with lookup by address. */
class PrefixTable<T> {
  /** By address size in bytes and prefix length, then by masked address. */
  readonly #tables = new Map<number, Map<string, T>>();

  /** The value of a prefix; created for a new one. */
  at({ address, prefix }: Cidr, make: () => T): T {
    const size = address.length << 8 | prefix;
    let table = this.#tables.get(size);
    if (table === undefined) this.#tables.set(size, table = new Map());
    const key = maskedKey(address, prefix);
    let value = table.get(key);
    if (value === undefined) table.set(key, value = make());
    return value;
  }

  /** The values of all prefixes that contain an address. */
  containing(address: Uint8Array): T[] {
    const values: T[] = [];
    for (const [size, table] of this.#tables) {
      if (size >> 8 !== address.length) continue;
      const value = table.get(maskedKey(address, size & 255));
      if (value !== undefined) values.push(value);
    }
    return values;
  }
}

/** The first bits of an address as a string, one character for each byte. */
function maskedKey(address: Uint8Array, prefix: number): string {
  let key = "";
  const whole = prefix >> 3;
  for (let at = 0; at < whole; at++) key += String.fromCharCode(address[at]!);
  const rest = prefix & 7;
  return rest === 0
    ? key
    : key + String.fromCharCode(address[whole]! & 0xff00 >> rest);
}

/** A route and the prefixes that contain its gateways. */
interface RouteNode {
  readonly hasGateway: boolean;
  readonly needs: readonly PrefixNode[];
}

/** A prefix and the routes to it. */
interface PrefixNode {
  readonly routes: RouteNode[];
}

/**
 * The length of the chain of routes that each route requires: 0 for a route
 * without a gateway. A default route does not count as a route to a gateway.
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
    const gateways = new Set([via, ...nexthops.map((hop) => hop.via)]);
    gateways.delete(undefined);
    const needs: PrefixNode[] = [];
    for (const gateway of gateways) {
      for (const prefix of wayTo(gateway!)) {
        // Routes to the same prefix do not lead to each other's gateways.
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
