// Faults of `netplumb ensure` that were reported from the field, each with what
// `ip` shows afterwards.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { denoRun, Running } from "../support/command.ts";
import { testWith } from "../support/kinds.ts";
import { Lab, type Netns, type Output, output } from "../support/netns.ts";
import { SLOWNESS } from "../support/timing.ts";

/** Applies a configuration to a namespace. */
function applied(
  netns: Netns,
  configuration: object,
  ...args: string[]
): Promise<Output> {
  const words = ["ensure", "-", "--in", netns.name, ...args];
  return output(Deno.execPath(), [...denoRun(), ...words], {
    stdin: JSON.stringify(configuration),
    env: { NO_COLOR: "1" },
  });
}

async function succeeds(netns: Netns, configuration: object): Promise<void> {
  const { code, stderr } = await applied(netns, configuration, "--once");
  assertEquals([code, stderr], [0, ""]);
  const again = await applied(netns, configuration, "--once");
  assertEquals([again.code, again.stdout], [0, "no change\n"]);
}

const lines = (text: string) =>
  text.trim().split("\n").map((line) => line.trim());

Deno.test("exclusive rules: those of the kernel stay, and lookups of its tables", async () => {
  await using lab = await Lab.open("one");
  const { one } = lab;
  await one.batch(`
    rule add l3mdev pref 1000 protocol kernel
    rule delete pref 32766
    rule add pref 32766 lookup main
    rule add pref 77 from 10.0.0.0/8 lookup 100`);
  await succeeds(one, { exclusive: ["rules"] });
  assertEquals(lines(await one.ip("rule")).map((line) => line.split("\t")[0]), [
    "0:",
    "1000:",
    "32766:",
    "32767:",
  ]);
});

Deno.test("exclusive rules: the deletion of a rule names all its selectors", async () => {
  await using lab = await Lab.open("one");
  const { one } = lab;
  // The kernel deletes the first rule that has all that the message names.
  await one.batch(`
    rule add pref 100 lookup 50
    rule add pref 100 fwmark 7 lookup 50
    rule add pref 100 iif lo lookup 50
    rule add pref 100 ipproto tcp dport 80 lookup 50`);
  await succeeds(one, {
    exclusive: ["rules"],
    rules: [{ priority: 100, table: 50 }],
  });
  const rules = lines(await one.ip("rule show pref 100"));
  assertEquals(rules, ["100:\tfrom all lookup 50"]);
});

Deno.test("exclusive routes: routes of a nexthop object and of another source go", async () => {
  await using lab = await Lab.open("one");
  const { one } = lab;
  await one.batch(`
    link add v0 type veth peer name v1
    link set v0 up
    link set v1 up
    address add 192.0.2.1/24 dev v0
    address add 192.0.2.9/24 dev v0
    nexthop add id 7 via 192.0.2.2 dev v0
    route add 10.0.0.0/8 nhid 7
    route add 10.1.0.0/16 via 192.0.2.3 src 192.0.2.9 protocol static`);
  await succeeds(one, { exclusive: ["routes"] });
  const routes = await one.json("route");
  assertEquals(routes.map(({ protocol }) => protocol), ["kernel"]);
});

await testWith(
  ["type vxlan id 1"],
  "link of a kind without a lower link is refused with the right key",
  async () => {
    await using lab = await Lab.open("one");
    const options = { id: 7, dstport: 4789 };
    const { code, stderr } = await applied(lab.one, {
      links: [{ name: "x0", kind: "vxlan", link: "lo", options }],
    }, "--once");
    assertEquals(code, 2, stderr);
    assertStringIncludes(stderr, "links[0].link: a vxlan has no lower link");
    assertStringIncludes(stderr, "options.dev");
  },
);

await testWith(
  ["type vlan id 5"],
  "a VLAN is set up after its lower link, also in another namespace",
  async () => {
    await using lab = await Lab.open("one", "two");
    const { one, two } = lab;
    const vlan = { kind: "vlan", up: true, link: "v0" };
    await succeeds(one, {
      links: [
        { name: "v0.5", ...vlan, options: { id: 5 } },
        { name: "v0.6", ...vlan, options: { id: 6 }, netns: two.name },
        {
          name: "v0",
          kind: "veth",
          up: true,
          options: { peer: { name: "v1", up: true } },
        },
      ],
      namespaces: { [two.name]: {} },
    });
  },
);

await testWith(
  ["link lo type macvlan"],
  "a link that differs again after it was recreated is left alone",
  async () => {
    await using lab = await Lab.open("one");
    const { one } = lab;
    await one.ip("link add v0 type veth peer name v1");
    // The kernel puts a macvlan of a macvlan on the lowest link.
    const links = [
      { name: "m0", kind: "macvlan", link: "v0" },
      { name: "m1", kind: "macvlan", link: "m0" },
    ];
    const index = async () => (await one.json("link show m1"))[0].ifindex;
    await applied(one, { links }, "--once");
    const before = await index();
    const { code, stderr } = await applied(one, { links }, "--once");
    assertEquals(code, 4);
    assertStringIncludes(stderr, "without effect; link is ");
    assertEquals(await index(), Number(before) + 1);
  },
);

