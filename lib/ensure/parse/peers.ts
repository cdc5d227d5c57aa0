// Both ends of a veth pair: one of them says which the other is, and either may
// be described further.

import type {
  DesiredLink,
  DesiredNamespace,
  NamespaceName,
} from "./desired.ts";
import type { PeerDescription } from "./parse_link.ts";
import type { Path } from "./problem.ts";
import type { Findings } from "./reading.ts";

/** The namespace of a name, which must be described. */
export function namespaceOf(
  found: Findings,
  namespaces: ReadonlyMap<NamespaceName, DesiredNamespace>,
  path: Path,
  name: NamespaceName,
): DesiredNamespace | undefined {
  const namespace = namespaces.get(name);
  if (namespace === undefined) {
    found.add(
      path,
      `${JSON.stringify(name)} is not among the namespaces described`,
    );
  }
  return namespace;
}

/** Joins the ends; notes those that cannot be joined. */
export function joinPeers(
  found: Findings,
  namespaces: ReadonlyMap<NamespaceName, DesiredNamespace>,
  peers: readonly PeerDescription[],
): void {
  const links = new LinkTable(namespaces.values());
  for (const end of peers) join(found, namespaces, links, end);
  const told = new Set(peers.map(({ of }) => of.path));
  for (const { links } of namespaces.values()) {
    for (const link of links) {
      if (link.kind !== "veth" || link.peer !== undefined) continue;
      if (told.has(link.path)) continue;
      found.add(
        link.path,
        "a veth has another end: name it in options.peer, here or there",
      );
    }
  }
}

/** The links of all namespaces, found by their path and by their name. */
class LinkTable {
  readonly #byPath = new Map<Path, DesiredLink>();
  readonly #byName = new Map<DesiredNamespace, Map<string, number[]>>();

  constructor(namespaces: Iterable<DesiredNamespace>) {
    for (const namespace of namespaces) {
      const positions = new Map<string, number[]>();
      this.#byName.set(namespace, positions);
      for (const [at, link] of namespace.links.entries()) {
        this.#byPath.set(link.path, link);
        note(positions, link.name, at);
      }
    }
  }

  /** The link that stands at a path now. */
  at(path: Path): DesiredLink | undefined {
    return this.#byPath.get(path);
  }

  /** The first link of a name that is not `other`, and its position. */
  named(
    namespace: DesiredNamespace,
    name: string,
    other: DesiredLink,
  ): { readonly link: DesiredLink; readonly at: number } | undefined {
    for (const at of this.#byName.get(namespace)?.get(name) ?? []) {
      const link = namespace.links[at]!;
      if (link !== other) return { link, at };
    }
    return undefined;
  }

  /** Puts a link at a position, or behind all others. */
  put(namespace: DesiredNamespace, link: DesiredLink, at?: number): void {
    const { links } = namespace;
    this.#byPath.set(link.path, link);
    if (at !== undefined) {
      links[at] = link;
      return;
    }
    note(this.#byName.get(namespace)!, link.name, links.length);
    links.push(link);
  }
}

function note(
  positions: Map<string, number[]>,
  name: string,
  at: number,
): void {
  const same = positions.get(name);
  if (same === undefined) positions.set(name, [at]);
  else same.push(at);
}

function join(
  found: Findings,
  namespaces: ReadonlyMap<NamespaceName, DesiredNamespace>,
  links: LinkTable,
  end: PeerDescription,
): void {
  const { path, name } = end;
  const where: NamespaceName = end.netns ?? end.of.from;
  // An earlier pair may have replaced it.
  const of = links.at(end.of.path) ?? end.of;
  const namespace = namespaceOf(found, namespaces, [...path, "netns"], where);
  if (namespace === undefined) return;
  const known = links.named(namespace, name, of);
  const there = known?.link;
  if (of.name === name && of.namespace === where) {
    found.add(path, `link ${name} cannot be its own other end`);
    return;
  }
  if (of.peer !== undefined || there?.peer !== undefined) {
    // Said at both ends: right if both mean the same pair.
    if (of.peer === there && there?.peer === of) return;
    const paired = there?.peer === undefined ? of : there;
    found.add(path, `link ${paired.name} already has another end`);
    return;
  }
  if (there !== undefined && (there.kind ?? "veth") !== "veth") {
    found.add(path, `link ${name} is described as a ${there.kind}`);
    return;
  }
  const peer: DesiredLink = {
    path,
    namespace: where,
    from: where,
    link: undefined,
    options: {},
    port: undefined,
    altnames: [],
    addresses: [],
    exclusive: new Set(),
    ...there,
    name,
    kind: "veth",
    settings: { ...end.settings, ...there?.settings },
    master: there?.master === undefined ? end.master : there.master,
    peer: of,
    isPeer: true,
  };
  links.put(namespace, peer, known?.at);
  of.peer = peer;
}
