// Reconcile loop: monitors namespaces and corrects differences from a
// configuration.

import { SystemError } from "../../../ffi/errno.ts";
import { ClosedError } from "../../errors.ts";
import { asyncIterator } from "../../io/async_iterator.ts";
import { SysctlWatch } from "../../netns/sysctl.ts";
import { NamespaceNames } from "../../netns/namespace_names.ts";
import type { MonitorEvent } from "../../rtnetlink/monitor/event.ts";
import { catchUp } from "../../rtnetlink/monitor/monitor.ts";
import { applyActions } from "../apply/apply.ts";
import {
  type NamespacePool,
  type PooledNamespace,
  SWEEP_INTERVAL,
} from "../apply/namespace_pool.ts";
import type { DesiredNetwork, NamespaceName } from "../parse/desired.ts";
import { type Action, actionKey } from "../plan/action.ts";
import type { LinkPlanner } from "../plan/link_planner.ts";
import type { LinkTracker } from "../plan/link_tracker.ts";
import { type Missing, Planner } from "../plan/planner.ts";
import { comparedTypes, type View } from "../plan/state.ts";
import { Backoff } from "./backoff.ts";
import type { ReconcileReport } from "./reports.ts";

/** The maximum delay of the events of a correction, in milliseconds. */
const CONFIRMATION = 100;

/**
 * The maximum time until a moved link appears in its namespace, in
 * milliseconds.
 */
const ARRIVAL = 1000;

/**
 * The interval of attempts after a rejection because of another object, in
 * milliseconds.
 */
const RECHECK = 1000;

/**
 * This many events within BURST_INTERVAL are a burst, such as a flush:
 * corrections start after its end, or after BURST_DELAY. In milliseconds.
 */
const BURST = 64;
const BURST_INTERVAL = 5;
const BURST_DELAY = 100;

/** The number of unmanaged objects to inspect before other corrections. */
const BATCH = 16_384;

/** How often namespaces are looked for that have a path, in milliseconds. */
const PATH_INTERVAL = 500;

/** The abort reason of a loop that ends without an error. */
const STOPPED = Symbol("stopped");

/** The context of a loop. */
export interface LoopOptions {
  readonly desired: DesiredNetwork;
  readonly pool: NamespacePool;
  readonly tracker: LinkTracker;
  readonly receiveBuffer: number | undefined;
  /** The loops that are running. */
  readonly running: Set<ReconcileLoop>;
}

/** A desired link that left a namespace. */
interface Departure {
  readonly link: NonNullable<ReturnType<LinkPlanner["located"]>>;
  readonly namespace: NamespaceName;
  /**
   * Its destination: the id of the namespace in this one, and the ifindex
   * there.
   */
  readonly nsid: number;
  readonly ifindex: number;
}

/** Handles the events of the namespaces of a configuration. */
export class ReconcileLoop {
  readonly #options: LoopOptions;
  readonly #pool: NamespacePool;
  readonly #planner: Planner;
  readonly #backoff = new Backoff();
  /** The last correction of each object in conflict. */
  readonly #conflicts = new Map<string, Action>();
  readonly #departures: Departure[] = [];
  #reports: ReconcileReport[] = [];
  #nextReport = 0;
  #missing = new Set<string>();
  /** Whether namespaces may have been added or deleted. */
  #namesChanged = true;
  #names: NamespaceNames | undefined;
  #sysctls: SysctlWatch<NamespaceName> | undefined;
  /** When all sysctls are read again. */
  #sysctlsDue = Infinity;
  readonly #followers = new Set<Promise<void>>();
  /** When the first event arrived that is not handled yet. */
  #since: number | undefined;
  /** The number of events that affect the configuration. */
  #concerned = 0;
  #failure: { readonly error: unknown } | undefined;
  #isStarted = false;
  /** Milliseconds until the next work without an event. */
  #due = 0;
  readonly #stopping = new AbortController();
  #wake = Promise.withResolvers<void>();

  constructor(options: LoopOptions) {
    this.#options = options;
    this.#pool = options.pool;
    this.#planner = new Planner(options.desired, options.tracker);
  }

