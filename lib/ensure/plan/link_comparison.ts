// Comparison of the desired links with the links there are: where each one is
// and what it lacks, updated as events report changes.

import { kernelName } from "../../rtnetlink/kinds/kind.ts";
import { kindNamed } from "../../rtnetlink/kinds/mod.ts";
import type { Link } from "../../rtnetlink/link/link.ts";
import type { ObjectEvent } from "../../rtnetlink/monitor/event.ts";
import type {
  DesiredLink,
  DesiredNetwork,
  NamespaceName,
} from "../parse/desired.ts";
import { reasonsToRemake } from "./link_differences.ts";
import {
  changeStep,
  clearStep,
  linkHeights,
  linksByName,
  makeStep,
  newLoopbackStep,
  type Surroundings,
} from "./link_steps.ts";
import { NOTHING, type State } from "./state.ts";
import type { Source, Step } from "./step.ts";
import type { Located, View, Whereabouts } from "./whereabouts.ts";

/** Fields of a link that tell where it is and what it belongs to. */
const IDENTITY: ReadonlySet<string> = new Set([
  "name",
  "altNames",
  "kind",
  "link",
  "linkNetnsid",
]);

/** What a comparison without result looked at; it holds while that is so. */
interface Clean {
  readonly link: Link;
  readonly port: Link | undefined;
  readonly namespace: NamespaceName;
  /** Names that were looked up, with the indexes they had. */
  readonly home: ReadonlyMap<string, number | undefined>;
  readonly from: ReadonlyMap<string, number | undefined>;
}

/** A desired link and how it compares. */
class LinkEntry implements Source {
  located: Located | undefined;
  /** Set while the link that is there has to make way. */
  obstacle: (Located & { readonly reasons: readonly string[] }) | undefined;
  clean: Clean | undefined;
  clear: Step | undefined;
  steps: readonly Step[] = [];
  heldUntil = 0;

  constructor(
    readonly desired: DesiredLink,
    readonly height: number,
    readonly invalidate: () => void,
  ) {}
}

/** What links make of a namespace. */
export interface LinkContext {
  /** The state once links made way and have their names back. */
  readonly state: State;
  /** Whether that differs from the state there is. */
  readonly isPlanned: boolean;
  /** The desired links that are there, by index. */
  readonly described: ReadonlyMap<number, DesiredLink>;
  /** Names of links that are waited for. */
  readonly missing: ReadonlySet<string>;
}

/** The desired links of a network beside the links there are. */
export class LinkComparison {
  readonly #desired: DesiredNetwork;
  readonly #whereabouts: Whereabouts;
  readonly #links: readonly DesiredLink[];
  readonly #entries: readonly LinkEntry[];
  readonly #byLink = new Map<DesiredLink, LinkEntry>();
  readonly #upward: readonly LinkEntry[];
  readonly #find: ReturnType<typeof linksByName>;
  readonly #contexts = new Map<NamespaceName, LinkContext>();
  #located = new Map<NamespaceName, Map<number, LinkEntry>>();
  #dirty = new Set<LinkEntry>();
  #all = true;
  #isComplete = false;

