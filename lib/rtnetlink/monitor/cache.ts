// Cache of the objects of a namespace: applies notifications and dumps, emits
// change events.

import {
  RTM_DELADDR,
  RTM_DELLINK,
  RTM_DELMDB,
  RTM_DELNEIGH,
  RTM_DELNEXTHOP,
  RTM_DELNSID,
  RTM_DELQDISC,
  RTM_DELROUTE,
  RTM_DELRULE,
  RTM_DELTCLASS,
  RTM_DELTUNNEL,
  RTM_DELVLAN,
  RTM_NEWADDR,
  RTM_NEWLINK,
  RTM_NEWMDB,
  RTM_NEWNEIGH,
  RTM_NEWNEXTHOP,
  RTM_NEWNSID,
  RTM_NEWPREFIX,
  RTM_NEWQDISC,
  RTM_NEWROUTE,
  RTM_NEWRULE,
  RTM_NEWTCLASS,
  RTM_NEWTUNNEL,
  RTM_NEWVLAN,
  TCA_KIND,
  tcmsg,
} from "../../../ffi/uapi/linux_rtnetlink.ts";
import { TC_H_ROOT } from "../../../ffi/uapi/linux_pkt_sched.ts";
import type { MessageReader } from "../../netlink/message.ts";
import { type Address, decodeAddress } from "../address.ts";
import { type BridgeVlan, decodeBridgeVlans } from "../bridge_vlan.ts";
import { decodeLink, type Link } from "../link/link.ts";
import { LinkNames } from "../link/names.ts";
import { decodeMdb, type MdbEntry } from "../mdb.ts";
import { decodeNamespaceId, type NamespaceId } from "../namespace_id.ts";
import {
  decodeNeighbour,
  isShownNeighbour,
  type Neighbour,
} from "../neighbour.ts";
import { decodeNexthop, type Nexthop } from "../nexthop.ts";
import { decodeRoute } from "../route.ts";
import { decodeRule, type Rule } from "../rule.ts";
import { decodeQdisc, type Qdisc } from "../qdisc.ts";
import { decodeVniRanges, type Vni, vnisOf } from "../vni.ts";
import { Invalidations } from "./invalidation.ts";
import type {
  AnyObjectEvent,
  EventOrigin,
  MonitoredObject,
  MonitoredObjects,
  MonitorEvent,
  ObjectEvent,
} from "./event.ts";
import {
  addressIdentity,
  classIdentity,
  fdbIdentity,
  linkIdentity,
  mdbIdentity,
  namespaceIdIdentity,
  neighbourIdentity,
  nexthopIdentity,
  portIdentity,
  qdiscIdentity,
  ruleIdentity,
  vlanIdentity,
  vniIdentity,
} from "./identities.ts";
import { isForwarding, isNeighbour, isPort, isTableRoute } from "./filter.ts";
import { RouteTable } from "./route_table.ts";
import {
  KeyedTable,
  PART,
  type Parts,
  type Sink,
  type Table,
} from "./table.ts";

/** A table for each type of object. */
export type Tables = {
  readonly [K in MonitoredObject]: Table<MonitoredObjects[K]>;
};

/** The same tables, with lookups by key. */
export interface KeyedTables extends Tables {
  readonly link: KeyedTable<Link>;
  readonly port: KeyedTable<Link>;
  readonly address: KeyedTable<Address>;
  readonly route: RouteTable;
  readonly nexthop: KeyedTable<Nexthop>;
  readonly neighbour: KeyedTable<Neighbour>;
  readonly rule: KeyedTable<Rule>;
  readonly fdb: KeyedTable<Neighbour>;
  readonly vlan: KeyedTable<BridgeVlan>;
  readonly mdb: KeyedTable<MdbEntry>;
  readonly vni: KeyedTable<Vni>;
  readonly qdisc: KeyedTable<Qdisc>;
  readonly class: KeyedTable<Qdisc>;
}

/** The objects of dumps, by type. */
export type Found = {
  readonly [K in MonitoredObject]?: Iterable<MonitoredObjects[K]>;
};

