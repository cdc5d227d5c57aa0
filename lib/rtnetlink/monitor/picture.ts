// What is known of a namespace: a table for each kind of object, brought up to
// date by messages and by dumps, and the events that come of it.

import {
  RTM_DELADDR,
  RTM_DELLINK,
  RTM_DELNEIGH,
  RTM_DELNEXTHOP,
  RTM_DELNSID,
  RTM_DELROUTE,
  RTM_DELRULE,
  RTM_NEWADDR,
  RTM_NEWLINK,
  RTM_NEWNEIGH,
  RTM_NEWNEXTHOP,
  RTM_NEWNSID,
  RTM_NEWROUTE,
  RTM_NEWRULE,
} from "../../../ffi/uapi/linux_rtnetlink.ts";
import type { MessageReader } from "../../netlink/message.ts";
import { type Address, decodeAddress } from "../address.ts";
import { decodeLink, type Link } from "../link/link.ts";
import { LinkNames } from "../link/names.ts";
import { decodeNamespaceId, type NamespaceId } from "../namespace_id.ts";
import {
  decodeNeighbour,
  isShownNeighbour,
  type Neighbour,
} from "../neighbour.ts";
import { decodeNexthop, type Nexthop } from "../nexthop.ts";
import { decodeRoute } from "../route.ts";
import { decodeRule, type Rule } from "../rule.ts";
import { Doubts } from "./doubts.ts";
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
  linkIdentity,
  namespaceIdIdentity,
  neighbourIdentity,
  nexthopIdentity,
  portIdentity,
  ruleIdentity,
} from "./identities.ts";
import { isKept, isNeighbour } from "./kept.ts";
import { RouteTable } from "./route_table.ts";
import { KeyedTable, type Sink, type Table } from "./table.ts";

/** The tables of a picture. */
export type Tables = {
  readonly [K in MonitoredObject]: Table<MonitoredObjects[K]>;
};

/** The same, with lookups by key. */
export interface KeyedTables extends Tables {
  readonly link: KeyedTable<Link>;
  readonly port: KeyedTable<Link>;
  readonly address: KeyedTable<Address>;
  readonly route: RouteTable;
  readonly nexthop: KeyedTable<Nexthop>;
  readonly neighbour: KeyedTable<Neighbour>;
  readonly rule: KeyedTable<Rule>;
}

/** What a dump found, by kind. */
export type Found = {
  readonly [K in MonitoredObject]?: Iterable<MonitoredObjects[K]>;
};

/** The kinds in the order they are told: names before what is named by them. */
export const MONITORED_OBJECTS: readonly MonitoredObject[] = [
  "netns",
  "link",
  "port",
  "address",
  "nexthop",
  "route",
  "neighbour",
  "rule",
];

/** How many links that are gone are still known by name. */
const REMEMBERED = 1024;

/** What to tell, and of which namespace. */
export interface PictureOptions {
  /** The kinds to keep and to tell of; links are kept in any case. */
  readonly objects: ReadonlySet<MonitoredObject>;
  /** What events call the namespace. */
  readonly namespace?: string | undefined;
}

/** What is known of the objects of a namespace. */
export class Picture {
  readonly #links = new KeyedTable<Link>(linkIdentity);
  readonly #routes = new RouteTable();
  /** A table for each kind of object. */
  readonly tables: KeyedTables = {
    link: this.#links,
    port: new KeyedTable<Link>(portIdentity),
    address: new KeyedTable<Address>(addressIdentity),
    route: this.#routes,
    nexthop: new KeyedTable<Nexthop>(nexthopIdentity),
    neighbour: new KeyedTable<Neighbour>(neighbourIdentity),
    rule: new KeyedTable<Rule>(ruleIdentity),
    netns: new KeyedTable<NamespaceId>(namespaceIdIdentity),
  };
  /** The kinds that are kept. */
  readonly kept: ReadonlySet<MonitoredObject>;
  /** What the kernel may have changed without a word. */
  readonly doubts = new Doubts();

