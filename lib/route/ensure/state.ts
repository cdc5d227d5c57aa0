// What there is in a namespace, as dumps or a monitor tell it, and the numbers
// behind its names.

import { SystemError } from "../../../ffi/errno.ts";
import type { WaitOptions } from "../../io/reactor.ts";
import type { Address } from "../address.ts";
import type { NameLookup } from "../../rtnetlink/spec/name_lookup.ts";
import type { AttributeLevel } from "../../rtnetlink/spec/level.ts";
import { type Link, portLevel } from "../link/link.ts";
import type { Monitor } from "../monitor/monitor.ts";
import type { MonitoredObject } from "../monitor/event.ts";
import { groupKey } from "../monitor/route_group.ts";
import { namespaceIdOf } from "../namespace_id.ts";
import type { Neighbour } from "../neighbour.ts";
import type { Nexthop } from "../nexthop.ts";
import type { Route } from "../route.ts";
import type { Rule } from "../rule.ts";
import type { RouteSocket } from "../socket.ts";
import type { NamespaceName } from "./desired.ts";

/** An index that no link has. */
const NOWHERE = -1;

/** What there is in a namespace. */
export interface Tables {
  readonly links: readonly Link[];
  /** Links as ports of their bridges, where that is told apart. */
  readonly ports?: readonly Link[];
  readonly addresses: readonly Address[];
  readonly routes: readonly Route[];
  readonly neighbours: readonly Neighbour[];
  readonly rules: readonly Rule[];
  readonly nexthops: readonly Nexthop[];
}

/** What there is in a namespace, found by index and by name. */
export class State {
  readonly addresses: readonly Address[];
  readonly routes: readonly Route[];
  readonly neighbours: readonly Neighbour[];
  readonly rules: readonly Rule[];
  readonly nexthops: readonly Nexthop[];
  readonly #links: ReadonlyMap<number, Link>;
  readonly #ports: ReadonlyMap<number, Link>;
  readonly #names: ReadonlyMap<string, Link>;
  #routesByDestination: ReadonlyMap<string | undefined, Route[]> | undefined;

  /** @param called Links under other names than their own. */
  constructor(tables: Tables, called: Iterable<[string, Link]> = []) {
    const { links, ports = [] } = tables;
    this.#links = new Map(links.map((link) => [link.ifindex, link]));
    this.#ports = new Map(ports.map((port) => [port.ifindex, port]));
    const names = links.flatMap((link) =>
      [...link.altNames, link.name].map((name) => [name, link] as const)
    );
    this.#names = new Map([...names, ...called]);
    this.addresses = tables.addresses;
    this.routes = tables.routes;
    this.neighbours = tables.neighbours;
    this.rules = tables.rules;
    this.nexthops = tables.nexthops;
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
    return this.#names.get(name);
  }

  /** The routes that stand where another one does: see groupKey(). */
  routesLike(route: Route): readonly Route[] {
    // There may be many, and few of one destination.
    this.#routesByDestination ??= Map.groupBy(
      this.routes,
      ({ destination }) => destination,
    );
    const { destination, family } = route;
    const key = groupKey(route);
    return (this.#routesByDestination.get(destination) ?? []).filter((other) =>
      other.family === family && groupKey(other) === key
    );
  }

  /**
   * The same without some links and all that goes with them, and with some
   * under other names.
   */
  changed(gone: ReadonlySet<number>, called: ReadonlyMap<string, Link>): State {
    if (gone.size === 0 && called.size === 0) return this;
    const stays = ({ ifindex }: { readonly ifindex: number }) =>
      !gone.has(ifindex);
    return new State({
      links: [...this.links].filter(stays),
      ports: [...this.#ports.values()].filter(stays),
      addresses: this.addresses.filter(stays),
      routes: this.routes.filter((route) =>
        stays(route) && (route.nexthops?.every(stays) ?? true)
      ),
      neighbours: this.neighbours.filter(stays),
      rules: this.rules,
      nexthops: this.nexthops.filter(stays),
    }, called);
  }

  /** What a link is called, for people. */
  nameOf(ifindex: number): string {
    return ifindex === 0
      ? "nothing"
      : this.link(ifindex)?.name ?? `link ${ifindex}`;
  }

  /** The options that a link has as the port of its master, undecoded. */
  portLevel(link: Link): AttributeLevel | undefined {
    return portLevel(this.#ports.get(link.ifindex) ?? link);
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

/** A namespace that is not there yet. */
export const NOTHING: State = new State({
  links: [],
  addresses: [],
  routes: [],
  neighbours: [],
  rules: [],
  nexthops: [],
});

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
  return new State({ links, addresses, routes, neighbours, rules, nexthops });
}

/** What a monitor knows. */
export function monitoredState(monitor: Monitor, wanted: Wanted): State {
  const all = <K extends MonitoredObject>(kind: K) =>
    wanted.has(kind) ? monitor.all(kind) : [];
  return new State({
    links: all("link"),
    ports: all("port"),
    addresses: all("address"),
    routes: all("route"),
    neighbours: all("neighbour"),
    rules: all("rule"),
    nexthops: all("nexthop"),
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
