// What there is in a namespace, as dumps or a monitor tell it, and the numbers
// behind its names.

import { SystemError } from "../../../ffi/errno.ts";
import type { WaitOptions } from "../../io/reactor.ts";
import type { Address } from "../../rtnetlink/address.ts";
import type { NameLookup } from "../../rtnetlink/spec/name_lookup.ts";
import type { AttributeLevel } from "../../rtnetlink/spec/level.ts";
import { type Link, portLevel } from "../../rtnetlink/link/link.ts";
import type { MonitoredObject } from "../../rtnetlink/monitor/event.ts";
import {
  addressIdentity,
  neighbourIdentity,
  nexthopIdentity,
  portIdentity,
} from "../../rtnetlink/monitor/identities.ts";
import { type Monitor, pictureOf } from "../../rtnetlink/monitor/monitor.ts";
import { groupHash, isOfGroup } from "../../rtnetlink/monitor/route_group.ts";
import type { Identity } from "../../rtnetlink/monitor/table.ts";
import { namespaceIdOf } from "../../rtnetlink/namespace_id.ts";
import type { Neighbour } from "../../rtnetlink/neighbour.ts";
import type { Nexthop } from "../../rtnetlink/nexthop.ts";
import type { Route } from "../../rtnetlink/route.ts";
import type { Rule } from "../../rtnetlink/rule.ts";
import type { RouteSocket } from "../../rtnetlink/socket.ts";
import type { NamespaceName } from "../parse/desired.ts";
import { RuleTables } from "./rule_table.ts";

/** An index that no link has. */
const NOWHERE = -1;

/** Objects of one type, found by their identity key. */
export interface Objects<T> extends Iterable<T> {
  get(key: string | number): T | undefined;
}

/** Routes, found by what the routes of a group have in common. */
export interface RouteGroups extends Iterable<Route> {
  /** The routes of a route's group, in the kernel's order. */
  group(like: Route): readonly Route[];
}

/** The objects of a namespace. */
export interface Tables {
  readonly links: Iterable<Link>;
  /** Links as ports of their bridges, where the kernel reports them. */
  readonly ports: Objects<Link>;
  readonly addresses: Objects<Address>;
  readonly routes: RouteGroups;
  readonly neighbours: Objects<Neighbour>;
  readonly rules: Iterable<Rule>;
  readonly nexthops: Objects<Nexthop>;
}

/** The objects of a dump; the lookup table is built at the first lookup. */
class ObjectList<T> implements Objects<T> {
  readonly #list: readonly T[];
  readonly #key: (object: T) => string | number;
  #byKey: Map<string | number, T> | undefined;

  constructor(list: readonly T[], identity: Pick<Identity<T>, "key">) {
    this.#list = list;
    this.#key = identity.key;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#list[Symbol.iterator]();
  }

  get(key: string | number): T | undefined {
    if (this.#byKey === undefined) {
      this.#byKey = new Map();
      for (const object of this.#list) {
        const key = this.#key(object);
        // An interrupted dump may hold an object twice.
        if (!this.#byKey.has(key)) this.#byKey.set(key, object);
      }
    }
    return this.#byKey.get(key);
  }
}

/** The routes of a dump; the lookup table is built at the first lookup. */
class RouteList implements RouteGroups {
  readonly #list: readonly Route[];
  /** By groupHash(); an array only where several routes share one. */
  #byHash: Map<number, Route | Route[]> | undefined;

  constructor(list: readonly Route[]) {
    this.#list = list;
  }

  [Symbol.iterator](): Iterator<Route> {
    return this.#list[Symbol.iterator]();
  }

  group(like: Route): readonly Route[] {
    const found = this.#table().get(groupHash(like));
    if (found === undefined) return [];
    return (Array.isArray(found) ? found : [found])
      .filter((route) => isOfGroup(route, like));
  }

