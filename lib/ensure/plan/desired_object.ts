// A desired address, neighbour, nexthop object, route or rule, as the planner
// sees it.

import type { Change } from "../../rtnetlink/changes/change.ts";
import type { RouteSpec } from "../../rtnetlink/route.ts";
import type { ObjectType } from "./action.ts";
import type { State } from "./state.ts";

/** What an object lacks, and the changes that correct it. */
export interface Correction {
  readonly action: "add" | "change";
  /** What differs; nothing if the object does not exist. */
  readonly reasons: readonly string[];
  readonly changes: readonly Change[];
  /** The changes that roll an addition back. */
  readonly undo: readonly Change[];
}

/** One object of a configuration. */
export interface DesiredObject {
  readonly object: Exclude<ObjectType, "namespace" | "link">;
  /** When it is corrected: one of Order. */
  readonly order: number;
  /** Its name in actions. */
  readonly name: string;
  /** The links that it refers to, by name. */
  readonly devices: readonly string[];
  /** The identity of the object in a state. */
  key(state: State): string | number;
  /** The object of a state, if it exists. */
  find(state: State): unknown;
  /** What it lacks; undefined if nothing. */
  correction(state: State): Correction | undefined;
}

/** The name of a route: where it leads. */
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
