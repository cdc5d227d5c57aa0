// A step on the way to what is described: what it does, why, and the changes
// that do it.

import type { Change } from "../../rtnetlink/changes/change.ts";
import type { NamespaceName } from "../parse/desired.ts";

/** What a step is about. */
export type StepObject =
  | "namespace"
  | "link"
  | "address"
  | "neighbour"
  | "nexthop"
  | "route"
  | "rule";

/** When a part of a step is done: the smaller, the sooner. */
export const Order = {
  namespace: 0,
  /** Links whose place another takes. */
  clear: 10,
  /** Links that come back under their name, into their namespace. */
  restore: 20,
  /** And up to 100 more, for links that stand on others. */
  make: 100,
  master: 200,
  /** And a bit more for each link that one stands on: some MTUs need others. */
  settings: 210,
  up: 220,
  address: 230,
  neighbour: 240,
  nexthop: 250,
  /** And up to 100 more, for routes that need others. */
  route: 300,
  rule: 400,
  /** What is not described goes last, in the reverse order. */
  removeRule: 500,
  removeRoute: 510,
  removeNexthop: 520,
  removeNeighbour: 530,
  removeAddress: 540,
  removeLink: 550,
} as const;

/** Changes that are made together. */
export interface StepPart {
  /** When: one of Order. */
  readonly order: number;
  /** The namespace they are made in. */
  readonly where: NamespaceName;
  /** The changes. */
  readonly changes: readonly Change[];
  /** What to do where the kernel says EBUSY. */
  readonly ifBusy?: readonly Change[];
}

/** One thing to add, to change or to remove. */
export interface Step {
  /** Whether something is new, differs or is too much. */
  readonly action: "add" | "change" | "remove";
  /** What kind of thing. */
  readonly object: StepObject;
  /** The namespace it is about. */
  readonly namespace: NamespaceName;
  /** What it is called: "br0", "192.0.2.1/24 of br0". */
  readonly name: string;
  /** What is done: "add link br0 (bridge)". */
  readonly what: string;
  /** Why, of what is there but differs: "mtu is 1500, wanted 1400". */
  readonly reasons: readonly string[];
  /** What carries it out; none of making a namespace. */
  readonly parts: readonly StepPart[];
  /** What takes an addition back. */
  readonly undo: readonly Change[];
}

/** What tells the subject of a step from others. */
export function subject({ namespace, object, name }: Step): string {
  return `${namespace ?? ""}\0${object}\0${name}`;
}

/** What a step comes of: compared again when an event concerns it. */
export interface Source {
  /**
   * Until when its steps are held back at least, in milliseconds of
   * performance.now(): they were carried out, and the events of that are yet to
   * come. 0 where they are not.
   */
  heldUntil: number;
  /** It is compared again at the next update. */
  invalidate(): void;
}