/** What reconciling the cache with dumps results in. */
export interface Settled {
  /** The types that need another dump. */
  readonly uncertain: readonly MonitoredObject[];
  /** The number of events. */
  readonly events: number;
}

/**
 * Types in the order of their events: links before the objects that name them.
 */
export const MONITORED_OBJECTS: readonly MonitoredObject[] = [
  "netns",
  "link",
  "port",
  "address",
  "nexthop",
  "route",
  "neighbour",
  "rule",
  "fdb",
  "vlan",
  "mdb",
  "vni",
  "qdisc",
  "class",
];

/** Types that a monitor does not have by default: see MonitoredObjects. */
export const NOT_DEFAULT: ReadonlySet<MonitoredObject> = new Set([
  "fdb",
  "vlan",
  "mdb",
  "vni",
  "qdisc",
  "class",
]);

/** The number of deleted links whose names are cached. */
const CACHED_NAMES = 1024;

/** Options of a cache. */
export interface CacheOptions {
  /** The types to cache and report; links are always cached. */
  readonly objects: ReadonlySet<MonitoredObject>;
  /** The namespace in events. */
  readonly namespace?: string | undefined;
}

/** The cached objects of a namespace. */
export class ObjectCache {
  readonly #links = new KeyedTable<Link>(linkIdentity);
  readonly #routes = new RouteTable();
  /** A table for each type of object. */
  readonly tables: KeyedTables = {
    link: this.#links,
    port: new KeyedTable<Link>(portIdentity),
    address: new KeyedTable<Address>(addressIdentity),
    route: this.#routes,
    nexthop: new KeyedTable<Nexthop>(nexthopIdentity),
    neighbour: new KeyedTable<Neighbour>(neighbourIdentity),
    rule: new KeyedTable<Rule>(ruleIdentity),
    netns: new KeyedTable<NamespaceId>(namespaceIdIdentity),
    fdb: new KeyedTable<Neighbour>(fdbIdentity),
    vlan: new KeyedTable<BridgeVlan>(vlanIdentity),
    mdb: new KeyedTable<MdbEntry>(mdbIdentity),
    vni: new KeyedTable<Vni>(vniIdentity),
    qdisc: new KeyedTable<Qdisc>(qdiscIdentity),
    class: new KeyedTable<Qdisc>(classIdentity),
  };
  /** The cached types. */
  readonly kept: ReadonlySet<MonitoredObject>;
  /** Objects that the kernel may have changed without a notification. */
  readonly invalid = new Invalidations();

  /**
   * When the socket's queue was last found empty, in milliseconds of
   * performance.now(): all notifications before it are applied.
   */
  caughtUpAt = -Infinity;

