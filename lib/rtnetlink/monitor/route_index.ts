// Hash table of routes by group. A Map needs a string for every message, and
// its deleted entries keep old routes alive: half of the memory under load.

import type { Route } from "../route.ts";
import { groupHash, isOfGroup } from "./route_group.ts";

/** Initial capacity; always a power of two. */
const INITIAL_CAPACITY = 1024;

/** A hash table with at most one route for each group. */
export class RouteIndex {
  /** By the low bits of the hash: the first slot of a chain, plus one. */
  #first = new Int32Array(INITIAL_CAPACITY);
  /** The next slot of the chain or of the free list, plus one. */
  #next = new Int32Array(INITIAL_CAPACITY);
  #hashes = new Int32Array(INITIAL_CAPACITY);
  #routes = slots(INITIAL_CAPACITY);
  /** The first free slot before #end, plus one. */
  #free = 0;
  #end = 0;
  #size = 0;

  /** The number of routes. */
  get size(): number {
    return this.#size;
  }

  *[Symbol.iterator](): Iterator<Route> {
    for (let slot = 0; slot < this.#end; slot++) {
      const route = this.#routes[slot];
      if (route !== undefined) yield route;
    }
  }

  /** The route of the same group. */
  get(like: Route): Route | undefined {
    const slot = this.#find(like, groupHash(like));
    return slot < 0 ? undefined : this.#routes[slot];
  }

  /** Adds or replaces the route of a group. */
  set(route: Route): void {
    const code = groupHash(route);
    const slot = this.#find(route, code);
    if (slot < 0) this.#add(route, code);
    else this.#routes[slot] = route;
  }

  /** Adds the route of a group that has none. */
  add(route: Route): void {
    this.#add(route, groupHash(route));
  }

  /** Deletes the route of the same group. */
  delete(like: Route): void {
    const code = groupHash(like);
    const slot = this.#find(like, code);
    if (slot < 0) return;
    const next = this.#next;
    const chain = code & (this.#first.length - 1);
    if (this.#first[chain] === slot + 1) this.#first[chain] = next[slot]!;
    else {
      let at = this.#first[chain]! - 1;
      while (next[at] !== slot + 1) at = next[at]! - 1;
      next[at] = next[slot]!;
    }
    this.#routes[slot] = undefined;
    next[slot] = this.#free;
    this.#free = slot + 1;
    this.#size--;
    const capacity = this.#routes.length;
    if (capacity > INITIAL_CAPACITY && this.#size < capacity >> 3) {
      this.#resize(capacity >> 1);
    }
  }

  #find(like: Route, code: number): number {
    let slot = this.#first[code & (this.#first.length - 1)]! - 1;
    while (
      slot >= 0 &&
      (this.#hashes[slot] !== code || !isOfGroup(this.#routes[slot]!, like))
    ) slot = this.#next[slot]! - 1;
    return slot;
  }

  #add(route: Route, code: number): void {
    if (this.#size === this.#routes.length) this.#resize(2 * this.#size);
    let slot = this.#free - 1;
    if (slot < 0) slot = this.#end++;
    else this.#free = this.#next[slot]!;
    this.#put(slot, route, code);
    this.#size++;
  }

  #put(slot: number, route: Route, code: number): void {
    const chain = code & (this.#first.length - 1);
    this.#routes[slot] = route;
    this.#hashes[slot] = code;
    this.#next[slot] = this.#first[chain]!;
    this.#first[chain] = slot + 1;
  }

  #resize(capacity: number): void {
    const routes = this.#routes;
    const hashes = this.#hashes;
    const end = this.#end;
    this.#first = new Int32Array(capacity);
    this.#next = new Int32Array(capacity);
    this.#hashes = new Int32Array(capacity);
    this.#routes = slots(capacity);
    this.#free = 0;
    this.#end = 0;
    for (let slot = 0; slot < end; slot++) {
      const route = routes[slot];
      if (route !== undefined) this.#put(this.#end++, route, hashes[slot]!);
    }
  }
}

function slots(capacity: number): (Route | undefined)[] {
  return new Array<Route | undefined>(capacity).fill(undefined);
}
