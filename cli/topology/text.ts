// The topology as a text tree: ports below their master, links below their lower
// link.

import type {
  TopologyLink,
  TopologyNamespace,
} from "../../lib/rtnetlink/topology.ts";
import type { Style } from "../output/style.ts";
import { printable } from "../output/printable.ts";
import {
  endLabel,
  heldBy,
  isShown,
  kindLabel,
  namespaceLabel,
  shownAddresses,
  shownLinks,
  unusualMtu,
} from "./label.ts";

/** The lines of the tree. */
export function topologyText(
  namespaces: readonly TopologyNamespace[],
  style: Style,
  details: boolean,
): string[] {
  return namespaces.flatMap((namespace) => {
    const links = shownLinks(namespace, details);
    const below = Map.groupBy(links, (link) => above(link));
    const branch = (parent: TopologyLink | undefined, indent: string) =>
      (below.get(parent) ?? []).flatMap((link, index, all): string[] => {
        const last = index === all.length - 1;
        return [
          `${style.dim(`${indent}${last ? "└─" : "├─"}`)} ${
            describe(link, style, details)
          }`,
          ...branch(link, `${indent}${last ? "   " : "│  "}`),
        ];
      });
    return [
      style.bold(namespaceLabel(namespace)),
      ...branch(undefined, ""),
    ];
  });
}

function above(link: TopologyLink): TopologyLink | undefined {
  if (link.master) return link.master;
  const { lower, namespace } = link;
  return isShown(lower) && lower.namespace === namespace ? lower : undefined;
}

function describe(link: TopologyLink, style: Style, details: boolean): string {
  const { name, state, peer, lower, master, alias, problem } = link;
  const elsewhere = lower &&
    (!isShown(lower) || lower.namespace !== link.namespace || master);
  return [
    style.bold(printable(name)),
    style.cyan(kindLabel(link)),
    ...state === "up" ? [] : [style.yellow(state)],
    ...peer ? [`<-> ${endLabel(peer, link)}`] : [],
    ...elsewhere ? [`on ${endLabel(lower, link)}`] : [],
    ...shownAddresses(link, details).map(style.green),
    ...[problem ? undefined : unusualMtu(link), heldBy(link)]
      .filter((part) => part !== undefined),
    ...alias ? [style.dim(`"${printable(alias)}"`)] : [],
    ...problem ? [style.red(`! ${problem}`)] : [],
  ].join("  ");
}
