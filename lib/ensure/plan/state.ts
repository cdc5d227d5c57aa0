// State of a namespace: its objects by key and its links by name, from dumps or
// a monitor.

import { EOPNOTSUPP, SystemError } from "../../../ffi/errno.ts";
import type { Address } from "../../rtnetlink/address.ts";
import type { BridgeVlan } from "../../rtnetlink/bridge_vlan.ts";
import { type Link, portLevel } from "../../rtnetlink/link/link.ts";
import type { MdbEntry } from "../../rtnetlink/mdb.ts";
import type { MonitoredObject } from "../../rtnetlink/monitor/event.ts";
import {
  addressIdentity,
  classIdentity,
  fdbIdentity,
  mdbIdentity,
  neighbourIdentity,
  nexthopIdentity,
  portIdentity,
  qdiscIdentity,
  vlanIdentity,
} from "../../rtnetlink/monitor/identities.ts";
import { cacheOf, type Monitor } from "../../rtnetlink/monitor/monitor.ts";
import { RouteTable } from "../../rtnetlink/monitor/route_table.ts";
import { readClasses, readFdb } from "../../rtnetlink/monitor/reading.ts";
import { type Identity, KeyedTable } from "../../rtnetlink/monitor/table.ts";
import type { Neighbour } from "../../rtnetlink/neighbour.ts";
import type { Nexthop } from "../../rtnetlink/nexthop.ts";
import type { Qdisc } from "../../rtnetlink/qdisc.ts";
import type { Route } from "../../rtnetlink/route.ts";
import type { Rule } from "../../rtnetlink/rule.ts";
import type { RouteSocket } from "../../rtnetlink/socket.ts";
import type { AttributeLevel } from "../../rtnetlink/spec/level.ts";
import type { NameLookup } from "../../rtnetlink/spec/name_lookup.ts";
import type { WaitOptions } from "../../io/reactor.ts";
import type { DesiredNetwork, NamespaceName } from "../parse/desired.ts";
import { RuleTable } from "./rule_table.ts";

/** An invalid ifindex. */
const NO_INDEX = -1;

/** The objects of a namespace; each table is built on first use. */
interface Tables {
  link(): Iterable<Link>;
  /** Links as bridge ports, as the bridge reports them. */
  port(): KeyedTable<Link>;
  address(): KeyedTable<Address>;
  route(): RouteTable;
  neighbour(): KeyedTable<Neighbour>;
  rule(): Iterable<Rule>;
  nexthop(): KeyedTable<Nexthop>;
  fdb(): KeyedTable<Neighbour>;
  vlan(): KeyedTable<BridgeVlan>;
  mdb(): KeyedTable<MdbEntry>;
  qdisc(): KeyedTable<Qdisc>;
  class(): KeyedTable<Qdisc>;
  /** The current value of a sysctl; undefined if it does not exist. */
  sysctl(name: string): string | undefined;
}

/** The states of all namespaces at one time. */
export interface View {
  /** The state of a namespace; undefined if the namespace does not exist. */
  state(namespace: NamespaceName): State | undefined;
  /**
   * All events before this time are in the state, in milliseconds of
   * performance.now(); Infinity for a dump.
   */
  currentAt(namespace: NamespaceName): number;
  /** The path of a namespace in a message. */
  pathOf(namespace: NamespaceName): string;
  /** The namespace with an id in another one, if it is configured. */
  byId(
    namespace: NamespaceName,
    nsid: number,
  ): Promise<{ readonly name: NamespaceName } | undefined>;
}

/** Types of objects to dump or to monitor. */
export type ObjectTypes = ReadonlySet<MonitoredObject>;

/** The types of objects in a configuration. */
export function comparedTypes({ namespaces }: DesiredNetwork): ObjectTypes {
  const types = new Set<MonitoredObject>(["link"]);
  for (const namespace of namespaces) {
    const { links, routes, neighbours, rules, nexthops } = namespace;
    const exclusive = new Set(namespace.exclusive);
    for (const link of links) {
      for (const one of link.exclusive) exclusive.add(one);
      // An address may have a prefix route.
      if (link.addresses.length > 0) types.add("address").add("route");
      if (link.absentAddresses.length > 0) types.add("address");
      if (link.port !== undefined) types.add("port");
      if (link.listed.has("fdb")) types.add("fdb");
      if (link.listed.has("vlans")) types.add("vlan");
      // An entry may be in each VLAN of its port.
      if (link.listed.has("mdb")) types.add("mdb").add("vlan");
      if (link.qdiscs.length > 0) types.add("qdisc");
      if (link.classes.length > 0) types.add("class");
    }
    if (exclusive.has("addresses")) types.add("address");
    if (
      routes.length > 0 || namespace.absentRoutes.length > 0 ||
      exclusive.has("routes")
    ) types.add("route");
    if (neighbours.length > 0 || exclusive.has("neighbours")) {
      types.add("neighbour");
    }
    if (rules.length > 0 || exclusive.has("rules")) types.add("rule");
    if (nexthops.length > 0 || exclusive.has("nexthops")) types.add("nexthop");
  }
  return types;
}

