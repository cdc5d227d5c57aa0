// netplumb send to unicast, multicast and broadcast addresses, refused or not,
// with payloads of every source; and the options of netplumb echo beside it.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { denoRun, netplumb, Running } from "../support/command.ts";
import { Lab, type Netns, output } from "../support/netns.ts";
import { RunningProgram } from "../support/program.ts";

const SERVER = { ipv4: "192.0.2.1", ipv6: "2001:db8::1" } as const;

async function lab() {
  const lab = await Lab.open("server", "client");
  try {
    await lab.veth("server", "eth0", "client", "eth0");
    await lab.server.batch(`
      address add 192.0.2.1/24 dev eth0
      address add 192.0.2.2/24 dev eth0
      address add 2001:db8::1/64 dev eth0 nodad
    `);
    await lab.client.batch(`
      address add 192.0.2.100/24 dev eth0
      address add 2001:db8::100/64 dev eth0 nodad
    `);
    return lab;
  } catch (error) {
    await lab[Symbol.asyncDispose]();
    throw error;
  }
}

/** Runs send with --json; its lines as objects. */
async function send(netns: Netns, ...args: string[]) {
  const { code, stdout, stderr } = await netplumb(
    netns,
    ...["send", ...args, "--json"],
  );
  const events = stdout.trim().split("\n").filter(Boolean)
    .map((line) => JSON.parse(line));
  return { code, events, stderr };
}

/** Starts echo; it listens when this resolves. */
async function echo(netns: Netns, ...args: string[]): Promise<Running> {
  const running = new Running(
    netns,
    ...["echo", "--port", "7000", "--json", ...args],
  );
  try {
    await running.line();
    return running;
  } catch (error) {
    await running[Symbol.asyncDispose]();
    throw error;
  }
}

Deno.test("send: replies to multicast come from unicast addresses, and are right", async () => {
  await using net = await lab();
  const groups = ["239.5.5.5", "ff15::5", "ff02::5"];
  await using _echo = await echo(
    net.server,
    ...groups.flatMap((group) => ["--join", `${group}%eth0`]),
  );
  for (const group of groups) {
    for (
      const to of [[`${group}`, "7000", "--interface", "eth0"]].concat(
        group.includes(":") ? [[`${group}%eth0`, "7000"]] : [],
      )
    ) {
      const { code, events } = await send(
        net.client,
        ...[...to, "--timeout", "300ms"],
      );
      assertEquals(code, 0, group);
      const [answer, summary] = events;
      assertEquals([answer.event, answer.expected], ["reply", true]);
      assert(!answer.peer.address.startsWith("ff"));
      assertEquals([summary.answered, summary.wrongSource], [1, 0]);
    }
  }
});

Deno.test("send: all replies to a multicast query are shown", async () => {
  await using net = await lab();
  await using more = await Lab.open("third");
  // A second responder on the same link, behind a bridge.
  await net.server.ip(
    `link add eth1 type veth peer name eth0 netns ${more.third.name}`,
  );
  await net.server.batch(`
    link add br0 type bridge mcast_snooping 0
    link set eth1 up
    link set eth1 master br0
    address flush dev eth0
    link set eth0 master br0
    link set br0 up
    address add 192.0.2.1/24 dev br0
  `);
  await more.third.batch(`
    link set eth0 up
    address add 192.0.2.3/24 dev eth0
  `);
  await Promise.all([net.server.carries("br0"), more.third.carries("eth0")]);
  await using _one = await echo(net.server, "--join", "239.5.5.5%br0");
  await using _two = await echo(more.third, "--join", "239.5.5.5%eth0");
  const { code, events } = await send(
    net.client,
    ...["239.5.5.5", "7000", "--timeout", "500ms", "--interface", "eth0"],
  );
  const from = events.filter(({ event }) => event === "reply")
    .map(({ peer }) => peer.address);
  assertEquals([code, from.toSorted()], [0, ["192.0.2.1", "192.0.2.3"]]);
});

Deno.test("send: a broadcast is sent with --broadcast, and refused in words without", async () => {
  await using net = await lab();
  await using _echo = await echo(net.server);
  const refused = await send(net.client, "192.0.2.255", "7000");
  assertEquals(refused.code, 77);
  assertStringIncludes(refused.stderr, "--broadcast");
  for (
    const to of [
      ["192.0.2.255", "7000", "--broadcast"],
      ["255.255.255.255", "7000", "--interface", "eth0"],
    ]
  ) {
    const { code, events } = await send(
      net.client,
      ...[...to, "--timeout", "300ms"],
    );
    const [answer] = events;
    assertEquals([code, answer.peer.address, answer.expected], [
      0,
      SERVER.ipv4,
      true,
    ]);
  }
  const connected = await send(
    net.client,
    ...["192.0.2.255", "7000", "--broadcast", "--connect"],
  );
  assertEquals(connected.code, 2);
  assertStringIncludes(connected.stderr, "multicast or broadcast address");
});