Deno.test("exclusive: routes, rules and nexthops of a routing daemon stay", async () => {
  await using lab = await Lab.open("one");
  const { one } = lab;
  await one.batch(`
    link add v0 type veth peer name v1
    link set v0 up
    link set v1 up
    address add 192.0.2.1/24 dev v0
    route add 10.0.0.0/8 via 192.0.2.2 protocol bird
    route add 10.1.0.0/16 via 192.0.2.2
    nexthop add id 7 via 192.0.2.2 dev v0 protocol zebra
    nexthop add id 8 via 192.0.2.2 dev v0
    rule add pref 77 from 10.0.0.0/8 lookup 100 protocol bird
    rule add pref 78 from 10.0.0.0/8 lookup 100`);
  const seen = async () => [
    (await one.json("route show protocol bird")).length,
    (await one.json("route show protocol boot")).length,
    (await one.json<{ id: number }>("nexthop")).map(({ id }) => id),
    (await one.json<{ priority: number }>("rule")).map(({ priority }) =>
      priority
    ),
  ];
  const exclusive = ["routes", "rules", "nexthops"];
  await succeeds(one, { exclusive });
  assertEquals(await seen(), [1, 0, [7], [0, 77, 32766, 32767]]);
  await succeeds(one, { exclusive: [...exclusive, "dynamic"] });
  assertEquals(await seen(), [0, 0, [], [0, 32766, 32767]]);
});

Deno.test("an alternative name of a link is no reason to rename it", async () => {
  await using lab = await Lab.open("one");
  const { one } = lab;
  await one.batch(`
    link add v0 type veth peer name v1
    link property add dev v0 altname lan`);
  await succeeds(one, {
    links: [{ name: "lan", mtu: 1400, addresses: ["192.0.2.1/24"] }],
  });
  const [link] = await one.json("address show dev lan");
  assertEquals([link.ifname, link.mtu], ["v0", 1400]);
});

Deno.test("a recreated link stays when a later change is refused", async () => {
  await using lab = await Lab.open("one");
  const { one } = lab;
  await one.ip("link add b0 type veth peer name b1");
  const { code } = await applied(one, {
    links: [{ name: "b0", kind: "bridge" }],
    routes: [{ to: "10.0.0.0/8", via: "203.0.113.1" }],
  }, "--once");
  assertEquals(code, 1);
  const [link] = await one.json<{ linkinfo: { info_kind: string } }>(
    "-d link show b0",
  );
  assertEquals(link.linkinfo.info_kind, "bridge");
});

Deno.test("flushed routes to the networks of addresses are restored", async () => {
  await using lab = await Lab.open("one", "two");
  const { one } = lab;
  await lab.veth("one", "v0", "two", "v1");
  const configuration = {
    links: [
      {
        name: "v0",
        addresses: [
          "192.0.2.1/24",
          "192.0.2.2/24",
          { address: "192.0.2.129/25", metric: 7 },
          { address: "198.51.100.1/24", noprefixroute: true },
          { address: "203.0.113.1/32" },
          { address: "2001:db8::1/64", nodad: true },
        ],
      },
      { name: "lo", up: true, addresses: ["192.0.2.77/32"] },
      { name: "b0", kind: "bridge", addresses: ["198.51.100.9/24"] },
    ],
    routes: [{ to: "default", via: "192.0.2.254" }],
  };
  const seen = async () => [
    ...lines(await one.ip("route")),
    ...lines(await one.ip("-6 route")).filter((line) => /db8/.test(line)),
  ];
  await succeeds(one, configuration);
  const before = await seen();
  await one.batch("route flush table main");
  await one.ip("-6 route flush table main");
  assertEquals((await seen()).join(""), "");
  await succeeds(one, configuration);
  assertEquals((await seen()).toSorted(), before.toSorted());
});

Deno.test("a default route may be written as a network", async () => {
  await using lab = await Lab.open("one", "two");
  await lab.veth("one", "v0", "two", "v1");
  await succeeds(lab.one, {
    links: [{
      name: "v0",
      addresses: ["192.0.2.1/24", { address: "2001:db8::1/64", nodad: true }],
    }],
    routes: [
      { to: "0.0.0.0/0", via: "192.0.2.2" },
      { to: "::/0", via: "2001:db8::2" },
    ],
  });
});

Deno.test("a list may be null", async () => {
  await using lab = await Lab.open("one");
  await succeeds(lab.one, { links: null, routes: null });
});

