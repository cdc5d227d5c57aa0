// Reconcile loop: watches namespaces and corrects what drifts away from a
// configuration.

import { SystemError } from "../../../ffi/errno.ts";
import { ClosedError } from "../../errors.ts";
import { asyncIterator } from "../../io/async_iterator.ts";
import type { MonitorEvent } from "../../rtnetlink/monitor/event.ts";
import { pictureOf } from "../../rtnetlink/monitor/monitor.ts";
import { NamespaceNames } from "../../netns/namespace_names.ts";
import { applySteps } from "../apply/apply.ts";
import { Backoff } from "./backoff.ts";
import { Comparison, type Missing } from "../plan/comparison.ts";
import type { DesiredNetwork } from "../parse/desired.ts";
import type { EnsureReport } from "./report.ts";
import { type Site, type Sites, wantedObjects } from "../apply/sites.ts";
import type { Wanted } from "../plan/state.ts";
import { type Step, subject } from "../plan/step.ts";
import type { Place, View, Whereabouts } from "../plan/whereabouts.ts";

/** Changes that come together are corrected together: how long to listen on. */
const QUIET = 2;
/** The longest to listen on, in milliseconds, however many events come. */
const LONGEST_QUIET = 20;

/** How long the events of a correction may take, in milliseconds. */
const CONFIRMATION = 100;

/** How long a link that left may need to be seen where it went, at most. */
const ARRIVAL = 1000;

/** As many objects as are removed at a time: each takes a step and a message. */
const MOST_EXTRAS = 16_384;

/** Why a loop was interrupted that ends without an error. */
const STOPPED = Symbol("stopped");

/** What a loop works with. */
export interface KeeperOptions {
  readonly desired: DesiredNetwork;
  readonly sites: Sites;
  readonly whereabouts: Whereabouts;
  readonly receiveBuffer: number | undefined;
  /** Holds the loop for as long as it runs. */
  readonly running: Set<Keeper>;
}

/** One loop over the events of some namespaces. */
export class Keeper {
  readonly #desired: DesiredNetwork;
  readonly #sites: Sites;
  readonly #whereabouts: Whereabouts;
  readonly #wanted: Wanted;
  readonly #options: KeeperOptions;
  readonly #comparison: Comparison;
  readonly #backoff = new Backoff();
  /** The last correction of what is contested. */
  readonly #contested = new Map<string, Step>();
  /** Links that left: where from, and where to by the ids of there. */
  #leaving: { from: Place; nsid: number; ifindex: number }[] = [];
  readonly #reports = new ReportQueue();
  #missing = new Set<string>();
  /** Whether namespaces may have come or gone. */
  #namesChanged = true;
  #names: NamespaceNames | undefined;
  readonly #listeners = new Set<Promise<void>>();
  /** When the first event came that nothing was done about yet. */
  #since: number | undefined;
  #heard = 0;
  #failure: { readonly error: unknown } | undefined;
  #started = false;
  /** Milliseconds until something has to be looked at again. */
  #pause: number | undefined;
  readonly #stopping = new AbortController();
  #wake = Promise.withResolvers<void>();
  #endSleep = () => {};

  constructor(options: KeeperOptions) {
    const { desired, sites, whereabouts } = options;
    this.#options = options;
    this.#desired = desired;
    this.#sites = sites;
    this.#whereabouts = whereabouts;
    this.#wanted = wantedObjects(desired);
    this.#comparison = new Comparison(desired, whereabouts);
  }

  /** The reports of the loop; the first next() starts it. */
  reports(signal?: AbortSignal): AsyncGenerator<EnsureReport, void, void> {
    return asyncIterator({
      take: () => this.#reports.take(),
      wait: (signal) => this.#wait(signal),
      end: () => this.#end(),
    }, signal);
  }

  /** Ends the loop, wherever it is, and closes what it opened. */
  async stop(): Promise<void> {
    this.#reports.clear();
    this.#interrupt(STOPPED);
    await this.#release();
  }

