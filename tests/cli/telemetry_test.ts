// What reaches a collector, and that nothing is said twice.

import { assert, assertEquals } from "@std/assert";
import { Collector } from "../support/collector.ts";
import { RunningScript } from "../support/command.ts";
import "../support/descriptors.ts";
import { Lab, type Netns } from "../support/netns.ts";
import { UdpSocket } from "../../lib/udp/socket.ts";

const ECHO = ["--log-level=warn", "echo", "--bind=127.0.0.1", "--port=0"];

/** Queries an echo server twice, the second time in a way it must not answer. */
async function visit(server: RunningScript): Promise<string[]> {
  const listening = await server.line();
  const { port } = JSON.parse(listening);
  await using client = UdpSocket.bind({ address: "127.0.0.1" });
  await client.send("hello 100%s", { address: "127.0.0.1", port });
  await client.receive({ timeout: 10_000 });
  const first = await server.line();
  const { port: own } = client.address;
  assertEquals(JSON.parse(first).peer.port, own);
  return [listening, first];
}

async function run(env: Record<string, string>) {
  await using server = new RunningScript(
    { env },
    "--json",
    ...ECHO,
    "--count=2",
  );
  const said = await visit(server);
  // Port 123 replies to everything: it gets no reply, and that is reported.
  await using ntp = UdpSocket.bind({ address: TIME_SERVER, port: 123 });
  const { port } = JSON.parse(said[0]);
  await ntp.send("time?", { address: "127.0.0.1", port });
  const { code, stdout, stderr } = await server.end();
  assertEquals(code, 0, stderr);
  return { stdout: [...said, ...stdout.trimEnd().split("\n")], stderr };
}

// An address that no other run of this test uses at the same time.
const TIME_SERVER = `127.1.${Deno.pid >> 8 & 255}.${Deno.pid & 255}`;

const WARNING =
  `warning: not replying to ${TIME_SERVER} port 123: services on that port reply to everything`;

for (const mode of ["capture", "replace"]) {
  Deno.test(`OTEL_DENO exports events and warnings as logs, totals as metrics (console: ${mode})`, async () => {
    await using collector = new Collector();
    const { stdout, stderr } = await run({
      ...collector.env,
      OTEL_DENO_CONSOLE: mode,
    });
    assertEquals(stderr, `${WARNING}\n`);
    assertEquals(
      collector.logs.filter(({ severity }) => severity === "INFO")
        .map(({ body }) => body.trimEnd()),
      stdout,
    );
    assertEquals(
      collector.logs.filter(({ severity }) => severity === "WARN")
        .map(({ body }) => body.trimEnd()),
      [WARNING],
    );
    const { datagrams, bytes, replies } = JSON.parse(stdout.at(-1)!);
    assertEquals({ datagrams, bytes, replies }, {
      datagrams: 2,
      bytes: 16,
      replies: 1,
    });
    const metric = (name: string) =>
      collector.counters.get(`netplumb.echo.${name}`);
    assertEquals(metric("datagrams"), { value: 2, unit: "{datagram}" });
    assertEquals(metric("bytes"), { value: 16, unit: "By" });
    assertEquals(metric("refused"), { value: 1, unit: "{datagram}" });
    assertEquals(metric("dropped"), { value: 0, unit: "{datagram}" });
  });
}

Deno.test("without OTEL_DENO nothing is exported, with OTEL_DENO_CONSOLE=ignore no logs", async () => {
  await using collector = new Collector();
  const { OTEL_DENO: _, ...env } = collector.env;
  const plain = await run(env);
  assertEquals(collector.counters.size, 0);
  const ignored = await run({ ...collector.env, OTEL_DENO_CONSOLE: "ignore" });
  assertEquals(collector.logs, []);
  assertEquals(collector.counters.get("netplumb.echo.datagrams")?.value, 2);
  assertEquals(plain.stdout.length, ignored.stdout.length);
  assertEquals(ignored.stderr, plain.stderr);
});

Deno.test("OTEL_DENO exports what went through a TUN device", async () => {
  await using lab = await Lab.open("host");
  await using collector = new Collector(lab.host);
  await using tun = new RunningScript(
    { netns: lab.host, env: collector.env },
    ...["--json", "tun", "tun0", "--count=1"],
  );
  assertEquals((await tun.object()).event, "device");
  // The kernel says hello on a device that is new.
  const { bytes } = await tun.object();
  assertEquals((await tun.end()).code, 0);
  const metric = (name: string) =>
    collector.counters.get(`netplumb.tun.${name}`);
  assertEquals(metric("packets.read"), { value: 1, unit: "{packet}" });
  assertEquals(metric("bytes.read"), { value: bytes, unit: "By" });
  assertEquals(metric("packets.dropped")?.value, 0);
  assertEquals(
    collector.logs.map(({ body }) => JSON.parse(body).event),
    ["device", "packet", "summary"],
  );
});