Deno.test("send: a refusal names the peer, and is not waited out", async () => {
  await using net = await lab();
  await net.server.sysctl("net.ipv4.icmp_ratelimit", 0);
  await net.server.sysctl("net.ipv6.icmp.ratelimit", 0);
  for (const address of Object.values(SERVER)) {
    for (const connect of [[], ["--connect"]]) {
      const start = performance.now();
      const { code, events } = await send(
        net.client,
        ...[address, "7001", "--count", "3", "--timeout", "60s", ...connect],
      );
      assert(performance.now() - start < 30_000);
      assertEquals(code, 1);
      const peer = { address, port: 7001 };
      assertEquals(
        events.slice(0, -1),
        [1, 2, 3].map((sequence) => ({
          event: "refused",
          sequence,
          peer,
          code: "ECONNREFUSED",
          offender: address,
        })),
      );
      const { sent, refused, answered } = events.at(-1);
      assertEquals([sent, refused, answered], [3, 3, 0]);
    }
  }
  const { code, stdout } = await netplumb(
    net.client,
    ...["send", SERVER.ipv4, "7001", "--connect"],
  );
  assertEquals([code, stdout], [
    1,
    "192.0.2.1:7001 refused: ECONNREFUSED, connection refused\n",
  ]);
});

Deno.test("send: a router's refusal names the router", async () => {
  await using net = await lab();
  await net.server.sysctl("net.ipv4.ip_forward", 1);
  await net.server.ip("route add unreachable 203.0.113.0/24");
  await net.client.ip("route add default via 192.0.2.1");
  const { code, events } = await send(net.client, "203.0.113.5", "7000");
  const [{ event, code: errno, offender }] = events;
  assertEquals([code, event, errno, offender], [
    1,
    "refused",
    "EHOSTUNREACH",
    "192.0.2.1",
  ]);
});

