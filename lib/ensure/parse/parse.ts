// Parses a configuration completely and reports all problems.

import { ArgumentError } from "../../errors.ts";
import { namespacePath } from "../../netns/namespace.ts";
import type { Change } from "../../rtnetlink/changes/change.ts";
import { addNeighbour } from "../../rtnetlink/neighbour.ts";
import { addNexthop, type NexthopObjectSpec } from "../../rtnetlink/nexthop.ts";
import { addRoute, type RouteSpec } from "../../rtnetlink/route.ts";
import { addRule, type RuleSpec } from "../../rtnetlink/rule.ts";
import type { NeighbourConfiguration } from "./configuration.ts";
import {
  cacheChange,
  type DesiredNamespace,
  type DesiredNetwork,
  type NamespaceName,
  setPath,
} from "./desired.ts";
import { applyDefaults, type LinkDefaults, parseDefaults } from "./defaults.ts";
import { checkDuplicates, checkIdentities } from "./duplicates.ts";
import { ConfigurationError, type Path, pathText } from "./error.ts";
import { expand } from "./expand.ts";
import { Input } from "./input.ts";
import {
  EXCLUSIVE,
  FOREIGN_KEYS,
  type Keys,
  NEIGHBOUR_KEYS,
  NEXTHOP_KEYS,
  ROUTE_KEYS,
  ROUTE_NEXTHOP,
  RULE_KEYS,
} from "./keys.ts";
import {
  checkGroups,
  type LinkDraft,
  type Named,
  parseExclusive,
  parseLink,
} from "./link.ts";
import {
  BUILT_IN,
  hasState,
  parseAbsentLink,
  parseAbsentRoute,
  parseIgnored,
} from "./selection.ts";
import { applySeed, SEED } from "./seed.ts";
import { parseSysctls } from "./sysctls.ts";
import {
  joinPeers,
  joinPorts,
  type LinksByName,
  namespaceOf,
} from "./veth_peers.ts";

const NAMESPACE = [
  "defaults",
  "links",
  "routes",
  "neighbours",
  "rules",
  "nexthops",
  "sysctls",
  "exclusive",
  "ignore",
] as const;

/** Other keys of the top level. */
const TOP = ["namespaces", "schema", "seed", "variables", "include"];

/** A namespace with the links that are configured in it. */
type NamespaceDraft = Omit<DesiredNamespace, "links"> & {
  readonly links: readonly LinkDraft[];
  readonly defaults: readonly LinkDefaults[];
};

/** Parses an object: first its keys, then their combination. */
function parseObject<T extends object>(
  keys: Keys,
  required: readonly string[],
  make: (spec: T) => Change,
) {
  return (input: Input, path: Path, given: unknown): T | undefined => {
    const mapping = input.mapping(path, given);
    if (mapping === undefined) return undefined;
    return input.ifRight(() => {
      const before = input.problems.length;
      const others = keys === ROUTE_KEYS ? ["nexthops"] : [];
      const spec = input.values(path, mapping, keys, required, others);
      if (
        keys === ROUTE_KEYS && mapping.nexthops !== undefined &&
        mapping.nexthops !== null
      ) {
        const at = [...path, "nexthops"];
        spec.nexthops = parseNexthops(input, at, mapping.nexthops);
      }
      if (input.problems.length > before) return undefined;
      const change = input.attempt(path, () => make(spec as T));
      if (change !== undefined) cacheChange(spec, change);
      setPath(spec, path);
      return spec as T;
    });
  };
}

/** The nexthops of a multipath route. */
function parseNexthops(input: Input, path: Path, given: unknown): unknown[] {
  if (Array.isArray(given) && given.length === 0) {
    input.problem(path, "the list of nexthops is empty");
  }
  return input.list(path, given, (one, path) => {
    const mapping = input.mapping(path, one);
    return mapping && input.values(path, mapping, ROUTE_NEXTHOP);
  });
}

/** The change that adds a route, if it has a destination. */
function routeChange(spec: RouteSpec): Change {
  const { to, type = "unicast", via, dev, nexthops, nhid } = spec;
  if (type === "unicast" && (via ?? dev ?? nexthops ?? nhid) === undefined) {
    const expected = "complete: it needs via, dev, nexthops or nhid";
    throw new ArgumentError("route", to, expected);
  }
  return addRoute(spec);
}

const parseRoute = parseObject<RouteSpec>(ROUTE_KEYS, ["to"], routeChange);
const parseNeighbour = parseObject<NeighbourConfiguration>(
  NEIGHBOUR_KEYS,
  ["to", "dev"],
  addNeighbour,
);
const parseRule = parseObject<RuleSpec>(RULE_KEYS, [], addRule);
const parseNexthop = parseObject<NexthopObjectSpec>(
  NEXTHOP_KEYS,
  ["id"],
  addNexthop,
);

