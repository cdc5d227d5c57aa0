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
  namespaces: readonly DesiredNamespace[],
  path: Path,
  name: NamespaceName,
): DesiredNamespace | undefined {
  const namespace = namespaces.find((one) => one.name === name);
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
  namespaces: readonly DesiredNamespace[],
  peers: readonly PeerDescription[],
): void {
  for (const end of peers) join(found, namespaces, end);
  const told = new Set(peers.map(({ of }) => of.path));
  for (const { links } of namespaces) {
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

function join(
  found: Findings,
  namespaces: readonly DesiredNamespace[],
  end: PeerDescription,
): void {
  const { path, name } = end;
  const where: NamespaceName = end.netns ?? end.of.from;
  // Another end may have put itself together with it in its place.
  const of = namespaces.flatMap(({ links }) => links)
    .find((link) => link.path === end.of.path) ?? end.of;
  const namespace = namespaceOf(found, namespaces, [...path, "netns"], where);
  if (namespace === undefined) return;
  const { links } = namespace;
  const there = links.find((link) => link.name === name && link !== of);
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
  if (there === undefined) links.push(peer);
  else links[links.indexOf(there)] = peer;
  of.peer = peer;
}
