// Resolves pairs of links: one end names the other, and both can be configured.

import { kindNamed } from "../../rtnetlink/kinds/mod.ts";
import type { DesiredNamespace, NamespaceName } from "./desired.ts";
import { pathText } from "./error.ts";
import { type Input, shown } from "./input.ts";
import type { LinkDraft, Peer } from "./link.ts";

/** The links of each namespace by name; duplicates are problems already. */
export type LinksByName = ReadonlyMap<NamespaceName, Map<string, LinkDraft>>;

/** Connects the ends of all pairs; adds the peers that are not configured. */
export function joinPeers(
  input: Input,
  links: LinksByName,
  peers: readonly Peer[],
): void {
  for (const peer of peers) join(input, links, peer);
  const named = new Set(peers.map(({ of }) => of));
  for (const namespace of links.values()) {
    for (const link of namespace.values()) {
      const { kind } = link;
      const isPair = kind !== undefined && kindNamed(kind).pair;
      if (!isPair || link.peer || named.has(link)) continue;
      input.problem(
        link.path,
        `a ${kind} needs its other end: options.peer, of this link or of the ` +
          "other",
      );
    }
  }
}

function join(input: Input, links: LinksByName, peer: Peer): void {
  const { path, of, name, settings } = peer;
  const namespace = peer.netns ?? of.from;
  const siblings = namespaceOf(input, links, [...path, "netns"], namespace);
  if (siblings === undefined) return;
  let other = siblings.get(name);
  if (of === other) {
    input.problem(path, `link ${name} cannot be its own other end`);
    return;
  }
  if (of.peer !== undefined || other?.peer !== undefined) {
    // Both ends may name each other.
    if (of.peer === other && other?.peer === of) return;
    const paired = other?.peer === undefined ? of : other;
    input.problem(path, `link ${paired.name} already has another end`);
    return;
  }
  const { kind } = of;
  if (other !== undefined && (other.kind ?? kind) !== kind) {
    input.problem(path, `link ${name} is configured as a ${other.kind}`);
    return;
  }
  if (other === undefined) {
    other = {
      path,
      namespace,
      from: namespace,
      name,
      kind,
      link: undefined,
      settings: {},
      master: undefined,
      options: {},
      port: undefined,
      altnames: [],
      addresses: [],
      qdiscs: [],
      classes: [],
      sysctls: [],
      exclusive: new Set(),
      peer: undefined,
      isPeer: true,
    };
    siblings.set(name, other);
  }
  const here = { ...settings, master: peer.master };
  const there = { ...other.settings, master: other.master };
  for (const [key, value] of Object.entries(here)) {
    const configured = there[key as keyof typeof there];
    if (value === undefined || configured === undefined) continue;
    if (value === configured) continue;
    input.problem(
      [...path, key],
      `${shown(value)} is not ${shown(configured)}, as in ${
        pathText(other.path)
      }`,
    );
  }
  other.kind = kind;
  other.settings = { ...settings, ...other.settings };
  if (other.master === undefined) other.master = peer.master;
  other.peer = of;
  other.isPeer = true;
  of.peer = other;
}

/** The links of a namespace, which must be configured. */
export function namespaceOf(
  input: Input,
  links: LinksByName,
  path: DesiredNamespace["links"][number]["path"],
  name: NamespaceName,
): Map<string, LinkDraft> | undefined {
  const namespace = links.get(name);
  if (namespace === undefined) {
    input.problem(path, `${JSON.stringify(name)} is no configured namespace`);
  }
  return namespace;
}
