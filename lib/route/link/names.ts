// What links are called, for everything that names them by their index.

import { IFF_UP } from "../../../ffi/layout/net_if.ts";
import type { Link } from "./link.ts";

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
  readonly #links = new Map<number, Link>();

  /** Starts with the links of a dump. */
  constructor(links: Iterable<Link> = []) {
    for (const link of links) this.set(link);
  }

  /** Takes up a link, or what changed of it. */
  set(link: Link): void {
    this.#links.set(link.ifindex, link);
  }

  /** Forgets a link that is gone. */
  delete(ifindex: number): void {
    this.#links.delete(ifindex);
  }

  /** The link of an index, or undefined. */
  get(ifindex: number): Link | undefined {
    return this.#links.get(ifindex);
  }

  /** The name for an index: "if7" where it is not known, "*" for 0. */
  name(ifindex: number): string {
    return this.#links.get(ifindex)?.name ??
      (ifindex === 0 ? "*" : `if${ifindex >>> 0}`);
  }

  /** ARPHRD_* of a link, -1 where it is not known. */
  type(ifindex: number): number {
    return this.#links.get(ifindex)?.type ?? -1;
  }

  /** Whether a link is known to be down. */
  isDown(ifindex: number): boolean {
    if (ifindex === 0) return true;
    const link = this.#links.get(ifindex);
    return link !== undefined && (link.flags & IFF_UP) === 0;
  }

  /** The index of a link by its name or another of its names. */
  index(name: string): number | undefined {
    for (const link of this.#links.values()) {
      if (link.name === name || link.altNames.includes(name)) {
        return link.ifindex;
      }
    }
  }
}