/** The key of an entry in plans: of all VLANs and remotes of a VXLAN once. */
export function mdbKey(
  { ifindex, port, group, source = "" }: MdbEntry,
): string {
  return `${ifindex} ${port} ${group} ${source}`;
}

/** The state of a namespace. */
export class State {
  readonly #tables: Tables;
  readonly #links = new Map<number, Link>();
  readonly #names = new Map<string, Link>();
  #ruleTable: RuleTable | undefined;
  #mdbByKey: ReadonlyMap<string, readonly MdbEntry[]> | undefined;
  /**
   * The future meaning of names: links whose name is restored; undefined for
   * links that are recreated.
   */
  planned: ReadonlyMap<string, Link | undefined> = new Map();

  constructor(tables: Tables) {
    this.#tables = tables;
    for (const link of tables.link()) this.#add(link);
  }

  get addresses(): KeyedTable<Address> {
    return this.#tables.address();
  }

  get routes(): RouteTable {
    return this.#tables.route();
  }

  get neighbours(): KeyedTable<Neighbour> {
    return this.#tables.neighbour();
  }

  get rules(): Iterable<Rule> {
    return this.#tables.rule();
  }

  get nexthops(): KeyedTable<Nexthop> {
    return this.#tables.nexthop();
  }

  /** Entries of forwarding tables. */
  get fdb(): KeyedTable<Neighbour> {
    return this.#tables.fdb();
  }

  /** VLANs of bridges and their ports. */
  get vlans(): KeyedTable<BridgeVlan> {
    return this.#tables.vlan();
  }

  /** Entries of multicast databases. */
  get mdb(): KeyedTable<MdbEntry> {
    return this.#tables.mdb();
  }

  /** Entries of multicast databases with the same key in plans. */
  mdbAlike(key: string): readonly MdbEntry[] {
    this.#mdbByKey ??= Map.groupBy(this.mdb, mdbKey);
    return this.#mdbByKey.get(key) ?? [];
  }

  /** Records that multicast databases have changed. */
  mdbChanged(): void {
    this.#mdbByKey = undefined;
  }

  get qdiscs(): KeyedTable<Qdisc> {
    return this.#tables.qdisc();
  }

  get classes(): KeyedTable<Qdisc> {
    return this.#tables.class();
  }

  get links(): Iterable<Link> {
    return this.#links.values();
  }

  /** The current value of a sysctl; undefined if it does not exist. */
  sysctl(name: string): string | undefined {
    return this.#tables.sysctl(name);
  }

  /** Rules by selector: see RuleTable. */
  get ruleTable(): RuleTable {
    return this.#ruleTable ??= new RuleTable(this.rules);
  }

  /** A link by ifindex. */
  link(ifindex: number): Link | undefined {
    return this.#links.get(ifindex);
  }

  /** A link by its name or an alternative name. */
  named(name: string): Link | undefined {
    return this.planned.has(name)
      ? this.planned.get(name)
      : this.#names.get(name);
  }

  /** The name of a link, for messages. */
  nameOf(ifindex: number): string {
    return ifindex === 0
      ? "nothing"
      : this.link(ifindex)?.name ?? `link ${ifindex}`;
  }

  /** A link as a bridge port. */
  port(ifindex: number): Link | undefined {
    return this.#tables.port().get(ifindex);
  }

  /** The options of a link as a port, undecoded. */
  portLevel(link: Link): AttributeLevel | undefined {
    return portLevel(this.port(link.ifindex) ?? link);
  }

  /** Ifindexes by name, for messages that are only compared. */
  readonly numbers: NameLookup = {
    index: (link) =>
      typeof link === "number" ? link : this.named(link)?.ifindex ?? NO_INDEX,
    creates: () => 0,
    calls() {},
    namespace: () => NO_INDEX,
  };

  /** Applies a link event. */
  linkChanged(link: Link, previous: Link | undefined): void {
    if (previous !== undefined) this.#removeNames(previous);
    this.#add(link);
  }

  /** Applies the event of a deleted link. */
  linkRemoved({ ifindex }: Link): void {
    const link = this.#links.get(ifindex);
    if (link === undefined) return;
    this.#removeNames(link);
    this.#links.delete(ifindex);
  }

  /** Records that rules have changed. */
  rulesChanged(): void {
    this.#ruleTable = undefined;
  }