  #table(): ReadonlyMap<number, Route | Route[]> {
    if (this.#byHash !== undefined) return this.#byHash;
    const table = this.#byHash = new Map();
    for (const route of this.#list) {
      const hash = groupHash(route);
      const others = table.get(hash);
      if (others === undefined) table.set(hash, route);
      else if (Array.isArray(others)) others.push(route);
      else table.set(hash, [others, route]);
    }
    return table;
  }
}

/** The state of a namespace: its objects, found by key. */
export class State {
  readonly addresses: Objects<Address>;
  readonly routes: RouteGroups;
  readonly neighbours: Objects<Neighbour>;
  readonly rules: Iterable<Rule>;
  readonly nexthops: Objects<Nexthop>;
  readonly #ports: Objects<Link>;
  readonly #links = new Map<number, Link>();
  readonly #names = new Map<string, Link>();
  /** Names that were looked up: events of other links concern nothing. */
  readonly #asked: Set<string>;
  #observed: Set<string> | undefined;
  #ruleTables: RuleTables | undefined;

  /** @param called Links under other names than their own. */
  constructor(
    tables: Tables,
    called: Iterable<[string, Link]> = [],
    asked = new Set<string>(),
  ) {
    this.addresses = tables.addresses;
    this.routes = tables.routes;
    this.neighbours = tables.neighbours;
    this.rules = tables.rules;
    this.nexthops = tables.nexthops;
    this.#ports = tables.ports;
    this.#asked = asked;
    for (const link of tables.links) this.#add(link);
    for (const [name, link] of called) this.#names.set(name, link);
  }

  /** All links. */
  get links(): Iterable<Link> {
    return this.#links.values();
  }

  /** A link by its index. */
  link(ifindex: number): Link | undefined {
    return this.#links.get(ifindex);
  }

  /** A link by its name or another of its names. */
  named(name: string): Link | undefined {
    this.#asked.add(name);
    this.#observed?.add(name);
    return this.#names.get(name);
  }

  /** A link as a port of its bridge. */
  port(ifindex: number): Link | undefined {
    return this.#ports.get(ifindex);
  }

  /** Whether a name was looked up, here or in a state made from this one. */
  wasAsked(name: string): boolean {
    return this.#asked.has(name);
  }

  /** Runs `body` and notes in `names` which links it looks up by name. */
  observe<T>(names: Set<string>, body: () => T): T {
    const outer = this.#observed;
    this.#observed = names;
    try {
      return body();
    } finally {
      this.#observed = outer;
    }
  }

  /** Applies a change of a link, as an event reports it. */
  linkChanged(link: Link, previous: Link | undefined): void {
    if (previous !== undefined) this.#forgetNames(previous);
    this.#add(link);
  }

  /** Removes a link that is gone, as an event reports it. */
  linkRemoved(link: Link): void {
    const known = this.#links.get(link.ifindex);
    if (known === undefined) return;
    this.#forgetNames(known);
    this.#links.delete(link.ifindex);
  }

  /** Notes that rules have changed. */
  rulesChanged(): void {
    this.#ruleTables = undefined;
  }

  /** Rules by what identifies them: see RuleTables. */
  get ruleTables(): RuleTables {
    return this.#ruleTables ??= new RuleTables(this.rules);
  }

  #add(link: Link): void {
    this.#links.set(link.ifindex, link);
    for (const name of link.altNames) this.#names.set(name, link);
    this.#names.set(link.name, link);
  }

  #forgetNames({ ifindex, name, altNames }: Link): void {
    for (const one of [name, ...altNames]) {
      if (this.#names.get(one)?.ifindex === ifindex) this.#names.delete(one);
    }
  }

