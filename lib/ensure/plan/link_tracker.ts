// Link tracker: where each desired link was last seen, so that a link that was
// renamed or moved is restored and not created a second time.

import type { DesiredLink, NamespaceName } from "../parse/desired.ts";

/** The location of a link. */
export interface Location {
  readonly namespace: NamespaceName;
  readonly ifindex: number;
  /**
   * Until when it is expected to appear there, in milliseconds of
   * performance.now(): it left another namespace and no event reported it yet.
   */
  readonly expectedUntil?: number;
}

/** The last location of each desired link. */
export class LinkTracker {
  readonly #locations = new Map<string, Location>();

  /** The last location of a link. */
  get(link: DesiredLink): Location | undefined {
    return this.#locations.get(key(link));
  }

  /** Sets the location of a link. */
  set(link: DesiredLink, location: Location): void {
    this.#locations.set(key(link), location);
  }

  /** Removes all locations in a namespace that is gone. */
  forget(namespace: NamespaceName): void {
    for (const [key, location] of this.#locations) {
      if (location.namespace === namespace) this.#locations.delete(key);
    }
  }
}

function key({ namespace, name }: DesiredLink): string {
  return `${namespace ?? ""}\0${name}`;
}
