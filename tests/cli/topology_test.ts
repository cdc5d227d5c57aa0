// The topology of a test network in each format.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { instance } from "@viz-js/viz";
import { type Graph, topologyGraph } from "../../cli/topology/graph.ts";
import { type Box, topologyLayout } from "../../cli/topology/layout.ts";
import { topologyDot } from "../../cli/topology/dot.ts";
import { topologyMermaid } from "../../cli/topology/mermaid.ts";
import { topologySvg } from "../../cli/topology/svg.ts";
import { isShown } from "../../cli/topology/label.ts";
import {
  topology,
  type TopologyLink,
  type TopologyNamespace,
} from "../../lib/rtnetlink/topology.ts";
import "../support/descriptors.ts";
import { netplumb, RunningScript } from "../support/command.ts";
import { installed } from "../support/installed.ts";
import { Lab, type Netns, run } from "../support/netns.ts";
import { Terminal } from "../support/terminal.ts";

type TestLab = Lab<"router" | "left" | "right"> & {
  readonly router: Netns;
  readonly left: Netns;
  readonly right: Netns;
};

/** Three namespaces round a bridge. */
async function lab(): Promise<TestLab> {
  const lab = await Lab.open("router", "left", "right");
  const { router, left, right } = lab;
  await router.batch(`
    link add br0 type bridge
    link set br0 up
    address add 192.0.2.1/24 dev br0
    link add port1 type veth peer name eth0 netns ${left.name}
    link add port2 type veth peer name eth0 netns ${right.name}
    link set port1 master br0 up
    link set port2 master br0 up
    link set br0 alias spine
  `);
  await left.batch(`
    link set eth0 up
    address add 192.0.2.2/24 dev eth0
    link add mv0 link eth0 type macvlan mode bridge
    tuntap add vpn0 mode tun
  `);
  await right.batch(`
    link set eth0 up mtu 1400
    address add 192.0.2.3/24 dev eth0
    address add 192.0.2.4/24 dev eth0
  `);
  return lab;
}

const names = ({ router, left, right }: TestLab) =>
  [router, left, right].map(({ name }) => name);

Deno.test("topology draws a tree in text", async () => {
  await using net = await lab();
  const { router, left, right } = net;
  const args = names(net).flatMap((name) => ["--netns", name]);
  const { code, stdout, stderr } = await netplumb(
    undefined,
    "topology",
    ...args,
  );
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  assertEquals(
    // Reported only where every process may be looked at.
    stdout.replace("  not held by a process", ""),
    `${router.name}
└─ br0  bridge  192.0.2.1/24  "spine"
   ├─ port1  veth  <-> eth0 in ${left.name}
   └─ port2  veth  <-> eth0 in ${right.name}  ! MTU 1500, but 1400 at its peer
${left.name}
├─ eth0  veth  <-> port1 in ${router.name}  192.0.2.2/24
│  └─ mv0  macvlan bridge  down
└─ vpn0  tun  down
${right.name}
└─ eth0  veth  <-> port2 in ${router.name}  192.0.2.3/24  192.0.2.4/24  ! MTU 1400, but 1500 at its peer
`,
  );
});

Deno.test("topology --all-netns shows each namespace once, --details everything", async () => {
  await using net = await lab();
  const { code, stdout } = await netplumb(
    net.left,
    "topology",
    "--all-netns",
    "--details",
    "--json",
  );
  assertEquals(code, 0);
  const found: { namespace: string | null; links: { ifname: string }[] }[] =
    stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(found[0].namespace, null);
  assertEquals(found[0].links.map(({ ifname }) => ifname), [
    "lo",
    "eth0",
    "mv0",
    "vpn0",
  ]);
  const shown = found.map(({ namespace }) => namespace);
  assert(shown.includes(net.router.name) && shown.includes(net.right.name));
  assert(!shown.includes(net.left.name));
});

