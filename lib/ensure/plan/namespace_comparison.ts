// Comparison of the addresses, neighbours, nexthop objects, routes and rules of
// a namespace with the state, updated as events report changes.

import type { Link } from "../../rtnetlink/link/link.ts";
import type {
  AnyObjectEvent,
  MonitoredObject,
} from "../../rtnetlink/monitor/event.ts";
import {
  addressIdentity,
  neighbourIdentity,
  nexthopIdentity,
} from "../../rtnetlink/monitor/identities.ts";
import { groupKey } from "../../rtnetlink/monitor/route_group.ts";
import type { Route } from "../../rtnetlink/route.ts";
import type { DesiredLink, DesiredNamespace } from "../parse/desired.ts";
import type { DesiredObject } from "./desired_object.ts";
import { desiredObjects } from "./desired_objects.ts";
import {
  EXTRA_KINDS,
  extraAddress,
  type ExtraContext,
  type ExtraKind,
  extraLink,
  extraNeighbour,
  extraNexthop,
  extraRoute,
  extraRule,
  isExclusive,
} from "./extras.ts";
import type { LinkContext } from "./link_comparison.ts";
import { NOTHING, type State } from "./state.ts";
import type { Source, Step } from "./step.ts";

/** Types of objects that are found by key. */
type KeyedKind = Exclude<ExtraKind, "links" | "rules">;

/** What a monitor calls the objects of each type. */
const KINDS = {
  link: "links",
  address: "addresses",
  route: "routes",
  neighbour: "neighbours",
  rule: "rules",
  nexthop: "nexthops",
} as const satisfies { readonly [K in MonitoredObject]?: ExtraKind };

/** What identifies the objects of each type. */
const KEYS: {
  readonly [K in KeyedKind]: (
    // deno-lint-ignore no-explicit-any -- each type has objects of its own
    object: any,
  ) => string | number;
} = {
  addresses: addressIdentity.key,
  routes: groupKey,
  neighbours: neighbourIdentity.key,
  nexthops: nexthopIdentity.key,
};

/** All rules are looked at together: there are no others like one. */
const ALL_RULES = "";

/** A desired object and what it lacks. */
class Entry implements Source {
  step: Step | undefined;
  key: string | number | undefined;
  heldUntil = 0;

  constructor(
    readonly kind: Exclude<ExtraKind, "links">,
    readonly desired: DesiredObject,
    readonly position: number,
    readonly dirty: Set<Entry>,
  ) {}

  invalidate(): void {
    this.dirty.add(this);
  }
}

/** Entries by the key of the object that they mean. */
class EntriesByKey {
  /** A set only where several entries mean the same object. */
  readonly #entries = new Map<string | number, Entry | Set<Entry>>();

  get size(): number {
    return this.#entries.size;
  }

  get(key: string | number): readonly Entry[] {
    const found = this.#entries.get(key);
    if (found === undefined) return [];
    return found instanceof Entry ? [found] : [...found];
  }

  add(key: string | number, entry: Entry): void {
    const found = this.#entries.get(key);
    if (found === undefined) this.#entries.set(key, entry);
    else if (found instanceof Entry) {
      this.#entries.set(key, new Set([found, entry]));
    } else found.add(entry);
  }

  delete(key: string | number, entry: Entry): void {
    const found = this.#entries.get(key);
    if (found instanceof Set) {
      found.delete(entry);
      if (found.size > 0) return;
    }
    this.#entries.delete(key);
  }
}

/** Objects of one key that nothing desired means. */
interface Extra extends Source {
  readonly steps: readonly Step[];
}

/** Objects of one type that nothing desired means. */
class Extras {
  /** By key: one of the objects that may be there, to be looked at. */
  readonly dirty = new Map<string | number, unknown>();
  readonly found = new Map<string | number, Extra>();
}

/** The desired objects of a namespace beside those there are. */
export class NamespaceComparison {
  readonly #desired: DesiredNamespace;
  readonly #entries: readonly Entry[];
  readonly #rules: readonly Entry[];
  readonly #byKey = new Map<ExtraKind, EntriesByKey>();
  readonly #byDevice = new Map<string, Entry[]>();
  readonly #indexes = new Map<string, number | undefined>();
  readonly #extras = new Map<ExtraKind, Extras>();
  readonly #dirty = new Set<Entry>();
  readonly #wrong = new Set<Entry>();
  #all = true;
  #state: State | undefined;
  #isPlanned = false;
  #described: ReadonlyMap<number, DesiredLink> = new Map();
  #missing: ReadonlySet<string> = new Set();