  /** Works until there are reports; false once it is stopped. */
  async #wait(signal: AbortSignal): Promise<boolean> {
    if (this.#sites.closed || this.#stopping.signal.aborted) return false;
    const abort = () => this.#interrupt(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    try {
      if (!this.#started) this.#start();
      else await this.#next(this.#pause);
      for (;;) {
        await this.#quiet();
        this.#pause = await this.#correct();
        if (this.#reports.length > 0) return true;
        if (this.#failure !== undefined) throw this.#failure.error;
        await this.#next(this.#pause);
      }
    } catch (error) {
      if (this.#stopping.signal.reason === STOPPED) return false;
      throw error;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  #start(): void {
    this.#started = true;
    this.#options.running.add(this);
    if (this.#desired.namespaces.some(({ name }) => name !== undefined)) {
      this.#names = NamespaceNames.open();
      this.#listen(this.#followNames(this.#names));
    }
    // What happened between apply() and the first event.
    this.#note();
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
    this.#endSleep();
  }

  /** Closes what was opened; again where the loop opened more meanwhile. */
  async #release(): Promise<void> {
    await this.#names?.close();
    await this.#sites.unwatch();
    await Promise.all(this.#listeners);
  }

  #note(): void {
    this.#since ??= performance.now();
    this.#heard++;
    this.#wake.resolve();
  }

  #listen(listening: Promise<void>): void {
    const listener = listening.catch((error) => {
      // Being closed is how listening ends; all else ends the loop.
      if (error instanceof ClosedError) return;
      this.#failure ??= { error };
      this.#wake.resolve();
    }).finally(() => this.#listeners.delete(listener));
    this.#listeners.add(listener);
  }

  /** Waits for names that come and go. */
  async #followNames(names: NamespaceNames): Promise<void> {
    for (;;) {
      names.read();
      this.#namesChanged = true;
      this.#note();
      await names.changed();
    }
  }

  /** Takes the events of a namespace, until its monitor is closed. */
  async #followEvents(site: Site): Promise<void> {
    for (;;) {
      let isConcerned = false;
      for (const event of await site.monitor!.receive()) {
        if (this.#take(site, event)) isConcerned = true;
      }
      if (isConcerned) this.#note();
    }
  }

  /** Takes an event; whether it concerns the configuration. */
  #take({ name: namespace, state }: Site, event: MonitorEvent): boolean {
    if (event.event === "overrun") {
      this.#reports.push({ event: "overrun", namespace });
      return true;
    }
    if (!("object" in event)) return false;
    if (event.object === "link" && event.event === "delete") {
      const { ifindex, newNetnsid: nsid, newIfindex } = event.data;
      const from = { namespace, ifindex };
      if (nsid !== undefined && this.#whereabouts.has(from)) {
        this.#leaving.push({ from, nsid, ifindex: newIfindex ?? ifindex });
      }
    }
    return this.#comparison.note(namespace, state!, event);
  }

  /** Waits for some milliseconds, or until the loop is stopped. */
  async #sleep(milliseconds: number): Promise<void> {
    const { signal } = this.#stopping;
    signal.throwIfAborted();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#endSleep = resolve;
    const timer = setTimeout(resolve, milliseconds);
    await promise;
    clearTimeout(timer);
    signal.throwIfAborted();
  }

