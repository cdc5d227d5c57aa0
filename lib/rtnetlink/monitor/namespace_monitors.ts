// Monitors several namespaces: merges their events, and follows names that are
// added and removed.

import { Deadline } from "../../io/deadline.ts";
import { ClosedError } from "../../errors.ts";
import {
  inNamespace,
  isGone,
  type Namespace,
  namespaceId,
} from "../../netns/namespace.ts";
import { type NetlinkCounters, noCounts } from "../../netlink/counters.ts";
import type { WaitOptions } from "../../io/reactor.ts";
import {
  identifyNamespace,
  NamespaceNames,
} from "../../netns/namespace_names.ts";
import type { MonitorEvent } from "./event.ts";
import type { ObjectCache } from "./cache.ts";
import {
  NamespaceMonitor,
  type NamespaceMonitorOptions,
} from "./namespace_monitor.ts";

/** Options for several namespaces. */
export interface NamespaceMonitorsOptions
  extends Omit<NamespaceMonitorOptions, "namespace" | "label"> {
  /**
   * The only namespace, which its events do not name; default: this thread's.
   */
  readonly namespace?: Namespace | undefined;
  /**
   * Several namespaces, undefined for this thread's; or this one and all named
   * ones.
   */
  readonly namespaces?: readonly (Namespace | undefined)[] | "all" | undefined;
}

/** The longest time until the end of a path is noticed, in milliseconds. */
const PATH_INTERVAL = 500;

/** The name of a namespace in events; undefined for the one without a name. */
type Label = string | undefined;

/** A monitored namespace. */
interface Member {
  readonly monitor: NamespaceMonitor;
  /** Identifies the namespace, also if its name is used again. */
  readonly id: string;
  /** Its path or process number, for one without a name. */
  readonly path?: Namespace | undefined;
  /** Pending receive(); undefined if there is none. */
  pending?: Promise<void> | undefined;
}

/** Monitors several namespaces. */
export class NamespaceMonitors implements AsyncDisposable {
  readonly #options: NamespaceMonitorsOptions;
  readonly #members = new Map<Label, Member>();
  /** The names to follow; "all" for all except this thread's namespace. */
  readonly #followed: ReadonlySet<string> | "all";
  #names: NamespaceNames | undefined;
  #listening = false;
  #referenced = true;
  /** Whether names have changed since they were last read. */
  #stale = false;
  /** Counters of removed namespaces. */
  readonly #counted = noCounts();
  #batches: (readonly MonitorEvent[])[] = [];
  #failure: { readonly error: unknown } | undefined;
  #wake = () => {};
  #closing: Promise<void> | undefined;
  /** Looks at the paths of namespaces without a name. */
  #timer: ReturnType<typeof setTimeout> | undefined;

  private constructor(options: NamespaceMonitorsOptions) {
    this.#options = options;
    const { namespaces = [] } = options;
    this.#followed = namespaces === "all"
      ? namespaces
      : new Set(namespaces.filter(isName));
  }

  /**
   * Opens the sockets of all namespaces; no later change is missed.
   *
   * @throws {SystemError} If a namespace cannot be entered.
   */
  static open(options: NamespaceMonitorsOptions): NamespaceMonitors {
    const monitors = new NamespaceMonitors(options);
    try {
      monitors.#enterAll();
      return monitors;
    } catch (error) {
      // Nothing waits on them yet, so they are closed before this returns.
      void monitors.close();
      throw error;
    }
  }