  constructor(desired: DesiredNamespace) {
    this.#desired = desired;
    const entries = desiredObjects(desired).map((object, position) =>
      new Entry(KINDS[object.object], object, position, this.#dirty)
    );
    for (const entry of entries) {
      for (const device of entry.desired.devices) {
        const others = this.#byDevice.get(device);
        if (others === undefined) this.#byDevice.set(device, [entry]);
        else others.push(entry);
      }
    }
    this.#entries = entries;
    this.#rules = entries.filter(({ kind }) => kind === "rules");
    for (const kind of EXTRA_KINDS) {
      this.#byKey.set(kind, new EntriesByKey());
      if (isExclusive(desired, kind)) this.#extras.set(kind, new Extras());
    }
  }

  /** Everything is compared again at the next update. */
  invalidate(): void {
    this.#all = true;
  }

  /**
   * Notes an event; the state has been updated already.
   *
   * @returns Whether it concerns something desired, or may be too much.
   */
  note({ object, data }: AnyObjectEvent): boolean {
    if (object === "port" || object === "netns") return false;
    const kind = KINDS[object];
    const extras = this.#extras.get(kind);
    if (kind === "links") {
      this.#noteExtra(extras, (data as Link).ifindex, data);
      return extras !== undefined;
    }
    if (kind === "rules") {
      for (const entry of this.#rules) this.#noteEntry(entry);
      this.#noteExtra(extras, ALL_RULES, data);
      return this.#rules.length > 0 || extras !== undefined;
    }
    const entries = this.#byKey.get(kind)!;
    if (entries.size === 0 && extras === undefined) return false;
    const key = KEYS[kind](data);
    const concerned = entries.get(key);
    for (const entry of concerned) this.#noteEntry(entry);
    this.#noteExtra(extras, key, data);
    return concerned.length > 0 || extras !== undefined;
  }

  /**
   * Compares what is noted.
   *
   * @param limit How many objects that may be too much to look at.
   * @returns Whether there are more of those.
   */
  update(context: LinkContext, isNewContext: boolean, limit: number): boolean {
    const { state, isPlanned } = context;
    if (state !== this.#state || isPlanned || this.#isPlanned) this.#all = true;
    this.#state = state;
    this.#isPlanned = isPlanned;
    if (this.#all) this.#takeAll(context);
    else if (isNewContext) this.#takeContext(context);
    for (const entry of this.#dirty) this.#compare(entry, state);
    this.#dirty.clear();
    return this.#lookForExtras(limit);
  }

  /** The steps that are not held back, in order. */
  *steps(): Generator<[Step, Source], void, void> {
    const wrong = [...this.#wrong].toSorted((a, b) => a.position - b.position);
    for (const entry of wrong) {
      if (entry.heldUntil === 0) yield [entry.step!, entry];
    }
    for (const { found } of this.#extras.values()) {
      for (const extra of found.values()) {
        if (extra.heldUntil !== 0) continue;
        for (const step of extra.steps) yield [step, extra];
      }
    }
  }

  #noteEntry(entry: Entry): void {
    entry.heldUntil = 0;
    this.#dirty.add(entry);
  }

  #noteExtra(
    extras: Extras | undefined,
    key: string | number,
    data: unknown,
  ): void {
    if (extras === undefined) return;
    extras.dirty.set(key, data);
    // What was found is no longer certain, and it may be long until it is again.
    const found = extras.found.get(key);
    if (found === undefined) return;
    found.heldUntil = 0;
    extras.found.delete(key);
  }

  #takeAll({ state, described, missing }: LinkContext): void {
    this.#all = false;
    this.#described = described;
    this.#missing = missing;
    for (const entry of this.#entries) this.#noteEntry(entry);
    for (const name of this.#byDevice.keys()) {
      this.#indexes.set(name, state.named(name)?.ifindex);
    }
    this.#scan(state, EXTRA_KINDS);
  }

  /** Finds what it means that links have come, gone or got other names. */
  #takeContext({ state, described, missing }: LinkContext): void {
    const before = this.#missing;
    let isRenumbered = !sameEntries(described, this.#described);
    this.#described = described;
    this.#missing = missing;
    for (const [name, entries] of this.#byDevice) {
      const ifindex = state.named(name)?.ifindex;
      const isSame = ifindex === this.#indexes.get(name);
      if (isSame && missing.has(name) === before.has(name)) continue;
      this.#indexes.set(name, ifindex);
      for (const entry of entries) this.#noteEntry(entry);
      isRenumbered = true;
    }
    if (isRenumbered) this.#scan(state, EXTRA_KINDS);
  }

  /** Looks at all objects of some types for what is too much. */
  #scan(state: State, kinds: Iterable<ExtraKind>): void {
    for (const kind of kinds) {
      const extras = this.#extras.get(kind);
      if (extras === undefined) continue;
      extras.found.clear();
      extras.dirty.clear();
      if (kind === "rules") extras.dirty.set(ALL_RULES, undefined);
      else if (kind === "links") {
        for (const link of state.links) extras.dirty.set(link.ifindex, link);
      } else {
        const key = KEYS[kind];
        for (const object of state[kind]) extras.dirty.set(key(object), object);
      }
    }
  }

  #compare(entry: Entry, state: State): void {
    const { desired } = entry;
    const key = desired.key(state);
    if (key !== entry.key) this.#rekey(entry, key);
    // It has to wait for a device that is not there.
    const waits = desired.devices.some((name) => this.#missing.has(name));
    const correction = waits ? undefined : desired.correction(state);
    if (correction === undefined) {
      entry.step = undefined;
      this.#wrong.delete(entry);
      return;
    }
    const { action, reasons, changes } = correction;
    const { object, name, order } = desired;
    const where = this.#desired.name;
    entry.step = {
      action,
      object,
      namespace: where,
      name,
      what: `${action} ${object} ${name}`,
      reasons,
      parts: [{ order, where, changes }],
      // Few are ever undone.
      get undo() {
        return correction.undo;
      },
    };
    this.#wrong.add(entry);
  }

  #rekey(entry: Entry, key: string | number): void {
    const byKey = this.#byKey.get(entry.kind)!;
    if (entry.key !== undefined) byKey.delete(entry.key, entry);
    entry.key = key;
    byKey.add(key, entry);
  }

  #lookForExtras(limit: number): boolean {
    const context: ExtraContext = {
      namespace: this.#desired,
      state: this.#state ?? NOTHING,
      described: this.#described,
    };
    let left = limit;
    for (const [kind, { dirty, found }] of this.#extras) {
      for (const [key, object] of dirty) {
        if (left-- <= 0) return true;
        dirty.delete(key);
        const steps = this.#extraSteps(kind, key, object, context);
        if (steps.length === 0) {
          found.delete(key);
          continue;
        }
        const invalidate = () => void dirty.set(key, object);
        found.set(key, { steps, heldUntil: 0, invalidate });
      }
    }
    return false;
  }

  /** The steps that remove what is of a key and too much. */
  #extraSteps(
    kind: ExtraKind,
    key: string | number,
    object: unknown,
    context: ExtraContext,
  ): Step[] {
    const { state } = context;
    const isWanted = this.#byKey.get(kind)!.get(key).length > 0;
    const step = (() => {
      switch (kind) {
        case "links": {
          const link = state.link(Number(key));
          return link && extraLink(context, link);
        }
        case "addresses": {
          const address = isWanted ? undefined : state.addresses.get(key);
          return address && extraAddress(context, address);
        }
        case "neighbours": {
          const neighbour = isWanted ? undefined : state.neighbours.get(key);
          return neighbour && extraNeighbour(context, neighbour);
        }
        case "nexthops": {
          const nexthop = isWanted ? undefined : state.nexthops.get(key);
          return nexthop && extraNexthop(context, nexthop);
        }
        case "rules":
          return this.#extraRules(context);
        case "routes":
          return this.#extraRoutes(key, object as Route, context);
      }
    })();
    return step === undefined ? [] : Array.isArray(step) ? step : [step];
  }

  /** Of several routes in the same place, the best match is the desired one. */
  #extraRoutes(
    key: string | number,
    like: Route,
    context: ExtraContext,
  ): Step[] {
    const { state } = context;
    const wanted = new Set(
      this.#byKey.get("routes")!.get(key).map(({ desired }) =>
        desired.find(state)
      ),
    );
    const steps: Step[] = [];
    for (const route of state.routes.group(like)) {
      const step = wanted.has(route) ? undefined : extraRoute(context, route);
      if (step !== undefined) steps.push(step);
    }
    return steps;
  }

  #extraRules(context: ExtraContext): Step[] {
    const { state } = context;
    const wanted = new Set(
      this.#rules.map(({ desired }) => desired.find(state)),
    );
    const steps: Step[] = [];
    for (const rule of state.rules) {
      const step = wanted.has(rule) ? undefined : extraRule(context, rule);
      if (step !== undefined) steps.push(step);
    }
    return steps;
  }
}

function sameEntries<K, V>(
  a: ReadonlyMap<K, V>,
  b: ReadonlyMap<K, V>,
): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) if (b.get(key) !== value) return false;
  return true;
}