  constructor(desired: DesiredNetwork, whereabouts: Whereabouts) {
    this.#desired = desired;
    this.#whereabouts = whereabouts;
    this.#links = desired.namespaces.flatMap(({ links }) => links);
    this.#find = linksByName(this.#links);
    const heights = linkHeights(this.#links);
    const invalidate = () => this.invalidate();
    this.#entries = this.#links.map((link) =>
      new LinkEntry(link, heights.get(link)!, invalidate)
    );
    for (const entry of this.#entries) this.#byLink.set(entry.desired, entry);
    this.#upward = this.#entries.toSorted((a, b) => a.height - b.height);
  }

  /** All links are compared again at the next update. */
  invalidate(): void {
    this.#all = true;
  }

  /**
   * Notes an event; the state has been updated already.
   *
   * @returns Whether it concerns a desired link.
   */
  note(
    namespace: NamespaceName,
    state: State,
    { event, object, data, previous, changed }: ObjectEvent<"link" | "port">,
  ): boolean {
    const entry = this.#located.get(namespace)?.get(data.ifindex);
    if (entry !== undefined) entry.heldUntil = 0;
    const isLocal = object === "port" ||
      event === "change" && !changed?.some((field) => IDENTITY.has(field));
    if (isLocal) {
      if (entry === undefined) return false;
      this.#dirty.add(entry);
      return true;
    }
    let isNamed = false;
    for (const link of previous === undefined ? [data] : [data, previous]) {
      for (const name of [link.name, ...link.altNames]) {
        if (!state.wasAsked(name)) continue;
        isNamed = true;
        const wanted = this.#find(namespace, name);
        if (wanted !== undefined) this.#byLink.get(wanted)!.heldUntil = 0;
      }
    }
    // A link of another name may be one that was renamed or moved.
    if (!isNamed && entry === undefined && this.#isComplete) return false;
    this.#all = true;
    return true;
  }

  /**
   * Compares what is noted.
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
    // Not before it is done: an error leaves it to be done again.
    await this.#compareAll(view);
    this.#all = false;
    return true;
  }

  /** What links make of a namespace, after an update. */
  context(namespace: NamespaceName): LinkContext {
    return this.#contexts.get(namespace)!;
  }

  /** The steps that remove links in the way. */
  *clearSteps(): Generator<[Step, Source], void, void> {
    for (const entry of this.#entries) {
      if (entry.clear !== undefined && entry.heldUntil === 0) {
        yield [entry.clear, entry];
      }
    }
  }

  /** The steps that make and change links. */
  *steps(): Generator<[Step, Source], void, void> {
    for (const entry of this.#entries) {
      if (entry.heldUntil !== 0) continue;
      for (const step of entry.steps) yield [step, entry];
    }
  }

  /** Links of the machine that are waited for. */
  *missing(): Generator<DesiredLink, void, void> {
    for (const [namespace, { missing }] of this.#contexts) {
      for (const name of missing) yield this.#find(namespace, name)!;
    }
  }

  /** Compares a link whose place and name did not change; false if they did. */
  #compareAgain(entry: LinkEntry, view: View): boolean {
    const { desired, located } = entry;
    if (located === undefined || this.#isPlanned(desired)) return false;
    const { namespace } = located;
    const state = view.state(namespace);
    const link = state?.link(located.link.ifindex);
    if (link === undefined) return false;
    entry.located = { link, namespace };
    const reasons = this.#reasonsToRemake(entry, view);
    if (reasons.length > 0) return false;
    const home = view.state(desired.namespace) ?? NOTHING;
    const from = view.state(desired.from) ?? NOTHING;
    this.#compare(entry, { home, from, view, height: entry.height });
    return true;
  }

  #isPlanned({ namespace, from }: DesiredLink): boolean {
    return this.#contexts.get(namespace)?.isPlanned === true ||
      this.#contexts.get(from)?.isPlanned === true;
  }

  async #compareAll(view: View): Promise<void> {
    await this.#locate(view);
    this.#findObstacles(view);
    const located = new Map<NamespaceName, Map<number, LinkEntry>>();
    let isComplete = true;
    for (const entry of this.#entries) {
      if (entry.located === undefined) {
        isComplete = false;
        continue;
      }
      const { namespace, link: { ifindex } } = entry.located;
      this.#whereabouts.saw(entry.desired, { namespace, ifindex });
      let byIndex = located.get(namespace);
      if (byIndex === undefined) located.set(namespace, byIndex = new Map());
      byIndex.set(ifindex, entry);
    }
    this.#located = located;
    this.#isComplete = isComplete;
    this.#setContexts(view);
    for (const entry of this.#entries) {
      const { desired, obstacle, height } = entry;
      // A pair goes as one.
      const goesWithPeer = desired.isPeer && desired.peer !== undefined &&
        this.#byLink.get(desired.peer)?.obstacle !== undefined;
      entry.clear = obstacle === undefined || goesWithPeer
        ? undefined
        : clearStep(obstacle);
      if (entry.located !== undefined) {
        const home = this.#contexts.get(desired.namespace)?.state ?? NOTHING;
        const from = this.#contexts.get(desired.from)?.state ?? NOTHING;
        this.#compare(entry, { home, from, view, height });
        continue;
      }
      if (desired.kind === undefined) {
        entry.steps = isNew(desired, view) ? [newLoopbackStep(desired)] : [];
      } else {
        // The other end is made with this one.
        entry.steps = desired.isPeer ? [] : [makeStep(desired, height, view)];
      }
    }
  }

