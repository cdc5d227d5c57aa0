// Desired addresses, neighbours, nexthop objects, routes and rules: encoded
// once, compared with the state after changes.

import type { MessageReader } from "../../netlink/message.ts";
import type { Change } from "../../rtnetlink/changes/change.ts";
import {
  ADDRESS,
  type Address,
  addressSpecOf,
  decodeAddress,
} from "../../rtnetlink/address.ts";
import {
  addressIdentity,
  isFlooded,
  neighbourIdentity,
  nexthopIdentity,
} from "../../rtnetlink/monitor/identities.ts";
import { groupKey, isLearned } from "../../rtnetlink/monitor/route_group.ts";
import { FDB, type FdbSpec } from "../../rtnetlink/fdb.ts";
import { decodeNeighbour, NEIGHBOUR } from "../../rtnetlink/neighbour.ts";
import {
  decodeNexthop,
  NEXTHOP_OBJECT,
  type NexthopObjectSpec,
} from "../../rtnetlink/nexthop.ts";
import {
  decodeRoute,
  ROUTE,
  type Route,
  type RouteSpec,
} from "../../rtnetlink/route.ts";
import { decodeRule, RULE, type RuleSpec } from "../../rtnetlink/rule.ts";
import type { OptionValues } from "../../rtnetlink/spec/attribute.ts";
import type { ObjectTable } from "../../rtnetlink/spec/object.ts";
import type { OptionDifference } from "../../rtnetlink/spec/table.ts";
import { changeOf, type DesiredNamespace, pathOf } from "../parse/desired.ts";
import type {
  AddressConfiguration,
  NeighbourConfiguration,
} from "../parse/configuration.ts";
import { decoded, type DesiredObject, routeName } from "./desired_object.ts";
import type { State } from "./state.ts";
import { Order } from "./action.ts";
import { routeLevels } from "./dependency_order.ts";
import { classDepths, desiredClass, desiredQdisc } from "./qdisc.ts";
import { desiredSysctl } from "./sysctl.ts";
import { fdbKey, findFdb, withOwnValues } from "./fdb.ts";
import { desiredMdb } from "./mdb.ts";
import { desiredVlan } from "./vlan.ts";
import { desiredPrefixRoute } from "./prefix_route.ts";
import { selectorOf } from "./rule_table.ts";

/** The encoding and the identity of an object. */
interface WantedOptions<T> {
  /** The change that adds it. */
  readonly change: Change;
  /** The links that the change refers to. */
  readonly devices: readonly string[];
  decode(message: MessageReader): T | undefined;
  key(value: T): string | number;
}

/**
 * A desired object as the kernel would report it. It is encoded and decoded
 * again only if the ifindex of a link that it refers to changes.
 */
class Wanted<T> {
  readonly #options: WantedOptions<T>;
  readonly #indexes: number[] = [];
  #current: { readonly value: T; readonly key: string | number } | undefined;

  constructor(options: WantedOptions<T>) {
    this.#options = options;
  }

  /** The change that adds it. */
  get change(): Change {
    return this.#options.change;
  }

  /** The object with the indexes of its links in a state. */
  value(state: State): T {
    return this.#in(state).value;
  }

  /** The key of the object with these indexes. */
  key(state: State): string | number {
    return this.#in(state).key;
  }

  #in(state: State): { readonly value: T; readonly key: string | number } {
    const { change, devices, decode, key } = this.#options;
    let isCurrent = this.#current !== undefined;
    for (let at = 0; at < devices.length; at++) {
      const index = state.numbers.index(devices[at]!);
      if (index !== this.#indexes[at]) isCurrent = false;
      this.#indexes[at] = index;
    }
    if (!isCurrent) {
      const value = decoded(change, state.numbers, decode);
      this.#current = { value, key: key(value) };
    }
    return this.#current!;
  }
}

/** The link names; an ifindex needs no lookup. */
function deviceNames(
  devices: Iterable<string | number | undefined>,
): string[] {
  return [...new Set(devices)].filter((device) => typeof device === "string");
}

