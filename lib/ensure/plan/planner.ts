// Planner: compares a configuration with the state of its namespaces and plans
// actions; completely at first, then by events.

import type { AnyObjectEvent } from "../../rtnetlink/monitor/event.ts";
import type { DesiredNetwork, NamespaceName } from "../parse/desired.ts";
import type { Action, Source } from "./action.ts";
import { LinkPlanner } from "./link_planner.ts";
import type { LinkTracker } from "./link_tracker.ts";
import { ObjectPlanner } from "./object_planner.ts";
import { EMPTY, type State, type View } from "./state.ts";

/** A device without kind, or a namespace of another program, to wait for. */
export interface Missing {
  /** Its type. */
  readonly object: "link" | "namespace";
  /** The namespace of the device, or the missing one. */
  readonly namespace: NamespaceName;
  /** Its name. */
  readonly name: string;
  /** The names of several devices that `identify` matches. */
  readonly candidates?: readonly string[];
}

/** The differences between a configuration and the state. */
export interface Plan {
  /** The actions that resolve them. */
  readonly actions: readonly Action[];
  /** Devices that have to appear. */
  readonly missing: readonly Missing[];
}

/** A source whose action was applied or rejected. */
interface Held {
  readonly source: Source;
  readonly namespace: NamespaceName;
  /** Its heldUntil, unless an event made it due. */
  readonly until: number;
  /** When the action was applied: the state has to be newer. */
  readonly since: number;
}

/** A namespace to create. */
class NamespaceSource implements Source {
  heldUntil = 0;

  invalidate(): void {
    this.heldUntil = 0;
  }
}

/** Compares a configuration with the state of its namespaces. */
export class Planner {
  readonly #desired: DesiredNetwork;
  readonly #links: LinkPlanner;
  readonly #objects = new Map<NamespaceName, ObjectPlanner>();
  readonly #namespaces = new Map<NamespaceName, NamespaceSource>();
  readonly #states = new Map<NamespaceName, State | undefined>();
  #sources = new Map<Action, Source>();
  #held: Held[] = [];
  /** Rejected actions by source. */
  readonly #refused = new Map<NamespaceName, Map<Source, Action>>();

  constructor(desired: DesiredNetwork, tracker: LinkTracker) {
    this.#desired = desired;
    this.#links = new LinkPlanner(desired, tracker);
    for (const namespace of desired.namespaces) {
      this.#objects.set(namespace.name, new ObjectPlanner(namespace));
      this.#namespaces.set(namespace.name, new NamespaceSource());
    }
  }

  /** The link planner, which records moves. */
  get links(): LinkPlanner {
    return this.#links;
  }

