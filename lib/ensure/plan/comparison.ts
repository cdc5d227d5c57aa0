// Comparison of a configuration with the state of its namespaces: complete at
// first, then only what events concern.

import type { AnyObjectEvent } from "../../rtnetlink/monitor/event.ts";
import type { DesiredNetwork, NamespaceName } from "../parse/desired.ts";
import { LinkComparison } from "./link_comparison.ts";
import { NamespaceComparison } from "./namespace_comparison.ts";
import type { State } from "./state.ts";
import type { Source, Step } from "./step.ts";
import type { View, Whereabouts } from "./whereabouts.ts";

/** A source whose step was carried out. */
interface Held {
  readonly source: Source;
  /** Its heldUntil, unless an event has released it. */
  readonly until: number;
  /** When the step was done. */
  readonly since: number;
}

/** A described link that cannot be made and is not there. */
export interface Missing {
  /** The namespace it is to be in. */
  readonly namespace: NamespaceName;
  /** Its name. */
  readonly name: string;
}

/** What differs. */
export interface Differences {
  /** In the order in which they can be done. */
  readonly steps: readonly Step[];
  /** Devices of the machine that are waited for. */
  readonly missing: readonly Missing[];
}

/** What differs, and whether that is all. */
export interface Compared extends Differences {
  /** Whether there is more that may be too much than the limit allowed. */
  readonly isPartial: boolean;
}

/** A configuration beside the state of its namespaces. */
export class Comparison {
  readonly #desired: DesiredNetwork;
  readonly #links: LinkComparison;
  readonly #namespaces = new Map<NamespaceName, NamespaceComparison>();
  readonly #states = new Map<NamespaceName, State | undefined>();
  #sources = new Map<Step, Source>();
  /** In the order of their time, with those that an event has released. */
  readonly #held = new Map<NamespaceName, Held[]>();

  constructor(desired: DesiredNetwork, whereabouts: Whereabouts) {
    this.#desired = desired;
    this.#links = new LinkComparison(desired, whereabouts);
    for (const namespace of desired.namespaces) {
      const { name } = namespace;
      this.#namespaces.set(name, new NamespaceComparison(namespace));
    }
  }

  /**
   * Notes an event, and updates the links of the state of its namespace.
   *
   * @returns Whether it concerns the configuration.
   */
  note(namespace: NamespaceName, state: State, event: AnyObjectEvent): boolean {
    const { event: what, object, data } = event;
    if (object === "rule") state.rulesChanged();
    if (object !== "link" && object !== "port") {
      return this.#namespaces.get(namespace)?.note(event) ?? false;
    }
    if (object === "link") {
      if (what === "delete") state.linkRemoved(data);
      else state.linkChanged(data, event.previous);
    }
    const isLink = this.#links.note(namespace, state, event);
    const isExtra = this.#namespaces.get(namespace)?.note(event) ?? false;
    return isLink || isExtra;
  }

  /** Links are compared again: one has come from elsewhere. */
  invalidateLinks(): void {
    this.#links.invalidate();
  }

  /**
   * Compares what is noted; everything at first, and where a namespace is new.
   *
   * @param limit How many objects that may be too much to look at.
   */
  async update(view: View, limit = Infinity): Promise<Compared> {
    this.#release(view, performance.now());
    for (const { name } of this.#desired.namespaces) {
      const state = view.state(name);
      if (this.#states.has(name) && this.#states.get(name) === state) continue;
      this.#states.set(name, state);
      this.#links.invalidate();
      this.#namespaces.get(name)!.invalidate();
    }
    const isNewContext = await this.#links.update(view);
    let isPartial = false;
    for (const [name, namespace] of this.#namespaces) {
      const context = this.#links.context(name);
      if (namespace.update(context, isNewContext, limit)) isPartial = true;
    }
    return {
      isPartial,
      steps: this.#steps(view),
      missing: [...this.#links.missing()].map(({ namespace, name }) => ({
        namespace,
        name,
      })),
    };
  }

  /**
   * Holds a step back that was carried out, until an event concerns it or, at
   * least until a time, the state has caught up with it.
   *
   * @param since When it was done.
   */
  hold(step: Step, since: number, until: number): void {
    const source = this.#sources.get(step);
    if (source === undefined) return;
    source.heldUntil = until;
    const held = this.#held.get(step.namespace);
    const one = { source, since, until };
    if (held === undefined) this.#held.set(step.namespace, [one]);
    else held.push(one);
  }

  /** Until when the first step is held back, if one is. */
  get heldUntil(): number | undefined {
    let least: number | undefined;
    for (const held of this.#held.values()) {
      const first = held.find(isHeld);
      if (first === undefined) continue;
      least = Math.min(least ?? Infinity, first.until);
    }
    return least;
  }

  /** What no event has come about is compared again. */
  #release(view: View, now: number): void {
    for (const [name, all] of this.#held) {
      const currentAt = view.currentAt(name);
      let at = 0;
      while (at < all.length) {
        const held = all[at]!;
        if (isHeld(held)) {
          if (held.until > now || held.since > currentAt) break;
          held.source.heldUntil = 0;
          held.source.invalidate();
        }
        at++;
      }
      if (at === all.length) this.#held.delete(name);
      else if (at > 0) this.#held.set(name, all.slice(at));
    }
  }

  #steps(view: View): Step[] {
    const sources = new Map<Step, Source>();
    const steps: Step[] = [];
    for (const { name } of this.#desired.namespaces) {
      if (name === undefined || view.state(name) !== undefined) continue;
      steps.push({
        action: "add",
        object: "namespace",
        namespace: name,
        name,
        what: `add namespace ${name}`,
        reasons: [],
        parts: [],
        undo: [],
      });
    }
    const take = (list: Iterable<[Step, Source]>) => {
      for (const [step, source] of list) {
        steps.push(step);
        sources.set(step, source);
      }
    };
    take(this.#links.clearSteps());
    take(this.#links.steps());
    for (const namespace of this.#namespaces.values()) {
      take(namespace.steps());
    }
    this.#sources = sources;
    return steps;
  }
}

/** Whether no event has released it, nor has it been held again. */
function isHeld({ source, until }: Held): boolean {
  return source.heldUntil === until;
}
