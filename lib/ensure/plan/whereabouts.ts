// Where the described links are: under their names, or where they were seen
// going, so that one that was renamed or moved is brought back and not made a
// second time.

import type { Link } from "../../rtnetlink/link/link.ts";
import type { DesiredLink, NamespaceName } from "../parse/desired.ts";
import type { State } from "./state.ts";

/** Where a link is. */
export interface Place {
  readonly namespace: NamespaceName;
  readonly ifindex: number;
}

/** What is known of the namespaces at one moment. */
export interface View {
  /** What there is in one; undefined if it is not there itself. */
  state(namespace: NamespaceName): State | undefined;
  /**
   * When all events of earlier changes were in the state, in milliseconds of
   * performance.now(); Infinity where the state was read.
   */
  currentAt(namespace: NamespaceName): number;
  /** What stands for a namespace where one is asked for. */
  pathOf(namespace: NamespaceName): string;
  /** The namespace that another one knows by an id, if it is one of these. */
  byId(
    namespace: NamespaceName,
    nsid: number,
  ): Promise<{ readonly name: NamespaceName } | undefined>;
}

/** A described link and the one that is it. */
export interface Located {
  readonly link: Link;
  /** Where it is now. */
  readonly namespace: NamespaceName;
}

/** Where each link was when it was last seen. */
export class Whereabouts {
  readonly #places = new Map<string, Place>();
  /** The links at each place: several where names are taken from each other. */
  readonly #keys = new Map<string, Set<string>>();

  /** All places. */
  get places(): Iterable<Place> {
    return this.#places.values();
  }

  /** Whether a described link was last seen at a place. */
  has(place: Place): boolean {
    return this.#keys.has(placeKey(place));
  }

  /** Notes where a described link is. */
  saw(desired: DesiredLink, place: Place): void {
    this.#put(keyOf(desired), place);
  }

  /** Notes that a link has gone from one place to another. */
  moved(from: Place, to: Place): void {
    for (const key of [...this.#keys.get(placeKey(from)) ?? []]) {
      this.#put(key, to);
    }
  }

  /** Forgets a namespace that is gone: in another, the numbers are others. */
  forget(namespace: NamespaceName): void {
    for (const [key, place] of this.#places) {
      if (place.namespace === namespace) this.#remove(key, place);
    }
  }

  /** Where a described link was last seen. */
  lastSeen(desired: DesiredLink): Place | undefined {
    return this.#places.get(keyOf(desired));
  }

  #put(key: string, place: Place): void {
    const known = this.#places.get(key);
    if (known !== undefined) {
      const { namespace, ifindex } = known;
      if (namespace === place.namespace && ifindex === place.ifindex) return;
      this.#remove(key, known);
    }
    this.#places.set(key, place);
    const at = placeKey(place);
    const keys = this.#keys.get(at);
    if (keys === undefined) this.#keys.set(at, new Set([key]));
    else keys.add(key);
  }

  #remove(key: string, place: Place): void {
    this.#places.delete(key);
    const at = placeKey(place);
    const keys = this.#keys.get(at);
    keys?.delete(key);
    if (keys?.size === 0) this.#keys.delete(at);
  }
}

function keyOf({ namespace, name }: DesiredLink): string {
  return `${namespace ?? ""}\0${name}`;
}

function placeKey({ namespace, ifindex }: Place): string {
  return `${namespace ?? ""}\0${ifindex}`;
}
