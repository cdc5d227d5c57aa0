// The namespaces that are looked after: opened when they are there, let go of
// when their name is gone, made where they are missing.

import { ArgumentError, ClosedError } from "../../errors.ts";
import {
  isGone,
  type Namespace,
  namespacePath,
  OWN_NAMESPACE,
} from "../../netns/namespace.ts";
import type { WaitOptions } from "../../io/reactor.ts";
import type { MonitoredObject } from "../../rtnetlink/monitor/event.ts";
import { Monitor, pictureOf } from "../../rtnetlink/monitor/monitor.ts";
import { addNamespace, deleteNamespace } from "../../netns/named_namespace.ts";
import { identifyNamespace } from "../../netns/namespace_names.ts";
import { Network } from "../../rtnetlink/network.ts";
import type { DesiredNetwork, NamespaceName } from "../parse/desired.ts";
import {
  monitoredState,
  namespaceById,
  readState,
  type State,
  type Wanted,
} from "../plan/state.ts";
import type { View } from "../plan/whereabouts.ts";

/** A namespace that is there. */
export interface Site {
  readonly name: NamespaceName;
  readonly network: Network;
  /** What tells it from others, of the same name too. */
  readonly id: string;
  /** Watches it, if it is watched. */
  monitor: Monitor | undefined;
  /** The state that its monitor keeps. */
  state: State | undefined;
}

/** What to watch. */
export interface WatchOptions {
  readonly wanted: Wanted;
  readonly receiveBuffer: number | undefined;
}

/** The kinds of object that a description speaks of. */
export function wantedObjects({ namespaces }: DesiredNetwork): Wanted {
  const wanted = new Set<MonitoredObject>(["link", "address", "route"]);
  for (const one of namespaces) {
    const { links, neighbours, rules, nexthops, exclusive } = one;
    const exclusives = [exclusive, ...links.map((link) => link.exclusive)];
    const needs = (kind: "neighbours" | "rules" | "nexthops") =>
      exclusives.some((set) => set.has(kind));
    if (links.some(({ port }) => port !== undefined)) wanted.add("port");
    if (neighbours.length > 0 || needs("neighbours")) wanted.add("neighbour");
    if (rules.length > 0 || needs("rules")) wanted.add("rule");
    if (nexthops.length > 0 || needs("nexthops")) wanted.add("nexthop");
  }
  return wanted;
}

/** The namespaces of a description. */
export class Sites implements AsyncDisposable {
  readonly #sites = new Map<NamespaceName, Site>();
  readonly #home: Namespace | undefined;
  #closed = false;

  /** @param home The namespace that has no name here; default: this thread's. */
  constructor(home?: Namespace) {
    this.#home = home;
  }

  /** Whether it was closed: nothing is opened any more. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Whether the namespace without a name is one that may be replaced. */
  get hasHome(): boolean {
    return this.#home !== undefined;
  }