  /** Finds each link under its name, where it went, or by its other end. */
  async #locate(view: View): Promise<void> {
    /** Whether a link is one that another description means. */
    const isTaken = ({ link, namespace }: Located) =>
      this.#find(namespace, link.name) !== undefined;
    const free = (located: Located | undefined) =>
      located && !isTaken(located) ? located : undefined;
    for (const entry of this.#entries) {
      const { desired } = entry;
      entry.obstacle = undefined;
      entry.located = atHome(desired, view) ??
        free(lastSeen(desired, view, this.#whereabouts)) ??
        free(await otherEndOfPeer(desired, view));
    }
  }

  /** Finds links that can only be made again. */
  #findObstacles(view: View): void {
    const drop = (entry: LinkEntry, reasons: readonly string[]) => {
      if (entry.located === undefined) return;
      entry.obstacle = { ...entry.located, reasons };
      entry.located = undefined;
    };
    for (const entry of this.#entries) {
      if (entry.located === undefined) continue;
      const reasons = this.#reasonsToRemake(entry, view);
      if (reasons.length > 0) drop(entry, reasons);
    }
    for (const entry of this.#entries) {
      const { desired: { name, peer } } = entry;
      if (peer === undefined) continue;
      const other = this.#byLink.get(peer)!;
      const here = entry.located?.link;
      const there = other.located?.link;
      if (
        here !== undefined && there?.link === here.ifindex &&
        here.link === there.ifindex
      ) continue;
      // Of a pair that is not one, both ends are made again.
      drop(entry, [`its other end is not ${peer.name}`]);
      drop(other, [`its other end is not ${name}`]);
    }
    // What stands on a link that is made again goes with the old one.
    for (const entry of this.#upward) {
      const { link, from } = entry.desired;
      if (link === undefined || entry.located === undefined) continue;
      const lower = this.#find(from, link);
      if (lower === undefined) continue;
      if (this.#byLink.get(lower)!.located === undefined) {
        entry.located = undefined;
      }
    }
  }