  /** The reports of the loop, which starts with the first next(). */
  reports(signal?: AbortSignal): AsyncGenerator<ReconcileReport, void, void> {
    return asyncIterator({
      take: () => this.#takeReport(),
      wait: (signal) => this.#wait(signal),
      end: () => this.#end(),
    }, signal);
  }

  /** Ends the loop at any point and closes what it opened. */
  async stop(): Promise<void> {
    this.#clearReports();
    this.#interrupt(STOPPED);
    await this.#release();
  }

  /** Works until there are reports; returns false once it is stopped. */
  async #wait(signal: AbortSignal): Promise<boolean> {
    if (this.#pool.closed || this.#stopping.signal.aborted) return false;
    const abort = () => this.#interrupt(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    try {
      if (!this.#isStarted) this.#start();
      for (;;) {
        await this.#sleep(this.#due);
        await this.#awaitBurst();
        this.#due = await this.#correct();
        if (this.#reports.length > 0) return true;
        if (this.#failure !== undefined) throw this.#failure.error;
      }
    } catch (error) {
      if (this.#stopping.signal.reason === STOPPED) return false;
      throw error;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  #start(): void {
    this.#isStarted = true;
    this.#options.running.add(this);
    const { namespaces } = this.#options.desired;
    if (namespaces.some(({ name }) => name !== undefined)) {
      this.#names = NamespaceNames.open();
      this.#follow(this.#followNames(this.#names));
    }
    if (hasSysctls(this.#options.desired)) {
      this.#sysctls = SysctlWatch.open();
      this.#sysctlsDue = performance.now() + SWEEP_INTERVAL;
      this.#follow(this.#followSysctls(this.#sysctls));
    }
  }

  async #end(): Promise<void> {
    this.#interrupt(STOPPED);
    await this.#release();
    this.#options.running.delete(this);
  }

  #interrupt(reason: unknown): void {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort(reason);
    this.#wake.resolve();
  }

  /** Closes what was opened; again if the loop has opened more since. */
  async #release(): Promise<void> {
    await Promise.all([this.#names?.close(), this.#sysctls?.close()]);
    await this.#pool.stopMonitors();
    await Promise.all(this.#followers);
  }

  /** Waits for an event, or for this many milliseconds. */
  async #sleep(milliseconds: number): Promise<void> {
    const { signal } = this.#stopping;
    signal.throwIfAborted();
    const timer = milliseconds === Infinity
      ? undefined
      : setTimeout(() => this.#wake.resolve(), Math.ceil(milliseconds));
    await this.#wake.promise;
    clearTimeout(timer);
    signal.throwIfAborted();
  }

  /** Waits for the end of a burst of events: a correction would be undone. */
  async #awaitBurst(): Promise<void> {
    const end = performance.now() + BURST_DELAY;
    let seen = 0;
    while (this.#concerned - seen >= BURST && performance.now() < end) {
      seen = this.#concerned;
      await new Promise((resolve) => setTimeout(resolve, BURST_INTERVAL));
      this.#stopping.signal.throwIfAborted();
    }
    this.#concerned = 0;
  }

  #note(): void {
    this.#since ??= performance.now();
    this.#wake.resolve();
  }

  #follow(following: Promise<void>): void {
    const follower = following.catch((error) => {
      // ClosedError is the normal end; other errors end the loop.
      if (error instanceof ClosedError) return;
      this.#failure ??= { error };
      this.#wake.resolve();
    }).finally(() => this.#followers.delete(follower));
    this.#followers.add(follower);
  }

  /** Waits for added and deleted names of namespaces. */
  async #followNames(names: NamespaceNames): Promise<void> {
    for (;;) {
      names.read();
      this.#namesChanged = true;
      this.#note();
      await names.changed();
    }
  }

  /** Waits for writes of sysctls. */
  async #followSysctls(sysctls: SysctlWatch<NamespaceName>): Promise<void> {
    for (;;) {
      for (const namespace of await sysctls.changed()) {
        this.#planner.noteSysctls(namespace);
      }
      this.#note();
    }
  }

  /** Handles the events of a namespace, until its monitor is closed. */
  async #followEvents(member: PooledNamespace): Promise<void> {
    const { monitor } = member.monitored!;
    for (;;) this.#take(member, await monitor.receive());
  }

