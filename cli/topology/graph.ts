// The picture as nodes and edges, which every drawn form is made from.

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

/** A line under the name of a node. */
export interface GraphLine {
  readonly role: "address" | "note" | "problem";
  readonly text: string;
}

/** A link, or the place of one that lies outside. */
export interface GraphNode {
  readonly id: string;
  readonly name: string;
  /** What kind of link it is, and its state if it is not up. */
  readonly kind: string;
  /** Undefined for what lies outside. */
  readonly link: TopologyLink | undefined;
  readonly lines: readonly GraphLine[];
}

/** What connects two nodes; "from" is the upper one. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  /** A master and its port, a link and one that stands on it, a veth pair. */
  readonly kind: "port" | "upper" | "pair";
}

/** The nodes by the namespace they are in. */
export interface Graph {
  readonly rooms: readonly {
    readonly id: string;
    readonly label: string;
    readonly nodes: readonly GraphNode[];
  }[];
  /** What lies outside of the picture. */
  readonly outside: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/** Makes the graph. */
export function topologyGraph(
  namespaces: readonly TopologyNamespace[],
  details: boolean,
): Graph {
  const ids = new Map<TopologyLink, string>();
  const rooms = namespaces.map((namespace, index) => ({
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
    if (peer && (!isShown(peer) || leads(link, peer))) {
      connect(link, peer, "pair");
    }
  }
  return { rooms, outside: [...outside.values()], edges };
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

/** Of a pair, the end that belongs to something is drawn above the other. */
function leads(link: TopologyLink, peer: TopologyLink): boolean {
  if (!link.master !== !peer.master) return link.master !== undefined;
  return link.namespace === peer.namespace
    ? link.ifindex < peer.ifindex
    : namespaceLabel(link.namespace) < namespaceLabel(peer.namespace);
}