Deno.test("topology --watch draws again on every change, all of it", async () => {
  await using net = await lab();
  await using watching = new RunningScript(
    { netns: net.left },
    ...["topology", "--all-netns", "--watch"],
  );
  /** Waits for a drawing of this namespace with such a line. */
  const until = async (pattern: RegExp) => {
    while (!pattern.test(await watching.line()));
  };
  await until(/eth0 {2}veth .* 192\.0\.2\.2\/24$/);
  await net.left.ip("link set eth0 down");
  await until(/eth0 {2}veth {2}down/);
  await net.left.ip("address add 192.0.2.99/24 dev eth0");
  await until(/192\.0\.2\.99\/24/);
  // In another namespace, and one that was not there before.
  await net.router.ip("link add br7 type bridge");
  await until(/br7 {2}bridge/);
  await using later = await Lab.open("later");
  await until(new RegExp(later.later.name));
  const { code, stderr } = await watching.stop();
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
});

Deno.test("topology --watch on a terminal leaves it as it was", async () => {
  await using net = await lab();
  await using bin = await installed();
  await using terminal = new Terminal(
    net.left,
    "bash --norc --noprofile -i",
    { PATH: `${bin.path}:${Deno.env.get("PATH")}`, HISTFILE: "/dev/null" },
  );
  await terminal.type("netplumb topology --watch\n");
  // Another screen, no cursor.
  await terminal.until(/\[\?1049h.\[\?25l/);
  await terminal.until(/vpn0/);
  await net.left.ip("link delete vpn0");
  await terminal.until(/\[H[^]*eth0[^]*\[J/);
  await terminal.type("\x03");
  await terminal.until(/\[\?25h.\[\?1049l/);
  await terminal.type("echo code=$?\n");
  await terminal.until(/code=0/);
});

const overlap = (a: Box, b: Box) =>
  a.x < b.x + b.width && b.x < a.x + a.width &&
  a.y < b.y + b.height && b.y < a.y + a.height;
const inside = (a: Box, b: Box) =>
  a.x >= b.x && a.x + a.width <= b.x + b.width &&
  a.y >= b.y && a.y + a.height <= b.y + b.height;

/**
 * Nothing lies on anything else, and every line goes from card to card.
 *
 * @param isRight Whether the lower card is at the right of the other.
 */
async function checkLayout(graph: Graph, isRight = false): Promise<void> {
  const { clusters, nodes, edges, ...page } = await topologyLayout(graph);
  const whole = { x: 0, y: 0, width: page.width, height: page.height };
  const boxes = new Map(nodes.map((box) => [box.node.id, box]));
  clusters.forEach((cluster, index) => {
    assert(inside(cluster, whole));
    clusters.slice(index + 1).forEach((other) =>
      assert(!overlap(cluster, other))
    );
    for (const { id } of graph.clusters[index].nodes) {
      assert(inside(boxes.get(id)!, cluster));
    }
  });
  nodes.forEach((node, index) =>
    nodes.slice(index + 1).forEach((other) => assert(!overlap(node, other)))
  );
  assertEquals(edges.length, graph.edges.length);
  edges.forEach(({ points }, index) => {
    const { from, to } = graph.edges[index];
    const [first, last] = [points[0], points.at(-1)!];
    const [upper, lower] = [boxes.get(from)!, boxes.get(to)!];
    const isIn = (at: number, begin: number, length: number) =>
      assert(at > begin && at < begin + length);
    if (isRight) {
      assertEquals(Math.round(first.x), Math.round(upper.x + upper.width));
      assertEquals(Math.round(last.x), Math.round(lower.x));
      isIn(first.y, upper.y, upper.height);
      isIn(last.y, lower.y, lower.height);
    } else {
      assertEquals(Math.round(first.y), Math.round(upper.y + upper.height));
      assertEquals(Math.round(last.y), Math.round(lower.y));
      isIn(first.x, upper.x, upper.width);
      isIn(last.x, lower.x, lower.width);
    }
  });
}

/** What an XML reader finds in the elements of a name. */
async function elements(xml: string, name: string): Promise<string[]> {
  const text = await run("python3", [
    "-c",
    "import json, sys, xml.etree.ElementTree as e\n" +
    "root = e.fromstring(sys.stdin.buffer.read())\n" +
    "print(json.dumps([''.join(n.itertext()) for n in root.iter('{http://www.w3.org/2000/svg}' + sys.argv[1])]))",
    name,
  ], { stdin: xml });
  return JSON.parse(text);
}

Deno.test("topology --format svg shows every link in its place", async () => {
  await using net = await lab();
  const graph = topologyGraph(
    await topology({ namespaces: names(net) }),
    false,
  );
  await checkLayout(graph);

  const args = names(net).flatMap((name) => ["--netns", name]);
  const { stdout } = await netplumb(
    undefined,
    "topology",
    "--format=svg",
    ...args,
  );
  const texts = await elements(stdout, "text");
  assertEquals(texts.slice(0, 3), names(net));
  for (
    const text of [
      "br0",
      "bridge",
      "192.0.2.4/24",
      "macvlan bridge, down",
      "“spine”",
      "MTU 1400, but 1500 at its peer",
    ]
  ) assert(texts.includes(text), text);
  const [style] = await elements(stdout, "style");
  assertStringIncludes(style, "prefers-color-scheme:dark");
});

Deno.test("topology: many ports, and ends that are not shown, are drawn apart", async () => {
  await using lab = await Lab.open("host", "guests");
  const { host, guests } = lab;
  const ports = Array.from({ length: 24 }, (_, index) => `
    link add p${index} type veth peer name g${index} netns ${guests.name}
    link set p${index} master br0
  `);
  await host.batch(`link add br0 type bridge\n${ports.join("\n")}`);
  for (const namespaces of [[host.name], [host.name, guests.name]]) {
    const graph = topologyGraph(await topology({ namespaces }), false);
    assertEquals(graph.outside.length, namespaces.length === 1 ? 24 : 0);
    assertEquals(graph.edges.length, 48);
    await checkLayout(graph);
  }
});

/** A namespace with links that have peers elsewhere. */
function namespace(name: string): TopologyNamespace {
  return { name, links: [] };
}

/** Links two namespaces by a pair. */
function pair(one: TopologyNamespace, two: TopologyNamespace): void {
  const [left, right] = [one, two].map((namespace): TopologyLink => {
    const ifindex = namespace.links.length + 1;
    const link = {
      namespace,
      ifindex,
      name: `eth${ifindex}`,
      kind: "veth",
      state: "up",
      mtu: 1500,
      addresses: [`10.0.${ifindex}.1/24`],
    } as unknown as TopologyLink;
    (namespace.links as TopologyLink[]).push(link);
    return link;
  }) as [TopologyLink, TopologyLink];
  Object.assign(left, { peer: right });
  Object.assign(right, { peer: left });
}

/** The namespaces of a fabric: spines, leaves, and hosts of each leaf. */
function fabric(spines: number, leaves: number, hosts: number) {
  const named = (role: string, count: number) =>
    Array.from({ length: count }, (_, at) => namespace(`${role}${at + 1}`));
  const tiers = [
    named("spine", spines),
    named("leaf", leaves),
    named("host", leaves * hosts),
  ] as const;
  for (const leaf of tiers[1]) for (const spine of tiers[0]) pair(spine, leaf);
  tiers[2].forEach((host, at) => pair(tiers[1][at % leaves]!, host));
  return tiers;
}

Deno.test("topology: tiers by distance from hosts, without crossings that a swap removes", async () => {
  for (const [spines, leaves, hosts] of [[2, 4, 2], [2, 4, 4]] as const) {
    const tiers = fabric(spines, leaves, hosts);
    const graph = topologyGraph([namespace("empty"), ...tiers.flat()], false);
    assertEquals(graph.clusters.length, tiers.flat().length);
    await checkLayout(graph);
    const { clusters } = await topologyLayout(graph);
    const box = new Map(clusters.map((one) => [one.label, one]));
    const rows = tiers.map((tier) =>
      tier.map(({ name }) => box.get(String(name))!).toSorted((a, b) =>
        a.x - b.x
      )
    );
    // Each tier is below the one before.
    rows.slice(1).forEach((row, at) => {
      const bottom = Math.max(...rows[at]!.map(({ y, height }) => y + height));
      assert(row.every(({ y }) => y >= bottom));
    });
    const at = rows.map((row) =>
      new Map(row.map(({ label }, index) => [label, index]))
    );
    const lines = [0, 1].map((upper) =>
      tiers[upper]!.flatMap(({ name, links }) =>
        links.flatMap(({ peer }) => {
          const other = isShown(peer) ? String(peer.namespace.name) : "";
          return at[upper + 1]!.has(other) ? [[String(name), other]] : [];
        })
      )
    );
    const crossings = (orders: typeof at) =>
      lines.reduce((sum, pairs, upper) => {
        const points = pairs.map(([a, b]) =>
          [orders[upper]!.get(a!)!, orders[upper + 1]!.get(b!)!] as const
        );
        return sum +
          points.flatMap(([a, b], index) =>
            points.slice(index + 1).filter(([c, d]) => (a - c) * (b - d) < 0)
          ).length;
      }, 0);
    const now = crossings(at);
    rows.forEach((row, tier) =>
      row.slice(1).forEach(({ label }, index) => {
        const swapped = at.map((one) => new Map(one));
        swapped[tier]!.set(label, index).set(row[index]!.label, index + 1);
        assert(crossings(swapped) >= now, `${label} and ${row[index]!.label}`);
      })
    );
  }
});

Deno.test("topology: the tiers of a wide fabric are columns", async () => {
  const tiers = fabric(4, 20, 5);
  const graph = topologyGraph(tiers.flat(), false);
  const { clusters, width, height } = await topologyLayout(graph);
  assert(width < 2000 && width < height, `${width} x ${height}`);
  const columns = tiers.map((tier) =>
    tier.map(({ name }) => clusters.find(({ label }) => label === name)!)
  );
  columns.slice(1).forEach((column, at) => {
    const right = Math.max(...columns[at]!.map(({ x, width }) => x + width));
    assert(column.every(({ x }) => x >= right));
  });
  await checkLayout(graph, true);
});

Deno.test("topology: links without edges are in rows", async () => {
  const host = namespace("host");
  const other = namespace("other");
  for (let at = 0; at < 300; at++) pair(host, other);
  const links = host.links.map((link) => ({ ...link, peer: undefined }));
  const graph = topologyGraph([{ name: "host", links }], false);
  const { width, height } = await topologyLayout(graph);
  assert(width < 3 * height && height < 3 * width, `${width} x ${height}`);
  await checkLayout(graph);
});

Deno.test("topology: names that others chose stay text in every form", async () => {
  const hostile = ['a"];b[c="', "<b>&amp;<b>", "#quot;\\n\\", "$(id)`id`"];
  await using lab = await Lab.open("host");
  for (const name of hostile) {
    await run("ip", ["-n", lab.host.name, "link", "add", name, "type", "ifb"]);
  }
  const alias = '</text><script>1</script>"\\ \x1b[31m';
  await run("ip", [
    ...["-n", lab.host.name, "link", "set", hostile[0], "alias", alias],
  ]);
  const graph = topologyGraph(
    await topology({ namespaces: [lab.host.name] }),
    false,
  );
  const shown = '“</text><script>1</script>"\\ \\x1b[31m”';
  const texts = await elements(await topologySvg(graph), "text");
  for (const name of [...hostile, shown]) assert(texts.includes(name), name);

  // What Graphviz itself reads.
  const viz = await instance();
  const { objects = [] } = viz.renderJSON(topologyDot(graph)) as {
    objects?: { label?: string }[];
  };
  const labels = objects.map(({ label }) => label ?? "");
  for (const name of hostile) {
    const start = `${name.replace(/\\/g, "\\\\")}  ifb`;
    assert(labels.some((label) => label.startsWith(start)), start);
  }
  const mermaid = topologyMermaid(graph);
  const content = [...mermaid.matchAll(/^ +ns\w+\["(.*)"\]$/gm)]
    .map(([, text]) =>
      text.replace(/#(\d+);/g, (_, code) => String.fromCodePoint(code))
    );
  for (const name of hostile) {
    assert(content.some((text) => text.startsWith(`<b>${name}</b> ifb`)), name);
  }
});
