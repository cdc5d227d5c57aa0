// Actions of a plan: the operation, its reasons, and its changes.

import type { Change } from "../../rtnetlink/changes/change.ts";
import type { NamespaceName } from "../parse/desired.ts";
import type { Path } from "../parse/error.ts";

/** The type of the object of an action. */
export type ObjectType =
  | "namespace"
  | "link"
  | "address"
  | "neighbour"
  | "nexthop"
  | "route"
  | "rule"
  | "fdb"
  | "vlan"
  | "mdb"
  | "sysctl"
  | "qdisc"
  | "class";

/** The order of the parts of actions: lower values first. */
export const Order = {
  /** Remove links that are recreated. */
  clear: 10,
  /** Rename links whose name is to be that of another link. */
  setAside: 15,
  /** Restore the name and namespace of links. */
  restore: 20,
  /** Set sysctls of the namespace; new links take some of them over. */
  sysctl: 50,
  /** Create links; plus up to 100 for upper links. */
  make: 100,
  master: 200,
  /**
   * Change links; plus a fraction for each lower link, which may limit the MTU.
   */
  settings: 210,
  /** VLANs of bridges and ports; forwarding entries may be of one. */
  vlan: 214,
  /** Set sysctls of links, before they are up. */
  linkSysctl: 215,
  /** Queueing disciplines, then classes, then what is attached to them. */
  qdisc: 216,
  class: 217,
  innerQdisc: 218,
  /**
   * Set links up; plus a fraction for each lower link, which has to be up
   * first.
   */
  up: 220,
  address: 230,
  neighbour: 240,
  fdb: 245,
  /** The bridge has to be up. */
  mdb: 246,
  /** Commands for links that are up and have addresses. */
  hook: 248,
  nexthop: 250,
  /**
   * Add routes; plus up to 100 for routes whose gateway needs another route.
   */
  route: 300,
  rule: 400,
  /** Remove unmanaged objects, in reverse order. */
  removeRule: 500,
  removeRoute: 510,
  removeNexthop: 520,
  removeNeighbour: 530,
  removeVlan: 535,
  removeAddress: 540,
  removeInnerQdisc: 541,
  /** Minus a fraction for each class that a class is in. */
  removeClass: 543,
  removeQdisc: 544,
  /** Minus a fraction for each lower link. */
  removeLink: 550,
} as const;

/** Changes of an action that are sent together. */
export interface ActionPart {
  /** Their position: one of Order. */
  readonly order: number;
  /** The namespace of the changes. */
  readonly namespace: NamespaceName;
  /** The changes. */
  readonly changes: readonly Change[];
  /** Changes to send instead if the kernel reports EBUSY. */
  readonly ifBusy?: readonly Change[];
}

/** A difference between an object and its configuration. */
export interface Difference {
  /** The key in the configuration: "mtu". */
  readonly key: string;
  /** The current value as text: "1500". */
  readonly is: string;
  /** The desired value as text: "1400". */
  readonly wanted: string;
}

/** A difference as text: "mtu is 1500, wanted 1400". */
export function differenceText({ key, is, wanted }: Difference): string {
  switch (key) {
    case "up":
    case "value":
      return `is ${is}, wanted ${wanted}`;
    case "kind":
      return `is a ${is}, wanted a ${wanted}`;
    case "namespace":
      return `is in ${is}`;
    case "altnames":
      return `lacks altname ${wanted}`;
    default:
      return `${key} is ${is}, wanted ${wanted}`;
  }
}

/** The addition, change or removal of one object. */
export interface Action {
  /** Whether the object is missing, differs, or is unmanaged. */
  readonly type: "add" | "change" | "remove";
  /** The type of object. */
  readonly object: ObjectType;
  /** The namespace of the object. */
  readonly namespace: NamespaceName;
  /** Its name: "br0", "192.0.2.1/24 of br0". */
  readonly name: string;
  /** A summary: "add link br0 (bridge)". */
  readonly summary: string;
  /** The differences of a changed or recreated object. */
  readonly differences: readonly Difference[];
  /** The differences as text, or another reason. */
  readonly reasons: readonly string[];
  /** The path of the object in the configuration; none if it is unmanaged. */
  readonly path?: Path | undefined;
  /** The links of the namespace that the object refers to, by name. */
  readonly devices: readonly string[];
  /** The changes of the action; none for a namespace. */
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

/** The origin of an action: a desired object, or unmanaged ones. */
export interface Source {
  /**
   * When its actions are due again, in milliseconds of performance.now(): after
   * they were applied, until the events arrive, or after a rejection. 0 if they
   * are due.
   */
  heldUntil: number;
  /** Makes it due now, so that the next update compares it again. */
  invalidate(): void;
}
