// What a monitor tells.

import type { NetlinkCounters } from "../../netlink/counters.ts";
import type { Address } from "../address.ts";
import type { Link } from "../link/link.ts";
import type { LinkNames } from "../link/names.ts";
import type { NamespaceId } from "../namespace_id.ts";
import type { Neighbour } from "../neighbour.ts";
import type { Nexthop } from "../nexthop.ts";
import type { Route } from "../route.ts";
import type { Rule } from "../rule.ts";

/** What can be watched, and what an event about it holds. */
export interface MonitoredObjects {
  /** A network interface. */
  link: Link;
  /** A link as a port of its bridge: the same link, as the bridge tells of it. */
  port: Link;
  /** An address of an interface. */
  address: Address;
  /** A route, of any table. */
  route: Route;
  /** A nexthop object. */
  nexthop: Nexthop;
  /** A neighbour, but those that need no resolving, such as multicast. */
  neighbour: Neighbour;
  /** A routing policy rule. */
  rule: Rule;
  /** The id that a network namespace has here. */
  netns: NamespaceId;
}

/** A kind of object that can be watched. */
export type MonitoredObject = keyof MonitoredObjects;

/**
 * Why an event is told.
 *
 * - `"kernel"`: the kernel said so;
 * - `"snapshot"`: it was there when the monitor began, or when the namespace
 *   was added;
 * - `"recovered"`: it was found after an overrun, by reading again;
 * - `"unannounced"`: the kernel changes it without a word, as it does with IPv4
 *   routes of a link that goes down; found by reading again.
 */
export type EventOrigin = "kernel" | "snapshot" | "recovered" | "unannounced";

/** An object that is new, has changed or is gone. */
export interface ObjectEvent<K extends MonitoredObject> {
  /** What happened. */
  readonly event: "new" | "change" | "delete";
  /** The kind of object. */
  readonly object: K;
  /** How it is now; for `"delete"`, as the kernel took leave of it. */
  readonly data: MonitoredObjects[K];
  /** For `"change"` and `"delete"`, what was known of it before. */
  readonly previous: MonitoredObjects[K] | undefined;
  /**
   * For `"change"`, the fields of `data` that differ; attributes of a link that
   * have no field go by their own name, for example "IFLA_XDP".
   */
  readonly changed: readonly string[] | undefined;
  /** How it is known. */
  readonly origin: EventOrigin;
  /** The namespace it happened in, one of MonitorOptions.namespaces. */
  readonly namespace: string | undefined;
  /** What links were called at that moment, those just gone included. */
  readonly names: LinkNames;
}

/** An event about an object of any kind; `object` tells which. */
export type AnyObjectEvent = {
  [K in MonitoredObject]: ObjectEvent<K>;
}[MonitoredObject];

/**
 * The kernel dropped events because they were not read fast enough. What was
 * lost is found by reading everything again: events of origin `"recovered"`
 * follow, then ResynchronisedEvent.
 */
export interface OverrunEvent {
  /** Always "overrun". */
  readonly event: "overrun";
  /** The namespace it happened in, one of MonitorOptions.namespaces. */
  readonly namespace: string | undefined;
}

/** After an overrun: what the monitor knows is what there is again. */
export interface ResynchronisedEvent {
  /** Always "resynchronised". */
  readonly event: "resynchronised";
  /** The namespace it happened in, one of MonitorOptions.namespaces. */
  readonly namespace: string | undefined;
  /** How many events of origin `"recovered"` it took. */
  readonly recovered: number;
  /** How long it took, in milliseconds. */
  readonly milliseconds: number;
}

/**
 * A named namespace was added or removed while the monitor ran. The objects of
 * an added one are reported with origin "snapshot"; those of a removed one are
 * not reported any more.
 */
export interface NamespaceEvent {
  /** What happened. */
  readonly event: "added" | "removed";
  /** Its name. */
  readonly namespace: string;
}

/** Something was received that cannot be right, and left out. */
export interface IgnoredEvent {
  /** Always "ignored". */
  readonly event: "ignored";
  /** The namespace it happened in, one of MonitorOptions.namespaces. */
  readonly namespace: string | undefined;
  /** What it was and how often, all told. */
  readonly counters: NetlinkCounters;
}

/** Whatever a monitor tells; `event` says which it is. */
export type MonitorEvent =
  | AnyObjectEvent
  | OverrunEvent
  | ResynchronisedEvent
  | NamespaceEvent
  | IgnoredEvent;
