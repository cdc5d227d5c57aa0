// Watches namespaces and corrects what drifts away from a description.

import { SystemError } from "../../../ffi/errno.ts";
import { ClosedError } from "../../errors.ts";
import type { MonitorEvent } from "../monitor/event.ts";
import { NamespaceNames } from "../namespace_names.ts";
import { applySteps } from "./apply.ts";
import type { DesiredNetwork, NamespaceName } from "./desired.ts";
import { differences, type Missing } from "./differences.ts";
import { Fights } from "./fights.ts";
import type { EnsureReport } from "./report.ts";
import { type Site, type Sites, wantedObjects } from "./sites.ts";
import type { Wanted } from "./state.ts";
import { type Step, subject } from "./step.ts";
import type { Place, Whereabouts } from "./whereabouts.ts";

/** Changes that come together are corrected together: how long to listen on. */
const QUIET = 2;
/** The longest to listen on, in milliseconds, however much there is to hear. */
const LONGEST_QUIET = 20;

/** How long the kernel's word of a correction may take, in milliseconds. */
const WORD = 100;

/** How long a link that left may need to be seen where it went, at most. */
const ARRIVAL = 1000;

/** One loop over the events of some namespaces. */
export class Keeper {
  readonly #desired: DesiredNetwork;
  readonly #sites: Sites;
  readonly #whereabouts: Whereabouts;
  readonly #wanted: Wanted;
  readonly #receiveBuffer: number | undefined;
  readonly #fights = new Fights();
  /** The last correction of what is contested. */
  readonly #contested = new Map<string, Step>();
  /** Links that are gone, as far as that was told: see keyOf(). */
  readonly #gone = new Set<string>();
  /** Links that left: where from, and where to by the ids of there. */
  #leaving: { from: Place; nsid: number; ifindex: number }[] = [];
  #reports: EnsureReport[] = [];
  #missing = new Set<string>();
  /** When the first event came that nothing was done about yet. */
  #since: number | undefined;
  #heard = 0;
  #failure: { readonly error: unknown } | undefined;
  #wake = Promise.withResolvers<void>();
  #ended = false;

  constructor(
    desired: DesiredNetwork,
    sites: Sites,
    whereabouts: Whereabouts,
    receiveBuffer?: number,
  ) {
    this.#receiveBuffer = receiveBuffer;
    this.#desired = desired;
    this.#sites = sites;
    this.#whereabouts = whereabouts;
    this.#wanted = wantedObjects(desired);
  }

  /** Watches and corrects until the signal is aborted. */
  async *run(signal?: AbortSignal): AsyncGenerator<EnsureReport, void, void> {
    const names = this.#desired.namespaces.some(({ name }) => name)
      ? NamespaceNames.open()
      : undefined;
    const abort = () => {
      this.#ended = true;
      this.#wake.resolve();
    };
    signal?.addEventListener("abort", abort);
    if (signal?.aborted) abort();
    const listeners: Promise<void>[] = [];
    if (names !== undefined) listeners.push(this.#follow(names));
    try {
      // What happened between apply() and the first event.
      this.#note();
      while (!this.#ended) {
        await this.#quiet();
        const pause = await this.#correct(listeners);
        yield* this.#reports.splice(0);
        if (this.#failure !== undefined) throw this.#failure.error;
        await this.#next(pause);
      }
    } finally {
      this.#ended = true;
      signal?.removeEventListener("abort", abort);
      await names?.close();
      await this.#sites.unwatch();
      await Promise.all(listeners);
    }
  }

  #note(): void {
    this.#since ??= performance.now();
    this.#heard++;
    this.#wake.resolve();
  }

  /** Hears of names that come and go. */
  async #follow(names: NamespaceNames): Promise<void> {
    try {
      for (;;) {
        names.read();
        this.#note();
        await names.changed();
      }
    } catch (error) {
      this.#stop(error);
    }
  }

