// Names of links by ifindex.

import { IFF_UP } from "../../../ffi/uapi/net_if.ts";
import type { Link } from "./link.ts";

// The number of changes in a copy before they are merged into the shared base.
const CHANGES = 64;

/**
 * The links of a namespace, by ifindex.
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
  /** Shared with copies: never modified. */
  #base: ReadonlyMap<number, Link> = new Map();
  /** Changes since the base; undefined for a deleted link. */
  #changes = new Map<number, Link | undefined>();

  /** Starts with the links of a dump. */
  constructor(links: Iterable<Link> = []) {
    for (const link of links) this.set(link);
  }

  /** Adds or updates a link. */
  set(link: Link): void {
    this.#changes.set(link.ifindex, link);
  }

  /** Deletes a link. */
  delete(ifindex: number): void {
    this.#changes.set(ifindex, undefined);
  }

  /** A cheap copy that later changes do not affect. */
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

  /** The link with this ifindex; undefined for none. */
  get(ifindex: number): Link | undefined {
    return this.#changes.get(ifindex) ??
      (this.#changes.has(ifindex) ? undefined : this.#base.get(ifindex));
  }

  /** The name of an ifindex: "if7" if unknown, "*" for 0. */
  name(ifindex: number): string {
    return this.get(ifindex)?.name ??
      (ifindex === 0 ? "*" : `if${ifindex >>> 0}`);
  }

  /** ARPHRD_* of a link, -1 if unknown. */
  type(ifindex: number): number {
    return this.get(ifindex)?.type ?? -1;
  }

  /** Whether a link is known to be down. */
  isDown(ifindex: number): boolean {
    if (ifindex === 0) return true;
    const link = this.get(ifindex);
    return link !== undefined && (link.flags & IFF_UP) === 0;
  }

  /** The ifindex of a name or alternative name. */
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