Deno.test("OTEL_DENO exports what the kernel dropped before echo could read it", async () => {
  await using lab = await Lab.open("host");
  await using collector = new Collector(lab.host);
  await using server = new RunningScript(
    { netns: lab.host, env: collector.env },
    ...["--json", "--quiet", "echo", "--port=7777"],
  );
  await server.line();
  const [pid] = await lab.host.pids();
  const sent = 20_000;
  Deno.kill(pid, "SIGSTOP");
  try {
    await using client = UdpSocket.bind({ namespace: lab.host.name });
    const to = { address: "127.0.0.1", port: 7777 };
    const data = new Uint8Array(100);
    await client.sendMany(Array.from({ length: sent }, () => ({ data, to })));
  } finally {
    Deno.kill(pid, "SIGCONT");
  }
  const { code, stdout } = await server.stop("SIGTERM");
  assertEquals(code, 0);
  const { datagrams, dropped } = JSON.parse(stdout.trim().split("\n").at(-1)!);
  assert(dropped > 0);
  assert(datagrams + dropped <= sent);
  const metric = collector.counters.get("netplumb.echo.dropped");
  assertEquals(metric, { value: dropped, unit: "{datagram}" });
});

Deno.test("OTEL_DENO exports the events of the monitor, and what was recovered", async () => {
  await using lab = await Lab.open("host");
  await lab.host.ip("link add gate up type ifb");
  await using collector = new Collector(lab.host);
  await using monitor = new RunningScript(
    { netns: lab.host, env: collector.env },
    ...["--json", "monitor", "link", "route", "--snapshot"],
    ...["--receive-buffer=65536"],
  );
  const said = [await monitor.line()];
  while (!/"dst":"ff00::\/8","dev":"gate"/.test(said.at(-1)!)) {
    said.push(await monitor.line());
  }
  const pid = await pidOf(lab.host, "monitor");
  Deno.kill(pid, "SIGSTOP");
  await lab.host.batch(
    Array.from(
      { length: 800 },
      (_, i) => `route add 10.${i >> 8}.${i & 255}.0/24 dev gate`,
    ).join("\n"),
  );
  Deno.kill(pid, "SIGCONT");
  while (!/"event":"resynchronised"/.test(said.at(-1)!)) {
    said.push(await monitor.line());
  }
  const { code, stdout, stderr } = await monitor.stop();
  assertEquals([code, stderr], [0, ""]);
  said.push(...stdout.trim().split("\n"));
  const { event: _, seconds: _s, ...totals } = JSON.parse(said.at(-1)!);
  assert(totals.events >= 800 && totals.corrections > 100);
  for (const [name, value] of Object.entries(totals)) {
    const metric = collector.counters.get(`netplumb.monitor.${name}`);
    assertEquals(metric?.value, value as number, name);
  }
  const { link, route } = collector.byAttributes.get(
    "netplumb.monitor.events",
  )!;
  assertEquals([link, route], [0, totals.events]);
  assertEquals(collector.logs.map(({ body }) => body.trimEnd()), said);
});

Deno.test("OTEL_DENO exports what ensure corrected", async () => {
  await using lab = await Lab.open("host");
  await using collector = new Collector(lab.host);
  const file = await Deno.makeTempFile({ suffix: ".yaml" });
  try {
    await Deno.writeTextFile(
      file,
      "links: [{name: br0, kind: bridge, up: true}]\n",
    );
    await using ensure = new RunningScript(
      { netns: lab.host, env: collector.env },
      ...["--json", "ensure", file],
    );
    while ((await ensure.object()).event !== "summary");
    await lab.host.ip("link set br0 down");
    const corrected = await ensure.line();
    assertEquals(JSON.parse(corrected).event, "corrected");
    const { code } = await ensure.stop("SIGTERM");
    assertEquals(code, 0);
    const metric = (name: string) =>
      collector.counters.get(`netplumb.ensure.${name}`);
    assertEquals(metric("corrections"), { value: 1, unit: "{correction}" });
    assertEquals(metric("refused")?.value, 0);
    const infos = collector.logs.filter(({ severity }) => severity === "INFO");
    assertEquals(infos.at(-1)?.body.trimEnd(), corrected);
  } finally {
    await Deno.remove(file);
  }
});

/** The process in a namespace that has this word on its command line. */
async function pidOf(netns: Netns, word: string): Promise<number> {
  for (const pid of await netns.pids()) {
    const line = await Deno.readTextFile(`/proc/${pid}/cmdline`);
    if (line.split("\0").includes(word)) return pid;
  }
  throw new Error(`no process of ${word}`);
}
