// ensure --down and --prune, and what a reload removes, seen by `ip`.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { netplumb, Running } from "../support/command.ts";
import { Lab, type Netns, output } from "../support/netns.ts";

/** The configuration file of a test. */
class File implements AsyncDisposable {
  readonly path = Deno.makeTempFileSync({ suffix: ".json" });

  write(value: unknown): void {
    Deno.writeTextFileSync(this.path, JSON.stringify(value));
  }

  async run(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await netplumb(
      undefined,
      ...["ensure", this.path, ...args],
    );
    assertEquals([code, stderr], [args.includes("--dry-run") ? 4 : 0, ""]);
    return stdout;
  }

  /** Removes it; the saved configuration is removed by --down. */
  async [Symbol.asyncDispose](): Promise<void> {
    await netplumb(undefined, "ensure", this.path, "--down");
    await Deno.remove(this.path);
  }
}

/** Everything that `ip` shows of a namespace. */
async function everything(netns: Netns): Promise<string> {
  const shown: string[] = [];
  for (
    const command of [
      "-d link",
      "address",
      "route show table all",
      "-6 route show table all",
      "rule",
      "-6 rule",
      "neighbour show nud permanent",
      "nexthop",
    ]
  ) shown.push(await netns.ip(`-o ${command}`));
  // Link-local addresses and their routes come after duplicate detection.
  return shown.join("\n").split("\n").filter((line) =>
    !/fe80|ff00::|anycast/.test(line)
  ).join("\n").replaceAll(/valid_lft .*|gc_timer .*/g, "");
}

const exists = async (name: string) =>
  (await output("ip", ["netns", "list"])).stdout.includes(name);

Deno.test("ensure --down removes what the file describes and nothing else", async () => {
  await using lab = await Lab.open("host");
  const { host } = lab;
  const made = `${host.name}-made`;
  await host.batch(`
    link set lo up
    link add e0 type veth peer name e1
    link set e0 up
    link set e1 up
    address add 192.0.2.9/24 dev e0
    link add other type bridge
    route add 198.51.100.0/24 via 192.0.2.1
    rule add priority 70 lookup 70
    neighbour add 192.0.2.8 lladdr 2:0:0:0:0:8 dev e0`);
  await using file = new File();
  file.write({
    namespaces: {
      [host.name]: {
        links: [
          {
            name: "e0",
            qdisc: { kind: "pfifo", options: { limit: 10 } },
            addresses: ["192.0.2.10/24", "2001:db8:1::1/64"],
          },
          { name: "br0", kind: "bridge", up: true, addresses: ["10.0.0.1/24"] },
          {
            name: "p0",
            kind: "veth",
            up: true,
            master: "br0",
            options: { peer: { name: "eth0", netns: made } },
          },
          { name: "mv0", kind: "macvlan", link: "e0", up: true },
          { name: "mv1", kind: "macvlan", link: "e1" },
        ],
        routes: [
          { to: "203.0.113.0/24", via: "192.0.2.2" },
          { to: "203.0.113.0/24", via: "10.0.0.2", table: 90 },
          { to: "10.9.0.0/16", via: "192.0.2.3", metric: 5 },
          { to: "2001:db8:9::/48", via: "2001:db8:1::2" },
          { to: "10.8.0.0/16", nhid: 5 },
        ],
        neighbours: [{ to: "192.0.2.7", dev: "e0", lladdr: "2:0:0:0:0:7" }],
        rules: [{ priority: 71, from: "10.0.0.0/8", table: 90 }],
        nexthops: [{ id: 5, via: "192.0.2.4", dev: "e0" }],
      },
      [made]: {
        links: [{ name: "eth0", up: true, addresses: ["10.0.0.2/24"] }],
        routes: [{ to: "default", via: "10.0.0.1" }],
      },
    },
  });
  const before = await everything(host);
  await file.run("--once");
  assert(await exists(made));
  assert(before !== await everything(host));
  // The route of another program to the same destination.
  await host.ip("route replace 10.9.0.0/16 via 192.0.2.6 metric 5");

  const planned = await file.run("--down", "--dry-run");
  assertStringIncludes(planned, `- delete namespace ${made}\n`);
  assert(!planned.includes("10.9.0.0/16"), planned);
  assertStringIncludes(
    await file.run("--down"),
    `${host.name}: delete link br0`,
  );
  await host.ip("route delete 10.9.0.0/16 via 192.0.2.6 metric 5");
  assertEquals(await everything(host), before);
  assert(!await exists(made));
  assertEquals(await file.run("--down"), "no change\n");
});

