// The topology as nodes and edges, for DOT, Mermaid and SVG.

import type {
  TopologyEnd,
  TopologyLink,
  TopologyNamespace,
} from "../../lib/rtnetlink/topology.ts";
import { printable } from "../output/printable.ts";
import {
  heldBy,
  isShown,
  kindLabel,
  namespaceLabel,
  shownAddresses,
  shownLinks,
  unusualMtu,
} from "./label.ts";

/** A text line of a node. */
export interface GraphLine {
  readonly role: "address" | "note" | "problem";
  readonly text: string;
}

/** A link, or a reference to one in a namespace that is not shown. */
export interface GraphNode {
  readonly id: string;
  readonly name: string;
  /** The kind, and the state if it is not up. */
  readonly kind: string;
  /** Undefined for a link that is not shown. */
  readonly link: TopologyLink | undefined;
  readonly lines: readonly GraphLine[];
}

/** An edge; "from" is drawn above. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  /** Master and port, link and lower link, veth pair. */
  readonly kind: "port" | "upper" | "pair";
}

/** Nodes by namespace, and edges. */
export interface Graph {
  readonly clusters: readonly {
    readonly id: string;
    readonly label: string;
    readonly nodes: readonly GraphNode[];
  }[];
  /** Links in namespaces that are not shown. */
  readonly outside: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/** Builds the graph. */
export function topologyGraph(
  namespaces: readonly TopologyNamespace[],
  details: boolean,
): Graph {
  const ids = new Map<TopologyLink, string>();
  const clusters = shownNamespaces(namespaces, details).map((
    namespace,
    index,
  ) => ({
    id: `ns${index}`,
    label: namespaceLabel(namespace),
    nodes: shownLinks(namespace, details).map((link) => {
      const id = `ns${index}_${link.ifindex}`;
      ids.set(link, id);
      return {
        id,
        name: printable(link.name),
        kind: link.state === "up"
          ? kindLabel(link)
          : `${kindLabel(link)}, ${link.state}`,
        link,
        lines: linesOf(link, details),
      };
    }),
  }));
  const outside = new Map<string, GraphNode>();
  const idOf = (end: TopologyEnd | undefined): string | undefined => {
    if (end === undefined) return undefined;
    if (isShown(end)) return ids.get(end);
    const id = `out${end.nsid}_${end.ifindex}`;
    outside.set(id, {
      id,
      name: `link ${end.ifindex}`,
      kind: "",
      link: undefined,
      lines: [{ role: "note", text: `in namespace id ${end.nsid}` }],
    });
    return id;
  };
  const edges: GraphEdge[] = [];
  const tiers = tiersOf(namespaces);
  const connect = (
    upper: TopologyEnd | undefined,
    lower: TopologyEnd | undefined,
    kind: GraphEdge["kind"],
  ) => {
    const [from, to] = [idOf(upper), idOf(lower)];
    if (from !== undefined && to !== undefined) edges.push({ from, to, kind });
  };
  for (const link of ids.keys()) {
    connect(link.master, link, "port");
    connect(link.lower, link, "upper");
    const { peer } = link;
    if (peer && (!isShown(peer) || isUpper(link, peer, tiers))) {
      connect(link, peer, "pair");
    }
  }
  return { clusters, outside: [...outside.values()], edges };
}

function linesOf(link: TopologyLink, details: boolean): GraphLine[] {
  const { alias, address, problem } = link;
  const note = (text: string | undefined): GraphLine[] =>
    text === undefined ? [] : [{ role: "note", text }];
  return [
    ...shownAddresses(link, details)
      .map((text) => ({ role: "address" as const, text })),
    ...details && address ? note(address) : [],
    ...note(heldBy(link)),
    ...problem ? [] : note(unusualMtu(link)),
    ...note(alias && `“${printable(alias)}”`),
    ...problem ? [{ role: "problem" as const, text: problem }] : [],
  ];
}

/** Without details, no namespaces without links, unless all are without. */
function shownNamespaces(
  namespaces: readonly TopologyNamespace[],
  details: boolean,
): readonly TopologyNamespace[] {
  const shown = namespaces.filter((one) => shownLinks(one, details).length > 0);
  return shown.length === 0 ? namespaces : shown;
}

/**
 * The distance of each namespace from the nearest host, which has links to one
 * other namespace only.
 */
function tiersOf(
  namespaces: readonly TopologyNamespace[],
): ReadonlyMap<TopologyNamespace, number> {
  const neighbours = new Map(namespaces.map((namespace) => {
    const others = namespace.links.flatMap(({ peer }) =>
      isShown(peer) && peer.namespace !== namespace ? [peer.namespace] : []
    );
    return [namespace, new Set(others)];
  }));
  const tiers = new Map<TopologyNamespace, number>();
  let tier = 0;
  let next = namespaces.filter((one) => neighbours.get(one)!.size === 1);
  while (next.length > 0) {
    for (const one of next) tiers.set(one, tier);
    const found = new Set(next.flatMap((one) => [...neighbours.get(one)!]));
    next = [...found].filter((one) => !tiers.has(one));
    tier++;
  }
  return tiers;
}

/**
 * Whether the link is drawn above its peer: the one that is farther from hosts,
 * then a port.
 */
function isUpper(
  link: TopologyLink,
  peer: TopologyLink,
  tiers: ReadonlyMap<TopologyNamespace, number>,
): boolean {
  const [tier, other] = [link, peer].map(({ namespace }) =>
    tiers.get(namespace) ?? 0
  ) as [number, number];
  if (tier !== other) return tier > other;
  if (!link.master !== !peer.master) return link.master !== undefined;
  return link.namespace === peer.namespace
    ? link.ifindex < peer.ifindex
    : namespaceLabel(link.namespace) < namespaceLabel(peer.namespace);
}