/** How the objects of a type are compared and corrected. */
interface Comparing<O extends object, Spec extends object> {
  readonly object: DesiredObject["object"];
  readonly order: number;
  readonly name: string;
  readonly table: ObjectTable<O, Spec>;
  readonly spec: Spec;
  /** The part of it that is compared; default: all. */
  readonly compared?: Spec;
  /** The key of the cached change that adds it; default: the spec. */
  readonly description?: object;
  /** The links that it names. */
  readonly devices: readonly string[];
  /** Whether a missing object is added with "replace". */
  readonly replaces?: boolean;
  /** Whether it is added beside others with the same key. */
  appends?(wanted: O): boolean;
  /** Whether any difference makes it a different object. */
  readonly isFixed?: boolean;
  decode(message: MessageReader): O | undefined;
  key(object: O): string | number;
  /** The candidates for the desired object. */
  find(state: State, wanted: O): readonly O[];
  /** The object with values that the kernel does not report. */
  completed?(is: O, state: State): O;
  /** Keys whose difference means that it is the object of another program. */
  readonly distinct?: ReadonlySet<string>;
  /** The spec of its deletion, if the kernel does not accept the whole spec. */
  deletionOf?(spec: Spec, is: O | undefined): Spec;
}

function desired<O extends object, Spec extends object>(
  comparing: Comparing<O, Spec>,
): DesiredObject {
  const { object, order, name, devices, table, spec, description = spec } =
    comparing;
  const wanted = new Wanted<O>({
    ...comparing,
    change: changeOf(description, () => table.change("add", spec)),
  });
  const compare = comparing.isFixed
    ? () => []
    : table.comparison({ ...(comparing.compared ?? spec) as OptionValues });
  const deletion = (is: O | undefined) =>
    table.change("delete", comparing.deletionOf?.(spec, is) ?? spec);
  /** The candidate with the fewest differences. */
  const match = (state: State) => {
    const value = wanted.value(state);
    let best:
      | { readonly is: O; readonly differences: readonly OptionDifference[] }
      | undefined;
    for (const is of comparing.find(state, value)) {
      const differences = compare(
        comparing.completed?.(is, state) ?? is,
        value,
        (index) => state.nameOf(index),
      );
      if (
        best === undefined || differences.length < best.differences.length
      ) best = { is, differences };
    }
    return best;
  };
  return {
    object,
    order,
    name,
    path: pathOf(description),
    devices,
    key: (state) => wanted.key(state),
    find: (state) => match(state)?.is,
    removal(state, kept) {
      const found = match(state);
      const isOther = found?.differences.some(({ key }) =>
        comparing.distinct?.has(key)
      );
      return found === undefined || isOther || kept.has(found.is)
        ? undefined
        : [deletion(found.is)];
    },
    correction(state) {
      const found = match(state);
      if (found === undefined) {
        return {
          action: "add",
          differences: [],
          changes: [
            comparing.replaces
              ? table.change("replace", spec)
              : comparing.appends?.(wanted.value(state))
              ? table.change("append", spec)
              : wanted.change,
          ],
          get undo() {
            return [deletion(undefined)];
          },
        };
      }
      const { is, differences } = found;
      if (differences.length === 0) return undefined;
      return {
        action: "change",
        differences,
        changes: differences.some(({ change }) => change === "at creation")
          ? [deletion(is), wanted.change]
          : [table.change("replace", spec)],
        undo: [],
      };
    },
  };
}

const listed = <T>(object: T | undefined): readonly T[] =>
  object === undefined ? [] : [object];

/** A desired address of a link. */
function desiredAddress(
  link: string,
  description: AddressConfiguration,
): DesiredObject {
  return desired({
    object: "address",
    order: Order.address,
    name: `${description.address} of ${link}`,
    table: ADDRESS,
    spec: { ...description, dev: link },
    description,
    devices: [link],
    decode: decodeAddress,
    key: addressIdentity.key,
    find: (state, wanted) =>
      listed(state.addresses.get(addressIdentity.key(wanted))),
    deletionOf: (spec, is: Address | undefined) =>
      is === undefined ? spec : { ...addressSpecOf(is), dev: link },
  });
}

/** A desired neighbour. */
function desiredNeighbour(spec: NeighbourConfiguration): DesiredObject {
  return desired({
    object: "neighbour",
    order: Order.neighbour,
    name: `${spec.to} of ${spec.dev}`,
    table: NEIGHBOUR,
    spec,
    devices: deviceNames([spec.dev]),
    replaces: true,
    decode: decodeNeighbour,
    key: neighbourIdentity.key,
    find: (state, wanted) =>
      listed(state.neighbours.get(neighbourIdentity.key(wanted))),
  });
}

