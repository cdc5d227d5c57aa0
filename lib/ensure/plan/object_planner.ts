// Object planner: compares addresses, neighbours, nexthop objects, routes and
// rules of a namespace with the state, by key, after events.

import type { AnyObjectEvent } from "../../rtnetlink/monitor/event.ts";
import type { DesiredNamespace, NamespaceName } from "../parse/desired.ts";
import { type Action, differenceText, type Source } from "./action.ts";
import type { DesiredObject } from "./desired_object.ts";
import { desiredObjects } from "./desired_objects.ts";
import type { LinkContext } from "./link_planner.ts";
import type { State } from "./state.ts";
import {
  hasAbsent,
  MANAGED_TYPES,
  type ManagedType,
  type Removal,
  type UnmanagedContext,
} from "./unmanaged.ts";

type Key = string | number;
type TypeName = keyof typeof MANAGED_TYPES;
const TYPE_NAMES = Object.keys(MANAGED_TYPES) as TypeName[];

/** The number of unmanaged objects to inspect. */
interface Budget {
  left: number;
}

/** A desired object. */
interface Entry {
  readonly object: DesiredObject;
  /** Its position in the configuration. */
  readonly position: number;
  cell: Cell | undefined;
}

/** The desired and unmanaged objects of a key, with their actions. */
class Cell implements Source {
  readonly entries: Entry[] = [];
  corrections: readonly Action[] = [];
  removals: readonly Action[] = [];
  heldUntil = 0;
  /** An object with this key, if the state has had one. */
  like: unknown;

  constructor(readonly key: Key, readonly dirty: Map<Key, unknown>) {}

  invalidate(): void {
    this.heldUntil = 0;
    this.dirty.set(this.key, this.like);
  }
}

/** The objects of one type. */
class TypePlanner {
  // deno-lint-ignore no-explicit-any -- each type has objects of its own
  readonly #type: ManagedType<any>;
  readonly #name: TypeName;
  readonly #cells = new Map<Key, Cell>();
  /** Keys to compare, each with an object if the state has had one. */
  readonly #dirty = new Map<Key, unknown>();
  /** The cells with actions. */
  readonly #different = new Set<Cell>();
  readonly #isExclusive: boolean;

  constructor(name: TypeName, namespace: DesiredNamespace) {
    const { exclusive, links } = namespace;
    this.#name = name;
    this.#type = MANAGED_TYPES[name];
    const kind = this.#type.exclusive;
    this.#isExclusive = kind !== undefined &&
      (exclusive.has(kind) || links.some((link) => link.exclusive.has(kind)) ||
        hasAbsent(kind, namespace));
  }