/** The path of a namespace that another program creates. */
function parseForeign(
  input: Input,
  at: Path,
  mapping: Readonly<Record<string, unknown>>,
  name: string,
): string | undefined {
  const given = Object.entries(mapping).filter(([key, value]) =>
    Object.hasOwn(FOREIGN_KEYS, key) && value !== null
  );
  const { path, pid, create }: {
    readonly path?: string;
    readonly pid?: number;
    readonly create?: boolean;
  } = input.values(at, Object.fromEntries(given), FOREIGN_KEYS);
  if (path !== undefined && pid !== undefined) {
    input.problem([...at, "pid"], "path names the namespace already");
  }
  if (create && (path ?? pid) !== undefined) {
    const message = "only a namespace without path and pid can be created";
    input.problem([...at, "create"], message);
  }
  if (path !== undefined) return path;
  if (pid !== undefined) return namespacePath(pid);
  return create === false ? namespacePath(name) : undefined;
}

function parseNamespace(
  input: Input,
  path: Path,
  mapping: Readonly<Record<string, unknown>>,
  name: NamespaceName,
  named: Named,
): NamespaceDraft {
  const isTop = path.length === 0;
  const known = [...NAMESPACE, ...isTop ? TOP : Object.keys(FOREIGN_KEYS)];
  for (const key of Object.keys(mapping)) {
    if (known.includes(key) || isTop && isTopKey(key)) continue;
    input.unknownKey(path, key, known);
  }
  const list = <T>(
    key: typeof NAMESPACE[number],
    parse: (input: Input, path: Path, given: unknown) => T | undefined,
  ) =>
    input.list(
      [...path, key],
      mapping[key],
      (one, path) => parse(input, path, one),
    );
  /** Items with `state` or without. */
  const some = <T>(
    key: "links" | "routes",
    isAbsent: boolean,
    parse: (input: Input, path: Path, given: unknown) => T | undefined,
  ) =>
    // Another type is one problem, not two.
    isAbsent && !Array.isArray(mapping[key]) ? [] : list(
      key,
      (input, path, one) =>
        hasState(one) === isAbsent ? parse(input, path, one) : undefined,
    );
  const draft = {
    name,
    foreignPath: name === undefined
      ? undefined
      : parseForeign(input, path, mapping, name),
    defaults: list("defaults", parseDefaults),
    links: some(
      "links",
      false,
      (input, path, one) => parseLink(input, path, one, name, named),
    ),
    absentLinks: some("links", true, parseAbsentLink),
    routes: some("routes", false, parseRoute),
    absentRoutes: some("routes", true, parseAbsentRoute),
    neighbours: list("neighbours", parseNeighbour),
    rules: list("rules", parseRule),
    nexthops: list("nexthops", parseNexthop),
    sysctls: parseSysctls(input, [...path, "sysctls"], mapping.sysctls),
    exclusive: parseExclusive(
      input,
      [...path, "exclusive"],
      mapping.exclusive,
      EXCLUSIVE,
    ),
    ignored: list("ignore", parseIgnored),
  };
  if (!draft.exclusive.has("dynamic")) draft.ignored.push(BUILT_IN);
  return draft;
}

/** Top-level keys for namespaces, editors and anchors. */
function isTopKey(key: string): boolean {
  return key === "namespaces" || key === "schema" || key === "$schema" ||
    key === "seed" || key.startsWith("x-");
}

/**
 * Parses the configuration of a network, a plain value as in a JSON or YAML
 * file, with the keys of LinkSpec, AddressSpec, RouteSpec and the other types.
 * Variables and repeated objects are expanded; paths of problems are those of
 * the expanded configuration.
 * Source: ip-link(8), ip-address(8), ip-route(8) and others.
 *
 * @param value A NetworkConfiguration.
 * @returns The desired state, for Reconciler.
 * @throws {ConfigurationError} With all problems.
 *
 * @example
 * ```ts
 * import { parseConfiguration } from "@netplumb/netplumb";
 *
 * const desired = parseConfiguration({
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
export function parseConfiguration(value: unknown): DesiredNetwork {
  const expansion = expand([value]);
  const problems = expansion.problems.map(({ place, otherPlace, ...rest }) => ({
    ...rest,
    path: place.path,
    ...(otherPlace && { other: otherPlace.path }),
  }));
  if (problems.length > 0) throw new ConfigurationError(problems);
  return parseExpanded(expansion.value);
}

/**
 * Parses a configuration without variables and repeated objects.
 *
 * @throws {ConfigurationError} With all problems.
 */
