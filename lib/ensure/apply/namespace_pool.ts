// Namespace pool: opens the namespaces of a configuration, creates missing ones
// and closes those that were deleted.

import { ENOENT, SystemError } from "../../../ffi/errno.ts";
import { ArgumentError, ClosedError } from "../../errors.ts";
import type { WaitOptions } from "../../io/reactor.ts";
import { addNamespace, deleteNamespace } from "../../netns/named_namespace.ts";
import {
  isGone,
  type Namespace,
  namespacePath,
  OWN_NAMESPACE,
} from "../../netns/namespace.ts";
import { readSysctl, type SysctlWatch } from "../../netns/sysctl.ts";
import { identifyNamespace } from "../../netns/namespace_names.ts";
import { cacheOf, Monitor } from "../../rtnetlink/monitor/monitor.ts";
import { namespaceIdOf } from "../../rtnetlink/namespace_id.ts";
import { Network } from "../../rtnetlink/network.ts";
import type { NamespaceName } from "../parse/desired.ts";
import {
  monitoredState,
  type ObjectTypes,
  readState,
  type State,
  type View,
} from "../plan/state.ts";

/**
 * How often a monitor looks for changes that the kernel does not notify, in
 * milliseconds.
 */
export const SWEEP_INTERVAL = 30_000;

/** Options of the monitors. */
export interface MonitoringOptions extends WaitOptions {
  readonly receiveBuffer: number | undefined;
  /** Watches the sysctls that are compared. */
  readonly sysctls: SysctlWatch<NamespaceName> | undefined;
}

/** Records the namespaces that were created, so that down() deletes only them. */
export interface CreatedNamespaces {
  /**
   * Records a namespace, with an id that a later one of its name does not have.
   */
  add(name: string, id: string): void;
  /** Whether the namespace was created. */
  has(name: string, id: string): boolean;
  /** Records that a namespace was deleted. */
  delete(name: string, id: string): void;
}

/** The namespaces that this process created. */
class CreatedHere implements CreatedNamespaces {
  readonly #all = new Set<string>();

  add(name: string, id: string): void {
    this.#all.add(`${id} ${name}`);
  }

  has(name: string, id: string): boolean {
    return this.#all.has(`${id} ${name}`);
  }

  delete(name: string, id: string): void {
    this.#all.delete(`${id} ${name}`);
  }
}

/** A namespace to open. */
export interface FollowedNamespace {
  readonly name: NamespaceName;
  /** Its path, if it is not the one of this name. */
  readonly foreignPath?: string | undefined;
}

/** A namespace that exists. */
export interface PooledNamespace {
  readonly name: NamespaceName;
  readonly network: Network;
  /** Identifies the namespace, also if its name is used again. */
  readonly id: string;
  /** Its monitor and the monitored state, if it is monitored. */
  monitored: { readonly monitor: Monitor; readonly state: State } | undefined;
}

/** The namespaces of a configuration. */
export class NamespacePool implements AsyncDisposable {
  readonly #members = new Map<NamespaceName, PooledNamespace>();
  /** Paths of namespaces that are not those of their name. */
  readonly #paths = new Map<NamespaceName, string>();
  readonly #top: Namespace | undefined;
  readonly #created: CreatedNamespaces;
  #closed = false;

  /** @param top The namespace without a name; default: this thread's. */
  constructor(top?: Namespace, created: CreatedNamespaces = new CreatedHere()) {
    this.#top = top;
    this.#created = created;
  }

  /** Whether it was closed. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Whether a namespace can be replaced without a change of the names. */
  get hasPaths(): boolean {
    return this.#top !== undefined || this.#paths.size > 0;
  }

