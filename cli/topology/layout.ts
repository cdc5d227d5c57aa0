// The layout of the SVG: texts are measured here, positions come from ELK.

import elk, {
  type ElkExtendedEdge,
  type ElkNode,
} from "elkjs/lib/elk.bundled.js";
import type { Graph, GraphEdge, GraphNode } from "./graph.ts";

/** Sizes in pixels. */
export const SIZE = {
  title: 13,
  text: 11,
  line: 17,
  padding: 10,
  bar: 5,
  gap: 18,
} as const;

/** A rectangle. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The graph with positions. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly clusters: readonly (Box & { readonly label: string })[];
  readonly nodes: readonly (Box & { readonly node: GraphNode })[];
  readonly edges: readonly {
    readonly kind: GraphEdge["kind"];
    readonly points: readonly { readonly x: number; readonly y: number }[];
  }[];
}

/** The width of a letter relative to its height, an upper estimate. */
const FIXED = 0.61;
const PROPORTIONAL = 0.54;

function measure(text: string, size: number, letter: number): number {
  return [...text].length * size * letter;
}

function measured(node: GraphNode): ElkNode {
  const kind = measure(node.kind, SIZE.text, PROPORTIONAL);
  const head = measure(node.name, SIZE.title, FIXED) +
    (kind && SIZE.gap + kind);
  const widest = node.lines.reduce((most, { role, text }) => {
    const letter = role === "address" ? FIXED : PROPORTIONAL;
    return Math.max(most, measure(text, SIZE.text, letter));
  }, head);
  return {
    id: node.id,
    width: Math.ceil(widest + 2 * SIZE.padding + SIZE.bar),
    height: SIZE.line * (1 + node.lines.length) + SIZE.padding,
  };
}

const OPTIONS = {
  "elk.algorithm": "layered",
  "elk.hierarchyHandling": "INCLUDE_CHILDREN",
  "elk.edgeRouting": "ORTHOGONAL",
  "elk.spacing.nodeNode": "24",
  "elk.spacing.edgeNode": "18",
  "elk.spacing.componentComponent": "28",
  "elk.layered.spacing.nodeNodeBetweenLayers": "36",
  "elk.layered.spacing.edgeNodeBetweenLayers": "16",
  "elk.layered.nodePlacement.strategy": "BRANDES_KOEPF",
  "elk.layered.nodePlacement.bk.fixedAlignment": "BALANCED",
  // The order of namespaces, unless another one has fewer crossings.
  "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
  "elk.json.edgeCoords": "ROOT",
  "elk.json.shapeCoords": "ROOT",
  "elk.padding": "[top=16,left=16,bottom=16,right=16]",
};

/**
 * Hosts are below routers up to this width in pixels, otherwise at their right:
 * a page is scrolled down.
 */
const WIDEST = 4000;

/** Up to this number of edges, more orders are compared. */
const FEW = 100;

/** The widest row of links without edges, in pixels, unless there are many. */
const ROW = 800;

/** Links without edges in rows: one node for the layout. */
class Rows {
  readonly width: number;
  readonly height: number;
  readonly #boxes: readonly (ElkNode & { x: number; y: number })[];

  constructor(nodes: readonly ElkNode[]) {
    const area = nodes.reduce(
      (sum, { width = 0, height = 0 }) =>
        sum + (width + SIZE.gap) * (height + SIZE.gap),
      0,
    );
    const limit = Math.max(ROW, 1.3 * Math.sqrt(area));
    let [x, y, low, right] = [0, 0, 0, 0];
    this.#boxes = nodes.map((node) => {
      const { width = 0, height = 0 } = node;
      if (x > 0 && x + width > limit) [x, y] = [0, low + SIZE.gap];
      const box = { ...node, x, y };
      x += width + SIZE.gap;
      low = Math.max(low, y + height);
      right = Math.max(right, x - SIZE.gap);
      return box;
    });
    [this.width, this.height] = [right, low];
  }

  /** The nodes, with the rows at a position. */
  at(left: number, top: number): ElkNode[] {
    return this.#boxes.map(({ x, y, ...node }) => ({
      ...node,
      x: left + x,
      y: top + y,
    }));
  }
}

/** Computes the layout. */
export async function topologyLayout(graph: Graph): Promise<Layout> {
  const { clusters, outside, edges } = graph;
  const linked = new Set(edges.flatMap(({ from, to }) => [from, to]));
  const isLinked = ({ id }: GraphNode) => linked.has(id);
  const rows = new Map<string, Rows>();
  /** The nodes of a namespace, those without edges as one. */
  const children = (id: string, nodes: readonly GraphNode[]): ElkNode[] => {
    const rest = nodes.filter((node) => !isLinked(node));
    if (rest.length === 0) return nodes.map(measured);
    const all = new Rows(rest.map(measured));
    rows.set(`${id}_rows`, all);
    return [
      ...nodes.filter(isLinked).map(measured),
      { id: `${id}_rows`, width: all.width, height: all.height },
    ];
  };
  const engine = new elk.default();
  const place = (direction: "DOWN" | "RIGHT") =>
    engine.layout({
      id: "page",
      layoutOptions: {
        ...OPTIONS,
        "elk.direction": direction,
        "elk.layered.thoroughness": edges.length > FEW ? "7" : "40",
      },
      children: [
        ...clusters.map(({ id, nodes }) => ({
          id,
          layoutOptions: {
            "elk.padding": "[top=40,left=16,bottom=16,right=16]",
          },
          children: children(id, nodes),
        })),
        ...outside.map(measured),
      ],
      edges: edges.map(({ from, to }, index): ElkExtendedEdge => ({
        id: `edge${index}`,
        sources: [from],
        targets: [to],
      })),
    });
  let placed = await place("DOWN");
  if ((placed as ElkNode).width! > WIDEST) placed = await place("RIGHT");
  const boxes = new Map<string, ElkNode>();
  const collect = (node: ElkNode) => {
    boxes.set(node.id, node);
    const inside = rows.get(node.id);
    inside?.at(node.x ?? 0, node.y ?? 0).forEach(collect);
    node.children?.forEach(collect);
  };
  collect(placed);
  const box = (id: string): Box => {
    const { x = 0, y = 0, width = 0, height = 0 } = boxes.get(id)!;
    return { x, y, width, height };
  };
  return {
    ...box("page"),
    clusters: clusters.map(({ id, label }) => ({ ...box(id), label })),
    nodes: [...clusters.flatMap(({ nodes }) => nodes), ...outside]
      .map((node) => ({ ...box(node.id), node })),
    edges: (placed.edges ?? []).map(({ sections = [] }, index) => ({
      kind: edges[index].kind,
      points: sections.flatMap(({ startPoint, bendPoints = [], endPoint }) => [
        startPoint,
        ...bendPoints,
        endPoint,
      ]),
    })),
  };
}