  /** Records an event; returns false if it does not affect the plan. */
  note(object: unknown): boolean {
    const key = this.#type.key(object);
    const cell = this.#cells.get(key);
    if (cell === undefined && !this.#isExclusive) return false;
    this.#dirty.set(key, object);
    if (cell === undefined) return true;
    cell.heldUntil = 0;
    // They may be deleted, and the next comparison may be far away.
    cell.removals = [];
    return true;
  }

  /** Adds a desired object with the key that it has in a state. */
  place(entry: Entry, state: State): void {
    const key = entry.object.key(state);
    if (key !== entry.cell?.key) {
      const { cell: before } = entry;
      if (before !== undefined) {
        before.entries.splice(before.entries.indexOf(entry), 1);
        before.invalidate();
      }
      entry.cell = this.#cell(key);
      entry.cell.entries.push(entry);
    }
    entry.cell.invalidate();
  }

  /** Compares all desired objects again. */
  invalidate(): void {
    for (const cell of this.#cells.values()) cell.invalidate();
  }

  /** Records all objects of a state, to find unmanaged ones. */
  scan(state: State): void {
    if (!this.#isExclusive) return;
    for (const object of this.#type.all(state)) {
      this.#dirty.set(this.#type.key(object), object);
    }
    // Objects that the state does not have any more.
    for (const cell of this.#different) {
      if (!this.#dirty.has(cell.key)) cell.invalidate();
    }
  }

  /** Compares the recorded keys; returns false if the budget is exhausted. */
  update(
    context: UnmanagedContext,
    budget: Budget,
  ): boolean {
    let isComplete = true;
    for (const [key, like] of this.#dirty) {
      const cell = this.#cells.get(key);
      const isDesired = cell !== undefined && cell.entries.length > 0;
      if (!isDesired && budget.left-- <= 0) {
        isComplete = false;
        continue;
      }
      this.#dirty.delete(key);
      this.#compare(key, like, context);
    }
    return isComplete;
  }

  *corrections(): Generator<[Action, Source], void, void> {
    const cells = [...this.#different].filter((cell) =>
      cell.heldUntil === 0 && cell.corrections.length > 0
    ).toSorted((a, b) => a.entries[0]!.position - b.entries[0]!.position);
    for (const cell of cells) {
      for (const action of cell.corrections) yield [action, cell];
    }
  }

  *removals(): Generator<[Action, Source], void, void> {
    for (const cell of this.#different) {
      if (cell.heldUntil !== 0) continue;
      for (const action of cell.removals) yield [action, cell];
    }
  }

  #cell(key: Key): Cell {
    let cell = this.#cells.get(key);
    if (cell === undefined) {
      this.#cells.set(key, cell = new Cell(key, this.#dirty));
    }
    return cell;
  }

  #compare(
    key: Key,
    like: unknown,
    context: UnmanagedContext,
  ): void {
    const { state, namespace: { name: namespace } } = context;
    const cell = this.#cells.get(key);
    const object = like ?? cell?.like;
    const corrections: Action[] = [];
    const removals: Action[] = [];
    for (const { object } of cell?.entries ?? []) {
      // It refers to a link that does not exist yet.
      if (object.devices.some((name) => context.missing.has(name))) continue;
      const action = correctionOf(object, state, namespace);
      if (action !== undefined) corrections.push(action);
    }
    if (this.#isExclusive && object !== undefined) {
      // Some find several.
      const managed = new Set(
        cell?.entries.flatMap(({ object }) => object.find(state)),
      );
      const unmanaged = this.#type.alike(state, object).filter((one) =>
        one !== undefined && !managed.has(one) && !context.gone.has(one.ifindex)
      );
      const found = this.#type.removals?.(unmanaged, context) ??
        unmanaged.flatMap((one) => this.#type.removal(one, context) ?? []);
      for (const one of found) removals.push(this.#removalOf(one, namespace));
    }
    if (corrections.length + removals.length > 0) {
      const cell = this.#cell(key);
      cell.corrections = corrections;
      cell.removals = removals;
      cell.like = object;
      this.#different.add(cell);
    } else if (cell !== undefined) {
      this.#different.delete(cell);
      cell.like = object;
      if (cell.entries.length === 0) this.#cells.delete(key);
    }
  }

  #removalOf({ name, changes }: Removal, namespace: NamespaceName): Action {
    const { order } = this.#type;
    return {
      type: "remove",
      object: this.#name,
      namespace,
      name,
      summary: `delete ${this.#name} ${name}`,
      differences: [],
      reasons: [],
      devices: [],
      parts: [{ order, namespace, changes }],
      undo: () => [],
    };
  }
}

function correctionOf(
  desired: DesiredObject,
  state: State,
  namespace: string | undefined,
): Action | undefined {
  const correction = desired.correction(state);
  if (correction === undefined) return undefined;
  const { action, differences, changes } = correction;
  const { object, name, path, order, devices } = desired;
  return {
    type: action,
    object,
    namespace,
    name,
    summary: `${action} ${object} ${name}`,
    differences,
    reasons: differences.map(differenceText),
    path,
    devices,
    parts: [{ order, namespace, changes }],
    // Evaluated late: rollbacks are uncommon.
    undo: () => correction.undo,
  };
}

/** Plans the objects of a namespace except its links. */
export class ObjectPlanner {
  readonly #desired: DesiredNamespace;
  readonly #types = new Map<TypeName, TypePlanner>();
  readonly #entries: readonly Entry[];
  readonly #byDevice = new Map<string, Entry[]>();
  readonly #indexes = new Map<string, number | undefined>();
  #all = true;
  #context: LinkContext | undefined;

  constructor(desired: DesiredNamespace) {
    this.#desired = desired;
    for (const name of TYPE_NAMES) {
      this.#types.set(name, new TypePlanner(name, desired));
    }
    this.#entries = desiredObjects(desired).map((object, position) => ({
      object,
      position,
      cell: undefined,
    }));
    for (const entry of this.#entries) {
      for (const device of entry.object.devices) {
        const others = this.#byDevice.get(device);
        if (others === undefined) this.#byDevice.set(device, [entry]);
        else others.push(entry);
      }
    }
  }

  /** Compares everything again at the next update. */
  invalidate(): void {
    this.#all = true;
  }

  /**
   * Records an event; the state is already updated.
   *
   * @returns Whether it affects a desired object, or may be about an unmanaged
   *   one.
   */
  note({ object, data, previous }: AnyObjectEvent): boolean {
    const type = this.#types.get(object as TypeName);
    if (type === undefined) return false;
    // An address may have moved from another port of its bridge.
    const hasMoved = object === "fdb" && previous !== undefined &&
      type.note(previous);
    // A multicast entry may be in each VLAN of its port.
    if (object === "vlan") this.#types.get("mdb")!.invalidate();
    return type.note(data) || hasMoved || object === "vlan";
  }

  /** Records that sysctls may have changed. */
  noteSysctls(): void {
    this.#types.get("sysctl")!.invalidate();
  }

  /**
   * Compares the recorded changes.
   *
   * @param limit The number of unmanaged objects to inspect.
   * @returns Whether all were inspected.
   */
  update(
    state: State,
    context: LinkContext,
    isNewContext: boolean,
    limit: number,
  ): boolean {
    if (this.#all || isNewContext) this.#takeContext(state, context);
    this.#all = false;
    this.#context = context;
    const unmanaged = { ...context, namespace: this.#desired, state };
    const budget = { left: limit };
    let isComplete = true;
    for (const type of this.#types.values()) {
      if (!type.update(unmanaged, budget)) isComplete = false;
    }
    return isComplete;
  }

  /** The actions that are due. */
  *actions(): Generator<[Action, Source], void, void> {
    for (
      const name of [
        "address",
        "neighbour",
        "nexthop",
        "route",
        "rule",
        "fdb",
        "vlan",
        "mdb",
        "qdisc",
        "class",
        "sysctl",
      ] as const
    ) yield* this.#types.get(name)!.corrections();
    for (const type of this.#types.values()) yield* type.removals();
  }

  /** Records the effects of added, deleted and renamed links. */
  #takeContext(state: State, context: LinkContext): void {
    const before = this.#context;
    const { described, gone, missing } = context;
    let isRenumbered = this.#all || before === undefined ||
      !sameEntries(described, before.described) ||
      gone.symmetricDifference(before.gone).size > 0;
    for (const [name, entries] of this.#byDevice) {
      const ifindex = state.named(name)?.ifindex;
      const isSame = ifindex === this.#indexes.get(name) &&
        missing.has(name) === before?.missing.has(name);
      if (isSame) continue;
      this.#indexes.set(name, ifindex);
      isRenumbered = true;
      if (!this.#all) {
        for (const entry of entries) this.#place(entry, state);
      }
    }
    if (this.#all) {
      for (const entry of this.#entries) this.#place(entry, state);
    }
    if (!isRenumbered) return;
    for (const type of this.#types.values()) type.scan(state);
  }

  #place(entry: Entry, state: State): void {
    this.#types.get(entry.object.object)!.place(entry, state);
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
