// Link planner: locates the desired links of all namespaces and determines
// which to create, recreate, restore and change; updated by events.

import type { Link } from "../../rtnetlink/link/link.ts";
import type { ObjectEvent } from "../../rtnetlink/monitor/event.ts";
import type {
  DesiredLink,
  DesiredNetwork,
  NamespaceName,
} from "../parse/desired.ts";
import type { Action, Difference, Source } from "./action.ts";
import { longestPaths } from "./dependency_order.ts";
import { Devices, hasIdentity } from "./device.ts";
import { desiredObjects } from "./desired_objects.ts";
import {
  afterSettingAside,
  changeAction,
  clearAction,
  createAction,
  diffLink,
  isOfKind,
  type LinkDiff,
  type Located,
  locatedByName,
  locatedByPeer,
  lowerNames,
  newLoopbackAction,
} from "./link.ts";
import type { LinkTracker, Location } from "./link_tracker.ts";
import { EMPTY, type View } from "./state.ts";

/** The links of a namespace, as context for its other objects. */
export interface LinkContext {
  /** The desired links that exist, by ifindex. */
  readonly described: ReadonlyMap<number, DesiredLink>;
  /** Names of links that do not exist yet. */
  readonly missing: ReadonlySet<string>;
  /** The ifindexes of links that are recreated. */
  readonly gone: ReadonlySet<number>;
}

/** A device that does not exist, or not one only. */
export interface MissingDevice {
  readonly desired: DesiredLink;
  /** The names of several devices that `identify` matches. */
  readonly candidates: readonly string[];
}

/** Fields of a link's location and its relations. */
const IDENTITY: ReadonlySet<string> = new Set([
  "name",
  "altNames",
  "kind",
  "link",
  "linkNetnsid",
]);

/** A link that another one refers to. */
interface Reference {
  readonly namespace: NamespaceName;
  readonly name: string;
}

/** A comparison, valid until one of its inputs changes. */
interface Compared {
  readonly link: Link;
  readonly port: Link | undefined;
  readonly namespace: NamespaceName;
  /** The ifindexes of all references. */
  readonly indexes: string;
  readonly diff: LinkDiff;
}

/** A desired link and its comparison with the state. */
class LinkEntry implements Source {
  located: Located | undefined;
  /** The existing link that has to be recreated, with the reasons. */
  obstacle:
    | Located & { readonly differences: readonly Difference[] }
    | undefined;
  /** Until when it is expected at the location it was moved to. */
  expectedUntil = 0;
  /** The names of devices, of which it can be only one. */
  candidates: readonly string[] = [];
  compared: Compared | undefined;
  clear: Action | undefined;
  action: Action | undefined;
  heldUntil = 0;

  constructor(
    readonly desired: DesiredLink,
    readonly height: number,
    readonly references: readonly Reference[],
    readonly dirty: Set<LinkEntry>,
  ) {}

  invalidate(): void {
    this.heldUntil = 0;
    this.dirty.add(this);
  }
}

/** Values by namespace and name. */
class ByName<T> {
  readonly #values = new Map<NamespaceName, Map<string, T>>();

  get(namespace: NamespaceName, name: string): T | undefined {
    return this.#values.get(namespace)?.get(name);
  }

  set(namespace: NamespaceName, name: string, value: T): void {
    const values = this.#values.get(namespace);
    if (values === undefined) {
      this.#values.set(namespace, new Map([[name, value]]));
    } else values.set(name, value);
  }
}

/**
 * The links that a link refers to: its lower link, its master, links in
 * options.
 */
function referencesOf(link: DesiredLink): Reference[] {
  const { from, namespace, port } = link;
  const references = lowerNames(link).map((name) => ({
    namespace: from,
    name,
  }));
  const here = (name: unknown) => {
    if (typeof name === "string") references.push({ namespace, name });
  };
  here(link.master);
  for (const value of Object.values(port?.options ?? {})) here(value);
  return references;
}

/** Plans the actions on the links of a network. */
export class LinkPlanner {
  readonly #desired: DesiredNetwork;
  readonly #tracker: LinkTracker;
  readonly #entries: readonly LinkEntry[];
  /** Lower links first. */
  readonly #upward: readonly LinkEntry[];
  readonly #byLink = new Map<DesiredLink, LinkEntry>();
  readonly #byName = new ByName<LinkEntry>();
  /** Names in the configuration. */
  readonly #mentioned = new ByName<true>();
  /** The namespaces that other programs create. */
  readonly #foreign: ReadonlySet<NamespaceName>;
  readonly #contexts = new Map<NamespaceName, LinkContext>();
  readonly #located = new Map<NamespaceName, Map<number, LinkEntry>>();
  readonly #dirty = new Set<LinkEntry>();
  #all = true;
  #isComplete = false;