await testWith(
  ["link lo type macvlan"],
  "what refers to a missing device waits for it",
  async () => {
    await using lab = await Lab.open("one");
    const { one } = lab;
    const configuration = {
      links: [
        { name: "e9" },
        {
          name: "m0",
          kind: "macvlan",
          link: "e9",
          addresses: ["192.0.2.1/24"],
        },
        { name: "b0", kind: "bridge", up: true },
        { name: "i0", kind: "ifb", master: "e9" },
      ],
      routes: [{ to: "10.0.0.0/8", via: "192.0.2.2", dev: "m0" }],
    };
    const { code, stdout, stderr } = await applied(
      one,
      configuration,
      "--once",
      "--json",
    );
    assertEquals([code, stderr], [4, ""]);
    const events = lines(stdout).map((line) => JSON.parse(line));
    assertEquals(events.map(({ event, name }) => `${event} ${name}`), [
      "applied b0",
      "missing e9",
      "summary undefined",
    ]);
    await one.ip("link add e9 type veth peer name e8");
    await one.batch(`
      link set e9 up
      link set e8 up`);
    const links = configuration.links.filter(({ name }) => name !== "i0")
      .map((link) => ({ ...link, up: true }));
    await succeeds(one, { ...configuration, links });
  },
);

Deno.test("what the kernel refused is tried again at once when it may be accepted", async () => {
  await using lab = await Lab.open("one", "two");
  const { one, two } = lab;
  await lab.veth("one", "v0", "two", "v1");
  const file = await Deno.makeTempFile({ suffix: ".yaml" });
  await using stack = new AsyncDisposableStack();
  stack.defer(() => Deno.remove(file));
  await Deno.writeTextFile(
    file,
    JSON.stringify({
      namespaces: {
        [one.name]: {
          links: [{ name: "v0", addresses: ["192.0.2.1/24"] }],
          nexthops: [{ id: 5, via: "192.0.2.2", dev: "v0" }],
          routes: [{ to: "10.0.0.0/8", nhid: 5 }],
        },
      },
    }),
  );
  const running = stack.use(new Running(undefined, "ensure", file, "--json"));
  const until = async (is: (event: Record<string, unknown>) => boolean) => {
    for (;;) {
      const event = await running.object();
      if (is(event)) return event;
    }
  };
  await until(({ event }) => event === "summary");
  // The kernel removes nexthops without a carrier, and refuses new ones.
  await two.ip("link set v1 down");
  await until(({ event, object, pause }) =>
    event === "refused" && object === "nexthop" && Number(pause) > 1500
  );
  await two.ip("link set v1 up");
  const restored = performance.now();
  await until(({ event, object }) =>
    event === "corrected" && object === "route"
  );
  const took = performance.now() - restored;
  assert(took < 700 * SLOWNESS, `${took} ms`);
  assertEquals((await one.json("route show 10.0.0.0/8")).length, 1);
});

for (
  const [name, command] of Object.entries({
    "a full log": '"$@" > /dev/full',
    "a reader that has gone": '"$@" | exec true',
    "a reader that reads nothing":
      "p=$(mktemp -u) && mkfifo $p && exec 3<>$p && rm $p &&" +
      ' head -c 65536 /dev/zero >&3 && "$@" >&3',
  })
) {
  Deno.test(`the reconcile loop survives ${name}`, async () => {
    await using lab = await Lab.open("one");
    const { one } = lab;
    await using stack = new AsyncDisposableStack();
    const file = await Deno.makeTempFile({ suffix: ".json" });
    stack.defer(() => Deno.remove(file));
    const links = [{ name: "br0", kind: "bridge", mtu: 1400 }];
    const namespaces = { [one.name]: { links } };
    await Deno.writeTextFile(file, JSON.stringify({ namespaces }));
    // The shell reports the exit code of the command, not that of its reader.
    const script = `set -o pipefail; ${command}`;
    const words = ["ensure", file];
    const child = new Deno.Command("bash", {
      args: ["-c", script, "bash", Deno.execPath(), ...denoRun(), ...words],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const stderr = child.stderr.pipeThrough(new TextDecoderStream())
      .getReader();
    let text = "";
    while (!text.includes("reconciling")) {
      const { value, done } = await stderr.read();
      assert(!done, text);
      text += value;
    }
    const mtu = async () => (await one.json("link show br0"))[0].mtu;
    for (const _ of [1, 2, 3]) {
      await one.ip("link set br0 mtu 1300");
      const end = performance.now() + 20_000;
      while (await mtu() !== 1400) assert(performance.now() < end);
    }
    // The shell may have become the command.
    const pids = await children(child.pid);
    for (const pid of pids.length > 0 ? pids : [child.pid]) {
      Deno.kill(pid, "SIGTERM");
    }
    while (!(await stderr.read()).done);
    assertEquals((await child.status).code, 0, text);
  });
}

/** The processes that a process started. */
async function children(pid: number): Promise<number[]> {
  const path = `/proc/${pid}/task/${pid}/children`;
  const text = await Deno.readTextFile(path);
  return text.trim().split(" ").filter((one) => one !== "").map(Number);
}

Deno.test("a setting of a veth that both ends mention differently is refused", async () => {
  await using lab = await Lab.open("one");
  const { code, stderr } = await applied(lab.one, {
    links: [
      {
        name: "a0",
        kind: "veth",
        options: { peer: { name: "a1", mtu: 1400 } },
      },
      { name: "a1", mtu: 1500 },
    ],
  }, "--once");
  assertEquals(code, 2, stderr);
  assertStringIncludes(stderr, "links[0].options.peer.mtu");
});
