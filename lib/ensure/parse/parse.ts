// Reads a description of a network: all of it, and all that is wrong in it.

import { ArgumentError } from "../../errors.ts";
import { namespacePath } from "../../netns/namespace.ts";
import type { Change } from "../../rtnetlink/changes/change.ts";
import { addNeighbour } from "../../rtnetlink/changes/neighbour.ts";
import {
  addNexthop,
  type NexthopObjectSpec,
} from "../../rtnetlink/changes/nexthop.ts";
import { addRoute, type RouteSpec } from "../../rtnetlink/changes/route.ts";
import { addRule, type RuleSpec } from "../../rtnetlink/changes/rule.ts";
import { keepChange } from "./checked_changes.ts";
import type { NeighbourDescription } from "./description.ts";
import type {
  DesiredLink,
  DesiredNamespace,
  DesiredNetwork,
  NamespaceName,
} from "./desired.ts";
import {
  parseExclusive,
  parseLink,
  type PeerDescription,
} from "./parse_link.ts";
import { joinPeers, namespaceOf } from "./peers.ts";
import { DescriptionError, type Path } from "./problem.ts";
import { Findings } from "./reading.ts";
import {
  EXCLUSIVE,
  NEIGHBOUR_WORDS,
  NEXTHOP_WORDS,
  ROUTE_NEXTHOP,
  ROUTE_WORDS,
  RULE_WORDS,
  type Words,
} from "./words.ts";

const NAMESPACE = [
  "links",
  "routes",
  "neighbours",
  "rules",
  "nexthops",
  "exclusive",
] as const;

/** Reads the objects of a list, each by its words and then as a whole. */
function parseAll<T extends object>(
  found: Findings,
  path: Path,
  given: unknown,
  words: Words,
  required: readonly string[],
  whole: (value: T) => Change,
): T[] {
  return found.list(path, given).flatMap((one, index) => {
    const at = [...path, index];
    const mapping = found.mapping(at, one);
    if (mapping === undefined) return [];
    const before = found.problems.length;
    const value = found.words(at, mapping, words, required) as T;
    if (found.problems.length > before) return [];
    const change = found.try(at, () => whole(value));
    if (change === undefined) return [];
    keepChange(value, change);
    return [value];
  });
}

function parseRoute(found: Findings, path: Path, given: unknown): RouteSpec[] {
  const mapping = found.mapping(path, given);
  if (mapping === undefined) return [];
  const before = found.problems.length;
  const values = found.words(path, mapping, ROUTE_WORDS, ["to"], ["nexthops"]);
  const { nexthops } = mapping;
  if (nexthops !== undefined) {
    const at = [...path, "nexthops"];
    const all = found.list(at, nexthops);
    if (Array.isArray(nexthops) && all.length === 0) {
      found.add(at, "a list without a nexthop leads nowhere");
    }
    values.nexthops = all.map((one, index) => {
      const mapping = found.mapping([...at, index], one);
      return mapping && found.words([...at, index], mapping, ROUTE_NEXTHOP);
    });
  }
  if (found.problems.length > before) return [];
  const route = values as unknown as RouteSpec;
  const change = found.try(path, () => addRoute(route));
  if (change === undefined) return [];
  keepChange(route, change);
  return [route];
}

function parseNamespace(
  found: Findings,
  path: Path,
  mapping: Readonly<Record<string, unknown>>,
  name: NamespaceName,
  peers: PeerDescription[],
): DesiredNamespace {
  for (const word of Object.keys(mapping)) {
    if (NAMESPACE.some((known) => known === word)) continue;
    if (path.length === 0 && isForOthers(word)) continue;
    const known = path.length === 0 ? [...NAMESPACE, "namespaces"] : NAMESPACE;
    found.unknown(path, word, known);
  }
  const { links, routes, neighbours, rules, nexthops, exclusive } = mapping;
  return {
    name,
    links: found.list([...path, "links"], links).flatMap((one, index) =>
      parseLink(found, [...path, "links", index], one, name, peers) ?? []
    ),
    routes: found.list([...path, "routes"], routes).flatMap((one, index) =>
      parseRoute(found, [...path, "routes", index], one)
    ),
    neighbours: parseAll<NeighbourDescription>(
      found,
      [...path, "neighbours"],
      neighbours,
      NEIGHBOUR_WORDS,
      ["to", "dev"],
      addNeighbour,
    ),
    rules: parseAll<RuleSpec>(
      found,
      [...path, "rules"],
      rules,
      RULE_WORDS,
      [],
      addRule,
    ),
    nexthops: parseAll<NexthopObjectSpec>(
      found,
      [...path, "nexthops"],
      nexthops,
      NEXTHOP_WORDS,
      ["id"],
      addNexthop,
    ),
    exclusive: parseExclusive(
      found,
      [...path, "exclusive"],
      exclusive,
      EXCLUSIVE,
    ),
  };
}