  readonly #reported: ReadonlySet<MonitoredObject>;
  readonly #namespace: string | undefined;
  readonly #sinks: {
    readonly [K in MonitoredObject]: Sink<MonitoredObjects[K]>;
  };
  readonly #current = new LinkNames();
  readonly #gone: number[] = [];
  #names: LinkNames | undefined;
  #events: MonitorEvent[] = [];
  /** The origin of the next events; undefined for no events. */
  #origin: EventOrigin | undefined = "kernel";

  /**
   * Creates an empty cache; settle() with a dump of all types has to follow.
   */
  constructor({ objects, namespace }: CacheOptions) {
    this.#reported = objects;
    this.kept = new Set([...objects, "link"]);
    this.#namespace = namespace;
    const links = this.#sink("link");
    this.#sinks = {
      link: {
        added: (link) => {
          this.#named(link);
          this.invalid.linkAdded(link);
          links.added(link);
        },
        changed: (link, previous, fields) => {
          this.#named(link);
          this.invalid.linkChanged(link, previous);
          links.changed(link, previous, fields);
        },
        removed: (link, previous) => {
          this.#forget(link);
          this.invalid.linkDeleted(link);
          links.removed(link, previous);
        },
      },
      port: this.#sink("port"),
      address: this.#sink("address"),
      route: this.#sink("route"),
      nexthop: this.#sink("nexthop"),
      neighbour: this.#sink("neighbour"),
      rule: this.#sink("rule"),
      netns: this.#sink("netns"),
      fdb: this.#sink("fdb"),
      vlan: this.#sink("vlan"),
      mdb: this.#sink("mdb"),
      vni: this.#sink("vni"),
      qdisc: this.#sink("qdisc"),
      class: this.#sink("class"),
    };
  }

  /** The current names of links, as an immutable snapshot. */
  get names(): LinkNames {
    return this.#names ??= this.#current.copy();
  }

  /** The events since the last call. */
  take(): MonitorEvent[] {
    const events = this.#events;
    if (events.length > 0) this.#events = [];
    return events;
  }

  /** The number of events that take() returns. */
  get pending(): number {
    return this.#events.length;
  }

  /** Applies a notification; returns false for an unknown message type. */
  apply(message: MessageReader): boolean {
    this.#origin = "kernel";
    switch (message.type) {
      case RTM_NEWROUTE:
      case RTM_DELROUTE:
        return this.#applyRoute(message);
      case RTM_NEWLINK:
      case RTM_DELLINK:
        return this.#applyLink(message);
      case RTM_NEWADDR:
      case RTM_DELADDR:
        return this.#applyAddress(message);
      case RTM_NEWNEIGH:
      case RTM_DELNEIGH:
        return this.#applyNeighbour(message);
      case RTM_NEWRULE:
      case RTM_DELRULE: {
        const rule = decoded(message, decodeRule);
        if (rule !== undefined && this.kept.has("rule")) {
          this.invalid.ruleChanged();
          this.#take("rule", rule, message, RTM_DELRULE);
          // The kernel may have had the rule twice.
          if (message.type === RTM_DELRULE) this.invalid.kind("rule");
        }
        return true;
      }
      case RTM_NEWNEXTHOP:
      case RTM_DELNEXTHOP: {
        const nexthop = decoded(message, decodeNexthop);
        if (nexthop !== undefined) {
          this.invalid.nexthopChanged(nexthop);
          this.#take("nexthop", nexthop, message, RTM_DELNEXTHOP);
        }
        return true;
      }
      case RTM_NEWNSID:
      case RTM_DELNSID: {
        const id = decoded(message, decodeNamespaceId);
        if (id !== undefined) {
          this.invalid.namespaceChanged(this.#links);
          this.#take("netns", id, message, RTM_DELNSID);
        }
        return true;
      }
      case RTM_NEWVLAN:
      case RTM_DELVLAN:
        for (const vlan of decoded(message, decodeBridgeVlans) ?? []) {
          this.invalid.vlanChanged(vlan);
          this.#take("vlan", vlan, message, RTM_DELVLAN);
        }
        return true;
      case RTM_NEWMDB:
      case RTM_DELMDB:
        for (const entry of decoded(message, decodeMdb) ?? []) {
          this.#take("mdb", entry, message, RTM_DELMDB);
        }
        return true;
      case RTM_NEWTUNNEL:
      case RTM_DELTUNNEL:
        for (const vni of vnisOf(decoded(message, decodeVniRanges) ?? [])) {
          this.#take("vni", vni, message, RTM_DELTUNNEL);
        }
        return true;
      case RTM_NEWPREFIX:
        this.invalid.prefixAdvertised(this.#routes);
        return true;
      case RTM_NEWQDISC:
      case RTM_DELQDISC:
        this.#applyQueueing("qdisc", message, RTM_DELQDISC);
        return this.#applyQdisc(message);
      case RTM_NEWTCLASS:
      case RTM_DELTCLASS:
        this.#applyQueueing("class", message, RTM_DELTCLASS);
        return true;
      default:
        return false;
    }
  }

  /** Marks the start of dumps of these types: see Table.begin(). */
  begin(kinds: Iterable<MonitoredObject>): void {
    for (const kind of kinds) this.tables[kind].begin();
  }

  /**
   * Reconciles the cache with dumps.
   *
   * @param found The objects of the dumps.
   * @param origin The origin of the events; undefined for no events.
   * @returns The types that need another dump, and the number of events.
   */
  *settle(found: Found, origin: EventOrigin | undefined): Parts<Settled> {
    const uncertain: MonitoredObject[] = [];
    let events = 0;
    for (const kind of MONITORED_OBJECTS) {
      const parts = this.#settle(kind, found);
      for (;;) {
        const before = this.#events.length;
        this.#origin = origin;
        const part = parts?.next();
        events += this.#events.length - before;
        if (part?.done === false) {
          yield;
          continue;
        }
        if (part?.value === false) uncertain.push(kind);
        break;
      }
    }
    return { uncertain, events };
  }

  /**
   * Emits an event of origin "snapshot" for every object. No notification may be
   * applied between two parts.
   */
  *emitSnapshot(): Parts<void> {
    this.#origin = "snapshot";
    for (const kind of MONITORED_OBJECTS) yield* this.#emitAll(kind);
  }

  /** Whether the kernel may have changed an object without a notification. */
  get needsDump(): boolean {
    return this.invalid.any || this.#routes.needsDump;
  }

  /**
   * The types to dump again for that; the caller has to dump them.
   *
   * @param found Objects of a dump that is not reconciled yet.
   */
  takeStaleTypes(found: Found = {}): Set<MonitoredObject> {
    if (!this.needsDump) return new Set();
    if (this.#routes.needsDump) this.invalid.kind("route");
    this.#routes.needsDump = false;
    const { link, route, nexthop, rule } = this.tables;
    const kinds = this.invalid.take({
      links: chain(link, found.link),
      routes: chain(route, found.route),
      nexthops: chain(nexthop, found.nexthop),
      rules: chain(rule, found.rule),
    });
    return kinds.intersection(this.kept);
  }

  /** Emits an event that is not about an object. */
  emit(event: Exclude<MonitorEvent, AnyObjectEvent>): void {
    this.#events.push(event);
  }

  #settle<K extends MonitoredObject>(
    kind: K,
    found: Found,
  ): Parts<boolean> | undefined {
    const dump = found[kind];
    if (dump === undefined) return undefined;
    const table: Tables[K] = this.tables[kind];
    return table.settle(dump, this.#sinks[kind]);
  }

  *#emitAll<K extends MonitoredObject>(kind: K): Parts<void> {
    const table: Tables[K] = this.tables[kind];
    let count = 0;
    for (const object of table) {
      if (++count % PART === 0) yield;
      this.#emitChange("new", kind, object);
    }
  }

  #applyRoute(message: MessageReader): boolean {
    if (!this.kept.has("route")) return true;
    const route = decoded(message, decodeRoute);
    if (route === undefined || !isTableRoute(route)) return true;
    const sink = this.#sinks.route;
    if (message.type === RTM_NEWROUTE) {
      this.invalid.routeAdded(route);
      this.#routes.put(route, message.flags, sink);
    } else this.#routes.remove(route, sink);
    return true;
  }

  #applyLink(message: MessageReader): boolean {
    const link = decoded(message, decodeLink);
    if (link === undefined) return true;
    if (link.family === "bridge") {
      // The kernel notifies the tunnels of a port's VLANs as this.
      this.invalid.kind("vlan");
      // A bridge also reports itself as a port; the link has the same fields.
      if (this.kept.has("port") && isPort(link)) {
        this.#take("port", link, message, RTM_DELLINK);
      }
    } else if (link.family === "unspec") {
      this.#take("link", link, message, RTM_DELLINK);
    }
    return true;
  }

  /** A link has the name of its root qdisc, and does not notify its change. */
  #applyQdisc(message: MessageReader): boolean {
    if (!message.holds(tcmsg.size)) return true;
    const { tcm_parent, tcm_ifindex } = tcmsg.get(
      message.view,
      message.payload,
    );
    const qdisc = this.#links.get(tcm_ifindex)?.qdisc;
    if (tcm_parent !== TC_H_ROOT || qdisc === undefined) return true;
    const attributes = message.attributes(tcmsg.size);
    while (attributes.next()) {
      if (attributes.type === TCA_KIND && attributes.string() !== qdisc) {
        this.invalid.kind("link");
      }
    }
    return true;
  }

  #applyQueueing(
    kind: "qdisc" | "class",
    message: MessageReader,
    gone: number,
  ): void {
    if (!this.kept.has(kind)) return;
    const qdisc = decoded(message, decodeQdisc);
    if (qdisc === undefined) return;
    this.invalid.queueingChanged();
    this.#take(kind, qdisc, message, gone);
  }

  #applyAddress(message: MessageReader): boolean {
    const address = decoded(message, decodeAddress);
    if (address === undefined) return true;
    if (message.type === RTM_DELADDR) this.invalid.addressDeleted(address);
    this.#take("address", address, message, RTM_DELADDR);
    return true;
  }

  #applyNeighbour(message: MessageReader): boolean {
    if (!this.kept.has("neighbour") && !this.kept.has("fdb")) return true;
    const neighbour = decoded(message, decodeNeighbour);
    if (neighbour !== undefined && isForwarding(neighbour)) {
      this.#take("fdb", neighbour, message, RTM_DELNEIGH);
    }
    if (!this.kept.has("neighbour")) return true;
    if (neighbour === undefined || !isNeighbour(neighbour)) return true;
    const gone = message.type === RTM_DELNEIGH || !isShownNeighbour(neighbour);
    const table = this.tables.neighbour;
    if (gone) table.remove(neighbour, this.#sinks.neighbour);
    else table.put(neighbour, message.flags, this.#sinks.neighbour);
    return true;
  }

  #take<K extends MonitoredObject>(
    kind: K,
    object: MonitoredObjects[K],
    message: MessageReader,
    gone: number,
  ): void {
    if (!this.kept.has(kind)) return;
    const table: Tables[K] = this.tables[kind];
    const sink = this.#sinks[kind];
    if (message.type === gone) table.remove(object, sink);
    else table.put(object, message.flags, sink);
  }

  #sink<K extends MonitoredObject>(kind: K): Sink<MonitoredObjects[K]> {
    return {
      added: (object) => this.#emitChange("new", kind, object),
      changed: (object, previous, fields) =>
        this.#emitChange("change", kind, object, previous, fields),
      removed: (object, previous) =>
        this.#emitChange("delete", kind, object, previous),
    };
  }

  #emitChange<K extends MonitoredObject>(
    event: ObjectEvent<K>["event"],
    object: K,
    data: MonitoredObjects[K],
    previous?: MonitoredObjects[K],
    changed?: readonly string[],
  ): void {
    const origin = this.#origin;
    if (origin === undefined || !this.#reported.has(object)) return;
    const emitted: ObjectEvent<K> = {
      event,
      object,
      data,
      previous,
      changed,
      origin,
      namespace: this.#namespace,
      names: this.names,
    };
    this.#events.push(emitted as AnyObjectEvent);
  }

  #named(link: Link): void {
    this.#current.set(link);
    this.#names = undefined;
  }

  /** Keeps the name of a deleted link: later notifications may refer to it. */
  #forget({ ifindex }: Link): void {
    this.#gone.push(ifindex);
    if (this.#gone.length <= CACHED_NAMES) return;
    const oldest = this.#gone.shift()!;
    if (this.#links.get(oldest) !== undefined) return;
    this.#current.delete(oldest);
    this.#names = undefined;
  }
}

/** Decodes a message; undefined for a malformed one, which is counted. */
function decoded<T>(
  message: MessageReader,
  decode: (message: MessageReader) => T | undefined,
): T | undefined {
  const { counters } = message;
  const before = counters.malformed;
  const object = decode(message);
  return counters.malformed === before ? object : undefined;
}

function* chain<T>(one: Iterable<T>, other: Iterable<T> = []): Iterable<T> {
  yield* one;
  yield* other;
}