/** A desired entry of a forwarding table. */
function desiredFdb(dev: string, entry: Omit<FdbSpec, "dev">): DesiredObject {
  const spec: FdbSpec = { ...entry, dev };
  // The kernel does not report in which table it is.
  const { self: _, master: __, ...compared } = spec;
  return desired({
    object: "fdb",
    order: Order.fdb,
    name: `${spec.to} of ${dev}${spec.dst ? `, dst ${spec.dst}` : ""}`,
    table: FDB,
    spec,
    compared,
    description: entry,
    devices: deviceNames([dev, spec.via]),
    replaces: !isFlooded(spec.to) || spec.master === true,
    appends: () => true,
    decode: decodeNeighbour,
    key: fdbKey,
    find: (state, wanted) => listed(findFdb(state, wanted, spec)),
    completed: withOwnValues,
  });
}

/** A desired rule. */
function desiredRule(spec: RuleSpec): DesiredObject {
  return desired({
    object: "rule",
    order: Order.rule,
    name: Object.entries(spec).map((entry) => entry.join(" ")).join(" "),
    table: RULE,
    spec,
    devices: [],
    // All keys identify it.
    isFixed: true,
    decode: decodeRule,
    key: selectorOf,
    find: (state, wanted) => listed(state.ruleTable.find(spec, wanted)),
  });
}

/** A desired nexthop object. */
function desiredNexthop(spec: NexthopObjectSpec): DesiredObject {
  return desired({
    object: "nexthop",
    // A group requires its members.
    order: Order.nexthop + (spec.group === undefined ? 0 : 1),
    name: `${spec.id}`,
    table: NEXTHOP_OBJECT,
    spec,
    devices: deviceNames([spec.dev]),
    replaces: true,
    decode: decodeNexthop,
    key: nexthopIdentity.key,
    find: (state) => listed(state.nexthops.get(spec.id!)),
    deletionOf: ({ id }) => ({ id: id! }),
  });
}

/** The kernel's default metric of IPv6 routes. */
const IPV6_METRIC = 1024;

/** A decoded desired route as the kernel would report it. */
function asReported(message: MessageReader): Route | undefined {
  const route = decodeRoute(message);
  if (route === undefined) return undefined;
  if (route.prefixLength === 0) route.destination = undefined;
  if (route.family === "inet6") route.metric ||= IPV6_METRIC;
  else if (route.metric === 0) route.metric = undefined;
  return route;
}

/** The keys of the way of a route. */
const ROUTE_WAY: ReadonlySet<string> = new Set([
  "via",
  "dev",
  "nexthops",
  "nhid",
  "type",
]);

/**
 * A desired route.
 *
 * @param level The number of desired routes that it requires: see
 *   routeLevels().
 */
function desiredRoute(spec: RouteSpec, level: number): DesiredObject {
  const { dev, nexthops = [] } = spec;
  return desired({
    object: "route",
    order: Order.route + Math.min(99, level),
    name: routeName(spec),
    table: ROUTE,
    spec,
    devices: deviceNames([dev, ...nexthops.map((hop) => hop.dev)]),
    decode: asReported,
    key: groupKey,
    // The kernel may have one of a router advertisement with the same metric.
    appends: ({ family }) => family === "inet6",
    distinct: ROUTE_WAY,
    find: (state, wanted) =>
      state.routes.group(wanted).filter((one) =>
        !isLearned(one) || one.protocol === wanted.protocol
      ),
  });
}

const known = new WeakMap<DesiredNamespace, readonly DesiredObject[]>();

/**
 * The objects of a namespace other than links, in the order of comparison.
 */
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
  { links, neighbours, nexthops, routes, rules, sysctls }: DesiredNamespace,
): Generator<DesiredObject, void, void> {
  // Addresses of a link in the same network share a prefix route.
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
  for (const spec of sysctls) yield desiredSysctl(spec);
  for (const link of links) {
    for (const spec of link.fdb) yield desiredFdb(link.name, spec);
    for (const spec of link.vlans) yield desiredVlan(link, spec);
    for (const spec of link.mdb) yield desiredMdb(link, spec);
    for (const spec of link.qdiscs) yield desiredQdisc(link.name, spec);
    for (const [spec, depth] of classDepths(link.classes)) {
      yield desiredClass(link.name, spec, depth);
    }
    for (const spec of link.sysctls) yield desiredSysctl(spec);
  }
}
