// Routes found by what tells groups of them apart. A Map would want a string
// made for every message, and what it leaves behind when routes come and go
// keeps routes alive that are gone: under load that is half of the memory.

import type { Route } from "../route.ts";
import { groupHash, isOfGroup } from "./route_group.ts";

/** Routes there is room for at first; a power of two, as all that follow. */
const LEAST = 1024;

/** Routes, one of each group at most. */
export class RouteIndex {
  /** By the end of the hash: the first place of a chain, plus one. */
  #first = new Int32Array(LEAST);
  /** The next place of the chain, or the next free one, plus one. */
  #next = new Int32Array(LEAST);
  #hashes = new Int32Array(LEAST);
  #routes = places(LEAST);
  /** The first free place before #end, plus one. */
  #free = 0;
  #end = 0;
  #size = 0;

  /** How many there are. */
  get size(): number {
    return this.#size;
  }

  *[Symbol.iterator](): Iterator<Route> {
    for (let place = 0; place < this.#end; place++) {
      const route = this.#routes[place];
      if (route !== undefined) yield route;
    }
  }

  /** The one of a route's group. */
  get(like: Route): Route | undefined {
    const place = this.#find(like, groupHash(like));
    return place < 0 ? undefined : this.#routes[place];
  }

  /** Takes up a route, in the place of the one of its group. */
  set(route: Route): void {
    const code = groupHash(route);
    const place = this.#find(route, code);
    if (place < 0) this.#add(route, code);
    else this.#routes[place] = route;
  }

  /** Takes up a route of a group of which there is none. */
  add(route: Route): void {
    this.#add(route, groupHash(route));
  }

  /** Takes out the one of a route's group, if there is one. */
  delete(like: Route): void {
    const code = groupHash(like);
    const place = this.#find(like, code);
    if (place < 0) return;
    const next = this.#next;
    const chain = code & (this.#first.length - 1);
    if (this.#first[chain] === place + 1) this.#first[chain] = next[place]!;
    else {
      let at = this.#first[chain]! - 1;
      while (next[at] !== place + 1) at = next[at]! - 1;
      next[at] = next[place]!;
    }
    this.#routes[place] = undefined;
    next[place] = this.#free;
    this.#free = place + 1;
    this.#size--;
    const room = this.#routes.length;
    if (room > LEAST && this.#size < room >> 3) this.#resize(room >> 1);
  }

  #find(like: Route, code: number): number {
    let place = this.#first[code & (this.#first.length - 1)]! - 1;
    while (
      place >= 0 &&
      (this.#hashes[place] !== code || !isOfGroup(this.#routes[place]!, like))
    ) place = this.#next[place]! - 1;
    return place;
  }

  #add(route: Route, code: number): void {
    if (this.#size === this.#routes.length) this.#resize(2 * this.#size);
    let place = this.#free - 1;
    if (place < 0) place = this.#end++;
    else this.#free = this.#next[place]!;
    this.#put(place, route, code);
    this.#size++;
  }

  #put(place: number, route: Route, code: number): void {
    const chain = code & (this.#first.length - 1);
    this.#routes[place] = route;
    this.#hashes[place] = code;
    this.#next[place] = this.#first[chain]!;
    this.#first[chain] = place + 1;
  }

  #resize(room: number): void {
    const routes = this.#routes;
    const hashes = this.#hashes;
    const end = this.#end;
    this.#first = new Int32Array(room);
    this.#next = new Int32Array(room);
    this.#hashes = new Int32Array(room);
    this.#routes = places(room);
    this.#free = 0;
    this.#end = 0;
    for (let place = 0; place < end; place++) {
      const route = routes[place];
      if (route !== undefined) this.#put(this.#end++, route, hashes[place]!);
    }
  }
}

function places(room: number): (Route | undefined)[] {
  return new Array<Route | undefined>(room).fill(undefined);
}
