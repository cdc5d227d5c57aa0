// The topology as SVG, for light and dark pages.

import type { Graph, GraphNode } from "./graph.ts";
import { type Box, type Layout, SIZE, topologyLayout } from "./layout.ts";

/** Colours of a light and of a dark page. */
const COLOURS: Readonly<Record<string, readonly [string, string]>> = {
  ".page": ["fill:#ffffff", "fill:#0d1117"],
  ".cluster": ["fill:#f6f8fa;stroke:#d0d7de", "fill:#151b23;stroke:#3d444d"],
  ".card": ["fill:#ffffff;stroke:#d0d7de", "fill:#212830;stroke:#3d444d"],
  ".port,.upper": ["stroke:#818b98", "stroke:#9198a1"],
  ".pair": ["stroke:#0969da", "stroke:#4493f8"],
  text: ["fill:#1f2328", "fill:#f0f6fc"],
  ".label": [
    "fill:#1f2328;stroke:#f6f8fa",
    "fill:#f0f6fc;stroke:#151b23",
  ],
  ".dim,.note": ["fill:#59636e", "fill:#9198a1"],
  ".problem": ["fill:#bc4c00", "fill:#f0883e"],
  ".device,.loopback": ["fill:#57606a", "fill:#9198a1"],
  ".veth": ["fill:#0969da", "fill:#4493f8"],
  ".bridge,.bond,.vrf": ["fill:#8250df", "fill:#ab7df8"],
  ".tun,.wireguard": ["fill:#1a7f37", "fill:#3fb950"],
  ".other": ["fill:#bf8700", "fill:#d29922"],
};
const OWN_COLOUR = /^(device|loopback|veth|bridge|bond|vrf|tun|wireguard)$/;

const SANS = "system-ui,'Segoe UI',Helvetica,Arial,sans-serif";
const MONO = "ui-monospace,Menlo,'Liberation Mono',Courier,monospace";

function styles(): string {
  const rules = (page: 0 | 1) =>
    Object.entries(COLOURS).map(([what, how]) => `${what}{${how[page]}}`)
      .join("");
  return `text{font:${SIZE.text}px ${SANS};white-space:pre}` +
    `.name{font:600 ${SIZE.title}px ${MONO}}.address{font-family:${MONO}}` +
    `.label{font-weight:600;font-size:14px;paint-order:stroke;stroke-width:6px}.end{text-anchor:end}` +
    `path{fill:none;stroke-width:1.5}.upper,.down{stroke-dasharray:4 3}` +
    `path.pair{stroke-width:3}` +
    rules(0) +
    `@media(prefers-color-scheme:dark){${rules(1)}}`;
}

/** Draws the topology. */
export async function topologySvg(graph: Graph): Promise<string> {
  return draw(await topologyLayout(graph));
}

function draw({ width, height, clusters, nodes, edges }: Layout): string {
  const [w, h] = [Math.ceil(width), Math.ceil(height)];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}" role="img">`,
    "<title>Network topology</title>",
    `<style>${styles()}</style>`,
    `<rect class="page" width="${w}" height="${h}" rx="8"/>`,
    ...clusters.map((cluster) => rect(cluster, "cluster", 10)),
    ...edges.map(({ kind, points }) =>
      `<path class="${kind}" d="${path(points)}"/>`
    ),
    // Edges that end at a link pass the label.
    ...clusters.map(({ x, y, label }) => text("label", x + 16, y + 25, label)),
    ...nodes.map(card),
    "</svg>",
  ].join("\n");
}

function card({ node, ...box }: Box & { node: GraphNode }): string {
  const { link, name, lines } = node;
  const up = !link || link.state === "up";
  const left = box.x + SIZE.bar + SIZE.padding;
  const right = box.x + box.width - SIZE.padding;
  const baseline = (line: number) => box.y + SIZE.line * (line + 1);
  const kind = link && (OWN_COLOUR.test(link.kind) ? link.kind : "other");
  return [
    "<g>",
    rect(box, up ? "card" : "card down", 6),
    // The bar follows the rounded corners of the card.
    ...kind
      ? [
        `<path class="${kind}" d="M${n(box.x + 6)} ${n(box.y)}a6 6 0 0 0 -6 6v${
          n(box.height - 12)
        }a6 6 0 0 0 6 6z"/>`,
      ]
      : [],
    text(up ? "name" : "name dim", left, baseline(0), name),
    text(up ? "dim end" : "problem end", right, baseline(0), node.kind),
    ...lines.map(({ role, text: line }, index) =>
      text(role, left, baseline(index + 1), line)
    ),
    "</g>",
  ].join("");
}

const n = (value: number) => String(Math.round(value * 10) / 10);

function rect(
  { x, y, width, height }: Box,
  what: string,
  radius: number,
): string {
  return `<rect class="${what}" x="${n(x)}" y="${n(y)}" width="${
    n(width)
  }" height="${n(height)}" rx="${radius}"/>`;
}

function text(what: string, x: number, y: number, content: string): string {
  if (content === "") return "";
  const safe = content.replace(
    /[&<>]/g,
    (character) => `&#${character.charCodeAt(0)};`,
  );
  return `<text class="${what}" x="${n(x)}" y="${n(y)}">${safe}</text>`;
}

/** A line with rounded corners. */
function path(points: readonly { x: number; y: number }[]): string {
  return points.map((point, index) => {
    if (index === 0) return `M${n(point.x)} ${n(point.y)}`;
    const next = points[index + 1];
    if (!next) return `L${n(point.x)} ${n(point.y)}`;
    const before = towards(point, points[index - 1]);
    const after = towards(point, next);
    return `L${n(before.x)} ${n(before.y)}Q${n(point.x)} ${n(point.y)} ${
      n(after.x)
    } ${n(after.y)}`;
  }).join("");
}

/** A point up to 8 pixels from one point towards another. */
function towards(
  from: { x: number; y: number },
  to: { x: number; y: number },
): { x: number; y: number } {
  const distance = Math.hypot(to.x - from.x, to.y - from.y);
  const part = distance === 0 ? 0 : Math.min(8, distance / 2) / distance;
  return {
    x: from.x + (to.x - from.x) * part,
    y: from.y + (to.y - from.y) * part,
  };
}