export function parseExpanded(value: unknown): DesiredNetwork {
  const input = new Input();
  const network = parseNetwork(input, value);
  if (network === undefined || input.problems.length > 0) {
    throw new ConfigurationError(input.problems);
  }
  return network;
}

function parseNetwork(
  input: Input,
  value: unknown,
): DesiredNetwork | undefined {
  if (value === undefined || value === null) {
    input.problem([], "the configuration is empty");
    return undefined;
  }
  const mapping = input.mapping([], value);
  if (mapping === undefined) return undefined;
  const { schema } = mapping;
  if (schema !== undefined && schema !== 1) {
    input.problem(
      ["schema"],
      `${
        JSON.stringify(schema)
      } is not 1, the version of the format that this ` +
        "version of netplumb reads",
    );
  }
  const references: Named = { peers: [], ports: [] };
  const drafts = [parseNamespace(input, [], mapping, undefined, references)];
  const named = input.mapping(["namespaces"], mapping.namespaces ?? {});
  for (const [name, given] of Object.entries(named ?? {})) {
    const path = ["namespaces", name];
    checkName(input, path, name);
    const inside = input.mapping(path, given ?? {});
    if (inside === undefined) continue;
    drafts.push(parseNamespace(input, path, inside, name, references));
  }
  if (input.problems.length > 0) return undefined;
  const links = linksByName(input, drafts);
  joinPeers(input, links, references.peers);
  joinPorts(input, links, references.ports);
  checkIdentities(input, drafts.flatMap(({ links }) => links));
  for (const draft of drafts) {
    const path = draft.name === undefined ? [] : ["namespaces", draft.name];
    checkDuplicates(input, path, draft);
    for (const link of draft.links) checkGroups(input, link);
  }
  const common = drafts[0]!.defaults;
  const seed = mapping.seed === undefined || mapping.seed === null
    ? undefined
    : input.value(["seed"], mapping.seed, SEED);
  const namespaces = drafts.map(
    ({ defaults, ...draft }, at): DesiredNamespace => {
      const own = [...links.get(draft.name)!.values()];
      for (const link of own) {
        applyDefaults(link, at === 0 ? common : [...common, ...defaults]);
      }
      if (seed !== undefined) applySeed(own, draft.name, seed);
      return { ...draft, links: own };
    },
  );
  // Links are created, or are, in the namespace that they are moved from.
  const origins = new Set(
    namespaces.flatMap(({ links }) => links.map(({ from }) => from)),
  );
  return {
    namespaces: namespaces.filter((one) =>
      origins.has(one.name) || isMentioned(one)
    ),
  };
}

function checkName(input: Input, path: Path, name: string): void {
  input.attempt(path, () => {
    if (name.startsWith("/") || new TextEncoder().encode(name).length > 255) {
      const expected = "a name of up to 255 bytes without a slash";
      throw new ArgumentError("namespace", name, expected);
    }
    return namespacePath(name);
  });
}

/** The links of each namespace: its own, then those that are moved to it. */
function linksByName(
  input: Input,
  drafts: readonly NamespaceDraft[],
): LinksByName {
  const byName = new Map(
    drafts.map(({ name }) => [name, new Map<string, LinkDraft>()]),
  );
  const links = drafts.flatMap(({ links }) => links);
  const isMoved = ({ namespace, from }: LinkDraft) => namespace !== from;
  const sorted = [
    ...links.filter((link) => !isMoved(link)),
    ...links.filter(isMoved),
  ];
  for (const link of sorted) {
    const path = [...link.path, "netns"];
    const siblings = namespaceOf(input, byName, path, link.namespace);
    const first = siblings?.get(link.name);
    if (first === undefined) siblings?.set(link.name, link);
    else {
      const text = pathText(first.path);
      input.problem(
        link.path,
        `link ${link.name} is configured by ${text} too`,
        first.path,
      );
    }
  }
  return byName;
}

/** Whether the top-level namespace is configured. */
function isMentioned(namespace: DesiredNamespace): boolean {
  const { name, links, routes, neighbours, rules, nexthops } = namespace;
  const { sysctls, exclusive, absentLinks, absentRoutes } = namespace;
  return name !== undefined || exclusive.size > 0 ||
    [
      links,
      routes,
      neighbours,
      rules,
      nexthops,
      sysctls,
      absentLinks,
      absentRoutes,
    ].some(({ length }) => length > 0);
}
