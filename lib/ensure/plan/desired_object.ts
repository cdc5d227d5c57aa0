// A desired address, neighbour, nexthop object, route or rule in the planner.

import { NetlinkBuffer } from "../../netlink/buffer.ts";
import { requestBytes } from "../../netlink/describe.ts";
import { MessageReader } from "../../netlink/message.ts";
import type { Change } from "../../rtnetlink/changes/change.ts";
import type { RouteSpec } from "../../rtnetlink/route.ts";
import type { NameLookup } from "../../rtnetlink/spec/name_lookup.ts";
import type { Path } from "../parse/error.ts";
import type { Difference, ObjectType } from "./action.ts";
import type { State } from "./state.ts";

/** The differences of an object, and the changes that correct them. */
export interface Correction {
  readonly action: "add" | "change";
  /** The differences; empty if the object does not exist. */
  readonly differences: readonly Difference[];
  readonly changes: readonly Change[];
  /** The changes that roll an addition back. */
  readonly undo: readonly Change[];
}

/** An object of a configuration. */
export interface DesiredObject {
  readonly object: Exclude<ObjectType, "namespace" | "link">;
  /** The position of its correction: one of Order. */
  readonly order: number;
  /** Its name in actions. */
  readonly name: string;
  /** Its path in the configuration. */
  readonly path: Path | undefined;
  /** The links that it refers to, by name. */
  readonly devices: readonly string[];
  /** The identity of the object in a state. */
  key(state: State): string | number;
  /** The object of a state, if it exists. */
  find(state: State): unknown;
  /** The correction; undefined if there is no difference. */
  correction(state: State): Correction | undefined;
  /**
   * The changes that remove it; undefined if it does not exist.
   *
   * @param kept Objects of the state that stay.
   */
  removal(
    state: State,
    kept: ReadonlySet<unknown>,
  ): readonly Change[] | undefined;
}

/** The name of a route: its destination. */
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

/** The object that a change adds, decoded like a message of the kernel. */
export function decoded<T>(
  change: Change,
  numbers: NameLookup,
  decode: (message: MessageReader) => T | undefined,
): T {
  const [request] = change.requests(numbers);
  const bytes = requestBytes(request!);
  const reader = new MessageReader(NetlinkBuffer.of(bytes));
  reader.reset(0, bytes.length);
  reader.next();
  return decode(reader)!;
}
