// Where the described links are: under their names, or where they were seen
// going, so that one that was renamed or moved is brought back and not made a
// second time.

import type { Link } from "../link/link.ts";
import type { DesiredLink, DesiredNetwork, NamespaceName } from "./desired.ts";
import { kernelName } from "../../rtnetlink/kinds/kind.ts";
import { kindNamed } from "../../rtnetlink/kinds/mod.ts";
import { reasonsToRemake } from "./link_differences.ts";
import { NOTHING, type State } from "./state.ts";

/** Where a link is. */
export interface Place {
  readonly namespace: NamespaceName;
  readonly ifindex: number;
}

/** What is known of the namespaces at one moment. */
export interface View {
  /** What there is in one; undefined if it is not there itself. */
  state(namespace: NamespaceName): State | undefined;
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

  /** All places. */
  get places(): Iterable<Place> {
    return this.#places.values();
  }

  /** Notes where a described link is. */
  saw(desired: DesiredLink, place: Place): void {
    this.#places.set(keyOf(desired), place);
  }

  /** Notes that a link has gone from one place to another. */
  moved(from: Place, to: Place): void {
    for (const [key, { namespace, ifindex }] of this.#places) {
      if (namespace === from.namespace && ifindex === from.ifindex) {
        this.#places.set(key, to);
      }
    }
  }

  /** Forgets a namespace that is gone: in another, the numbers are others. */
  forget(namespace: NamespaceName): void {
    for (const [key, place] of this.#places) {
      if (place.namespace === namespace) this.#places.delete(key);
    }
  }

  /** Where a described link was last seen. */
  lastSeen(desired: DesiredLink): Place | undefined {
    return this.#places.get(keyOf(desired));
  }
}

function keyOf({ namespace, name }: DesiredLink): string {
  return `${namespace ?? ""}\0${name}`;
}

/** What of a network is there. */
export interface Survey {
  readonly found: ReadonlyMap<DesiredLink, Located>;
  /** Links in the way of a described one, and why. */
  readonly inTheWay: ReadonlyMap<
    DesiredLink,
    Located & { readonly reasons: readonly string[] }
  >;
}

/** Finds the links of a description. */
export async function survey(
  { namespaces }: DesiredNetwork,
  view: View,
  whereabouts: Whereabouts,
): Promise<Survey> {
  const links = namespaces.flatMap(({ links }) => links);
  const names = new Map(
    namespaces.map(({ name, links }) =>
      [name, new Set(links.map(({ name }) => name))] as const
    ),
  );
  /** Whether a link is one that another description means. */
  const isTaken = ({ link, namespace }: Located) =>
    names.get(namespace)?.has(link.name) ?? false;
  const found = new Map<DesiredLink, Located>();
  for (const desired of links) {
    const located = atHome(desired, view) ??
      free(lastSeen(desired, view, whereabouts), isTaken) ??
      free(await otherEndOfPeer(desired, view), isTaken);
    if (located !== undefined) found.set(desired, located);
  }
  const inTheWay = new Map<
    DesiredLink,
    Located & { readonly reasons: readonly string[] }
  >();
  const drop = (desired: DesiredLink, reasons: readonly string[]) => {
    const located = found.get(desired);
    if (located === undefined) return;
    found.delete(desired);
    inTheWay.set(desired, { ...located, reasons });
  };
  for (const desired of links) {
    const located = found.get(desired);
    if (located === undefined) continue;
    const home = view.state(located.namespace) ?? NOTHING;
    const from = view.state(desired.from) ?? NOTHING;
    const reasons = reasonsToRemake(located.link, desired, home, from);
    if (reasons.length > 0) drop(desired, reasons);
  }
  for (const desired of links) dropHalfPairs(desired, found, drop);
  dropWithLower(links, found);
  return { found, inTheWay };
}

function atHome(
  { namespace, name }: DesiredLink,
  view: View,
): Located | undefined {
  const link = view.state(namespace)?.named(name);
  return link && { link, namespace };
}

function free(
  located: Located | undefined,
  isTaken: (located: Located) => boolean,
): Located | undefined {
  return located && !isTaken(located) ? located : undefined;
}

function lastSeen(
  desired: DesiredLink,
  view: View,
  whereabouts: Whereabouts,
): Located | undefined {
  const place = whereabouts.lastSeen(desired);
  const link = place && view.state(place.namespace)?.link(place.ifindex);
  const { kind } = desired;
  return link &&
      (kind === undefined || link.kind === kernelName(kindNamed(kind)))
    ? { link, namespace: place.namespace }
    : undefined;
}

/** The end of a pair whose other end is where it should be. */
async function otherEndOfPeer(
  { peer }: DesiredLink,
  view: View,
): Promise<Located | undefined> {
  const there = peer && atHome(peer, view)?.link;
  if (there?.kind !== "veth" || !there.link) return undefined;
  const { linkNetnsid } = there;
  const where = linkNetnsid === undefined
    ? { name: peer!.namespace }
    : await view.byId(peer!.namespace, linkNetnsid);
  const link = where && view.state(where.name)?.link(there.link);
  return link?.kind === "veth" && link.link === there.ifindex
    ? { link, namespace: where!.name }
    : undefined;
}

/** Of a pair that is not one, both ends are made again. */
function dropHalfPairs(
  desired: DesiredLink,
  found: ReadonlyMap<DesiredLink, Located>,
  drop: (desired: DesiredLink, reasons: readonly string[]) => void,
): void {
  const { peer } = desired;
  if (peer === undefined) return;
  const here = found.get(desired)?.link;
  const there = found.get(peer)?.link;
  if (
    here !== undefined && there?.link === here.ifindex &&
    here.link === there.ifindex
  ) return;
  drop(desired, [`its other end is not ${peer.name}`]);
  drop(peer, [`its other end is not ${desired.name}`]);
}

/** What stands on a link that is made again goes with the old one. */
function dropWithLower(
  links: readonly DesiredLink[],
  found: Map<DesiredLink, Located>,
): void {
  for (let dropped = true; dropped;) {
    dropped = false;
    for (const desired of links) {
      if (desired.link === undefined || !found.has(desired)) continue;
      const lower = links.find(({ namespace, name }) =>
        namespace === desired.from && name === desired.link
      );
      if (lower === undefined || found.has(lower)) continue;
      found.delete(desired);
      dropped = true;
    }
  }
}