Deno.test("ensure --prune, and a reload, remove what the file does not describe any more", async () => {
  await using lab = await Lab.open("host");
  const { host } = lab;
  const made = `${host.name}-made`;
  const configuration = (links: object[], routes: object[], rest: object) => ({
    namespaces: { [host.name]: { links, routes }, ...rest },
  });
  await using file = new File();
  const br = { name: "br0", kind: "bridge", up: true };
  const route = { to: "10.1.0.0/16", via: "192.0.2.2" };
  file.write(configuration(
    [
      { ...br, addresses: ["192.0.2.1/24", "198.51.100.1/24"] },
      { name: "br1", kind: "bridge" },
    ],
    [route, { to: "10.2.0.0/16", via: "198.51.100.2" }],
    { [made]: {} },
  ));
  await file.run("--once");
  await host.batch(`
    link add other type bridge
    address add 203.0.113.1/24 dev br0
    route add 10.3.0.0/16 via 203.0.113.2`);
  const state = async () => [
    (await host.json("link")).map(({ ifname }) => ifname).join(" "),
    (await host.json<{ addr_info: { local: string }[] }>("-4 address"))
      .flatMap(({ addr_info }) => addr_info).map(({ local }) => local)
      .filter((local) => local !== "127.0.0.1").toSorted().join(" "),
    (await host.json("route")).map(({ dst }) => dst).toSorted().join(" "),
    await exists(made),
  ];
  const full = await state();

  const second = configuration(
    [{ ...br, addresses: ["192.0.2.1/24"] }],
    [route],
    {},
  );
  file.write(second);
  assertEquals(await file.run("--once"), "no change\n");
  assertEquals(await state(), full);
  const expected = [
    "lo br0 other",
    "192.0.2.1 203.0.113.1",
    "10.1.0.0/16 10.3.0.0/16 192.0.2.0/24 203.0.113.0/24",
  ];

  // --once without --prune has saved the second configuration.
  file.write(configuration(
    [
      { ...br, addresses: ["192.0.2.1/24", "198.51.100.1/24"] },
      { name: "br1", kind: "bridge" },
    ],
    [route, { to: "10.2.0.0/16", via: "198.51.100.2" }],
    { [made]: {} },
  ));
  await file.run("--once");
  file.write(second);
  assertStringIncludes(
    await file.run("--dry-run", "--prune"),
    `- ${host.name}: delete link br1\n`,
  );
  await file.run("--once", "--prune");
  assertEquals(await state(), [...expected, false]);
  assertEquals(await file.run("--once", "--prune"), "no change\n");

  await using running = new Running(undefined, "ensure", file.path, "--json");
  const until = async (wanted: string) => {
    while ((await running.object()).event !== wanted);
  };
  await until("summary");
  file.write(configuration(
    [{ ...br, name: "br2", addresses: ["192.0.2.1/24"] }],
    [],
    { [made]: {} },
  ));
  running.kill("SIGHUP");
  await until("reloaded");
  assertEquals(await state(), [
    "lo other br2",
    "192.0.2.1",
    "192.0.2.0/24",
    true,
  ]);
  // An invalid file removes nothing.
  file.write({ links: 7 });
  running.kill("SIGHUP");
  await until("rejected");
  file.write(second);
  running.kill("SIGHUP");
  await until("reloaded");
  assertEquals((await state()).slice(0, 2), ["lo other br0", "192.0.2.1"]);
  assert(!await exists(made));
});
