// netplumb topology: draws links with their masters, peers and addresses.

import { EnumType } from "@cliffy/command";
import { namespaceNames } from "../../lib/netns/named_namespace.ts";
import {
  topology as readTopology,
  type TopologyEnd,
  type TopologyNamespace,
} from "../../lib/rtnetlink/topology.ts";
import { subcommand } from "../command.ts";
import { importOnUse } from "../import_on_use.ts";
import { log } from "../log.ts";
import { namespace } from "../namespace.ts";
import type { Output } from "../output/output.ts";
import { Screen } from "../output/screen.ts";
import { perform } from "../perform.ts";
import { topologyDot } from "../topology/dot.ts";
import { topologyGraph } from "../topology/graph.ts";
import { isShown } from "../topology/label.ts";
import { topologyMermaid } from "../topology/mermaid.ts";
import { topologyText } from "../topology/text.ts";
import { waitForChange } from "../topology/watch.ts";

const FORMATS = ["text", "svg", "dot", "mermaid"] as const;
type Format = typeof FORMATS[number];

export const topology = subcommand(
  "Draws bridges with their ports, veth pairs across namespaces, links on their " +
    "lower link, TUN and TAP devices with their processes, addresses and state. " +
    "MTU mismatches are marked. With --json, print a line for each namespace.",
)
  .type("format", new EnumType(FORMATS))
  .type("netns", namespace)
  .group("Selection")
  .option(
    "--netns <name:netns>",
    "Show this network namespace; can be repeated.",
    { collect: true },
  )
  .option(
    "--all-netns",
    "Show the current and all named network namespaces.",
    { conflicts: ["netns"] },
  )
  .option(
    "--details",
    "Include loopback interfaces, link-local and link-layer addresses.",
  )
  .group("Output")
  .option(
    "--format <format:format>",
    "Output format.",
    {
      default: "text" as const,
      conflicts: ["json"],
    },
  )
  .option("--watch", "Redraw on each change.", {
    conflicts: ["format"],
  })
  .example(
    "Show all namespaces in the terminal",
    "netplumb topology --all-netns",
  )
  .example("Redraw on each change", "netplumb topology --all-netns --watch")
  .example(
    "Write an SVG file",
    "netplumb topology --all-netns --format svg > topology.svg",
  )
  .example(
    "Print a Mermaid diagram for Markdown",
    "netplumb topology --format mermaid",
  )
  .action((options) =>
    perform(options, async ({ output, signal }) => {
      const { allNetns = false, watch, format, details = false } = options;
      const selected = () =>
        allNetns
          ? [undefined, ...namespaceNames()]
          : options.netns ?? [undefined];
      const read = () =>
        readTopology({
          namespaces: selected(),
          signal,
          // A namespace may be deleted meanwhile.
          onUnreachable: allNetns
            ? ({ message }) => watch || log.warn(message)
            : undefined,
        });
      if (!watch) return await print(await read(), format, details, output);
      const { Monitor } = await import(
        "../../lib/rtnetlink/monitor/monitor.ts"
      );
      await using monitor = await Monitor.open({
        objects: ["link", "address"],
        namespaces: allNetns ? "all" : selected(),
      }, { signal });
      await using screen = new Screen(output);
      for (;;) {
        const found = await read();
        if (output.json) found.forEach((each) => output.object(json(each)));
        else screen.draw(() => topologyText(found, output.style, details));
        await waitForChange(monitor, signal);
      }
    })
  );

async function print(
  namespaces: readonly TopologyNamespace[],
  format: Format,
  details: boolean,
  output: Output,
): Promise<void> {
  if (output.json) {
    return namespaces.forEach((each) => output.object(json(each)));
  }
  if (format === "text") {
    const lines = topologyText(namespaces, output.style, details);
    return lines.forEach((line) => output.line(line));
  }
  const graph = topologyGraph(namespaces, details);
  output.line(await draw[format](graph));
}

const draw = {
  dot: topologyDot,
  mermaid: topologyMermaid,
  async svg(graph: ReturnType<typeof topologyGraph>) {
    // The layout engine is large.
    const { topologySvg } = await importOnUse<
      typeof import("../topology/svg.ts")
    >(new URL("../topology/svg.ts", import.meta.url));
    return topologySvg(graph);
  },
};

function json({ name, links }: TopologyNamespace): unknown {
  const end = (end: TopologyEnd | undefined) =>
    end &&
    (isShown(end)
      ? { namespace: end.namespace.name ?? null, ifname: end.name }
      : { nsid: end.nsid, ifindex: end.ifindex });
  return {
    namespace: name ?? null,
    links: links.map((link) => ({
      ifindex: link.ifindex,
      ifname: link.name,
      kind: link.kind,
      detail: link.detail,
      state: link.state,
      mtu: link.mtu,
      address: link.address,
      alias: link.alias,
      addresses: link.addresses,
      master: link.master?.name,
      lower: end(link.lower),
      peer: end(link.peer),
      holders: link.holders,
      problem: link.problem,
    })),
  };
}
