// netplumb topology: a picture of links and how they hang together.

import { EnumType } from "@cliffy/command";
import { namespaceNames } from "../../lib/netns/named_namespace.ts";
import {
  topology as readTopology,
  type TopologyEnd,
  type TopologyNamespace,
} from "../../lib/rtnetlink/topology.ts";
import { subcommand } from "../command.ts";
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
import { change } from "../topology/watch.ts";

const FORMATS = ["text", "svg", "dot", "mermaid"] as const;
type Format = typeof FORMATS[number];

export const topology = subcommand(
  "Bridges with their ports, veth pairs across namespaces, links on the one " +
    "they stand on, TUN and TAP devices with the processes that hold them, " +
    "addresses and state. MTUs that do not fit together are marked. With " +
    "--json a line for each namespace.",
)
  .type("format", new EnumType(FORMATS))
  .type("netns", namespace)
  .group("Of what")
  .option(
    "--netns <name:netns>",
    "A network namespace to show, may be given several times.",
    { collect: true, defaultText: "this one" },
  )
  .option(
    "--all-netns",
    "Show this network namespace and all that have a name.",
    { conflicts: ["netns"] },
  )
  .option(
    "--details",
    "Show loopback interfaces, link-local and link-layer addresses too.",
  )
  .group("How")
  .option(
    "--format <format:format>",
    "As text, as a picture, or to be drawn.",
    {
      default: "text" as const,
      conflicts: ["json"],
    },
  )
  .option("--watch", "Draw it again whenever something changes.", {
    conflicts: ["format"],
  })
  .example("What there is, on a terminal", "netplumb topology --all-netns")
  .example("The same, live", "netplumb topology --all-netns --watch")
  .example(
    "A picture for a document",
    "netplumb topology --all-netns --format svg > topology.svg",
  )
  .example(
    "A diagram in Markdown, between ```mermaid and ```",
    "netplumb topology --format mermaid",
  )
  .action((options) =>
    perform(options, async ({ output, signal }) => {
      const { allNetns = false, watch, format, details = false } = options;
      const wanted = () =>
        allNetns
          ? [undefined, ...namespaceNames()]
          : options.netns ?? [undefined];
      const read = () =>
        readTopology({
          namespaces: wanted(),
          signal,
          // One that is going just now is no reason to show none.
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
        namespaces: allNetns ? "all" : wanted(),
      }, { signal });
      await using screen = new Screen(output);
      for (;;) {
        const found = await read();
        if (output.json) found.forEach((each) => output.object(json(each)));
        else screen.draw(topologyText(found, output.style, details));
        await change(monitor, signal);
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
    // The layout is large: loaded only where it is wanted.
    const { topologySvg } = await import("../topology/svg.ts");
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