  #take(member: PooledNamespace, events: readonly MonitorEvent[]): void {
    const before = this.#concerned;
    for (const event of events) {
      if (this.#takeOne(member, event)) this.#concerned++;
    }
    if (this.#concerned > before) this.#note();
  }

  /** Handles an event; returns whether it affects the configuration. */
  #takeOne(
    { name: namespace, monitored }: PooledNamespace,
    event: MonitorEvent,
  ): boolean {
    if (event.event === "overrun") {
      this.#reports.push({ event: "overrun", namespace });
      return true;
    }
    if (!("object" in event) || monitored === undefined) return false;
    if (event.object === "link" && event.event === "delete") {
      this.#noteDeparture(namespace, event.data);
    }
    return this.#planner.note(namespace, monitored.state, event);
  }

  #noteDeparture(
    namespace: NamespaceName,
    { ifindex, newNetnsid: nsid, newIfindex = ifindex }: {
      readonly ifindex: number;
      readonly newNetnsid: number | undefined;
      readonly newIfindex: number | undefined;
    },
  ): void {
    const { links } = this.#planner;
    const link = links.located(namespace, ifindex);
    if (link === undefined || nsid === undefined) return;
    const expectedUntil = performance.now() + ARRIVAL;
    links.moved(link, { namespace, ifindex, expectedUntil });
    this.#departures.push({ link, namespace, nsid, ifindex: newIfindex });
  }

  /** Finds the destination of links that left a namespace. */
  async #resolveDepartures(view: View): Promise<void> {
    for (const departure of this.#departures.splice(0)) {
      const { link, namespace, nsid, ifindex } = departure;
      const to = await view.byId(namespace, nsid).catch((error) => {
        if (!(error instanceof SystemError)) throw error;
        return undefined;
      });
      const expectedUntil = performance.now() + (to ? ARRIVAL : 0);
      const there = to ? to.name : namespace;
      const location = { namespace: there, ifindex, expectedUntil };
      this.#planner.links.moved(link, location);
    }
  }

  /**
   * Corrects the current differences.
   *
   * @returns Milliseconds until the next work without an event.
   */
  async #correct(): Promise<number> {
    const { signal } = this.#stopping;
    const { hasPaths } = this.#pool;
    if (this.#namesChanged || hasPaths) await this.#followNamespaces();
    for (const member of this.#pool.all) {
      if (member.monitored === undefined) continue;
      this.#take(member, catchUp(member.monitored.monitor));
    }
    if (this.#sysctlsDue <= performance.now()) {
      this.#sysctlsDue = performance.now() + SWEEP_INTERVAL;
      for (const { name } of this.#pool.all) this.#planner.noteSysctls(name);
    }
    const since = this.#since ?? performance.now();
    this.#since = undefined;
    this.#wake = Promise.withResolvers();
    const view = this.#pool.monitored({ signal });
    await this.#resolveDepartures(view);
    const plan = await this.#planner.update(view, BATCH);
    signal.throwIfAborted();
    this.#reportMissing(plan.missing);
    const now = performance.now();
    const waiting = new Blockers();
    for (const action of this.#planner.refused) waiting.add(action);
    let next = Infinity;
    const ready = plan.actions.filter((action) => {
      const wait = this.#backoff.wait(actionKey(action), now);
      if (wait === 0) return true;
      waiting.add(action);
      next = Math.min(next, now + wait);
      return false;
    });
    this.#reportResolved(plan.actions, now);
    const due = ready.filter((action) => !waiting.blocks(action));
    if (due.length > 0) await this.#carryOut(due, since, waiting);
    if (!plan.isComplete || this.#namesChanged) return 0;
    const then = performance.now();
    const later = Math.min(this.#backoff.next, this.#planner.heldUntil);
    // Overdue: the monitor is behind, or it depends on an object that does not
    // exist.
    next = Math.min(next, later > then ? later : then + CONFIRMATION);
    // The kernel reports neither the end of a process nor a new path.
    if (hasPaths) next = Math.min(next, then + PATH_INTERVAL);
    return Math.max(0, Math.min(next, this.#sysctlsDue) - then);
  }

  /** Opens new namespaces and closes deleted ones. */
  async #followNamespaces(): Promise<void> {
    this.#namesChanged = false;
    const { desired, tracker, receiveBuffer } = this.#options;
    for (const gone of await this.#pool.follow(desired)) tracker.forget(gone);
    const { signal } = this.#stopping;
    const types = comparedTypes(desired);
    const opened = await this.#pool.monitor(types, {
      receiveBuffer,
      sysctls: this.#sysctls,
      signal,
    });
    for (const member of opened) this.#follow(this.#followEvents(member));
  }

  async #carryOut(
    due: readonly Action[],
    since: number,
    waiting: Blockers,
  ): Promise<void> {
    const { signal } = this.#stopping;
    const outcomes = await applyActions(due, this.#pool, false, { signal });
    const now = performance.now();
    const failed = new Blockers();
    for (const { action, error } of outcomes) {
      if (error !== undefined) failed.add(action);
    }
    for (const { action, error } of outcomes) {
      if (error === undefined) this.#noteCorrected(action, since, now);
      else if (failed.blocks(action)) {
        this.#planner.holdRefused(action, now + RECHECK);
      } else {
        const key = actionKey(action);
        const { pause, isPersistent } = this.#backoff.refused(key, now);
        this.#planner.holdRefused(action, now + pause);
        // Other actions may have been rejected because a link or a namespace
        // does not exist.
        const isCause = !waiting.any && !failed.any || isBlocker(action);
        if (!isPersistent || !isCause) continue;
        this.#reports.push({ event: "refused", action, error, pause });
      }
    }
  }

  #noteCorrected(action: Action, since: number, now: number): void {
    // The new namespace does not have a monitor yet.
    if (action.object === "namespace") this.#namesChanged = true;
    // Before its events arrive, the correction would look undone.
    this.#planner.hold(action, now, now + CONFIRMATION);
    const milliseconds = now - since;
    this.#reports.push({ event: "corrected", action, milliseconds });
    const key = actionKey(action);
    const { type, object } = action;
    const pause = type === "remove" && object === "link" &&
        action.reasons.length > 0
      ? this.#backoff.recreated(key, action.reasons.join(", "), now)
      : this.#backoff.corrected(key, now);
    if (pause === undefined) return;
    this.#conflicts.set(key, action);
    this.#reports.push({ event: "conflict", action, pause });
  }

  #reportMissing(missing: readonly Missing[]): void {
    const now = new Set<string>();
    for (const one of missing) {
      const key = [actionKey(one), ...one.candidates ?? []].join("\0");
      now.add(key);
      if (this.#missing.has(key)) continue;
      this.#reports.push({ event: "missing", ...one });
    }
    this.#missing = now;
  }

  #reportResolved(actions: readonly Action[], now: number): void {
    const different = new Set(actions.map(actionKey));
    for (const key of this.#backoff.resolved(different, now)) {
      const action = this.#conflicts.get(key);
      this.#conflicts.delete(key);
      if (action !== undefined) {
        this.#reports.push({ event: "resolved", action });
      }
    }
  }

  /** The oldest report, if there is one. */
  #takeReport(): ReconcileReport | undefined {
    const report = this.#reports[this.#nextReport++];
    if (report === undefined) this.#clearReports();
    return report;
  }

  #clearReports(): void {
    this.#reports = [];
    this.#nextReport = 0;
  }
}

function hasSysctls({ namespaces }: DesiredNetwork): boolean {
  return namespaces.some(({ sysctls, links }) =>
    sysctls.length > 0 || links.some(({ sysctls }) => sysctls.length > 0)
  );
}

/** Whether other objects depend on the object of an action. */
function isBlocker({ object }: Action): boolean {
  return object === "link" || object === "namespace";
}

/** Links and namespaces that other actions depend on. */
class Blockers {
  readonly #keys = new Set<string>();

  /** Whether there are any. */
  get any(): boolean {
    return this.#keys.size > 0;
  }

  /** Adds an action, if other objects depend on its object. */
  add(action: Action): void {
    if (isBlocker(action)) this.#keys.add(actionKey(action));
  }

  /** Whether an action depends on one of them. */
  blocks({ namespace, object, devices }: Action): boolean {
    const has = (object: Action["object"], name: string) =>
      this.#keys.has(actionKey({ namespace, object, name }));
    return namespace !== undefined && object !== "namespace" &&
        has("namespace", namespace) ||
      devices.some((name) => has("link", name));
  }
}
