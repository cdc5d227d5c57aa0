// The topology as a Mermaid flowchart.

import type { Graph, GraphNode } from "./graph.ts";

const EDGES = { port: "---", upper: "-.-", pair: "===" };

/** The graph as a flowchart. */
export function topologyMermaid({ clusters, outside, edges }: Graph): string {
  const nodes = [...clusters.flatMap(({ nodes }) => nodes), ...outside];
  const down = nodes.filter(({ link }) => link && link.state !== "up");
  const wrong = nodes.filter(({ link }) => link?.problem !== undefined);
  return [
    "flowchart TB",
    ...clusters.flatMap(({ id, label, nodes }) => [
      `  subgraph ${id}["${text(label)}"]`,
      ...nodes.map((node) => `    ${node.id}["${content(node)}"]`),
      "  end",
    ]),
    ...outside.map((node) => `  ${node.id}("${content(node)}")`),
    ...edges.map(({ from, to, kind }) => `  ${from} ${EDGES[kind]} ${to}`),
    ...assign("down", "stroke-dasharray: 4 3", down),
    ...assign("problem", "stroke: #bc4c00, stroke-width: 2px", wrong),
  ].join("\n");
}

function assign(
  name: string,
  style: string,
  nodes: readonly GraphNode[],
): string[] {
  if (nodes.length === 0) return [];
  return [
    `  classDef ${name} ${style}`,
    `  class ${nodes.map(({ id }) => id).join(",")} ${name}`,
  ];
}

function content({ name, kind, lines }: GraphNode): string {
  return [
    `<b>${text(name)}</b> ${text(kind)}`.trimEnd(),
    ...lines.map((line) => text(line.text)),
  ].join("<br/>");
}

// Mermaid escapes: a number sign, the code point, a semicolon.
function text(plain: string): string {
  return plain.replace(
    /[^\w .,:/()“”-]/g,
    (character) => `#${character.codePointAt(0)};`,
  );
}
