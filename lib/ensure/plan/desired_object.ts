// A desired address, neighbour, nexthop object, route or rule: encoded once,
// compared with the state whenever that may differ.

import type { MessageReader } from "../../netlink/message.ts";
import type { Change } from "../../rtnetlink/changes/change.ts";
import { type Correction, decoded } from "./decoded.ts";
import type { State } from "./state.ts";
import type { StepObject } from "./step.ts";

/** One object of a configuration. */
export interface DesiredObject {
  readonly object: Exclude<StepObject, "namespace" | "link">;
  /** When it is corrected: one of Order. */
  readonly order: number;
  /** What steps call it. */
  readonly name: string;
  /** The links that it names. */
  readonly devices: readonly string[];
  /** The identity of the object that it means, in a state. */
  key(state: State): string | number;
  /** The object of a state that it means, if it is there. */
  find(state: State): unknown;
  /** What it lacks; undefined if nothing. */
  correction(state: State): Correction | undefined;
}

/** How an object is encoded, and what identifies it. */
export interface WantedOptions<T> {
  /** The change that adds it. */
  readonly change: Change;
  /** The links that the change names. */
  readonly devices: readonly string[];
  decode(message: MessageReader): T | undefined;
  key(value: T): string | number;
}

/**
 * A desired object as the kernel would report it. It is encoded and decoded
 * again only when a link that it names has another index.
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

/** The names among devices; a number needs no lookup. */
export function deviceNames(
  devices: Iterable<string | number | undefined>,
): string[] {
  const names = new Set<string>();
  for (const device of devices) {
    if (typeof device === "string") names.add(device);
  }
  return [...names];
}
