// Comparison of a configuration with the state of its namespaces: complete at
// first, then only what events concern.

import type { AnyObjectEvent } from "../monitor/event.ts";
import type { DesiredNetwork, NamespaceName } from "./desired.ts";
import type { Differences } from "./differences.ts";
import { LinkComparison } from "./link_comparison.ts";
import { NamespaceComparison } from "./namespace_comparison.ts";
import type { State } from "./state.ts";
import type { Source, Step } from "./step.ts";
import type { View, Whereabouts } from "./whereabouts.ts";

/** A source whose steps are held back. */
interface Held {
  readonly source: Source;
  readonly until: number;
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
  #held: Held[] = [];

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
    this.#release(performance.now());
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
   * Holds a step back that was carried out, until an event concerns it or the
   * time is over.
   */
  hold(step: Step, until: number): void {
    const source = this.#sources.get(step);
    if (source === undefined) return;
    source.heldUntil = until;
    this.#held.push({ source, until });
  }

  /** Until when the first step is held back, if one is. */
  get heldUntil(): number | undefined {
    return this.#held.find(isHeld)?.until;
  }

  /** What no event has come about is compared again. */
  #release(now: number): void {
    let at = 0;
    while (at < this.#held.length) {
      const held = this.#held[at];
      if (isHeld(held)) {
        if (held.until > now) break;
        held.source.heldUntil = 0;
        held.source.invalidate();
      }
      at++;
    }
    if (at > 0) this.#held = this.#held.slice(at);
  }

  #steps(view: View): Step[] {
    const now = performance.now();
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
    take(this.#links.clearSteps(now));
    take(this.#links.steps(now));
    for (const namespace of this.#namespaces.values()) {
      take(namespace.steps(now));
    }
    this.#sources = sources;
    return steps;
  }
}

/** Whether no event has released it, nor a later step replaced it. */
function isHeld({ source, until }: Held): boolean {
  return source.heldUntil === until;
}
