// Actions of a plan: what to do, why, and the changes that do it.

import type { Change } from "../../rtnetlink/changes/change.ts";
import type { NamespaceName } from "../parse/desired.ts";

/** What an action is about. */
export type ObjectType =
  | "namespace"
  | "link"
  | "address"
  | "neighbour"
  | "nexthop"
  | "route"
  | "rule";

/** When a part of an action is carried out: the smaller, the sooner. */
export const Order = {
  /** Links that are recreated. */
  clear: 10,
  /** Links that get their name and their namespace back. */
  restore: 20,
  /** And up to 100 more, for links on top of other links. */
  make: 100,
  master: 200,
  /** And a fraction for each lower link: some MTUs are limited by others. */
  settings: 210,
  /** And a fraction for each lower link: a VLAN needs its lower link up. */
  up: 220,
  address: 230,
  neighbour: 240,
  nexthop: 250,
  /** And up to 100 more, for routes whose gateway another route leads to. */
  route: 300,
  rule: 400,
  /** Unmanaged objects go last, in the reverse order. */
  removeRule: 500,
  removeRoute: 510,
  removeNexthop: 520,
  removeNeighbour: 530,
  removeAddress: 540,
  removeLink: 550,
} as const;

/** Changes that are sent together. */
export interface ActionPart {
  /** When: one of Order. */
  readonly order: number;
  /** The namespace they are sent in. */
  readonly namespace: NamespaceName;
  /** The changes. */
  readonly changes: readonly Change[];
  /** What to send instead if the kernel reports EBUSY. */
  readonly ifBusy?: readonly Change[];
}

/** One object to add, to change or to remove. */
export interface Action {
  /** Whether the object is missing, differs, or is unmanaged. */
  readonly type: "add" | "change" | "remove";
  /** The type of object. */
  readonly object: ObjectType;
  /** The namespace of the object. */
  readonly namespace: NamespaceName;
  /** Its name: "br0", "192.0.2.1/24 of br0". */
  readonly name: string;
  /** The action in words: "add link br0 (bridge)". */
  readonly summary: string;
  /** What differs: "mtu is 1500, wanted 1400". */
  readonly reasons: readonly string[];
  /** The links of the namespace that the object refers to, by name. */
  readonly devices: readonly string[];
  /** What carries it out; nothing for a namespace. */
  readonly parts: readonly ActionPart[];
  /** The changes that roll an addition back. */
  undo(): readonly Change[];
}

/** Identifies the object of an action. */
export function actionKey(
  { namespace, object, name }: Pick<Action, "namespace" | "object" | "name">,
): string {
  return `${namespace ?? ""}\0${object}\0${name}`;
}

/** What an action comes from: a desired object, or unmanaged ones. */
export interface Source {
  /**
   * Until when its actions are held back, in milliseconds of
   * performance.now(): they were carried out, and the events of that are yet to
   * come, or they were refused. 0 if they are due.
   */
  heldUntil: number;
  /** It is not held back any more, and compared again at the next update. */
  invalidate(): void;
}