  /** @throws {ClosedError} Once closed. */
  check(): void {
    if (this.#closed) throw new ClosedError("ensurer");
  }

  /** Those that are there. */
  get all(): Iterable<Site> {
    return this.#sites.values();
  }

  /** One that is there. */
  get(name: NamespaceName): Site | undefined {
    return this.#sites.get(name);
  }

  /**
   * Opens those of a description that are there, and lets go of the others: an
   * open socket would keep a namespace whose name is gone.
   *
   * @returns Those that it let go of.
   * @throws {SystemError} Without CAP_SYS_ADMIN.
   * @throws {ClosedError} Once closed.
   */
  async follow({ namespaces }: DesiredNetwork): Promise<NamespaceName[]> {
    const names = new Set(namespaces.map(({ name }) => name));
    const left: NamespaceName[] = [];
    for (const { name, id } of [...this.#sites.values()]) {
      if (names.has(name) && this.#identify(name) === id) continue;
      left.push(name);
      await this.#leave(name);
    }
    this.check();
    for (const name of names) {
      if (!this.#sites.has(name)) this.#enter(name);
    }
    this.#refuseTwice();
    return left;
  }

  /** Makes one that is missing. @throws {SystemError | ClosedError} */
  make(name: string): void {
    this.check();
    addNamespace(name);
    this.#enter(name);
  }

  /** Removes one that was made. @throws {SystemError} */
  async remove(name: string): Promise<void> {
    await this.#leave(name);
    deleteNamespace(name);
  }

  /** Begins to watch those that are not watched yet. */
  async watch(
    { wanted, receiveBuffer }: WatchOptions,
    wait: WaitOptions,
  ): Promise<Site[]> {
    const begun: Site[] = [];
    for (const site of this.#sites.values()) {
      if (site.monitor !== undefined) continue;
      const namespace = this.#namespace(site.name);
      try {
        const monitor = await Monitor.open({
          objects: wanted,
          namespace,
          ...(receiveBuffer === undefined ? {} : { receiveBuffer }),
        }, wait);
        site.monitor = monitor;
        // Before its first event: the links are those that events change.
        site.state = monitoredState(monitor);
        begun.push(site);
      } catch (error) {
        // Its name is gone since: follow() finds that out.
        if (!isGone(error)) throw error;
      }
    }
    return begun;
  }

  /** Ends watching. */
  async unwatch(): Promise<void> {
    const monitors = [...this.#sites.values()].map((site) => {
      const { monitor } = site;
      site.monitor = undefined;
      site.state = undefined;
      return monitor?.close();
    });
    await Promise.all(monitors);
  }

  /** What there is now, read anew. */
  async read(wanted: Wanted, options?: WaitOptions): Promise<View> {
    const states = new Map<NamespaceName, State>();
    for (const { name, network } of this.#sites.values()) {
      states.set(name, await readState(network.socket, wanted, options));
    }
    // Without its sites, everything would seem to be missing.
    this.check();
    return this.#view((name) => states.get(name), () => Infinity, options);
  }

  /** What the monitors know, now and later. */
  known(options?: WaitOptions): View {
    const currentAt = (name: NamespaceName) => {
      const monitor = this.#sites.get(name)?.monitor;
      if (monitor === undefined) return Infinity;
      const { pending, caughtUpAt } = pictureOf(monitor);
      return pending > 0 ? -Infinity : caughtUpAt;
    };
    return this.#view(
      (name) => this.#sites.get(name)?.state,
      currentAt,
      options,
    );
  }

  /** What stands for a namespace where one is asked for. */
  pathOf(name: NamespaceName): string {
    const namespace = this.#namespace(name);
    return namespace === undefined ? OWN_NAMESPACE : namespacePath(namespace);
  }

  /** The namespace that another one knows by an id. */
  byId(
    namespace: NamespaceName,
    nsid: number,
    options?: WaitOptions,
  ): Promise<{ readonly name: NamespaceName } | undefined> {
    const site = this.#sites.get(namespace);
    return site === undefined ? Promise.resolve(undefined) : namespaceById(
      site.network.socket,
      nsid,
      [...this.#sites.keys()].map((name) => [name, this.pathOf(name)] as const),
      options,
    );
  }

  /** Closes all sockets. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const name of [...this.#sites.keys()]) await this.#leave(name);
  }

  #view(
    state: View["state"],
    currentAt: View["currentAt"],
    options?: WaitOptions,
  ): View {
    // Many links may have gone the same way.
    const known = new Map<string, ReturnType<View["byId"]>>();
    return {
      state,
      currentAt,
      pathOf: (name) => this.pathOf(name),
      byId: (name, nsid) => {
        const key = `${name ?? ""}\0${nsid}`;
        let found = known.get(key);
        if (found === undefined) {
          known.set(key, found = this.byId(name, nsid, options));
        }
        return found;
      },
    };
  }

  #enter(name: NamespaceName): void {
    const id = this.#identify(name);
    if (id === undefined) return;
    try {
      const network = Network.open({ namespace: this.#namespace(name) });
      this.#sites.set(name, {
        name,
        id,
        network,
        monitor: undefined,
        state: undefined,
      });
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  async #leave(name: NamespaceName): Promise<void> {
    const site = this.#sites.get(name);
    this.#sites.delete(name);
    await Promise.all([site?.monitor?.close(), site?.network.close()]);
  }

  /** What the `namespace` options of the library take. */
  #namespace(name: NamespaceName): Namespace | undefined {
    return name ?? this.#home;
  }

  /** What tells a namespace from others; undefined if its name is gone. */
  #identify(name: NamespaceName): string | undefined {
    return identifyNamespace(this.pathOf(name));
  }

  #refuseTwice(): void {
    const names = new Map<string, NamespaceName>();
    for (const { id, name } of this.#sites.values()) {
      if (names.has(id)) {
        const other = names.get(id) ?? "the one this runs in";
        throw new ArgumentError(
          "namespace",
          name,
          `another namespace than ${other}, which is described too`,
        );
      }
      names.set(id, name);
    }
  }
}
