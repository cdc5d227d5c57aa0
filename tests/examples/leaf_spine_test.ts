// examples/leaf-spine.yaml: applied, pinged end to end, damaged and healed under
// `ensure`, beside bird, and taken down.

import { assert, assertEquals } from "@std/assert";
import { Running } from "../support/command.ts";
import { ExampleFile } from "../support/example_file.ts";
import { FollowedRoutes } from "../support/followed_routes.ts";
import { Netns, output, run } from "../support/netns.ts";
import { RunningProgram } from "../support/program.ts";
import { random } from "../support/random.ts";
import { settled } from "../support/settled.ts";
import { SLOWNESS } from "../support/timing.ts";

const EXAMPLE = new URL("../../examples/leaf-spine.yaml", import.meta.url);
const PREFIX = `np${Deno.pid.toString(36)}-`;
const NAMES = [
  ...[1, 2].map((number) => `spine${number}`),
  ...[1, 2, 3, 4].map((number) => `leaf${number}`),
  ...[1, 2, 3, 4, 5, 6].map((number) => `host${number}`),
];
/** Addresses of the hosts. */
const HOSTS = ["1.11", "1.12", "2.11", "2.12", "3.11", "4.11"]
  .map((rest) => `10.0.${rest}`);

const netns = (name: string) => new Netns(PREFIX + name);
const shell = (script: string) => run("sh", ["-c", script]);

/** Whether the kernel has a kind of qdisc. */
async function hasQdisc(kind: string): Promise<boolean> {
  const command = `-n tc qdisc add dev lo root ${kind}`;
  return (await output("unshare", command.split(" "))).code === 0;
}

/** The example with namespaces of this test; with netem where the kernel has it. */
async function openExample(isNetem: boolean): Promise<ExampleFile> {
  let text = await Deno.readTextFile(EXAMPLE);
  if (isNetem) {
    const [, netem] = /^# (x-access: .*netem.*)$/m.exec(text)!;
    text = text.replace(
      /^x-access: &access \{[^}]*\{[^}]*\}[^}]*\}$/m,
      netem,
    );
  }
  text = text.replace(/\b(?=(?:spine|leaf|host)\d\b)/g, PREFIX);
  return await ExampleFile.write(text, NAMES.map((name) => PREFIX + name));
}

/** Pings every host from every host, all at once; lost packets are sent again. */
async function pingAll(): Promise<void> {
  const pings = HOSTS.flatMap((_, from) =>
    HOSTS.map((to) =>
      `ip netns exec ${PREFIX}host${from + 1} ` +
      `ping -q -c 1 -w ${4 * SLOWNESS} ${to} >/dev/null || ` +
      `echo "host${from + 1} does not reach ${to}" &`
    )
  );
  assertEquals(await shell(`${pings.join("\n")}\nwait`), "");
}

/** What ip, tc and sysctl show of all namespaces. */
async function everything(): Promise<string> {
  const shown = await shell(
    NAMES.map((name) => {
      const of = `-n ${PREFIX}${name}`;
      return `echo "# ${name}"
      ip ${of} -o link | cut -d: -f2- | sed 's/link.ether .*//;s/qlen [0-9]*//'
      ip ${of} -o -4 address | cut -d: -f2-
      ip ${of} -4 route
      tc ${of} qdisc | sed 's/[0-9a-f]*: //'
      ip netns exec ${PREFIX}${name} sysctl net.ipv4.ip_forward \\
        net.ipv4.fib_multipath_hash_policy
      ip netns exec ${PREFIX}${name} ip -o link show master br0 2>/dev/null |
        wc -l`;
    }).join("\n") + "\n",
  );
  // Links and routes that were made again are in another order.
  return shown.split("# ").map((part) =>
    part.split("\n").map((line) =>
      line.replace(/@if\d+|link-netns \S+/g, "").trimEnd()
    ).toSorted().join("\n")
  ).join("\n");
}

/** Damages a namespace; the name is that of a role. */
const SABOTAGE: readonly ((name: string) => string)[] = [
  (name) => `ip -n ${name} route flush table main`,
  (name) =>
    `for i in 1 2 3 4 5 6 7 8 9 10; do
      ip -n ${name} link set $(ip -n ${name} -o link | sed -n '2s/.*: \\(.*\\)@.*/\\1/p') down
      ip -n ${name} link set $(ip -n ${name} -o link | sed -n '2s/.*: \\(.*\\)@.*/\\1/p') up
    done`,
  (name) => `ip netns delete ${name}`,
  (name) =>
    `ip netns exec ${name} sysctl -qw net.ipv4.ip_forward=0 \\
      net.ipv4.fib_multipath_hash_policy=0`,
  (name) =>
    `for link in port1 port2 eth0; do
      tc -n ${name} qdisc delete dev $link root; done; true`,
  (name) => `ip -n ${name} -4 address flush scope global`,
  (name) =>
    `ip -n ${name} link delete $(ip -n ${name} -o link |
      sed -n '2s/.*: \\(.*\\)@.*/\\1/p')`,
  (name) => `ip -n ${name} link set port1 nomaster`,
  (name) => `ip -n ${name} link set eth1 down name wrong`,
  (name) => `ip -n ${name} route replace 10.0.0.0/16 via 10.1.1.0`,
];
const ACTS = 30;