  constructor(desired: DesiredNetwork, tracker: LinkTracker) {
    this.#desired = desired;
    this.#tracker = tracker;
    this.#foreign = new Set(
      desired.namespaces.filter(({ foreignPath }) => foreignPath !== undefined)
        .map(({ name }) => name),
    );
    const links = desired.namespaces.flatMap(({ links }) => links);
    const byName = new ByName<DesiredLink>();
    for (const link of links) byName.set(link.namespace, link.name, link);
    const lowers = (link: DesiredLink) =>
      lowerNames(link).flatMap((name) => byName.get(link.from, name) ?? []);
    const heights = longestPaths(
      links,
      (link) => lowers(link).length > 0 ? 1 : 0,
      lowers,
    );
    this.#entries = links.map((link) => {
      const references = [link, ...link.peer === undefined ? [] : [link.peer]]
        .flatMap(referencesOf);
      const height = heights.get(link)!;
      return new LinkEntry(link, height, references, this.#dirty);
    });
    this.#upward = this.#entries.toSorted((a, b) => a.height - b.height);
    for (const entry of this.#entries) {
      const { desired, references } = entry;
      this.#byLink.set(desired, entry);
      this.#byName.set(desired.namespace, desired.name, entry);
      this.#mentioned.set(desired.namespace, desired.name, true);
      for (const { namespace, name } of references) {
        this.#mentioned.set(namespace, name, true);
      }
    }
    for (const namespace of desired.namespaces) {
      for (const { devices } of desiredObjects(namespace)) {
        for (const name of devices) {
          this.#mentioned.set(namespace.name, name, true);
        }
      }
    }
  }

  /** Compares all links again at the next update. */
  invalidate(): void {
    this.#all = true;
  }

  /**
   * Records an event; the state is already updated.
   *
   * @returns Whether it affects a desired link.
   */
  note(
    namespace: NamespaceName,
    { event, object, data, previous, changed }: ObjectEvent<"link" | "port">,
  ): boolean {
    const entry = this.located(namespace, data.ifindex);
    if (entry !== undefined) entry.heldUntil = 0;
    const isLocal = object === "port" ||
      event === "change" && !changed?.some((field) => IDENTITY.has(field));
    if (isLocal) {
      if (entry === undefined) return false;
      this.#dirty.add(entry);
      return true;
    }
    let isMentioned = false;
    for (const link of previous === undefined ? [data] : [data, previous]) {
      for (const name of [link.name, ...link.altNames]) {
        if (!this.#mentioned.get(namespace, name)) continue;
        isMentioned = true;
        const wanted = this.#byName.get(namespace, name);
        if (wanted !== undefined) wanted.heldUntil = 0;
      }
    }
    // A link with another name may have been renamed or moved.
    if (!isMentioned && entry === undefined && this.#isComplete) return false;
    this.#all = true;
    return true;
  }

  /** The desired link with this last location. */
  located(namespace: NamespaceName, ifindex: number): LinkEntry | undefined {
    return this.#located.get(namespace)?.get(ifindex);
  }

  /** Records that a desired link was moved to another namespace. */
  moved({ desired }: LinkEntry, to: Location): void {
    this.#tracker.set(desired, to);
    this.invalidate();
  }

  /**
   * Compares the recorded changes.
   *
   * @returns Whether contexts of namespaces may have changed.
   */
  async update(view: View): Promise<boolean> {
    if (!this.#all) {
      for (const entry of this.#dirty) {
        if (!this.#compareAgain(entry, view)) this.#all = true;
      }
    }
    this.#dirty.clear();
    if (!this.#all) return false;
    // Cleared first: changes recorded during an update belong to the next one.
    this.#all = false;
    try {
      await this.#compareAll(view);
    } catch (error) {
      this.#all = true;
      throw error;
    }
    return true;
  }

  /** The context of a namespace, after an update. */
  context(namespace: NamespaceName): LinkContext {
    return this.#contexts.get(namespace)!;
  }

  /** The actions that are due; removals of recreated links come first. */
  *actions(): Generator<[Action, Source], void, void> {
    const due = this.#entries.filter(({ heldUntil }) => heldUntil === 0);
    for (const entry of due) if (entry.clear) yield [entry.clear, entry];
    for (const entry of due) if (entry.action) yield [entry.action, entry];
  }

  /** Whether another program has not created a namespace yet. */
  isAwaited(namespace: NamespaceName, view: View): boolean {
    return this.#foreign.has(namespace) && view.state(namespace) === undefined;
  }

  /** Devices that do not exist and cannot be created, without a kind. */
  *missing(): Generator<MissingDevice, void, void> {
    for (const [namespace, { missing }] of this.#contexts) {
      for (const name of missing) {
        const { desired, candidates } = this.#byName.get(namespace, name)!;
        if (desired.kind === undefined) yield { desired, candidates };
      }
    }
  }

  /** When the wait for the first moved link ends. */
  get expectedUntil(): number {
    let least = Infinity;
    for (const { expectedUntil } of this.#entries) {
      if (expectedUntil > 0) least = Math.min(least, expectedUntil);
    }
    return least;
  }

  /** Compares a link at its location; returns false if the location changed. */
  #compareAgain(entry: LinkEntry, view: View): boolean {
    const { located } = entry;
    // Link events report whether it has appeared.
    if (located === undefined) return true;
    const { namespace } = located;
    const link = view.state(namespace)?.link(located.link.ifindex);
    if (link === undefined) return false;
    entry.located = { link, namespace };
    if (this.#diff(entry, view).recreate.length > 0) return false;
    this.#setAction(entry, view);
    return true;
  }

  /** The differences, compared again only after a change. */
  #diff(entry: LinkEntry, view: View): LinkDiff {
    const { desired, references } = entry;
    const { link, namespace } = entry.located!;
    const home = view.state(namespace) ?? EMPTY;
    const from = view.state(desired.from) ?? EMPTY;
    const port = home.port(link.ifindex);
    const indexes = references.map(({ namespace, name }) =>
      view.state(namespace)?.named(name)?.ifindex
    ).join();
    const { compared } = entry;
    if (
      compared !== undefined && compared.link === link &&
      compared.port === port && compared.namespace === namespace &&
      compared.indexes === indexes
    ) return compared.diff;
    const diff = diffLink(link, desired, { home, from });
    entry.compared = { link, port, namespace, indexes, diff };
    return diff;
  }

  async #compareAll(view: View): Promise<void> {
    for (const { name } of this.#desired.namespaces) {
      const state = view.state(name);
      if (state !== undefined) state.planned = new Map();
    }
    await this.#locate(view);
    this.#findObstacles(view);
    this.#located.clear();
    this.#isComplete = true;
    for (const entry of this.#entries) {
      if (entry.located === undefined) {
        this.#isComplete = false;
        continue;
      }
      const { namespace, link: { ifindex } } = entry.located;
      this.#tracker.set(entry.desired, { namespace, ifindex });
      const byIndex = this.#located.get(namespace);
      if (byIndex !== undefined) byIndex.set(ifindex, entry);
      else this.#located.set(namespace, new Map([[ifindex, entry]]));
    }
    this.#setContexts(view);
    for (const entry of this.#entries) {
      const { peer, isPeer } = entry.desired;
      const { obstacle } = entry;
      // A veth pair is deleted as one.
      const goesWithPeer = isPeer && peer !== undefined &&
        this.#byLink.get(peer)?.obstacle !== undefined;
      entry.clear = obstacle === undefined || goesWithPeer
        ? undefined
        : clearAction(obstacle, entry.desired, obstacle.differences);
      this.#setAction(entry, view);
    }
  }

  /** Determines the action on a link. */
  #setAction(entry: LinkEntry, view: View): void {
    const { desired, located, height } = entry;
    entry.action = undefined;
    if (entry.expectedUntil > 0 || this.#isWaiting(entry, view)) return;
    if (located === undefined) {
      if (isNewLoopback(desired, view)) {
        entry.action = newLoopbackAction(desired);
      } else if (desired.kind !== undefined && !desired.isPeer) {
        // The peer is created with this link.
        entry.action = createAction(desired, height, view.pathOf);
      }
      return;
    }
    const action = changeAction(
      desired,
      located,
      this.#diff(entry, view),
      view.state(desired.namespace) ?? EMPTY,
      height,
      view.pathOf,
    );
    // Devices may exchange their names.
    const other = this.#byName.get(located.namespace, located.link.name);
    entry.action = action === undefined || other === undefined ||
        other === entry
      ? action
      : afterSettingAside(action, located);
  }

  /** Whether it refers to a link or a namespace that does not exist yet. */
  #isWaiting({ desired, references }: LinkEntry, view: View): boolean {
    const { from, namespace, peer } = desired;
    return [from, namespace, peer?.namespace].some((name) =>
      this.isAwaited(name, view)
    ) || references.some(({ namespace, name }) =>
      this.#contexts.get(namespace)?.missing.has(name) ?? false
    );
  }

  /** Locates each link by name, by its move, or by its veth peer. */
  async #locate(view: View): Promise<void> {
    const now = performance.now();
    /** Excludes links of other parts of the configuration. */
    const free = (located: Located | undefined) =>
      located && !this.#byName.get(located.namespace, located.link.name)
        ? located
        : undefined;
    for (const entry of this.#entries) {
      const { desired } = entry;
      const { namespace, name, kind, identity } = desired;
      entry.obstacle = undefined;
      entry.expectedUntil = 0;
      entry.candidates = [];
      entry.located = locatedByName(namespace, name, view);
      if (
        entry.located !== undefined && identity !== undefined &&
        !hasIdentity(entry.located.link, identity)
      ) entry.located = undefined;
      if (entry.located !== undefined) continue;
      const last = this.#tracker.get(desired);
      const link = last && view.state(last.namespace)?.link(last.ifindex);
      if (link && (kind === undefined || isOfKind(link, kind))) {
        entry.located = free({ link, namespace: last.namespace });
      } else if (last && !link && (last.expectedUntil ?? 0) > now) {
        entry.expectedUntil = last.expectedUntil!;
      }
      entry.located ??= free(await locatedByPeer(desired, view));
    }
    this.#identify(view);
  }

  /** Locates devices that have another name, or are where they come from. */
  #identify(view: View): void {
    const devices = new Devices(view);
    const taken = new Set(this.#entries.map(({ located }) => located?.link));
    for (const entry of this.#entries) {
      const { desired, located } = entry;
      if (located !== undefined || desired.identity === undefined) continue;
      const matching = devices.matching(desired)
        .filter(({ link }) => !taken.has(link));
      const [only] = matching;
      if (matching.length > 1) {
        entry.candidates = matching.map(({ link }) => link.name);
      } else if (only !== undefined) {
        entry.located = only;
        taken.add(only.link);
      }
    }
  }

  /** Finds links that have to be recreated. */
  #findObstacles(view: View): void {
    const drop = (entry: LinkEntry, differences: readonly Difference[]) => {
      if (entry.located === undefined) return;
      entry.obstacle = { ...entry.located, differences };
      entry.located = undefined;
    };
    for (const entry of this.#entries) {
      if (entry.located === undefined) continue;
      const { recreate } = this.#diff(entry, view);
      if (recreate.length > 0) drop(entry, recreate);
    }
    for (const entry of this.#entries) {
      const { name, peer } = entry.desired;
      if (peer === undefined) continue;
      const other = this.#byLink.get(peer)!;
      const here = entry.located?.link;
      const there = other.located?.link;
      if (
        here !== undefined && there?.link === here.ifindex &&
        here.link === there.ifindex
      ) continue;
      // Both ends are recreated if they are not a pair.
      const wrongPeer = (wanted: string): Difference[] => [
        { key: "peer", is: "another link", wanted },
      ];
      drop(entry, wrongPeer(peer.name));
      drop(other, wrongPeer(name));
    }
    // An upper link is deleted with its lower link.
    for (const entry of this.#upward) {
      const { link, from } = entry.desired;
      const lower = link === undefined
        ? undefined
        : this.#byName.get(from, link);
      if (lower !== undefined && lower.located === undefined) {
        entry.located = undefined;
      }
    }
  }

  /** Determines which links are recreated, renamed and missing. */
  #setContexts(view: View): void {
    this.#contexts.clear();
    const contexts = new Map(this.#desired.namespaces.map(({ name }) => {
      const described = new Map<number, DesiredLink>();
      const missing = new Set<string>();
      const gone = new Set<number>();
      const planned = new Map<string, Link | undefined>();
      const context = { described, missing, gone, planned };
      this.#contexts.set(name, context);
      return [name, context];
    }));
    for (const entry of this.#upward) {
      const { desired, located, obstacle } = entry;
      const { namespace, name, kind } = desired;
      const context = contexts.get(namespace)!;
      const existing = view.state(namespace)?.named(name);
      if (obstacle !== undefined) {
        contexts.get(obstacle.namespace)?.gone.add(obstacle.link.ifindex);
      }
      if (located === undefined) {
        if (existing !== undefined) {
          context.gone.add(existing.ifindex);
          context.planned.set(name, undefined);
        }
        const isDevice = kind === undefined && !isNewLoopback(desired, view);
        if (isDevice || this.#isWaiting(entry, view)) context.missing.add(name);
      } else if (located.namespace === namespace) {
        context.described.set(located.link.ifindex, desired);
        if (existing !== located.link) {
          context.planned.set(name, located.link);
        }
      }
    }
    for (const [name, { planned }] of contexts) {
      const state = view.state(name);
      if (state !== undefined) state.planned = planned;
    }
  }
}

/** Whether it is the loopback link of a namespace that does not exist yet. */
function isNewLoopback(
  { name, namespace }: DesiredLink,
  view: View,
): boolean {
  return name === "lo" && view.state(namespace) === undefined;
}
