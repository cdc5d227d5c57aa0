// Events of a monitor.

import type { NetlinkCounters } from "../../netlink/counters.ts";
import type { Address } from "../address.ts";
import type { BridgeVlan } from "../bridge_vlan.ts";
import type { Link } from "../link/link.ts";
import type { LinkNames } from "../link/names.ts";
import type { MdbEntry } from "../mdb.ts";
import type { NamespaceId } from "../namespace_id.ts";
import type { Neighbour } from "../neighbour.ts";
import type { Nexthop } from "../nexthop.ts";
import type { Qdisc } from "../qdisc.ts";
import type { Route } from "../route.ts";
import type { Rule } from "../rule.ts";
import type { Vni } from "../vni.ts";

/** Types of monitored objects, and the object in an event. */
export interface MonitoredObjects {
  /** A network interface. */
  link: Link;
  /** A link as a port of its bridge: the same link, as the bridge reports it. */
  port: Link;
  /** An address of an interface. */
  address: Address;
  /** A route, of any table. */
  route: Route;
  /** A nexthop object. */
  nexthop: Nexthop;
  /** A neighbour, except those that need no resolution, such as multicast. */
  neighbour: Neighbour;
  /** A routing policy rule. */
  rule: Rule;
  /** The id that a network namespace has here. */
  netns: NamespaceId;
  /**
   * An entry of the forwarding table of a bridge or a VXLAN; not among the
   * default types, because a bridge adds one for each sender.
   */
  fdb: Neighbour;
  /** A VLAN of a bridge or of one of its ports; not among the default types. */
  vlan: BridgeVlan;
  /** An entry of a multicast database; not among the default types. */
  mdb: MdbEntry;
  /** A network identifier of a VXLAN; not among the default types. */
  vni: Vni;
  /**
   * A queueing discipline of a link; not among the default types, nor is
   * "class".
   */
  qdisc: Qdisc;
  /** A class of a queueing discipline. */
  class: Qdisc;
}

/** A type of monitored object. */
export type MonitoredObject = keyof MonitoredObjects;

/**
 * The origin of an event.
 *
 * - `"kernel"`: a notification of the kernel;
 * - `"snapshot"`: the object existed when the monitor started, or when the
 *   namespace was added;
 * - `"recovered"`: found by a dump after an overrun;
 * - `"unannounced"`: the kernel does not notify this change, for example of IPv4
 *   routes of a link that goes down; found by a dump.
 */
export type EventOrigin = "kernel" | "snapshot" | "recovered" | "unannounced";

/** An object was added, changed or deleted. */
export interface ObjectEvent<K extends MonitoredObject> {
  /** What happened. */
  readonly event: "new" | "change" | "delete";
  /** The type of the object. */
  readonly object: K;
  /** Its current state; for `"delete"`, the state in the kernel's last message. */
  readonly data: MonitoredObjects[K];
  /** For `"change"` and `"delete"`, its previous state. */
  readonly previous: MonitoredObjects[K] | undefined;
  /**
   * For `"change"`, the fields of `data` that differ; attributes of a link without
   * a field have their C name, for example "IFLA_XDP".
   */
  readonly changed: readonly string[] | undefined;
  /** Its origin. */
  readonly origin: EventOrigin;
  /** The namespace, one of MonitorOptions.namespaces. */
  readonly namespace: string | undefined;
  /** Names of links at that moment, deleted ones included. */
  readonly names: LinkNames;
}

/** An event about an object of any type; `object` is the type. */
export type AnyObjectEvent = {
  [K in MonitoredObject]: ObjectEvent<K>;
}[MonitoredObject];

/**
 * The kernel dropped events because they were not read fast enough. A dump finds
 * the lost changes: events of origin `"recovered"` follow, then
 * ResynchronisedEvent.
 */
export interface OverrunEvent {
  /** Always "overrun". */
  readonly event: "overrun";
  /** The namespace, one of MonitorOptions.namespaces. */
  readonly namespace: string | undefined;
}

/** After an overrun: the state of the monitor equals the kernel's again. */
export interface ResynchronisedEvent {
  /** Always "resynchronised". */
  readonly event: "resynchronised";
  /** The namespace, one of MonitorOptions.namespaces. */
  readonly namespace: string | undefined;
  /** Events of origin `"recovered"`. */
  readonly recovered: number;
  /** Time since the overrun, in milliseconds. */
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

/** Invalid input was received and ignored. */
export interface IgnoredEvent {
  /** Always "ignored". */
  readonly event: "ignored";
  /** The namespace, one of MonitorOptions.namespaces. */
  readonly namespace: string | undefined;
  /** Ignored input so far, by reason. */
  readonly counters: NetlinkCounters;
}

/** An event of a monitor; `event` is its type. */
export type MonitorEvent =
  | AnyObjectEvent
  | OverrunEvent
  | ResynchronisedEvent
  | NamespaceEvent
  | IgnoredEvent;
