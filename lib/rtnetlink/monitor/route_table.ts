// Cached routes. Several routes can have the same destination; the message says
// where the kernel inserted a new one, differently for IPv4 and IPv6.

import {
  NLM_F_APPEND,
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLM_F_REPLACE,
} from "../../../ffi/uapi/linux_netlink.ts";
import { RTN_UNICAST } from "../../../ffi/uapi/linux_rtnetlink.ts";
import type { Route } from "../route.ts";
import { differences, same, sameFields } from "./differences.ts";
import {
  addNexthops,
  differsBeyondNexthops,
  removeNexthop,
  sameNexthop,
  sameNexthopSet,
} from "./multipath.ts";
import { groupKey, isLearned } from "./route_group.ts";
import { USER_HZ } from "../user_hz.ts";
import { RouteIndex } from "./route_index.ts";
import { PART, type Parts, type Sink, type Table } from "./table.ts";

/**
 * Routes with the same destination, type of service, metric and table, in
 * order.
 */
type Group = readonly Route[];

const NONE: Group = [];

/** The last message about a group during a dump. */
interface Touch {
  readonly route: Route;
  readonly gone: boolean;
}

/** Fields of a route's state, not of its identity. */
const STATE: ReadonlySet<string> = new Set(["flags", "cache", "nexthops"]);
const TIMES: ReadonlySet<string> = new Set(["cache"]);

/** When routes that expire were received, by performance.now(). */
const received = new WeakMap<Route, number>();

/** When a route expires, in seconds of performance.now(). */
function expiry(route: Route): number {
  const { expires = 0 } = route.cache ?? {};
  if (expires === 0) return Infinity;
  let at = received.get(route);
  if (at === undefined) received.set(route, at = performance.now());
  return at / 1000 + expires / USER_HZ;
}

/** Seconds by which two readings of a time may differ without a change. */
const TOLERANCE = 2;

/** The fields in which two routes differ, apart from times that pass. */
function routeDifferences(route: Route, previous: Route): string[] {
  const fields = differences(route, previous, TIMES);
  if (route.cache === undefined && previous.cache === undefined) return fields;
  if (route.cache === previous.cache) {
    received.set(route, received.get(previous) ?? performance.now());
    return fields;
  }
  const [now, before] = [expiry(route), expiry(previous)];
  if (now !== before && !(Math.abs(now - before) <= TOLERANCE)) {
    fields.push("cache");
  }
  return fields;
}

/** Whether two routes of a group are the same, regardless of their state. */
function isSame(a: Route, b: Route): boolean {
  return a.type === b.type && a.ifindex === b.ifindex &&
    a.gateway === b.gateway && a.protocol === b.protocol &&
    a.preferredSource === b.preferredSource && a.scope === b.scope &&
    sameFields(a, b, STATE) && sameNexthops(a, b);
}

function sameNexthops(a: Route, b: Route): boolean {
  const [left, right] = [a.nexthops, b.nexthops];
  if (left === undefined || right === undefined) return left === right;
  return left.length === right.length &&
    left.every((hop, i) => sameNexthop(hop, right[i]!));
}

/**
 * Whether the kernel combines it with others of its group to a multipath route.
 */
function joins(route: Route): boolean {
  return route.family === "inet6" && route.type === RTN_UNICAST &&
    route.nexthopId === undefined && !isLearned(route) &&
    (route.gateway !== undefined || route.nexthops !== undefined);
}

/**
 * Whether a dumped route is the cached one after a change, and not another
 * route.
 */
function isSuccessor(found: Route, known: Route): boolean {
  return isSame(found, known) || (joins(found) && joins(known)) ||
    (isLearned(found) && found.protocol === known.protocol &&
      found.ifindex === known.ifindex && found.gateway === known.gateway) ||
    (found.nexthopId !== undefined && found.nexthopId === known.nexthopId);
}

/** The cached routes of a namespace. */
export class RouteTable implements Table<Route> {
  // Almost all groups have one route: a key and an array for each cost memory.
  readonly #only = new RouteIndex();
  /** Groups of several routes, by key. */
  readonly #groups = new Map<string, Group>();
  #size = 0;
  #touched: Map<string, Touch> | undefined;
  /**
   * Whether a message was ambiguous, so that routes have to be dumped again.
   * The caller that dumps them clears it.
   */
  needsDump = false;
  /** IPv6 multipath routes whose nexthops differ in other attributes. */
  readonly #mixed = new Set<string>();