  /** The names of the monitored namespaces in events. */
  get labels(): Label[] {
    return [...this.#members.keys()];
  }

  /** The smallest receive buffer, in bytes as the kernel counts them. */
  get receiveBuffer(): number {
    let least = Infinity;
    for (const { monitor } of this.#members.values()) {
      least = Math.min(least, monitor.receiveBuffer);
    }
    return least;
  }

  /** Received messages that were not used, by reason. */
  get counters(): NetlinkCounters {
    const sum = { ...this.#counted };
    for (const { monitor } of this.#members.values()) {
      add(sum, monitor.counters);
    }
    return sum;
  }

  /**
   * Whether pending waits keep the process alive; also of namespaces added
   * later.
   */
  setReferenced(referenced: boolean): void {
    this.#referenced = referenced;
    this.#referTimer();
    this.#names?.setReferenced(referenced);
    for (const { monitor } of this.#members.values()) {
      monitor.setReferenced(referenced);
    }
  }

  /** The cached objects of a monitored namespace. */
  cache(label: Label): ObjectCache | undefined {
    return this.#members.get(label)?.monitor.cache;
  }

  /** Returns the events of a namespace that have arrived, without waiting. */
  catchUp(label: Label): MonitorEvent[] {
    return this.#members.get(label)!.monitor.catchUp();
  }

  /** Dumps the current objects; events follow from here on. */
  async start(options?: WaitOptions): Promise<void> {
    const members = [...this.#members.values()];
    await Promise.all(members.map(({ monitor }) => monitor.start(options)));
  }

  /**
   * Waits for events and returns at least one. Events of one namespace are in
   * order.
   *
   * @throws {ClosedError} If it is closed during the wait.
   */
  async receive(options?: WaitOptions): Promise<MonitorEvent[]> {
    if (this.#names === undefined && this.#members.size === 1) {
      for (const { monitor, path } of this.#members.values()) {
        if (path === undefined) return monitor.receive(options);
      }
    }
    const deadline = new Deadline("netlink events", options);
    deadline.check();
    for (;;) {
      if (this.#closing !== undefined) throw new ClosedError("monitor");
      if (this.#stale) await this.#follow();
      this.#receiveFromAll();
      if (this.#batches.length > 0) return this.#take();
      const failure = this.#failure;
      // An error is thrown once; the next call tries again.
      this.#failure = undefined;
      if (failure !== undefined) throw failure.error;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await deadline.bound(promise);
    }
  }

  /** Cancels pending waits with ClosedError and closes the sockets. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  /** Equivalent to close(). */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    clearTimeout(this.#timer);
    const members = [...this.#members.values()];
    const closing = members.map(({ monitor }) => monitor.close());
    await Promise.all([this.#names?.close(), ...closing]);
    this.#wake();
  }

  #enterAll(): void {
    const { namespace, namespaces, snapshot } = this.#options;
    if (namespaces === undefined) {
      return this.#enter(undefined, namespace, snapshot);
    }
    const follows = namespaces === "all" || namespaces.some(isName);
    // Opened before the namespaces, so that no later change of names is missed.
    if (follows) this.#names = NamespaceNames.open();
    if (namespaces === "all") {
      this.#enter(undefined, undefined, snapshot);
      for (const name of this.#missing()) this.#tryEnter(name, snapshot);
      return;
    }
    for (const one of namespaces) {
      const label = one === undefined ? undefined : String(one);
      if (!this.#members.has(label)) this.#enter(label, one, snapshot);
    }
  }

  /** Adds a namespace. @throws {SystemError} If it cannot be entered. */
  #enter(
    label: Label,
    namespace: Namespace | undefined,
    snapshot: boolean,
  ): void {
    const { objects, receiveBuffer, sweepInterval } = this.#options;
    const options = { objects, receiveBuffer, sweepInterval, snapshot, label };
    // The name may refer to another namespace a moment later.
    const member = inNamespace(
      namespace,
      () => {
        const id = namespaceId();
        const monitor = NamespaceMonitor.open(options);
        monitor.setReferenced(this.#referenced);
        const path = label === undefined || isName(namespace)
          ? undefined
          : namespace;
        return { id, path, monitor };
      },
      ({ monitor }) => void monitor.close(),
    );
    this.#members.set(label, member);
  }

  /**
   * Adds a namespace that may be deleted already; returns whether it existed.
   */
  #tryEnter(name: string, snapshot: boolean): boolean {
    try {
      this.#enter(name, name, snapshot);
      return true;
    } catch (error) {
      if (isGone(error)) return false;
      throw error;
    }
  }

  /** The followed names that exist, with the ids of their namespaces. */
  #read(): Map<string, string> {
    if (this.#names === undefined) return new Map();
    return this.#followed === "all"
      ? this.#names.read()
      : this.#names.read(this.#followed);
  }

  /** The existing names that are not monitored. */
  *#missing(there = this.#read()) {
    const own = this.#members.get(undefined)?.id;
    for (const [name, id] of there) {
      const wanted = this.#followed === "all"
        ? id !== own
        : this.#followed.has(name);
      if (wanted && !this.#members.has(name)) yield name;
    }
  }

  /** Removes namespaces that have lost their name and adds new ones. */
  async #follow(): Promise<void> {
    const there = this.#read();
    for (const [label, member] of [...this.#members]) {
      if (label === undefined) continue;
      const followed = this.#followed === "all" || this.#followed.has(label);
      const id = member.path === undefined
        ? there.get(label)
        : identifyNamespace(member.path);
      if ((followed || member.path !== undefined) && id !== member.id) {
        await this.#leave(label, member);
      }
    }
    if (this.#closing !== undefined) return;
    for (const name of this.#missing(there)) {
      // All its objects are new.
      if (this.#tryEnter(name, true)) {
        this.#batches.push([{ event: "added", namespace: name }]);
      }
    }
    // Cleared last: after an error, the next call reads the names again.
    this.#stale = false;
  }

  /** Removes a namespace, which an open socket would keep alive. */
  async #leave(label: string, { monitor, pending }: Member): Promise<void> {
    this.#members.delete(label);
    let last: MonitorEvent[] = [];
    try {
      last = monitor.last();
    } finally {
      await monitor.close();
      await pending;
      add(this.#counted, monitor.counters);
      this.#batches.push(last, [{ event: "removed", namespace: label }]);
    }
  }

  /** Starts receive() on the namespaces that do not have one pending. */
  #receiveFromAll(): void {
    for (const member of this.#members.values()) {
      member.pending ??= this.#receiveFrom(member);
    }
    if (this.#names !== undefined && !this.#listening) {
      void this.#listenToNames(this.#names);
    }
    this.#watchPaths();
  }

  /**
   * Looks at the paths from time to time: the kernel does not notify the end of
   * a process, and of its namespace, to a process that is not its parent.
   */
  #watchPaths(): void {
    if (this.#timer !== undefined) return;
    const paths = [...this.#members.values()]
      .filter(({ path }) => path !== undefined);
    if (paths.length === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#stale ||= paths.some(({ path, id }) =>
        identifyNamespace(path!) !== id
      );
      if (this.#closing === undefined) this.#watchPaths();
      if (this.#stale) this.#wake();
    }, PATH_INTERVAL);
    this.#referTimer();
  }

  #referTimer(): void {
    if (this.#timer === undefined) return;
    const id = Number(this.#timer);
    if (this.#referenced) Deno.refTimer(id);
    else Deno.unrefTimer(id);
  }

  async #receiveFrom(member: Member): Promise<void> {
    try {
      const events = await member.monitor.receive();
      this.#batches.push(events);
    } catch (error) {
      this.#failed(error);
    }
    member.pending = undefined;
    this.#wake();
  }

  async #listenToNames(names: NamespaceNames): Promise<void> {
    this.#listening = true;
    try {
      await names.changed();
      this.#stale = true;
    } catch (error) {
      this.#failed(error);
    }
    this.#listening = false;
    this.#wake();
  }

  #failed(error: unknown): void {
    if (!(error instanceof ClosedError)) this.#failure ??= { error };
  }

  #take(): MonitorEvent[] {
    const batches = this.#batches;
    this.#batches = [];
    return batches.flat();
  }
}

/** Whether a namespace is given by a name, which can be used again later. */
function isName(namespace: Namespace | undefined): namespace is string {
  return typeof namespace === "string" && !namespace.startsWith("/");
}

function add(sum: NetlinkCounters, counters: NetlinkCounters): void {
  for (const key of Object.keys(sum) as (keyof NetlinkCounters)[]) {
    sum[key] += counters[key];
  }
}
