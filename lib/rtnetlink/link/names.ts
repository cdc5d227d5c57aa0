// What links are called, for everything that names them by their index.

import { IFF_UP } from "../../../ffi/uapi/net_if.ts";
import type { Link } from "./link.ts";

// How many changes a copy carries along before they become the common base.
const CHANGES = 64;

/**
 * The links of a namespace, by their index.
 *
 * Source: if_indextoname(3).
 *
 * @example
 * ```ts
 * import { LinkNames, RouteSocket } from "@netplumb/netplumb";
 *
 * await using route = RouteSocket.open();
 * const names = new LinkNames(await route.links());
 * for (const { ifindex, address } of await route.addresses()) {
 *   console.log(names.name(ifindex), address);
 * }
 * ```
 */
export class LinkNames {
  /** Shared with copies, so never written to. */
  #base: ReadonlyMap<number, Link> = new Map();
  /** What is different from it; undefined for a link that is gone. */
  #changes = new Map<number, Link | undefined>();

  /** Starts with the links of a dump. */
  constructor(links: Iterable<Link> = []) {
    for (const link of links) this.set(link);
  }

  /** Takes up a link, or what changed of it. */
  set(link: Link): void {
    this.#changes.set(link.ifindex, link);
  }

  /** Forgets a link that is gone. */
  delete(ifindex: number): void {
    this.#changes.set(ifindex, undefined);
  }

  /** The same names, which later changes to these leave alone; takes little. */
  copy(): LinkNames {
    if (this.#changes.size > CHANGES) {
      this.#base = new Map(this.#all());
      this.#changes = new Map();
    }
    const copy = new LinkNames();
    copy.#base = this.#base;
    copy.#changes = new Map(this.#changes);
    return copy;
  }

  /** The link of an index, or undefined. */
  get(ifindex: number): Link | undefined {
    return this.#changes.get(ifindex) ??
      (this.#changes.has(ifindex) ? undefined : this.#base.get(ifindex));
  }

  /** The name for an index: "if7" where it is not known, "*" for 0. */
  name(ifindex: number): string {
    return this.get(ifindex)?.name ??
      (ifindex === 0 ? "*" : `if${ifindex >>> 0}`);
  }

  /** ARPHRD_* of a link, -1 where it is not known. */
  type(ifindex: number): number {
    return this.get(ifindex)?.type ?? -1;
  }

  /** Whether a link is known to be down. */
  isDown(ifindex: number): boolean {
    if (ifindex === 0) return true;
    const link = this.get(ifindex);
    return link !== undefined && (link.flags & IFF_UP) === 0;
  }

  /** The index of a link by its name or another of its names. */
  index(name: string): number | undefined {
    for (const [, link] of this.#all()) {
      if (link.name === name || link.altNames.includes(name)) {
        return link.ifindex;
      }
    }
    return undefined;
  }

  *#all(): Generator<[number, Link]> {
    for (const [ifindex, link] of this.#base) {
      if (!this.#changes.has(ifindex)) yield [ifindex, link];
    }
    for (const [ifindex, link] of this.#changes) {
      if (link !== undefined) yield [ifindex, link];
    }
  }
}