Deno.test("send: bytes, files and standard input", async () => {
  await using net = await lab();
  await using server = await echo(net.server);
  const bytes = Uint8Array.from({ length: 256 }, (_, n) => n);
  const file = await Deno.makeTempFile({ prefix: "netplumb-send-" });
  try {
    await Deno.writeFile(file, bytes);
    const to = [SERVER.ipv4, "7000"];
    const replies = async (...payload: string[]) => {
      const { code, events, stderr } = await send(
        net.client,
        ...to,
        ...payload,
      );
      assertEquals(code, 0, stderr);
      await server.object();
      return events[0];
    };
    assertEquals((await replies("--file", file)).hex, bytes.toHex());
    for (const hex of ["00ff0a", "00 ff 0A", "00:FF:0a"]) {
      const answer = await replies("--hex", hex);
      assertEquals([answer.bytes, answer.hex], [3, "00ff0a"]);
    }
    assertEquals((await replies("text")).text, "text");
    assertEquals((await replies()).text, "netplumb");
    for (const words of [["-"], ["--file", "-"]]) {
      const { stdout } = await net.client.output(
        Deno.execPath(),
        [...denoRun(), "send", ...to, ...words],
        { stdin: "from stdin", env: { NO_COLOR: "1" } },
      );
      await server.object();
      assertStringIncludes(stdout, ": from stdin\n");
    }
    const binary = await netplumb(
      net.client,
      ...["send", ...to, "--hex", "00ff0a"],
    );
    await server.object();
    assertStringIncludes(binary.stdout, ": 00ff0a\n");
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("send: payloads that cannot be sent are refused before any system call", async () => {
  const to = ["send", "192.0.2.1", "7000"];
  const cases: [string[], string][] = [
    [["--hex", "xy"], "hexadecimal digits"],
    [["--hex", "123"], "hexadecimal digits"],
    [["--hex", ""], "hexadecimal digits"],
    [["text", "--hex", "00"], "one of text, --hex and --file"],
    [["--hex", "00", "--file", "/dev/null"], "one of text, --hex and --file"],
    [["--file", "/dev/zero", "--count", "0"], "count"],
  ];
  for (const [args, words] of cases) {
    const { code, stdout, stderr } = await netplumb(undefined, ...to, ...args);
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assertStringIncludes(stderr, words);
  }
  const missing = await netplumb(
    undefined,
    ...[...to, "--file", "/no/such/file"],
  );
  assertEquals(missing.code, 1);
  assertStringIncludes(missing.stderr, "/no/such/file");
  const { code, stderr } = await output(
    Deno.execPath(),
    [...denoRun(), ...to, "-"],
    { stdin: "x".repeat(70_000) },
  );
  assertEquals(code, 2);
  assertStringIncludes(stderr, "at most 65527 bytes");
});

Deno.test("send --ttl: a multicast datagram passes routers", async () => {
  await using net = await lab();
  await using listener = new RunningProgram(
    { netns: net.server },
    ...["python3", "-c", TTL_LISTENER],
  );
  assertEquals(await listener.line(), "ready");
  for (const ttl of ["1", "9"]) {
    await send(
      net.client,
      ...["239.5.5.5", "7000", "--interface", "eth0", "--timeout", "1ms"],
      ...["--ttl", ttl],
    );
    assertEquals(await listener.line(), ttl);
  }
});

const TTL_LISTENER = `
import socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 7000))
s.setsockopt(0, 12, 1)
s.setsockopt(0, socket.IP_ADD_MEMBERSHIP,
             socket.inet_aton("239.5.5.5") + socket.inet_aton("192.0.2.1"))
print("ready", flush=True)
while True:
    _, control, _, _ = s.recvmsg(2048, 100)
    print(struct.unpack("i", control[0][2])[0], flush=True)
`;

Deno.test("echo --join: groups of both IP versions, and what cannot be joined", async () => {
  await using net = await lab();
  await using server = new Running(
    net.server,
    ...["echo", "--port", "7000", "--json", "--interface", "eth0"],
    ...["--join", "239.5.5.5", "--join", "ff15::5%eth0"],
  );
  assertEquals((await server.object()).groups, ["239.5.5.5", "ff15::5%eth0"]);
  const [{ maddr }] = await net.server.json<{
    maddr: { address?: string }[];
  }>("maddress show dev eth0");
  const joined = maddr.map(({ address }) => address);
  assert(joined.includes("239.5.5.5") && joined.includes("ff15::5"));
  const refused: [string[], number, string][] = [
    [["--join", "192.0.2.1"], 2, "multicast address"],
    [["--join", "239.5.5.5%a/b"], 2, "interface name"],
    [["--join", "239.5.5.5%none"], 1, "ENODEV"],
    [["--interface", "none"], 1, "ENODEV"],
  ];
  for (const [args, code, words] of refused) {
    const result = await netplumb(
      net.server,
      ...["echo", "--port", "7002", ...args],
    );
    assertEquals([result.code, result.stdout], [code, ""], args.join(" "));
    assertStringIncludes(result.stderr, words);
  }
});

Deno.test("echo --free-bind: answers from an address that comes later", async () => {
  await using net = await lab();
  for (const address of ["192.0.2.50", "2001:db8::50"]) {
    const bound = ["--bind", address];
    const refused = await netplumb(
      net.server,
      ...["echo", "--port", "7000", ...bound],
    );
    assertEquals(refused.code, 1);
    await using _echo = await echo(net.server, ...bound, "--free-bind");
    const length = address.includes(":") ? "64 nodad" : "24";
    await net.server.ip(`address add ${address}/${length} dev eth0`);
    const { code } = await send(net.client, address, "7000");
    assertEquals(code, 0, address);
  }
});

Deno.test("echo: the ports of answering services are in the summary, --any-port answers them", async () => {
  await using net = await lab();
  const ask = (port: number) =>
    net.client.run("nc", [
      ...["-u", "-p", String(port), "-W", "1", "-w", "2"],
      ...[SERVER.ipv4, "7000"],
    ], { stdin: "q" }).catch(() => "");
  {
    await using server = new Running(
      net.server,
      ...["echo", "--port", "7000", "--count", "3"],
    );
    await server.line();
    for (const port of [53, 123, 7777]) await ask(port);
    const { stderr } = await server.end();
    assertStringIncludes(
      stderr,
      "2 ignored, 2 of them from ports of services that reply " +
        "to everything (--any-port replies)",
    );
  }
  await using server = await echo(net.server, "--any-port");
  for (const port of [53, 123]) assertEquals(await ask(port), "q");
  await server.object();
  await server.object();
  const { stdout } = await server.stop();
  const { replies, refused, servicePort } = JSON.parse(stdout);
  assertEquals([replies, refused, servicePort], [2, 0, 0]);
});