  /**
   * Records an event, and updates the links in the state of its namespace.
   *
   * @returns Whether the plan may have changed.
   */
  note(namespace: NamespaceName, state: State, event: AnyObjectEvent): boolean {
    const { event: what, object, data } = event;
    let isConcerned = false;
    if (object === "rule") state.rulesChanged();
    if (object === "mdb") state.mdbChanged();
    if (object === "link") {
      if (what === "delete") state.linkRemoved(data);
      else state.linkChanged(data, event.previous);
    }
    if (object === "link" || object === "port") {
      isConcerned = this.#links.note(namespace, event);
    }
    if (this.#objects.get(namespace)?.note(event)) isConcerned = true;
    // The kernel may accept rejected actions now.
    return (isConcerned || object === "link" || object === "address") &&
        this.#releaseRefused(namespace) || isConcerned;
  }

  /** Records that sysctls of a namespace may have changed. */
  noteSysctls(namespace: NamespaceName): void {
    this.#objects.get(namespace)?.noteSysctls();
  }

  /**
   * Compares the recorded changes; everything at first, and for a new
   * namespace.
   *
   * @param limit The number of unmanaged objects to inspect.
   * @returns The plan, and whether all were inspected.
   */
  async update(
    view: View,
    limit = Infinity,
  ): Promise<Plan & { readonly isComplete: boolean }> {
    this.#release(view, performance.now());
    for (const { name } of this.#desired.namespaces) {
      const state = view.state(name);
      if (this.#states.has(name) && this.#states.get(name) === state) continue;
      this.#states.set(name, state);
      this.#links.invalidate();
      this.#objects.get(name)!.invalidate();
    }
    const isNewContext = await this.#links.update(view);
    let isComplete = true;
    for (const [name, objects] of this.#objects) {
      const state = view.state(name) ?? EMPTY;
      const context = this.#links.context(name);
      if (!objects.update(state, context, isNewContext, limit)) {
        isComplete = false;
      }
    }
    return {
      isComplete,
      actions: this.#actions(view),
      missing: [...this.#missing(view)],
    };
  }

  *#missing(view: View): Generator<Missing, void, void> {
    const object = "namespace";
    for (const name of this.#namespaces.keys()) {
      if (name === undefined || !this.#links.isAwaited(name, view)) continue;
      yield { object, namespace: name, name };
    }
    for (const { desired, candidates } of this.#links.missing()) {
      const { namespace, name } = desired;
      // One report for all of a missing namespace.
      if (this.#links.isAwaited(namespace, view)) continue;
      const of = candidates.length === 0 ? {} : { candidates };
      yield { object: "link", namespace, name, ...of };
    }
  }

  /**
   * Delays the next action on an object after it was applied, until an event
   * about the object, or until a time once the state is newer.
   *
   * @param since When it was applied.
   */
  hold(action: Action, since: number, until: number): void {
    const source = this.#sources.get(action);
    if (source === undefined) return;
    source.heldUntil = until;
    const { namespace } = action;
    this.#refused.get(namespace)?.delete(source);
    this.#held.push({ source, namespace, since, until });
  }

  /**
   * Delays a rejected action until a time, or until an event about the object.
   */
  holdRefused(action: Action, until: number): void {
    this.hold(action, -Infinity, until);
    const source = this.#sources.get(action);
    if (source === undefined) return;
    const refused = this.#refused.get(action.namespace);
    if (refused !== undefined) refused.set(source, action);
    else this.#refused.set(action.namespace, new Map([[source, action]]));
  }

  /** Rejected actions that are delayed. */
  get refused(): Action[] {
    return [...this.#refused.values()].flatMap((refused) =>
      [...refused].filter(([{ heldUntil }]) => heldUntil !== 0)
        .map(([, action]) => action)
    );
  }

  /** When the first delayed action is due. */
  get heldUntil(): number {
    let least = this.#links.expectedUntil;
    for (const { source, until } of this.#held) {
      if (source.heldUntil === until) least = Math.min(least, until);
    }
    return least;
  }

  #releaseRefused(namespace: NamespaceName): boolean {
    const refused = this.#refused.get(namespace);
    if (refused === undefined) return false;
    this.#refused.delete(namespace);
    for (const source of refused.keys()) source.invalidate();
    return true;
  }

  /** Compares again the sources whose delay is over. */
  #release(view: View, now: number): void {
    this.#held = this.#held.filter(({ source, namespace, until, since }) => {
      // An event made it due, or it was delayed again.
      if (source.heldUntil !== until) return false;
      if (until > now || since > view.currentAt(namespace)) return true;
      source.invalidate();
      return false;
    });
    if (this.#links.expectedUntil <= now) this.#links.invalidate();
  }

  #actions(view: View): Action[] {
    const sources = new Map<Action, Source>();
    const actions: Action[] = [];
    const add = (action: Action, source: Source) => {
      actions.push(action);
      sources.set(action, source);
    };
    for (const [name, source] of this.#namespaces) {
      if (name === undefined || view.state(name) !== undefined) continue;
      if (source.heldUntil !== 0 || this.#links.isAwaited(name, view)) continue;
      add(addition(name), source);
    }
    for (const [action, source] of this.#links.actions()) add(action, source);
    for (const [name, objects] of this.#objects) {
      if (this.#links.isAwaited(name, view)) continue;
      for (const [action, source] of objects.actions()) add(action, source);
    }
    this.#sources = sources;
    return actions;
  }
}

/** The action that creates a namespace. */
function addition(name: string): Action {
  return {
    type: "add",
    object: "namespace",
    namespace: name,
    name,
    summary: `add namespace ${name}`,
    differences: [],
    reasons: [],
    path: ["namespaces", name],
    devices: [],
    parts: [],
    undo: () => [],
  };
}