  /**
   * The same without some links and all that goes with them, and with some
   * under other names.
   */
  changed(gone: ReadonlySet<number>, called: ReadonlyMap<string, Link>): State {
    if (gone.size === 0 && called.size === 0) return this;
    const stays = ({ ifindex }: { readonly ifindex: number }) =>
      !gone.has(ifindex);
    return new State(
      listed({
        links: [...this.links].filter(stays),
        ports: [...this.#ports].filter(stays),
        addresses: [...this.addresses].filter(stays),
        routes: [...this.routes].filter((route) =>
          stays(route) && (route.nexthops?.every(stays) ?? true)
        ),
        neighbours: [...this.neighbours].filter(stays),
        rules: [...this.rules],
        nexthops: [...this.nexthops].filter(stays),
      }),
      called,
      this.#asked,
    );
  }

  /** What a link is called, for people. */
  nameOf(ifindex: number): string {
    return ifindex === 0
      ? "nothing"
      : this.link(ifindex)?.name ?? `link ${ifindex}`;
  }

  /** The options that a link has as the port of its master, undecoded. */
  portLevel(link: Link): AttributeLevel | undefined {
    return portLevel(this.port(link.ifindex) ?? link);
  }

  /** The numbers behind names, to write messages that are only compared. */
  readonly numbers: NameLookup = {
    index: (link) =>
      typeof link === "number" ? link : this.named(link)?.ifindex ?? NOWHERE,
    creates: () => 0,
    calls() {},
    namespace: () => NOWHERE,
  };
}

/** The objects of dumps. */
export interface Lists {
  readonly links: readonly Link[];
  readonly ports?: readonly Link[];
  readonly addresses: readonly Address[];
  readonly routes: readonly Route[];
  readonly neighbours: readonly Neighbour[];
  readonly rules: readonly Rule[];
  readonly nexthops: readonly Nexthop[];
}

function listed(lists: Lists): Tables {
  const { links, ports = [], rules } = lists;
  return {
    links,
    rules,
    ports: new ObjectList(ports, portIdentity),
    addresses: new ObjectList(lists.addresses, addressIdentity),
    routes: new RouteList(lists.routes),
    neighbours: new ObjectList(lists.neighbours, neighbourIdentity),
    nexthops: new ObjectList(lists.nexthops, nexthopIdentity),
  };
}

/** A namespace that is not there yet. */
export const NOTHING: State = new State(listed({
  links: [],
  addresses: [],
  routes: [],
  neighbours: [],
  rules: [],
  nexthops: [],
}));

/** What to look at beside links, addresses and routes. */
export type Wanted = ReadonlySet<MonitoredObject>;

/** Reads what there is. */
export async function readState(
  socket: RouteSocket,
  wanted: Wanted,
  options?: WaitOptions,
): Promise<State> {
  const optional = <T>(kind: MonitoredObject, dump: () => Promise<T[]>) =>
    wanted.has(kind) ? dump() : Promise.resolve([]);
  const [links, addresses, routes, neighbours, rules, nexthops] = await Promise
    .all([
      socket.links(options),
      socket.addresses(options),
      socket.routes(options),
      optional("neighbour", () => socket.neighbours(options)),
      optional("rule", () => socket.rules(options)),
      optional("nexthop", () => socket.nexthops(options)),
    ]);
  return new State(
    listed({ links, addresses, routes, neighbours, rules, nexthops }),
  );
}

/**
 * The state that a monitor keeps. The monitor updates all of it but the links:
 * linkChanged() and linkRemoved() do, so that the names are those of the events
 * that were handled.
 */
export function monitoredState(monitor: Monitor): State {
  const { tables } = pictureOf(monitor);
  return new State({
    links: tables.link,
    ports: tables.port,
    addresses: tables.address,
    routes: tables.route,
    neighbours: tables.neighbour,
    rules: tables.rule,
    nexthops: tables.nexthop,
  });
}

/** Which of some namespaces another one knows by an id. */
export async function namespaceById(
  socket: RouteSocket,
  nsid: number,
  names: Iterable<readonly [name: NamespaceName, path: string]>,
  options?: WaitOptions,
): Promise<{ readonly name: NamespaceName } | undefined> {
  for (const [name, namespace] of names) {
    try {
      if (await namespaceIdOf(socket, namespace, options) === nsid) {
        return { name };
      }
    } catch (error) {
      // Gone by now: then it is not the one.
      if (!(error instanceof SystemError)) throw error;
    }
  }
  return undefined;
}