  /**
   * When the socket's queue was last found empty, in milliseconds of
   * performance.now(): all events of changes before it are in the tables.
   */
  caughtUpAt = -Infinity;

  readonly #told: ReadonlySet<MonitoredObject>;
  readonly #namespace: string | undefined;
  readonly #sinks: {
    readonly [K in MonitoredObject]: Sink<MonitoredObjects[K]>;
  };
  readonly #current = new LinkNames();
  readonly #gone: number[] = [];
  #names: LinkNames | undefined;
  #events: MonitorEvent[] = [];
  #origin: EventOrigin = "kernel";

  /** Starts with nothing: settle() with a dump of everything comes first. */
  constructor({ objects, namespace }: PictureOptions) {
    this.#told = objects;
    this.kept = new Set([...objects, "link"]);
    this.#namespace = namespace;
    const links = this.#sink("link");
    this.#sinks = {
      link: {
        added: (link) => {
          this.#named(link);
          this.doubts.linkCame(link);
          links.added(link);
        },
        changed: (link, previous, fields) => {
          this.#named(link);
          this.doubts.linkChanged(link, previous);
          links.changed(link, previous, fields);
        },
        removed: (link, previous) => {
          this.#forget(link);
          this.doubts.linkWent(link);
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
    };
  }

  /** What links are called now; later changes leave it alone. */
  get names(): LinkNames {
    return this.#names ??= this.#current.copy();
  }

  /** The events since the last call. */
  take(): MonitorEvent[] {
    const events = this.#events;
    if (events.length > 0) this.#events = [];
    return events;
  }

  /** How many events wait to be taken. */
  get pending(): number {
    return this.#events.length;
  }

  /** Takes up a message of the kernel's; true if it was of a kind it knows. */
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
        const rule = whole(message, decodeRule);
        if (rule !== undefined && this.kept.has("rule")) {
          this.doubts.ruleChanged();
          this.#take("rule", rule, message, RTM_DELRULE);
          // There may have been two of it.
          if (message.type === RTM_DELRULE) this.doubts.kind("rule");
        }
        return true;
      }
      case RTM_NEWNEXTHOP:
      case RTM_DELNEXTHOP: {
        const nexthop = whole(message, decodeNexthop);
        if (nexthop !== undefined) {
          this.doubts.nexthopChanged(nexthop);
          this.#take("nexthop", nexthop, message, RTM_DELNEXTHOP);
        }
        return true;
      }
      case RTM_NEWNSID:
      case RTM_DELNSID: {
        const id = whole(message, decodeNamespaceId);
        if (id !== undefined) {
          this.doubts.namespaceChanged(this.#links);
          this.#take("netns", id, message, RTM_DELNSID);
        }
        return true;
      }
      default:
        return false;
    }
  }

  /** Dumps of these kinds begin: see Table.begin(). */
  begin(kinds: Iterable<MonitoredObject>): void {
    for (const kind of kinds) this.tables[kind].begin();
  }

  /**
   * Compares what is known with what dumps found.
   *
   * @param found The dumps.
   * @param origin What the events that come of it say; undefined for no events.
   * @returns The kinds of which not all is certain.
   */
  settle(found: Found, origin: EventOrigin | undefined): MonitoredObject[] {
    const before = this.#events.length;
    this.#origin = origin ?? "snapshot";
    const uncertain: MonitoredObject[] = [];
    for (const kind of MONITORED_OBJECTS) {
      if (!this.#settle(kind, found)) uncertain.push(kind);
    }
    if (origin === undefined) this.#events.length = before;
    return uncertain;
  }

  /** Tells of all there is, as new. */
  tellAll(): void {
    this.#origin = "snapshot";
    for (const kind of MONITORED_OBJECTS) this.#tellAll(kind);
  }

  /** Whether the kernel may have left something unsaid. */
  get doubtful(): boolean {
    return this.doubts.any || this.#routes.doubtful;
  }

  /**
   * The kinds to read again for that; whoever asks does read them.
   *
   * @param found What was read and is not known yet.
   */
  takeDoubts(found: Found = {}): Set<MonitoredObject> {
    if (!this.doubtful) return new Set();
    if (this.#routes.doubtful) this.doubts.kind("route");
    this.#routes.doubtful = false;
    const { link, route, nexthop, rule } = this.tables;
    const kinds = this.doubts.take({
      links: chain(link, found.link),
      routes: chain(route, found.route),
      nexthops: chain(nexthop, found.nexthop),
      rules: chain(rule, found.rule),
    });
    return kinds.intersection(this.kept);
  }

  /** Tells of something else than an object. */
  say(event: Exclude<MonitorEvent, AnyObjectEvent>): void {
    this.#events.push(event);
  }

  #settle<K extends MonitoredObject>(kind: K, found: Found): boolean {
    const dump = found[kind];
    if (dump === undefined) return true;
    const table: Tables[K] = this.tables[kind];
    return table.settle(dump, this.#sinks[kind]);
  }

  #tellAll<K extends MonitoredObject>(kind: K): void {
    const table: Tables[K] = this.tables[kind];
    for (const object of table) this.#tell("new", kind, object);
  }

  #applyRoute(message: MessageReader): boolean {
    if (!this.kept.has("route")) return true;
    const route = whole(message, decodeRoute);
    if (route === undefined || !isKept(route)) return true;
    const sink = this.#sinks.route;
    if (message.type === RTM_NEWROUTE) {
      this.#routes.put(route, message.flags, sink);
    } else this.#routes.remove(route, sink);
    return true;
  }

  #applyLink(message: MessageReader): boolean {
    const link = whole(message, decodeLink);
    if (link === undefined) return true;
    if (link.family === "bridge") {
      // A bridge tells of itself too, which the link does as well.
      if (this.kept.has("port") && link.master !== 0) {
        this.#take("port", link, message, RTM_DELLINK);
      }
    } else if (link.family === "unspec") {
      this.#take("link", link, message, RTM_DELLINK);
    }
    return true;
  }

  #applyAddress(message: MessageReader): boolean {
    const address = whole(message, decodeAddress);
    if (address === undefined) return true;
    if (message.type === RTM_DELADDR) this.doubts.addressWent(address);
    this.#take("address", address, message, RTM_DELADDR);
    return true;
  }

  #applyNeighbour(message: MessageReader): boolean {
    if (!this.kept.has("neighbour")) return true;
    const neighbour = whole(message, decodeNeighbour);
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
      added: (object) => this.#tell("new", kind, object),
      changed: (object, previous, fields) =>
        this.#tell("change", kind, object, previous, fields),
      removed: (object, previous) =>
        this.#tell("delete", kind, object, previous),
    };
  }

  #tell<K extends MonitoredObject>(
    event: ObjectEvent<K>["event"],
    object: K,
    data: MonitoredObjects[K],
    previous?: MonitoredObjects[K],
    changed?: readonly string[],
  ): void {
    if (!this.#told.has(object)) return;
    const told: ObjectEvent<K> = {
      event,
      object,
      data,
      previous,
      changed,
      origin: this.#origin,
      namespace: this.#namespace,
      names: this.names,
    };
    this.#events.push(told as AnyObjectEvent);
  }

  #named(link: Link): void {
    this.#current.set(link);
    this.#names = undefined;
  }

  /** What was the link's may be told of after it is gone, by its name. */
  #forget({ ifindex }: Link): void {
    this.#gone.push(ifindex);
    if (this.#gone.length <= REMEMBERED) return;
    const oldest = this.#gone.shift()!;
    if (this.#links.get(oldest) !== undefined) return;
    this.#current.delete(oldest);
    this.#names = undefined;
  }
}

/** What a message holds, unless part of it cannot be read: that is counted. */
function whole<T>(
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