/** Words at the top that editors and anchors need. */
function isForOthers(word: string): boolean {
  return word === "namespaces" || word === "$schema" || word.startsWith("x-");
}

/**
 * Reads a description of a network, a plain value such as a file in JSON or
 * YAML holds, with the words of LinkSpec, AddressSpec, RouteSpec and their
 * like. Source: ip-link(8), ip-address(8), ip-route(8) and their like.
 *
 * @param value A NetworkDescription, if it is right.
 * @returns What is to be, for differences() and Ensurer.
 * @throws {DescriptionError} With all that is wrong in it.
 *
 * @example
 * ```ts
 * import { parseDescription } from "@netplumb/netplumb";
 *
 * const desired = parseDescription({
 *   namespaces: {
 *     blue: {
 *       links: [{
 *         name: "br0",
 *         kind: "bridge",
 *         up: true,
 *         addresses: ["192.0.2.1/24"],
 *       }],
 *     },
 *   },
 * });
 * console.log(desired.namespaces[0].links[0].name); // br0
 * ```
 */
export function parseDescription(value: unknown): DesiredNetwork {
  const found = new Findings();
  const network = parseNetwork(found, value);
  if (network === undefined || found.problems.length > 0) {
    throw new DescriptionError(found.problems);
  }
  return network;
}

function parseNetwork(
  found: Findings,
  value: unknown,
): DesiredNetwork | undefined {
  if (value === undefined || value === null) {
    found.add([], "there is nothing in it");
    return undefined;
  }
  const mapping = found.mapping([], value);
  if (mapping === undefined) return undefined;
  const peers: PeerDescription[] = [];
  const own = parseNamespace(found, [], mapping, undefined, peers);
  const namespaces: DesiredNamespace[] = [own];
  const named = mapping.namespaces === undefined
    ? {}
    : found.mapping(["namespaces"], mapping.namespaces) ?? {};
  for (const [name, given] of Object.entries(named)) {
    const path = ["namespaces", name];
    checkName(found, path, name);
    // A name with nothing behind it is a namespace with nothing in it.
    const inside = found.mapping(path, given ?? {});
    if (inside === undefined) continue;
    namespaces.push(parseNamespace(found, path, inside, name, peers));
  }
  if (found.problems.length > 0) return undefined;
  const byName = new Map(namespaces.map((one) => [one.name, one] as const));
  placeLinks(found, byName);
  joinPeers(found, byName, peers);
  checkTwice(found, namespaces);
  return { namespaces: namespaces.filter(isMentioned) };
}

function checkName(found: Findings, path: Path, name: string): void {
  found.try(path, () => {
    if (name.startsWith("/") || new TextEncoder().encode(name).length > 255) {
      const expected = "a name of up to 255 bytes without a slash";
      throw new ArgumentError("namespace", name, expected);
    }
    return namespacePath(name);
  });
}

/** Puts links into the namespaces they are to be in. */
function placeLinks(
  found: Findings,
  namespaces: ReadonlyMap<NamespaceName, DesiredNamespace>,
): void {
  const moved: DesiredLink[] = [];
  for (const { links } of namespaces.values()) {
    const all = links.splice(0);
    for (const link of all) {
      (link.namespace === link.from ? links : moved).push(link);
    }
  }
  for (const link of moved) {
    namespaceOf(found, namespaces, [...link.path, "netns"], link.namespace)
      ?.links.push(link);
  }
}

function checkTwice(
  found: Findings,
  namespaces: readonly DesiredNamespace[],
): void {
  for (const { links } of namespaces) {
    const seen = new Map<string, DesiredLink>();
    for (const link of links) {
      if (seen.has(link.name)) {
        found.add(link.path, `link ${link.name} is described twice`);
      }
      seen.set(link.name, link);
    }
  }
}

/** Of this thread's own namespace, often nothing is said. */
function isMentioned(namespace: DesiredNamespace): boolean {
  const { name, links, routes, neighbours, rules, nexthops, exclusive } =
    namespace;
  return name !== undefined || exclusive.size > 0 ||
    [links, routes, neighbours, rules, nexthops].some(({ length }) =>
      length > 0
    );
}