  /** @throws {ClosedError} If it is closed. */
  check(): void {
    if (this.#closed) throw new ClosedError("reconciler");
  }

  /** The namespaces that exist. */
  get all(): Iterable<PooledNamespace> {
    return this.#members.values();
  }

  /** A namespace, if it exists. */
  get(name: NamespaceName): PooledNamespace | undefined {
    return this.#members.get(name);
  }

  /**
   * Opens the existing namespaces of a configuration, and closes others: an
   * open socket would keep a deleted namespace alive.
   *
   * @returns The closed namespaces.
   * @throws {SystemError} Without CAP_SYS_ADMIN.
   * @throws {ClosedError} If it is closed.
   */
  async follow(
    { namespaces }: { readonly namespaces: readonly FollowedNamespace[] },
  ): Promise<NamespaceName[]> {
    const names = new Set(namespaces.map(({ name }) => name));
    this.#paths.clear();
    // The last path of a name counts.
    for (const { name, foreignPath } of namespaces) {
      if (foreignPath === undefined) this.#paths.delete(name);
      else this.#paths.set(name, foreignPath);
    }
    const gone = [...this.#members.values()].filter(({ name, id }) =>
      !names.has(name) || this.#identify(name) !== id
    ).map(({ name }) => name);
    for (const name of gone) await this.#leave(name);
    this.check();
    for (const name of names) {
      if (!this.#members.has(name)) this.#enter(name);
    }
    this.#refuseTwice();
    return gone;
  }

  /** @throws {SystemError} If a namespace does not exist. */
  require(name: NamespaceName): void {
    if (this.#members.has(name)) return;
    const tried = `enter network namespace ${name}`;
    throw new SystemError("open", ENOENT, { tried, advice: "Check its name" });
  }

  /** Creates a namespace. @throws {SystemError | ClosedError} */
  create(name: string): void {
    this.check();
    addNamespace(name);
    const id = this.#identify(name);
    if (id !== undefined) this.#created.add(name, id);
    this.#enter(name);
  }

  /** Whether a namespace was created by a pool with the same record. */
  isCreated(name: string): boolean {
    const id = this.#members.get(name)?.id;
    return id !== undefined && this.#created.has(name, id);
  }

  /** Deletes a namespace. @throws {SystemError} */
  async delete(name: string): Promise<void> {
    const id = this.#members.get(name)?.id;
    await this.#leave(name);
    deleteNamespace(name);
    if (id !== undefined) this.#created.delete(name, id);
  }

  /**
   * Opens monitors in the namespaces without one.
   *
   * @returns The namespaces of the new monitors.
   */
  async monitor(
    types: ObjectTypes,
    { receiveBuffer, sysctls, ...options }: MonitoringOptions,
  ): Promise<PooledNamespace[]> {
    const opened: PooledNamespace[] = [];
    for (const member of this.#members.values()) {
      if (member.monitored !== undefined) continue;
      const namespace = this.#where(member.name);
      try {
        const monitor = await Monitor.open(
          {
            objects: types,
            namespace,
            receiveBuffer,
            sweepInterval: SWEEP_INTERVAL,
          },
          options,
        );
        // Before its first event, because events update the links.
        const state = monitoredState(
          monitor,
          (name) => this.#sysctl(member.name, name, sysctls),
        );
        member.monitored = { monitor, state };
        opened.push(member);
      } catch (error) {
        // Its name was deleted: follow() detects that.
        if (!isGone(error)) throw error;
      }
    }
    return opened;
  }

  /** Closes all monitors. */
  async stopMonitors(): Promise<void> {
    await Promise.all([...this.#members.values()].map((member) => {
      const { monitored } = member;
      member.monitored = undefined;
      return monitored?.monitor.close();
    }));
  }

  /** Dumps the states of all namespaces. */
  async read(types: ObjectTypes, options?: WaitOptions): Promise<View> {
    const states = new Map<NamespaceName, State>();
    for (const { name, network } of this.#members.values()) {
      states.set(
        name,
        await readState(
          network.socket,
          types,
          (sysctl) => this.#sysctl(name, sysctl),
          options,
        ),
      );
    }
    // Without its members, everything would seem to be missing.
    this.check();
    return this.#view((name) => states.get(name), () => Infinity, options);
  }

  /** The states of the monitors, now and later. */
  monitored(options?: WaitOptions): View {
    const get = (name: NamespaceName) => this.#members.get(name)?.monitored;
    return this.#view(
      (name) => get(name)?.state,
      (name) => {
        const monitor = get(name)?.monitor;
        return monitor === undefined ? Infinity : cacheOf(monitor).caughtUpAt;
      },
      options,
    );
  }

  /** Closes all sockets. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const name of [...this.#members.keys()]) await this.#leave(name);
  }

  #view(
    state: View["state"],
    currentAt: View["currentAt"],
    options?: WaitOptions,
  ): View {
    // Many links may have been moved the same way.
    const byId = new Map<string, ReturnType<View["byId"]>>();
    return {
      state,
      currentAt,
      pathOf: (name) => this.#pathOf(name),
      byId: (name, nsid) => {
        const key = `${name ?? ""}\0${nsid}`;
        let found = byId.get(key);
        if (found === undefined) {
          byId.set(key, found = this.#byId(name, nsid, options));
        }
        return found;
      },
    };
  }

  /** The namespace with an id in another one. */
  async #byId(
    namespace: NamespaceName,
    nsid: number,
    options?: WaitOptions,
  ): Promise<{ readonly name: NamespaceName } | undefined> {
    const socket = this.#members.get(namespace)?.network.socket;
    if (socket === undefined) return undefined;
    for (const name of [...this.#members.keys()]) {
      try {
        const id = await namespaceIdOf(socket, this.#pathOf(name), options);
        if (id === nsid) return { name };
      } catch (error) {
        // Its name was deleted: it is another namespace.
        if (!(error instanceof SystemError)) throw error;
      }
    }
    return undefined;
  }

  /** A namespace for calls that enter it. */
  #where(name: NamespaceName): Namespace | undefined {
    return this.#paths.get(name) ?? name ?? this.#top;
  }

  #pathOf(name: NamespaceName): string {
    const namespace = this.#where(name);
    return namespace === undefined ? OWN_NAMESPACE : namespacePath(namespace);
  }

  /** Identifies a namespace; undefined if its name was deleted. */
  #identify(name: NamespaceName): string | undefined {
    return identifyNamespace(this.#pathOf(name));
  }

  #sysctl(
    namespace: NamespaceName,
    name: string,
    watch?: SysctlWatch<NamespaceName>,
  ): string | undefined {
    return readSysctl(
      this.#where(namespace),
      name,
      () => watch?.add(name, namespace),
    );
  }

  #enter(name: NamespaceName): void {
    const id = this.#identify(name);
    if (id === undefined) return;
    try {
      const network = Network.open({ namespace: this.#where(name) });
      this.#members.set(name, { name, id, network, monitored: undefined });
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  async #leave(name: NamespaceName): Promise<void> {
    const member = this.#members.get(name);
    this.#members.delete(name);
    await Promise.all([
      member?.monitored?.monitor.close(),
      member?.network.close(),
    ]);
  }

  #refuseTwice(): void {
    const names = new Map<string, NamespaceName>();
    for (const { id, name } of this.#members.values()) {
      if (names.has(id)) {
        const other = names.get(id) ?? "the one at the top";
        const expected =
          `another namespace than ${other}, which is configured too`;
        throw new ArgumentError("namespace", name, expected);
      }
      names.set(id, name);
    }
  }
}