  /** Waits until nothing more comes for a moment. */
  async #quiet(): Promise<void> {
    const end = performance.now() + LONGEST_QUIET;
    for (let heard = -1; heard !== this.#heard && performance.now() < end;) {
      heard = this.#heard;
      await this.#sleep(QUIET);
    }
  }

  /** Waits for an event, or for the time to come. */
  async #next(pause: number | undefined): Promise<void> {
    const { signal } = this.#stopping;
    signal.throwIfAborted();
    let timer: ReturnType<typeof setTimeout> | undefined;
    if (pause !== undefined) {
      timer = setTimeout(() => this.#wake.resolve(), Math.ceil(pause));
    }
    await this.#wake.promise;
    clearTimeout(timer);
    signal.throwIfAborted();
    this.#wake = Promise.withResolvers();
  }

  /**
   * Corrects what differs now.
   *
   * @returns Milliseconds until something has to be looked at again.
   */
  async #correct(): Promise<number | undefined> {
    const since = this.#since ?? performance.now();
    this.#since = undefined;
    if (this.#namesChanged || this.#sites.hasHome) await this.#followSites();
    const view = this.#sites.known({ signal: this.#stopping.signal });
    await this.#departures();
    await this.#findMoved(view);
    const { steps, missing, isPartial } = await this.#comparison.update(
      view,
      MOST_EXTRAS,
    );
    this.#stopping.signal.throwIfAborted();
    this.#reportMissing(missing);
    const now = performance.now();
    let pause = isPartial ? 0 : Infinity;
    const wrong = new Set<string>();
    const ready: Step[] = [];
    const waiting = new Grounds();
    for (const step of steps) {
      const key = subject(step);
      wrong.add(key);
      const wait = this.#backoff.wait(key, now);
      if (wait === 0) ready.push(step);
      else {
        pause = Math.min(pause, wait);
        waiting.add(step);
      }
    }
    this.#reportSettled(wrong, now);
    // What stands on something that has to wait waits with it.
    const due = ready.filter((step) => !waiting.carries(step));
    if (due.length > 0) {
      pause = Math.min(pause, await this.#carryOut(due, since, waiting));
    }
    const then = performance.now();
    pause = Math.min(
      pause,
      this.#backoff.next(then) ?? Infinity,
      // The time may be over, and events still be on their way.
      Math.max(QUIET, (this.#comparison.heldUntil ?? Infinity) - then),
    );
    return pause === Infinity ? undefined : pause;
  }

  /** Opens namespaces that have come and lets go of those that are gone. */
  async #followSites(): Promise<void> {
    this.#namesChanged = false;
    for (const gone of await this.#sites.follow(this.#desired)) {
      this.#whereabouts.forget(gone);
    }
    const { receiveBuffer } = this.#options;
    const { signal } = this.#stopping;
    const options = { wanted: this.#wanted, receiveBuffer };
    for (const site of await this.#sites.watch(options, { signal })) {
      this.#listen(this.#followEvents(site));
    }
  }

  /** @returns Milliseconds until something may be tried again. */
  async #carryOut(
    due: readonly Step[],
    since: number,
    waiting: Grounds,
  ): Promise<number> {
    const { signal } = this.#stopping;
    const outcomes = await applySteps(due, this.#sites, false, { signal });
    const now = performance.now();
    const lacking = new Grounds();
    for (const { step, error } of outcomes) {
      if (error !== undefined) lacking.add(step);
      // It has no events yet.
      else if (step.object === "namespace") this.#namesChanged = true;
    }
    const isBlocked = waiting.any || lacking.any;
    let least = this.#namesChanged ? 0 : Infinity;
    for (const { step, error } of outcomes) {
      const key = subject(step);
      if (error === undefined) {
        // Until its events are here, it would be taken for undone.
        this.#comparison.hold(step, now, now + CONFIRMATION);
        const milliseconds = now - since;
        this.#reports.push({ event: "corrected", step, milliseconds });
        const pause = this.#backoff.corrected(key, now);
        if (pause === undefined) continue;
        this.#contested.set(key, step);
        this.#reports.push({ event: "contested", step, pause });
        least = Math.min(least, pause);
      } else {
        // It is due again as soon as what it stands on is there.
        if (lacking.carries(step)) continue;
        const pause = this.#backoff.refused(key, now);
        least = Math.min(least, pause);
        if (isBlocked && !isGround(step)) continue;
        this.#reports.push({ event: "refused", step, error, pause });
      }
    }
    return least;
  }

  /**
   * Waits for the events of links that the monitor no longer has: it reads them
   * a moment before it reports them, and with them where a link went.
   */
  async #departures(): Promise<void> {
    const end = performance.now() + ARRIVAL;
    while (this.#isBehind() && performance.now() < end) {
      await this.#sleep(QUIET);
    }
  }

  #isBehind(): boolean {
    const behind = new Set<Site>();
    for (const site of this.#sites.all) {
      const { monitor } = site;
      if (monitor && pictureOf(monitor).pending > 0) behind.add(site);
    }
    if (behind.size === 0) return false;
    for (const { namespace, ifindex } of this.#whereabouts.places) {
      const site = this.#sites.get(namespace);
      if (site === undefined || !behind.has(site)) continue;
      if (
        site.state?.link(ifindex) !== undefined &&
        pictureOf(site.monitor!).tables.link.get(ifindex) === undefined
      ) return true;
    }
    return false;
  }

  /** Finds out where links went that left a namespace. */
  async #findMoved(view: View): Promise<void> {
    for (const { from, nsid, ifindex } of this.#leaving.splice(0)) {
      try {
        const to = await view.byId(from.namespace, nsid);
        if (to === undefined) continue;
        const place = { namespace: to.name, ifindex };
        this.#whereabouts.moved(from, place);
        this.#comparison.invalidateLinks();
        await this.#arrival(place);
      } catch (error) {
        if (!(error instanceof SystemError)) throw error;
      }
    }
  }

  /** Waits until a link is seen where it went. */
  async #arrival({ namespace, ifindex }: Place): Promise<void> {
    const end = performance.now() + ARRIVAL;
    const isThere = () => {
      const state = this.#sites.get(namespace)?.state;
      return state === undefined || state.link(ifindex) !== undefined;
    };
    while (!isThere() && performance.now() < end) await this.#sleep(QUIET);
  }

  #reportMissing(missing: readonly Missing[]): void {
    const now = new Set<string>();
    for (const { namespace, name } of missing) {
      const key = `${namespace ?? ""}\0${name}`;
      now.add(key);
      if (this.#missing.has(key)) continue;
      this.#reports.push({ event: "missing", namespace, name });
    }
    this.#missing = now;
  }

  #reportSettled(wrong: ReadonlySet<string>, now: number): void {
    for (const key of this.#backoff.settled(wrong, now)) {
      const step = this.#contested.get(key);
      this.#contested.delete(key);
      if (step !== undefined) this.#reports.push({ event: "settled", step });
    }
  }
}