  /** Hears the events of a namespace, until it is let go of. */
  async #listen({ name, monitor }: Site): Promise<void> {
    try {
      for (;;) {
        for (const event of await monitor!.receive()) this.#hear(name, event);
        this.#note();
      }
    } catch (error) {
      this.#stop(error);
    }
  }

  /** Being closed is how listening ends; all else is told by run(). */
  #stop(error: unknown): void {
    if (error instanceof ClosedError) return;
    this.#failure ??= { error };
    this.#wake.resolve();
  }

  #hear(namespace: NamespaceName, event: MonitorEvent): void {
    if (event.event === "overrun") {
      this.#reports.push({ event: "overrun", namespace });
    }
    if (!("object" in event) || event.object !== "link") return;
    const { ifindex, newNetnsid: nsid, newIfindex } = event.data;
    const from = { namespace, ifindex };
    if (event.event !== "delete") {
      this.#gone.delete(keyOf(from));
      return;
    }
    this.#gone.add(keyOf(from));
    if (nsid === undefined) return;
    this.#leaving.push({ from, nsid, ifindex: newIfindex ?? ifindex });
  }

  /** Waits until nothing more comes for a moment. */
  async #quiet(): Promise<void> {
    const end = performance.now() + LONGEST_QUIET;
    for (let heard = -1; heard !== this.#heard && performance.now() < end;) {
      heard = this.#heard;
      await new Promise((done) => setTimeout(done, QUIET));
    }
  }

  /** Waits for word of what was done, or it would be taken for undone. */
  async #word(): Promise<void> {
    const end = performance.now() + WORD;
    const heard = this.#heard;
    while (heard === this.#heard && performance.now() < end) {
      await new Promise((done) => setTimeout(done, QUIET));
    }
  }

  /** Waits for an event, or for the time to come. */
  async #next(pause: number | undefined): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    if (pause !== undefined) {
      timer = setTimeout(() => this.#wake.resolve(), Math.ceil(pause));
    }
    await this.#wake.promise;
    clearTimeout(timer);
    if (!this.#ended) this.#wake = Promise.withResolvers();
  }

  /**
   * Corrects what differs now.
   *
   * @returns Milliseconds until something has to be looked at again.
   */
  async #correct(listeners: Promise<void>[]): Promise<number | undefined> {
    const since = this.#since ?? performance.now();
    this.#since = undefined;
    for (const gone of await this.#sites.follow(this.#desired)) {
      this.#whereabouts.forget(gone);
    }
    const begun = await this.#sites.watch(this.#wanted, this.#receiveBuffer);
    for (const site of begun) {
      listeners.push(this.#listen(site));
    }
    await this.#departures();
    await this.#findMoved();
    const view = this.#sites.known(this.#wanted);
    const { steps, missing } = await differences(
      this.#desired,
      view,
      this.#whereabouts,
    );
    this.#tellMissing(missing);
    const now = performance.now();
    const waits = steps.map((step) => this.#fights.wait(subject(step), now));
    this.#tellSettled(new Set(steps.map(subject)), now);
    const waiting = steps.filter((step, at) => waits[at] > 0 && isGround(step));
    const pauses = waits.filter((wait) => wait > 0);
    // What stands on something that has to wait waits with it.
    const due = steps.filter((step, at) =>
      waits[at] === 0 && !waiting.some((ground) => standsOn(step, ground))
    );
    if (due.length > 0) {
      pauses.push(...await this.#carryOut(due, since, waiting));
    }
    const over = this.#fights.next(performance.now());
    if (over !== undefined) pauses.push(over);
    return pauses.length === 0 ? undefined : Math.min(...pauses);
  }

  async #carryOut(
    due: readonly Step[],
    since: number,
    waiting: readonly Step[],
  ): Promise<number[]> {
    const outcomes = await applySteps(due, this.#sites, false);
    const now = performance.now();
    if (outcomes.some(({ error }) => error === undefined)) await this.#word();
    const pauses: number[] = [];
    const lacking = outcomes.flatMap(({ step, error }) =>
      error !== undefined && isGround(step) ? [step] : []
    );
    const isBlocked = waiting.length + lacking.length > 0;
    for (const { step, error } of outcomes) {
      const key = subject(step);
      if (error === undefined) {
        const milliseconds = now - since;
        this.#reports.push({ event: "corrected", step, milliseconds });
        const pause = this.#fights.corrected(key, now);
        if (pause === undefined) continue;
        this.#contested.set(key, step);
        this.#reports.push({ event: "contested", step, pause });
        pauses.push(pause);
      } else {
        // It is due again as soon as what it stands on is there.
        if (lacking.some((ground) => standsOn(step, ground))) continue;
        const pause = this.#fights.refused(key, now);
        pauses.push(pause);
        if (isBlocked && !isGround(step)) continue;
        this.#reports.push({ event: "refused", step, error, pause });
      }
    }
    return pauses;
  }

  /**
   * Waits until it was told of every link that is no longer there: a monitor
   * knows of it a moment before it tells that it was moved.
   */
  async #departures(): Promise<void> {
    const end = performance.now() + ARRIVAL;
    for (;;) {
      const untold = this.#untold();
      if (untold.length === 0) return;
      if (performance.now() > end) {
        // They went before anybody listened.
        for (const place of untold) this.#gone.add(keyOf(place));
        return;
      }
      await new Promise((done) => setTimeout(done, QUIET));
    }
  }

  /** Where links are no longer and nobody has told of it. */
  #untold(): Place[] {
    const there = new Set<string>();
    for (const { name: namespace, monitor } of this.#sites.all) {
      for (const { ifindex } of monitor?.all("link") ?? []) {
        there.add(keyOf({ namespace, ifindex }));
      }
    }
    return [...this.#whereabouts.places].filter((place) =>
      this.#sites.get(place.namespace)?.monitor !== undefined &&
      !there.has(keyOf(place)) && !this.#gone.has(keyOf(place))
    );
  }

  /** Finds out where links went that left a namespace. */
  async #findMoved(): Promise<void> {
    for (const { from, nsid, ifindex } of this.#leaving.splice(0)) {
      try {
        const to = await this.#sites.byId(from.namespace, nsid);
        if (to === undefined) continue;
        const place = { namespace: to.name, ifindex };
        this.#whereabouts.moved(from, place);
        await this.#arrival(place);
      } catch (error) {
        if (!(error instanceof SystemError)) throw error;
      }
    }
  }

  /** Waits until a link is seen where it went. */
  async #arrival({ namespace, ifindex }: Place): Promise<void> {
    const end = performance.now() + ARRIVAL;
    const isThere = () =>
      this.#sites.get(namespace)?.monitor?.all("link")
        .some((link) => link.ifindex === ifindex) ?? true;
    while (!isThere() && performance.now() < end) {
      await new Promise((done) => setTimeout(done, QUIET));
    }
  }

  #tellMissing(missing: readonly Missing[]): void {
    const now = new Set<string>();
    for (const { namespace, name } of missing) {
      const key = `${namespace ?? ""}\0${name}`;
      now.add(key);
      if (this.#missing.has(key)) continue;
      this.#reports.push({ event: "missing", namespace, name });
    }
    this.#missing = now;
  }

  #tellSettled(wrong: ReadonlySet<string>, now: number): void {
    for (const key of this.#fights.settled(wrong, now)) {
      const step = this.#contested.get(key);
      this.#contested.delete(key);
      if (step !== undefined) this.#reports.push({ event: "settled", step });
    }
  }
}

/** Whether other things stand on what a step is about. */
function isGround({ object }: Step): boolean {
  return object === "link" || object === "namespace";
}

/** Whether a step can only be refused while another is. */
function standsOn(step: Step, ground: Step): boolean {
  if (step === ground || step.namespace !== ground.namespace) return false;
  return ground.object === "namespace" ||
    !isGround(step) && step.name.endsWith(` of ${ground.name}`);
}

function keyOf({ namespace, ifindex }: Place): string {
  return `${namespace ?? ""}\0${ifindex}`;
}
