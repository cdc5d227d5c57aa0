// The monitored namespaces behind the ids by which links refer to them.

import { SystemError } from "../../ffi/errno.ts";
import { OWN_NAMESPACE } from "../../lib/netns/namespace.ts";
import type { Link } from "../../lib/rtnetlink/link/link.ts";
import { namespaceIdOf } from "../../lib/rtnetlink/namespace_id.ts";
import { RouteSocket } from "../../lib/rtnetlink/socket.ts";
import { otherOf, PAIRS } from "../../lib/rtnetlink/topology.ts";

/** A namespace with its links, and what its ids stand for. */
export interface Space {
  readonly id: number;
  /** Undefined for this thread's own. */
  readonly name: string | undefined;
  readonly links: Map<number, Link>;
  /** By id; undefined for one that is not monitored. */
  readonly ids: Map<number, Space | undefined>;
}

/** The ids that links of a namespace refer to and that are not known. */
function unknownIds({ links, ids }: Space): Set<number> {
  const unknown = new Set<number>();
  for (const { linkNetnsid } of links.values()) {
    if (linkNetnsid !== undefined && !ids.has(linkNetnsid)) {
      unknown.add(linkNetnsid);
    }
  }
  return unknown;
}

/**
 * Finds out which namespaces the unknown ids stand for.
 *
 * A namespace has to be opened for each pair of namespaces that is compared, so
 * the ends of veth pairs are derived from each other where that is possible: the
 * hub of 100 namespaces takes 100 requests instead of 10,000.
 *
 * @returns The namespaces of which ids became known.
 */
export async function resolveIds(
  spaces: readonly Space[],
  signal: AbortSignal,
): Promise<Set<Space>> {
  const changed = new Set<Space>();
  const mostFirst = spaces
    .map((space) => ({ space, unknown: unknownIds(space).size }))
    .filter(({ unknown }) => unknown > 0)
    .sort((a, b) => b.unknown - a.unknown);
  for (const { space } of mostFirst) {
    if (unknownIds(space).size === 0) continue;
    changed.add(space);
    await readIds(space, spaces, signal);
    for (const other of derive(space)) changed.add(other);
  }
  return changed;
}

async function readIds(
  space: Space,
  spaces: readonly Space[],
  signal: AbortSignal,
): Promise<void> {
  const unknown = unknownIds(space);
  try {
    await using route = RouteSocket.open({ namespace: space.name });
    for (const other of spaces) {
      if (unknown.size === 0) return;
      try {
        const id = await namespaceIdOf(route, other.name ?? OWN_NAMESPACE, {
          signal,
        });
        if (id === undefined) continue;
        space.ids.set(id, other);
        unknown.delete(id);
      } catch (error) {
        // That namespace is gone.
        if (!(error instanceof SystemError)) throw error;
      }
    }
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
  }
  for (const id of unknown) space.ids.set(id, undefined);
}

/** Derives ids of other namespaces from the veth pairs of one. */
function* derive(space: Space): Iterable<Space> {
  for (const link of space.links.values()) {
    if (link.linkNetnsid === undefined || !isPair(link)) continue;
    const other = space.ids.get(link.linkNetnsid);
    const peer = other?.links.get(otherOf(link));
    if (
      other === undefined || peer?.linkNetnsid === undefined ||
      !isPair(peer) || otherOf(peer) !== link.ifindex ||
      other.ids.has(peer.linkNetnsid)
    ) continue;
    other.ids.set(peer.linkNetnsid, space);
    yield other;
  }
}

function isPair({ kind }: Link): boolean {
  return kind !== undefined && PAIRS.has(kind);
}