/** Reports that were not read yet. */
class ReportQueue {
  #reports: EnsureReport[] = [];
  #next = 0;

  get length(): number {
    return this.#reports.length - this.#next;
  }

  push(report: EnsureReport): void {
    this.#reports.push(report);
  }

  /** The oldest report, if there is one. */
  take(): EnsureReport | undefined {
    if (this.length > 0) return this.#reports[this.#next++];
    this.clear();
    return undefined;
  }

  clear(): void {
    this.#reports = [];
    this.#next = 0;
  }
}

/** Steps of links and namespaces that others can only be refused without. */
class Grounds {
  readonly #steps = new Set<Step>();
  readonly #namespaces = new Map<string | undefined, Step>();
  readonly #links = new Set<string>();

  /** Whether there are any. */
  get any(): boolean {
    return this.#steps.size > 0;
  }

  /** Takes a step, if other things stand on what it is about. */
  add(step: Step): void {
    if (!isGround(step)) return;
    this.#steps.add(step);
    const { object, namespace, name } = step;
    if (object === "namespace") this.#namespaces.set(namespace, step);
    else this.#links.add(`${namespace ?? ""}\0${name}`);
  }

  /** Whether a step stands on one of them. */
  carries(step: Step): boolean {
    if (this.#steps.size === 0) return false;
    const { namespace, name } = step;
    const below = this.#namespaces.get(namespace);
    if (below !== undefined && below !== step) return true;
    if (isGround(step)) return false;
    // Addresses and neighbours are called after their link.
    const at = name.lastIndexOf(" of ");
    return at >= 0 &&
      this.#links.has(`${namespace ?? ""}\0${name.slice(at + 4)}`);
  }
}

/** Whether other things stand on what a step is about. */
function isGround({ object }: Step): boolean {
  return object === "link" || object === "namespace";
}
