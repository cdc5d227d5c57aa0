// Desired addresses, neighbours, nexthop objects, routes and rules, each beside
// what the state has of it.

import type { MessageReader } from "../../netlink/message.ts";
import {
  ADDRESS,
  type Address,
  addressSpecOf,
  decodeAddress,
} from "../../rtnetlink/address.ts";
import {
  addressIdentity,
  neighbourIdentity,
  nexthopIdentity,
} from "../../rtnetlink/monitor/identities.ts";
import { groupKey } from "../../rtnetlink/monitor/route_group.ts";
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
import { changeOf } from "../parse/desired.ts";
import type {
  AddressConfiguration,
  NeighbourConfiguration,
} from "../parse/configuration.ts";
import {
  type DesiredObject,
  deviceNames,
  differs,
  routeName,
  ruleName,
  Wanted,
} from "./desired_object.ts";
import type { State } from "./state.ts";
import { Order } from "./action.ts";
import { selectorOf } from "./rule_table.ts";

/** How the objects of a type are compared and corrected. */
interface Comparing<O extends object, Spec extends object> {
  readonly object: DesiredObject["object"];
  readonly order: number;
  readonly name: string;
  readonly table: ObjectTable<O, Spec>;
  readonly spec: Spec;
  /** Where the change that adds it may be kept; default: the spec. */
  readonly description?: object;
  /** The links that it names. */
  readonly devices: readonly string[];
  /** Whether a missing one is added with "replace". */
  readonly replaces?: boolean;
  /** Whether any difference makes it another object. */
  readonly isFixed?: boolean;
  decode(message: MessageReader): O | undefined;
  key(object: O): string | number;
  /** The objects that may be the wanted one. */
  find(state: State, wanted: O): readonly O[];
  /** What deletes it where the spec says more than the kernel takes. */
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
    : table.comparison({ ...spec as OptionValues });
  const deletion = (is: O | undefined) =>
    table.change("delete", comparing.deletionOf?.(spec, is) ?? spec);
  /** The object that differs in the fewest options. */
  const match = (state: State) => {
    const value = wanted.value(state);
    let best:
      | { readonly is: O; readonly differences: readonly OptionDifference[] }
      | undefined;
    for (const is of comparing.find(state, value)) {
      const differences = compare(is, value, (index) => state.nameOf(index));
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
    devices,
    key: (state) => wanted.key(state),
    find: (state) => match(state)?.is,
    correction(state) {
      const found = match(state);
      if (found === undefined) {
        return {
          action: "add",
          reasons: [],
          changes: [
            comparing.replaces ? table.change("replace", spec) : wanted.change,
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
        reasons: differences.map(({ key, is, wanted }) =>
          differs(key, is, wanted)
        ),
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
export function desiredAddress(
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
export function desiredNeighbour(spec: NeighbourConfiguration): DesiredObject {
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

/** A desired rule. */
export function desiredRule(spec: RuleSpec): DesiredObject {
  return desired({
    object: "rule",
    order: Order.rule,
    name: ruleName(spec),
    table: RULE,
    spec,
    devices: [],
    // All that can be given identifies it.
    isFixed: true,
    decode: decodeRule,
    key: selectorOf,
    find: (state, wanted) => listed(state.ruleTable.find(spec, wanted)),
  });
}

/** A desired nexthop object. */
export function desiredNexthop(spec: NexthopObjectSpec): DesiredObject {
  return desired({
    object: "nexthop",
    // A group needs its members.
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

/** What the kernel gives an IPv6 route that has no metric. */
const IPV6_METRIC = 1024;

/** A desired route as the kernel reports it, of one that is decoded. */
function asReported(message: MessageReader): Route | undefined {
  const route = decodeRoute(message);
  if (route === undefined) return undefined;
  if (route.prefixLength === 0) route.destination = undefined;
  if (route.family === "inet6") route.metric ||= IPV6_METRIC;
  else if (route.metric === 0) route.metric = undefined;
  return route;
}

/**
 * A desired route.
 *
 * @param level How many other desired routes it needs: see routeLevels().
 */
export function desiredRoute(spec: RouteSpec, level: number): DesiredObject {
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
    find: (state, wanted) => state.routes.group(wanted),
  });
}