  #reasonsToRemake(entry: LinkEntry, view: View): readonly string[] {
    const { desired, located } = entry;
    const { link, namespace } = located!;
    const home = view.state(namespace) ?? NOTHING;
    const from = view.state(desired.from) ?? NOTHING;
    if (isCurrent(entry.clean, located!, home, from)) return [];
    entry.clean = undefined;
    return reasonsToRemake(link, desired, home, from);
  }

  /** Finds what a link lacks that is there. */
  #compare(entry: LinkEntry, around: Surroundings): void {
    const { desired, located } = entry;
    const { home, from } = around;
    if (isCurrent(entry.clean, located!, home, from)) {
      entry.steps = [];
      return;
    }
    const names = [new Set<string>(), new Set<string>()];
    const observed = (body: () => readonly Step[]) =>
      home === from
        ? home.observe(names[0]!, body)
        : home.observe(names[0]!, () => from.observe(names[1]!, body));
    entry.steps = observed(() => changeStep(desired, located!, around));
    if (entry.steps.length > 0 || this.#isPlanned(desired)) return;
    if (desired.link !== undefined) names[1]!.add(desired.link);
    const { link, namespace } = located!;
    const indexes = (state: State, names: Iterable<string>) =>
      new Map([...names].map((name) => [name, state.named(name)?.ifindex]));
    entry.clean = {
      link,
      namespace,
      port: home.port(link.ifindex),
      home: indexes(home, names[0]!),
      from: indexes(from, names[1]!),
    };
  }

  /** What there is once links are gone and renamed, in each namespace. */
  #setContexts(view: View): void {
    const gone = new Map<NamespaceName, Set<number>>();
    for (const { name } of this.#desired.namespaces) gone.set(name, new Set());
    for (const { obstacle } of this.#entries) {
      if (obstacle === undefined) continue;
      gone.get(obstacle.namespace)?.add(obstacle.link.ifindex);
    }
    this.#contexts.clear();
    for (const { name, links } of this.#desired.namespaces) {
      const state = view.state(name) ?? NOTHING;
      const called = new Map<string, Link>();
      const described = new Map<number, DesiredLink>();
      const missing = new Set<string>();
      for (const desired of links) {
        const { located } = this.#byLink.get(desired)!;
        if (located === undefined) {
          const there = state.named(desired.name);
          if (there !== undefined) gone.get(name)!.add(there.ifindex);
          if (desired.kind === undefined && !isNew(desired, view)) {
            missing.add(desired.name);
          }
        } else if (located.namespace === name) {
          described.set(located.link.ifindex, desired);
          if (located.link.name !== desired.name) {
            called.set(desired.name, located.link);
          }
        }
      }
      const after = state.changed(gone.get(name)!, called);
      this.#contexts.set(name, {
        state: after,
        isPlanned: after !== state,
        described,
        missing,
      });
    }
  }
}

function isCurrent(
  clean: Clean | undefined,
  { link, namespace }: Located,
  home: State,
  from: State,
): boolean {
  return clean !== undefined && clean.link === link &&
    clean.namespace === namespace && clean.port === home.port(link.ifindex) &&
    hasIndexes(home, clean.home) && hasIndexes(from, clean.from);
}

function hasIndexes(
  state: State,
  names: ReadonlyMap<string, number | undefined>,
): boolean {
  for (const [name, ifindex] of names) {
    if (state.named(name)?.ifindex !== ifindex) return false;
  }
  return true;
}

/** Whether it is the link that a namespace to be made begins with. */
function isNew({ name, namespace }: DesiredLink, view: View): boolean {
  return name === "lo" && view.state(namespace) === undefined;
}

function atHome(
  { namespace, name }: DesiredLink,
  view: View,
): Located | undefined {
  const link = view.state(namespace)?.named(name);
  return link && { link, namespace };
}

function lastSeen(
  desired: DesiredLink,
  view: View,
  whereabouts: Whereabouts,
): Located | undefined {
  const place = whereabouts.lastSeen(desired);
  const link = place && view.state(place.namespace)?.link(place.ifindex);
  const { kind } = desired;
  return link &&
      (kind === undefined || link.kind === kernelName(kindNamed(kind)))
    ? { link, namespace: place.namespace }
    : undefined;
}

/** The end of a pair whose other end is where it should be. */
async function otherEndOfPeer(
  { peer }: DesiredLink,
  view: View,
): Promise<Located | undefined> {
  const there = peer && atHome(peer, view)?.link;
  if (there?.kind !== "veth" || !there.link) return undefined;
  const { linkNetnsid } = there;
  const where = linkNetnsid === undefined
    ? { name: peer!.namespace }
    : await view.byId(peer!.namespace, linkNetnsid);
  const link = where && view.state(where.name)?.link(there.link);
  return link?.kind === "veth" && link.link === there.ifindex
    ? { link, namespace: where!.name }
    : undefined;
}
