// The topology in the DOT language of Graphviz.

import type { Graph, GraphNode } from "./graph.ts";

const EDGES = {
  port: "",
  upper: " [style=dashed]",
  pair: " [style=bold]",
};

/** The graph in DOT. */
export function topologyDot({ clusters, outside, edges }: Graph): string {
  return [
    "graph netplumb {",
    "  node [shape=box style=rounded]",
    ...clusters.flatMap(({ id, label, nodes }) => [
      `  subgraph cluster_${id} {`,
      `    label=${quoted(label)} labeljust=l style=rounded`,
      ...nodes.map((node) => `    ${node.id} [${attributes(node)}]`),
      "  }",
    ]),
    ...outside.map((node) => `  ${node.id} [${attributes(node)} color=gray]`),
    ...edges.map(({ from, to, kind }) => `  ${from} -- ${to}${EDGES[kind]}`),
    "}",
  ].join("\n");
}

function attributes({ name, kind, link, lines }: GraphNode): string {
  const up = !link || link.state === "up";
  const head = `${name}  ${kind}`.trimEnd();
  const label = [head, ...lines.map(({ text }) => text)];
  return `label=${quoted(label.join("\n"))}${
    up ? "" : ' style="rounded,dashed"'
  }`;
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&").replace(/\n/g, "\\n")}"`;
}