Deno.test("the leaf-spine example passes traffic, heals, and leaves nothing", async (t) => {
  const isNetem = await hasQdisc("netem");
  await using fabric = await openExample(isNetem);

  await t.step(
    "one command on an empty machine, without anything else",
    async () => {
      const said = await fabric.ensure("--once");
      assert(
        said.includes(`add qdisc ${isNetem ? "netem" : "tbf"} of eth0\n`),
        said,
      );
      await pingAll();
    },
  );

  await t.step("flows take both spines", async () => {
    const links = await shell(
      [...Array(16).keys()].map((port) =>
        `ip -n ${PREFIX}leaf1 route get 10.0.4.11 from 10.0.1.11 iif br0 ` +
        `ipproto udp sport ${4000 + port} dport 9 | grep -o 'dev eth.'\n`
      ).join(""),
    );
    const used = new Set(links.trim().split("\n"));
    assertEquals([...used].toSorted(), ["dev eth1", "dev eth2"]);
  });

  const before = await everything();
  await using running = new Running(undefined, "ensure", fabric.path, "--json");
  while ((await running.object()).event !== "summary");

  await t.step(`${ACTS} acts of sabotage`, async () => {
    const choose = random(21);
    for (let act = 0; act < ACTS; act++) {
      const how =
        SABOTAGE[act < SABOTAGE.length ? act : choose(SABOTAGE.length)];
      const name = NAMES[choose(NAMES.length)];
      // Where a role does not have such a link, nothing is damaged.
      await output("sh", ["-c", how(PREFIX + name)]);
      // Damage comes while earlier damage is corrected.
      if (act % 5 < 4) continue;
      const end = performance.now() + 60_000 * SLOWNESS;
      for (;;) {
        const now = await everything().catch(String);
        if (now === before) break;
        if (performance.now() > end) assertEquals(now, before);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    await pingAll();
  });

  await t.step(
    "bird exchanges routes over it, and a monitor follows",
    async () => {
      await exchangeRoutes();
    },
  );

  await t.step("--down leaves nothing", async () => {
    assertEquals((await running.stop()).code, 0);
    await fabric.ensure("--down");
    const left = (await run("ip", ["netns", "list"])).split("\n")
      .filter((line) => line.startsWith(PREFIX));
    assertEquals(left, []);
  });
});

/** How many routes leaf1 announces to leaf4. */
const ROUTES = 200;

async function exchangeRoutes(): Promise<void> {
  await using folder = {
    path: await Deno.makeTempDir({ prefix: "netplumb-bgp-" }),
    async [Symbol.asyncDispose]() {
      await Deno.remove(this.path, { recursive: true });
    },
  };
  const start = async (number: number, rest: string) => {
    const file = `${folder.path}/leaf${number}`;
    await Deno.writeTextFile(
      `${file}.conf`,
      `router id 10.0.${number}.1;
      protocol device { scan time 3600; }
      protocol kernel {
        learn;
        scan time 1;
        ipv4 { import all; export where source = RTS_BGP; };
      }
      protocol bgp fabric {
        local 10.0.${number}.1 as 65000;
        neighbor 10.0.${5 - number}.1 as 65000;
        connect delay time 1;
        connect retry time 1;
        error wait time 1, 2;
        ipv4 {
          import where net ~ 198.18.0.0/15;
          export where source = RTS_STATIC;
        };
      }
      ${rest}`,
    );
    return new RunningProgram(
      { netns: netns(`leaf${number}`) },
      ...["bird", "-f", "-c", `${file}.conf`],
      ...["-s", `${file}.control`, "-P", `${file}.pid`],
    );
  };
  const announced = Array.from(
    { length: ROUTES },
    (_, index) => `route 198.18.${index}.0/24 blackhole;`,
  );
  await using _first = await start(
    1,
    `protocol static many { disabled; ipv4; ${announced.join("\n")} }`,
  );
  await using _second = await start(4, "");
  const control = (command: string) =>
    run("birdc", ["-s", `${folder.path}/leaf1.control`, command]);
  await settled(() => control("show status"));
  const isTheirs = (destination: string) => destination.startsWith("198.18.");
  await using followed = new FollowedRoutes(netns("leaf4"), isTheirs);
  await followed.until(0);
  await control("enable many");
  await followed.until(ROUTES);
  // The way to leaf1 goes, and the routes with it; ensure and bird restore them.
  await netns("leaf4").ip("link set eth1 down");
  await netns("leaf4").ip("link set eth2 down");
  await followed.until(ROUTES);
  await control("disable many");
  await followed.until(0);
}
