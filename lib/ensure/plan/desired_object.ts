// A desired address, neighbour, nexthop object, route or rule: encoded once,
// compared with the state whenever that may differ.

import { NetlinkBuffer } from "../../netlink/buffer.ts";
import { requestBytes } from "../../netlink/describe.ts";
import { MessageReader } from "../../netlink/message.ts";
import type { Change } from "../../rtnetlink/changes/change.ts";
import type { RouteSpec } from "../../rtnetlink/route.ts";
import type { RuleSpec } from "../../rtnetlink/rule.ts";
import type { NameLookup } from "../../rtnetlink/spec/name_lookup.ts";
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

/** How an object is encoded, and what identifies it. */
export interface WantedOptions<T> {
  /** The change that adds it. */
  readonly change: Change;
  /** The links that the change refers to. */
  readonly devices: readonly string[];
  decode(message: MessageReader): T | undefined;
  key(value: T): string | number;
}

/**
 * A desired object as the kernel would report it. It is encoded and decoded
 * again only when a link that it refers to has another index.
 */
export class Wanted<T> {
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

  /** The object with the indexes that its links have in a state. */
  value(state: State): T {
    return this.#in(state).value;
  }

  /** The identity of the object, with these indexes. */
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

/** The object that a change adds, decoded like a message of the kernel. */
function decoded<T>(
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

/** The names among devices; an index needs no lookup. */
export function deviceNames(
  devices: Iterable<string | number | undefined>,
): string[] {
  return [...new Set(devices)].filter((device) => typeof device === "string");
}

/** "metric is 5, wanted 7". */
export function differs(key: string, is: unknown, wanted: unknown): string {
  return `${key} is ${is ?? "not set"}, wanted ${wanted}`;
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

/** The name of a rule: all its keys. */
export function ruleName(spec: RuleSpec): string {
  return Object.entries(spec).map((entry) => entry.join(" ")).join(" ");
}