  /** A table with the routes of a dump, without events. */
  static of(routes: Iterable<Route>): RouteTable {
    const table = new RouteTable();
    const groups = new Map<string, Route[]>();
    for (const route of routes) {
      const first = table.#only.get(route);
      if (first === undefined) {
        table.#only.add(route);
        table.#size++;
        continue;
      }
      const key = groupKey(route);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [first, route]);
      else group.push(route);
    }
    for (const group of groups.values()) table.#store(group[0]!, group);
    return table;
  }

  get size(): number {
    return this.#size;
  }

  *[Symbol.iterator](): Iterator<Route> {
    yield* this.#only;
    for (const group of this.#groups.values()) yield* group;
  }

  /** The routes in the group of a route, in order. */
  group(like: Route): readonly Route[] {
    return this.#group(like);
  }

  put(route: Route, flags: number, sink: Sink<Route>): void {
    if (route.cache !== undefined) expiry(route);
    this.#touched?.set(groupKey(route), { route, gone: false });
    const group = this.#group(route);
    if (group.length > 0 && (isLearned(route) || group.some(isLearned))) {
      this.needsDump = true;
    }
    if (group.length === 0) {
      this.#only.add(route);
      this.#size++;
      sink.added(route);
    } else if (joins(route)) {
      this.#joinIPv6(group, route, flags, sink);
    } else {
      this.#put(group, route, flags, sink);
    }
  }

  remove(route: Route, sink: Sink<Route>): void {
    this.#touched?.set(groupKey(route), { route, gone: true });
    const only = this.#only.get(route);
    if (only !== undefined && !joins(route) && isSuccessor(route, only)) {
      // The most common case by far, without an array.
      this.#only.delete(route);
      this.#size--;
      if (this.#mixed.size > 0) this.#mixed.delete(groupKey(route));
      return sink.removed(only, only);
    }
    const group = only === undefined ? this.#group(route) : [only];
    if (group.length === 0) return;
    if (joins(route)) {
      const at = group.findIndex(joins);
      const left = at < 0 ? undefined : removeNexthop(group[at]!, route);
      if (left !== undefined) {
        if (this.#mixed.has(groupKey(route))) this.needsDump = true;
        return this.#update(group, at, left, sink);
      }
      if (at >= 0 && this.#isWhole(group[at]!, route)) {
        return this.#take(group, at, route, sink);
      }
    } else {
      const at = group.findIndex((one) => isSuccessor(route, one));
      if (at >= 0) return this.#take(group, at, route, sink);
    }
    this.needsDump = true;
  }

  begin(): void {
    this.#touched = new Map();
  }

  *settle(found: Iterable<Route>, sink: Sink<Route>): Parts<boolean> {
    const touched = this.#touched ??= new Map<string, Touch>();
    const groups = new Map<string, Route | Route[]>();
    let count = 0;
    for (const route of found) {
      if (++count % PART === 0) yield;
      if (route.cache !== undefined) expiry(route);
      const key = groupKey(route);
      const others = groups.get(key);
      if (others === undefined) groups.set(key, route);
      else if (Array.isArray(others)) others.push(route);
      else groups.set(key, [others, route]);
    }
    let certain = true;
    const before = [...this.#only];
    for (const [first] of this.#groups.values()) before.push(first!);
    for (const one of before) {
      if (++count % PART === 0) yield;
      const key = groupKey(one);
      if (groups.has(key)) continue;
      const touch = touched.get(key);
      if (touch === undefined) this.#replace(one, [], sink);
      else if (!isLast(touch, this.#group(one), [])) certain = false;
    }
    for (const [key, there] of groups) {
      if (++count % PART === 0) yield;
      const touch = touched.get(key);
      const first = Array.isArray(there) ? there[0]! : there;
      const only = this.#only.get(first);
      if (touch === undefined && only !== undefined && first === there) {
        // The most common case by far, without an array.
        this.#settleOnly(only, first, sink);
        continue;
      }
      const group = Array.isArray(there) ? there : [there];
      if (touch === undefined) this.#replace(first, group, sink);
      else if (!isLast(touch, this.#group(first), group)) certain = false;
    }
    this.#touched = undefined;
    return certain;
  }

  /** The cached group of a route. */
  #group(like: Route): Group {
    const only = this.#only.get(like);
    if (only !== undefined) return [only];
    return this.#groups.size === 0
      ? NONE
      : this.#groups.get(groupKey(like)) ?? NONE;
  }

  /** Replaces a group; it may be empty. */
  #store(like: Route, group: Group): void {
    this.#size += group.length - this.#group(like).length;
    const key = groupKey(like);
    if (group.length === 1) {
      this.#only.set(group[0]!);
      this.#groups.delete(key);
    } else {
      this.#only.delete(like);
      if (group.length === 0) {
        this.#groups.delete(key);
        this.#mixed.delete(key);
      } else this.#groups.set(key, group);
    }
  }

  /** Adds a route that is not combined: IPv4, and IPv6 without a gateway. */
  #put(
    group: Group,
    route: Route,
    flags: number,
    sink: Sink<Route>,
  ): void {
    const at = group.findIndex((one) => isSame(one, route));
    if (at >= 0) return this.#update(group, at, route, sink);
    if (flags & NLM_F_REPLACE) {
      // Replaces the first route; of IPv6, the first that is not multipath.
      const sort = group.findIndex((one) => !joins(one));
      const first = route.family === "inet6" && sort >= 0 ? sort : 0;
      return this.#update(group, first, route, sink);
    }
    if (flags & NLM_F_EXCL && flags & NLM_F_CREATE) {
      // The group was empty: its cached routes were deleted without a
      // notification.
      this.#replace(route, [route], sink);
      return;
    }
    // IPv4 inserts a route before the others unless it is appended.
    const last = route.family !== "inet" || (flags & NLM_F_APPEND) !== 0;
    this.#store(route, last ? [...group, route] : [route, ...group]);
    sink.added(route);
  }

  /**
   * Adds an IPv6 route with gateways: those of a group form one multipath
   * route.
   */
  #joinIPv6(
    group: Group,
    route: Route,
    flags: number,
    sink: Sink<Route>,
  ): void {
    const at = group.findIndex(joins);
    if (at >= 0) {
      const replaces = (flags & NLM_F_REPLACE) !== 0;
      if (!replaces && differsBeyondNexthops(group[at]!, route)) {
        this.#mixed.add(groupKey(route));
      }
      const next = replaces ? route : addNexthops(group[at]!, route);
      return this.#update(group, at, next, sink);
    }
    if (flags & NLM_F_REPLACE) {
      return this.#update(group, 0, route, sink);
    }
    if (flags & NLM_F_EXCL) return this.#replace(route, [route], sink);
    this.#store(route, [...group, route]);
    sink.added(route);
  }

  #isWhole(known: Route, gone: Route): boolean {
    return gone.nexthops !== undefined ||
      (known.nexthops === undefined && known.gateway === gone.gateway &&
        known.ifindex === gone.ifindex);
  }

  /** Replaces a cached route. */
  #update(
    group: Group,
    at: number,
    route: Route,
    sink: Sink<Route>,
  ): void {
    const previous = group[at]!;
    const fields = routeDifferences(route, previous);
    this.#store(route, group.with(at, route));
    if (fields.length > 0) sink.changed(route, previous, fields);
  }

  #take(
    group: Group,
    at: number,
    route: Route,
    sink: Sink<Route>,
  ): void {
    this.#store(route, group.toSpliced(at, 1));
    sink.removed(group[at]!, group[at]!);
  }

  #settleOnly(only: Route, there: Route, sink: Sink<Route>): void {
    const fields = routeDifferences(there, only);
    if (fields.length === 0) return;
    if (isSuccessor(there, only)) {
      this.#only.set(there);
      sink.changed(there, only, fields);
    } else this.#replace(there, [there], sink);
  }

  /** Replaces a group with the dumped one and emits the differences. */
  #replace(like: Route, group: Group, sink: Sink<Route>): void {
    const known = this.#group(like);
    const rest = [...known];
    const events: Array<() => void> = [];
    for (const route of group) {
      const at = rest.findIndex((one) => isSuccessor(route, one));
      if (at < 0) {
        events.push(() => sink.added(route));
        continue;
      }
      const previous = rest.splice(at, 1)[0]!;
      const fields = routeDifferences(route, previous);
      if (fields.length > 0) {
        events.push(() => sink.changed(route, previous, fields));
      }
    }
    this.#store(like, group);
    for (const route of rest) sink.removed(route, route);
    for (const emit of events) emit();
  }
}

/**
 * Whether the cached group is right although the dump differs: only if the last
 * message alone determines the state.
 */
function isLast(touch: Touch, known: Group, found: Group): boolean {
  if (found.length > 1) return sameGroup(known, found);
  if (touch.gone) {
    return known.length === 0
      ? found.length === 0 || isSame(touch.route, found[0]!)
      : sameGroup(known, found);
  }
  return (known.length === 1 && sameNexthopSet(touch.route, known[0]!)) ||
    sameGroup(known, found);
}

function sameGroup(known: Group, found: Group): boolean {
  return known.length === found.length &&
    known.every((one, i) => same(one, found[i]));
}