  #add(link: Link): void {
    this.#links.set(link.ifindex, link);
    for (const name of link.altNames) this.#names.set(name, link);
    this.#names.set(link.name, link);
  }

  #removeNames({ ifindex, name, altNames }: Link): void {
    for (const one of [name, ...altNames]) {
      if (this.#names.get(one)?.ifindex === ifindex) this.#names.delete(one);
    }
  }
}

const IGNORE = { added() {}, changed() {}, removed() {} };

function keyed<T>(objects: Iterable<T>, identity: Identity<T>): KeyedTable<T> {
  const table = new KeyedTable<T>(identity);
  for (const object of objects) table.put(object, 0, IGNORE);
  return table;
}

function lazily<T>(make: () => T): () => T {
  let value: T | undefined;
  return () => value ??= make();
}

/** A kernel without the module of bridges, or without VLANs, has none. */
async function ifSupported<T>(dump: Promise<T[]>): Promise<T[]> {
  try {
    return await dump;
  } catch (error) {
    if (error instanceof SystemError && error.errno === EOPNOTSUPP) return [];
    throw error;
  }
}

/** Dumps the objects of some types. */
export async function readState(
  socket: RouteSocket,
  types: ObjectTypes,
  sysctl: Tables["sysctl"],
  options?: WaitOptions,
): Promise<State> {
  const dump = <T>(type: MonitoredObject, read: () => Promise<T[]>) =>
    types.has(type) ? read() : Promise.resolve([]);
  const [
    link,
    address,
    route,
    neighbour,
    rule,
    nexthop,
    fdb,
    vlan,
    mdb,
    qdisc,
    classes,
  ] = await Promise.all([
    socket.links(options),
    dump("address", () => socket.addresses(options)),
    dump("route", () => socket.routes(options)),
    dump("neighbour", () => socket.neighbours(options)),
    dump("rule", () => socket.rules(options)),
    dump("nexthop", () => socket.nexthops(options)),
    dump("fdb", () => readFdb(socket, options)),
    dump("vlan", () => ifSupported(socket.bridgeVlans(options))),
    dump("mdb", () => ifSupported(socket.mdb(options))),
    dump("qdisc", () => socket.qdiscs(options)),
    dump("class", () => readClasses(socket, options)),
  ]);
  return dumpedState(sysctl, {
    link,
    address,
    route,
    neighbour,
    rule,
    nexthop,
    fdb,
    vlan,
    mdb,
    qdisc,
    class: classes,
  });
}

/** The objects of dumps; none by default. */
interface Dumped {
  readonly link?: readonly Link[];
  readonly address?: readonly Address[];
  readonly route?: readonly Route[];
  readonly neighbour?: readonly Neighbour[];
  readonly rule?: readonly Rule[];
  readonly nexthop?: readonly Nexthop[];
  readonly fdb?: readonly Neighbour[];
  readonly vlan?: readonly BridgeVlan[];
  readonly mdb?: readonly MdbEntry[];
  readonly qdisc?: readonly Qdisc[];
  readonly class?: readonly Qdisc[];
}

function dumpedState(sysctl: Tables["sysctl"], found: Dumped = {}): State {
  return new State({
    link: () => found.link ?? [],
    port: lazily(() => keyed([], portIdentity)),
    address: lazily(() => keyed(found.address ?? [], addressIdentity)),
    route: lazily(() => RouteTable.of(found.route ?? [])),
    neighbour: lazily(() => keyed(found.neighbour ?? [], neighbourIdentity)),
    rule: () => found.rule ?? [],
    nexthop: lazily(() => keyed(found.nexthop ?? [], nexthopIdentity)),
    fdb: lazily(() => keyed(found.fdb ?? [], fdbIdentity)),
    vlan: lazily(() => keyed(found.vlan ?? [], vlanIdentity)),
    mdb: lazily(() => keyed(found.mdb ?? [], mdbIdentity)),
    qdisc: lazily(() => keyed(found.qdisc ?? [], qdiscIdentity)),
    class: lazily(() => keyed(found.class ?? [], classIdentity)),
    sysctl,
  });
}

/** The state of a namespace that does not exist yet. */
export const EMPTY: State = dumpedState(() => undefined);

/**
 * The state of a monitor. The monitor updates it, except for the links:
 * linkChanged() and linkRemoved() do, so that the names are those of the
 * handled events.
 */
export function monitoredState(
  monitor: Monitor,
  sysctl: Tables["sysctl"],
): State {
  const { tables } = cacheOf(monitor);
  return new State({
    link: () => tables.link,
    port: () => tables.port,
    address: () => tables.address,
    route: () => tables.route,
    neighbour: () => tables.neighbour,
    rule: () => tables.rule,
    nexthop: () => tables.nexthop,
    fdb: () => tables.fdb,
    vlan: () => tables.vlan,
    mdb: () => tables.mdb,
    qdisc: () => tables.qdisc,
    class: () => tables.class,
    sysctl,
  });
}
