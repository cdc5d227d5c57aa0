// Link tracker: the last location of each desired link, so that a renamed or
// moved link is restored, not created again.

import type { DesiredLink, NamespaceName } from "../parse/desired.ts";

/** The location of a link. */
export interface Location {
  readonly namespace: NamespaceName;
  readonly ifindex: number;
  /**
   * Until when it is expected there, in milliseconds of performance.now(): it
   * left another namespace, and no event has reported its arrival.
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

  /** Removes all locations in a deleted namespace. */
  forget(namespace: NamespaceName): void {
    for (const [key, location] of this.#locations) {
      if (location.namespace === namespace) this.#locations.delete(key);
    }
  }
}

function key({ namespace, name }: DesiredLink): string {
  return `${namespace ?? ""}\0${name}`;
}
