// Resolves links that name others: the ends of a pair, and the ports of a master.
// Both sides can be configured.

import { kindNamed } from "../../rtnetlink/kinds/mod.ts";
import type { DesiredNamespace, NamespaceName } from "./desired.ts";
import { pathText } from "./error.ts";
import { type Input, shown } from "./input.ts";
import { bareLink, type LinkDraft, type Peer, type Ports } from "./link.ts";

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
    other = bareLink(path, namespace, name);
    other.kind = kind;
    other.isPeer = true;
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
      other.path,
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

/** Sets the masters of ports; adds ports that are not configured. */
export function joinPorts(
  input: Input,
  links: LinksByName,
  masters: readonly Ports[],
): void {
  for (const { path, of, names } of masters) {
    const siblings = links.get(of.namespace);
    for (const [at, name] of names.entries()) {
      const place = [...path, at];
      let port = siblings?.get(name);
      if (port === undefined) {
        port = bareLink(place, of.namespace, name);
        siblings?.set(name, port);
      }
      if (port === of) input.problem(place, `${name} cannot be its own port`);
      else if (port.master !== undefined && port.master !== of.name) {
        input.problem(
          place,
          `the master of ${name} is ${port.master ?? "none"}, as in ${
            pathText(port.path)
          }`,
          port.path,
        );
      } else port.master = of.name;
    }
  }
}
