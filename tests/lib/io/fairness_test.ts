// Loops over sockets and devices that are never idle leave timers, HTTP, signals
// and the rest of the program their turns, by time and not by count.

import { assert, assertEquals } from "@std/assert";
import { Running } from "../../support/command.ts";
import { Lab, type Netns } from "../../support/netns.ts";
import { RunningProgram } from "../../support/program.ts";
import { SLOWNESS } from "../../support/timing.ts";
import type { Flooded } from "./programs/flooded_loop.ts";
import { programCommand, runProgram, within } from "./run_program.ts";

/** Milliseconds; the goal is 20 on a machine that does nothing else. */
const GAP = 60 * SLOWNESS;
/** A gap may be another program's fault; all of these are not. */
const TRIES = 3;
const QUEUED = 2000;
const ROUTES = 20_000;
/** One processor for the whole program, as in a small container. */
const PINNED = ["taskset", "-c", "0"];

const WAYS: Record<string, number> = {
  "for await": QUEUED,
  "for await with replies": QUEUED,
  "receive": QUEUED,
  "receiveMany and SendBatch": QUEUED,
  "two sockets": QUEUED,
  "send": QUEUED,
  "sendMany": QUEUED,
  "tun for await": QUEUED,
  "tun batches": QUEUED,
  "tun stream": QUEUED,
  "tun write": QUEUED,
  "subscription": ROUTES,
  "monitor": ROUTES,
  "monitor without work": ROUTES,
  "monitor snapshot": ROUTES,
};

async function longestGap(
  way: string,
  under: readonly string[],
): Promise<number> {
  let shortest = Infinity;
  for (let turn = 0; turn < TRIES && shortest > GAP; turn++) {
    await using lab = await Lab.open("host");
    const { longest, handled } = await runProgram<Flooded>(
      "flooded_loop",
      [way],
      { netns: lab.host, under },
    );
    assertEquals(handled, WAYS[way]);
    shortest = Math.min(shortest, longest);
  }
  return shortest;
}

for (const way of Object.keys(WAYS)) {
  Deno.test(`fairness: timers run beside a full queue: ${way}`, async () => {
    const longest = await longestGap(way, []);
    assert(longest <= GAP, `no timer for ${longest.toFixed(1)} ms`);
  });
}

for (
  const way of [
    "for await",
    "for await with replies",
    "tun batches",
    "monitor",
  ]
) {
  Deno.test(`fairness: timers run beside a full queue on one processor: ${way}`, async () => {
    const longest = await longestGap(way, PINNED);
    assert(longest <= GAP, `no timer for ${longest.toFixed(1)} ms`);
  });
}

/** Sends several times as many datagrams as can be handled, at little cost. */
const SENDER = `
import socket, sys, time
to = ("127.0.0.1", int(sys.argv[1]))
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
print("sending", flush=True)
while True:
    for _ in range(600):
        s.sendto(b"x" * 32, to)
    time.sleep(0.04)
`;

async function flood(
  port: number,
  netns?: Netns,
): Promise<RunningProgram> {
  const sender = new RunningProgram(
    { netns },
    "python3",
    "-c",
    SENDER,
    String(port),
  );
  assertEquals(await sender.line(), "sending");
  return sender;
}

const REQUESTS = 40;
/** Milliseconds between two requests: longer than a turn of a fair loop. */
const PAUSE = 20;
/** Milliseconds in which nine of ten requests are answered. */
const ANSWERED = 100 * SLOWNESS;

for (
  const [name, under] of Object.entries({ "": [], " on one processor": PINNED })
) {
  for (
    const way of [
      "for await",
      "for await with replies",
      "receive",
      "receiveMany and SendBatch",
    ]
  ) {
    Deno.test(`fairness: HTTP and SIGTERM beside a flooded socket${name}: ${way}`, async () => {
      await using program = new RunningProgram(
        {},
        ...programCommand("beside_flood", [way], { under }),
      );
      const ports: { http: number; udp: number } = await program.object();
      const request = async () =>
        Number(await (await fetch(`http://127.0.0.1:${ports.http}/`)).text());
      await request();
      await using _ = await flood(ports.udp);
      await new Promise((resolve) => setTimeout(resolve, 200));
      let slow = Infinity;
      for (let turn = 0; turn < TRIES && slow > ANSWERED; turn++) {
        const before = await within(10_000, request());
        const times: number[] = [];
        for (let n = 0; n < REQUESTS; n++) {
          const start = performance.now();
          await within(10_000, request());
          times.push(performance.now() - start);
          await new Promise((resolve) => setTimeout(resolve, PAUSE));
        }
        assert(await request() > before, "the socket is served too");
        times.sort((a, b) => a - b);
        slow = times[Math.floor(REQUESTS * 0.9)];
      }
      assert(slow <= ANSWERED, `answered after ${slow.toFixed(1)} ms`);
      const start = performance.now();
      program.kill("SIGTERM");
      assertEquals(await within(10_000, program.line()), "ended");
      const took = performance.now() - start;
      assert(took < 500 * SLOWNESS, `ended after ${took.toFixed(1)} ms`);
    });
  }
}

/** Milliseconds in which a command ends on a signal. */
const ENDED = 3000;

async function endsOnSignal(command: RunningProgram): Promise<void> {
  const start = performance.now();
  command.kill("SIGTERM");
  const { stderr } = await within(20_000, command.end());
  const took = performance.now() - start;
  assert(took < ENDED * SLOWNESS, `ended after ${took.toFixed(1)} ms`);
  assert(!stderr.includes("at file:"), stderr);
}

Deno.test("fairness: SIGTERM ends netplumb echo under a flood", async () => {
  await using lab = await Lab.open("host");
  await using echo = new Running(lab.host, "echo", "--port", "7777", "--json");
  await echo.line();
  await using _ = await flood(7777, lab.host);
  for (let n = 0; n < 100; n++) await echo.line();
  await endsOnSignal(echo);
});

Deno.test("fairness: SIGTERM ends netplumb tun under a flood", async () => {
  await using lab = await Lab.open("host");
  await using tun = new Running(
    lab.host,
    ...["tun", "tun0", "--address", "127.1.0.1/24", "--json"],
  );
  await tun.line();
  await lab.host.sysctl("net.ipv4.conf.all.route_localnet", 1);
  await lab.host.ip("route replace local 127.0.0.0/8 dev lo");
  await lab.host.ip("address add 10.9.0.1/24 dev tun0");
  await using sender = new RunningProgram(
    { netns: lab.host },
    "python3",
    "-c",
    SENDER.replace("127.0.0.1", "10.9.0.2"),
    "9",
  );
  assertEquals(await sender.line(), "sending");
  for (let n = 0; n < 100; n++) await tun.line();
  await endsOnSignal(tun);
});

Deno.test("fairness: SIGTERM ends netplumb monitor while routes come and go", async () => {
  await using lab = await Lab.open("host");
  await using monitor = new Running(lab.host, "monitor", "--json");
  // It is ready once it reports something.
  const routes = Array.from(
    { length: 2000 },
    (_, n) => `route add blackhole 10.100.${n >> 6}.${(n & 63) << 2}/30`,
  ).join("\n");
  const directory = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${directory}/add`, routes + "\n");
    await using _ = new RunningProgram(
      { netns: lab.host },
      "sh",
      "-c",
      `while ip -batch ${directory}/add; do ip route flush root 10.0.0.0/8; done`,
    );
    for (let n = 0; n < 3000; n++) await monitor.line();
    await endsOnSignal(monitor);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
