// Two real echo servers on different ports, pointed at each other by a forged
// datagram; and clients that send as much as such a loop.

import { assert, assertEquals } from "@std/assert";
import { LoopGuard, PROBE_LENGTH } from "../../cli/echo/loops.ts";
import { ReceiveBatch } from "../../lib/udp/receive_batch.ts";
import { UdpSocket } from "../../lib/udp/socket.ts";
import { Running } from "../support/command.ts";
import "../support/descriptors.ts";
import { Lab, type Netns } from "../support/netns.ts";
import { RunningProgram } from "../support/program.ts";

const A = "192.0.2.1";
const B = "192.0.2.2";

async function lab() {
  const lab = await Lab.open("a", "b");
  try {
    await lab.veth("a", "eth0", "b", "eth0");
    await lab.a.ip(`address add ${A}/24 dev eth0`);
    await lab.b.ip(`address add ${B}/24 dev eth0`);
    return lab;
  } catch (error) {
    await lab[Symbol.asyncDispose]();
    throw error;
  }
}

/** An echo server that listens. */
async function echo(
  netns: Netns,
  port: number,
  ...args: string[]
): Promise<Running> {
  const server = new Running(netns, "echo", "--port", `${port}`, ...args);
  await server.line();
  return server;
}

/** Sends datagrams to A from B's address and port, which B's server has. */
async function forge(b: Netns, payloads: readonly string[]): Promise<void> {
  await b.run("python3", [
    "-c",
    `
import socket, struct, sys
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
for payload in sys.argv[1:]:
    data = payload.encode()
    s.sendto(struct.pack("!HHHH", 8888, 7777, 8 + len(data), 0) + data, ("${A}", 0))
`,
    ...payloads,
  ]);
}

/** Packets that an interface has received. */
async function received(netns: Netns): Promise<number> {
  const [link] = await netns.json<{ stats64: { rx: { packets: number } } }>(
    "-s link show dev eth0",
  );
  return link.stats64.rx.packets;
}

async function soonQuiet(netns: Netns): Promise<void> {
  for (let before = await received(netns), turn = 0; turn < 100; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const now = await received(netns);
    if (now - before < 5) return;
    before = now;
  }
  throw new Error("the loop goes on");
}

/** Until one of them reports a refusal for that reason. */
async function reported(reason: string, ...servers: Running[]): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("nobody tells")), 20_000);
  try {
    await Promise.race([
      promise,
      ...servers.map(async (server) => {
        while (!(await server.line()).includes(`no reply: ${reason}`));
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}

for (
  const { name, payloads, args } of [
    {
      name: "datagrams that differ, of a probe's size as well",
      payloads: ["x", "y".repeat(24), "z".repeat(900)],
      args: [],
    },
    { name: "trains", payloads: ["loop", "loop", "loop"], args: ["--gro"] },
  ]
) {
  Deno.test(`echo: a loop of two servers ends: ${name}`, async () => {
    await using net = await lab();
    await using a = await echo(net.a, 7777, ...args);
    await using b = await echo(net.b, 8888, ...args);
    const before = await received(net.a);
    await forge(net.b, payloads);
    await reported("echoing-peer", a, b);
    await soonQuiet(net.a);
    assert(await received(net.a) - before > 1000, "there was a loop");
    // Other clients get replies as before.
    await using client = UdpSocket.bind({ namespace: net.b.name, address: B });
    await client.send("question", { address: A, port: 7777 });
    const { data } = await client.receive({ timeout: 5000 });
    assertEquals(new TextDecoder().decode(data), "question");
    const said = (await a.stop()).stderr + (await b.stop()).stderr;
    const warnings = said.match(/not replying .*returned a probe/g) ?? [];
    assert(warnings.length >= 1 && warnings.length <= 2, said);
  });
}

Deno.test("echo: a loop with an echo server that knows no rules ends", async () => {
  await using net = await lab();
  await using a = await echo(net.a, 7777);
  await using plain = new RunningProgram(
    { netns: net.b },
    "python3",
    "-c",
    `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("${B}", 8888))
print("ready", flush=True)
while True:
    data, peer = s.recvfrom(2048)
    s.sendto(data, peer)
`,
  );
  await plain.line();
  await forge(net.b, ["loop", "pool"]);
  await reported("echoing-peer", a);
  await soonQuiet(net.a);
});

Deno.test("echo: a client with 64 identical datagrams under way is answered, each of them", async () => {
  await using net = await lab();
  await using a = await echo(net.a, 7777, "--quiet", "--json");
  await using client = UdpSocket.bind({
    namespace: net.b.name,
    address: B,
    receiveBuffer: 1 << 20,
  });
  const to = { address: A, port: 7777 };
  const question = "the same question";
  const batch = new ReceiveBatch({ size: 128 });
  const ask = (count: number) =>
    client.sendMany(Array.from({ length: count }, () => ({
      data: question,
      to,
    })));
  let [queried, answered, others] = [64, 0, 0];
  await ask(64);
  const end = performance.now() + 1500;
  while (performance.now() < end || answered < 20_000) {
    await client.receiveMany(batch, { timeout: 5000 });
    let came = 0;
    for (let slot = 0; slot < batch.count; slot++) {
      const same = batch.length(slot) === question.length;
      if (same) came++;
      else others++;
    }
    answered += came;
    if (came > 0) await ask(came);
    queried += came;
  }
  while (answered < queried) {
    await client.receiveMany(batch, { timeout: 5000 });
    for (let slot = 0; slot < batch.count; slot++) {
      if (batch.length(slot) === question.length) answered++;
      else others++;
    }
  }
  const { stdout } = await a.stop();
  const { datagrams, replies, refused, failed } = JSON.parse(
    stdout.trim().split("\n").at(-1)!,
  );
  assertEquals([datagrams, replies, refused, failed], [queried, queried, 0, 0]);
  assert(
    others >= 1 && others <= 3,
    `${others} probes for ${queried} datagrams`,
  );
});

Deno.test("echo: whom it leaves alone, and for how long, is not up to the time of day", async () => {
  await using server = UdpSocket.bind({ address: "127.0.0.1" });
  await using client = UdpSocket.bind({ address: "127.0.0.1" });
  await client.send("question", server.address);
  const received = new ReceiveBatch();
  await server.receiveMany(received, { timeout: 5000 });
  const guard = new LoopGuard();
  const { now } = Date;
  try {
    // Each look a day before the one before.
    let time = now();
    Date.now = () => time -= 86_400_000;
    const looks = (count: number) =>
      Array.from({ length: count }, () => guard.sample(received))
        .find((probe) => probe !== undefined);
    const probe = looks(64 * 40);
    assertEquals(probe?.length, PROBE_LENGTH);
    await client.send(probe!, server.address);
    await server.receiveMany(received, { timeout: 5000 });
    assert(guard.refuses(received, 0));
    // A probe has not been long under way, and an echo not been long alone.
    Date.now = () => now() + 86_400_000;
    looks(64);
    assert(guard.refuses(received, 0), "forgotten at once");
  } finally {
    Date.now = now;
  }
});
