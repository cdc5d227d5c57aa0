// deno task bench:wait: cost of waiting, for one socket beside many and for
// many at once, and of other work during waits.

import { bench, type Settings } from "./harness/bench.ts";
import { type Case, type Contestant, shared } from "./harness/case.ts";
import { once, onceJson, withFiles } from "./harness/once.ts";
import type { Program } from "./harness/program.ts";
import { own, ownWithGc, peer, type Workshop } from "./harness/workshop.ts";

const C = "C";
const NODE = "Node, dgram";
const SOCKET = "UdpSocket";
const HOST = "127.0.0.1";
const SIZE = 64;

const IDLE = [0, 100, 500];

/** Requests each second, 1 ms apart. */
const PACE = 1_000;
const FLOOD = 50_000;
const HTTP_RATE = 1_000;
const HTTP_CONNECTIONS = 8;
/** Seconds that the flood starts before the HTTP requests, and ends after. */
const AROUND = 0.5;
/** A shorter turn has too few requests for its 99th percentile. */
const SERVE_SECONDS = 3;

const FEW = 1_000;
const SOME = 4_000;
const MANY = 16_000;
/** The limit of open files, which waits on one socket must not depend on. */
const FILES = 1_000;
const QUEUES = [15_000, 60_000];

const CONCURRENT = 20;
const QUERIES = 5_000;
/** Queries of the two runs whose peak memory is compared. */
const SHORT = 2_000;
const LONG = 20_000;

/** Rounds of slow cases. */
const HEAVY = 3;

const TIME = { unit: "ms", better: "less" } as const;

function count(value: number): string {
  return value.toLocaleString("en");
}

/** One busy socket beside idle ones. */
async function idle(
  workshop: Workshop,
  { server: cpu, client, seconds }: Settings,
): Promise<Case[]> {
  const load = await workshop.c("load");
  const paced = await workshop.c("paced");
  const name = (idle: number) => `${idle === 0 ? "no" : idle} idle sockets`;
  const servers: [string, Program][] = [];
  for (const idle of IDLE) {
    const command = own("busy_socket.ts", String(idle));
    servers.push([name(idle), await workshop.start(command, { cpu })]);
  }
  const contestants = (
    words: (program: Program) => (string | number)[],
    value: (printed: string, cpuMicroseconds: number) => {
      readonly value: number;
      readonly work: number;
    },
  ): Contestant[] =>
    servers.map(([name, program]) => ({
      name,
      async measure() {
        const before = program.cpuSeconds();
        const printed = await once(words(program).map(String), { cpu: client });
        const used = (program.cpuSeconds() - before) * 1e6;
        const { value: result, work } = value(printed, used);
        return { value: result, cpu: used / work };
      },
    }));
  const goals = IDLE.slice(1).map((idle) => ({
    ours: name(idle),
    against: name(0),
    most: 1.2,
  }));
  return [
    {
      name: "idle",
      title: "One UdpSocket beside idle ones, 1 outstanding, round trip",
      unit: "µs",
      better: "less",
      work: "datagram",
      contestants: contestants(
        ({ port }) => [load, HOST, port, SIZE, 1, 1, seconds],
        (printed) => {
          const { trip, handled } = JSON.parse(printed);
          return { value: trip * 1e6, work: handled };
        },
      ),
      goals,
    },
    {
      name: "idle-paced",
      title: "One UdpSocket beside idle ones, 1 ms between requests",
      unit: "µs of CPU a datagram",
      better: "less",
      contestants: contestants(
        ({ port }) => [paced, HOST, port, SIZE, PACE, seconds],
        (printed, used) => {
          const { received } = JSON.parse(printed);
          return { value: used / received, work: received };
        },
      ).map(({ name, measure }) => ({
        name,
        measure: async () => ({ value: (await measure()).value }),
      })),
      goals,
    },
  ];
}

/** Deno.serve beside UDP echo in the same process. */
async function serve(
  workshop: Workshop,
  { seconds }: Settings,
): Promise<Case[]> {
  const http = await workshop.c("http_load");
  const paced = await workshop.c("paced");
  // The client of the datagrams uses the same share of processors in both
  // cases.
  const alone = "Deno.serve, datagrams not received";
  const beside = `Deno.serve beside ${count(FLOOD)} datagrams/s`;
  const lasting = Math.max(seconds, SERVE_SECONDS);
  const last = navigator.hardwareConcurrency - 1;
  const cases: Case[] = [];
  for (const pinned of last > 0 ? [false, true] : [false]) {
    const [server, client] = pinned ? [0, last] : [undefined, undefined];
    const program = await workshop.start(own("serve.ts"), { cpu: server });
    const [httpPort, udpPort, sinkPort] = program.ready.match(/\d+/g)!;
    const httpDelays = async (): Promise<{ p99: number; longest: number }> => {
      const words = [http, HOST, httpPort, HTTP_CONNECTIONS, HTTP_RATE];
      const command = [...words, lasting].map(String);
      await program.request("");
      const { p99 } = await onceJson<{ p99: number }>(command, { cpu: client });
      const { longest } = JSON.parse(await program.request(""));
      return { p99: p99 * 1e3, longest };
    };
    const flooded = async (port: string) => {
      const words = [paced, HOST, port, SIZE, FLOOD, lasting + 2 * AROUND];
      const flood = onceJson<{ sent: number; received: number }>(
        words.map(String),
        { cpu: client },
      );
      // Awaited below; the first error is reported.
      flood.catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, AROUND * 1e3));
      const delays = await httpDelays();
      const { sent, received } = await flood;
      return { ...delays, lost: port === sinkPort ? 0 : sent - received };
    };
    const runs = [
      shared(() => flooded(sinkPort)),
      shared(() => flooded(udpPort)),
    ] as const;
    const where = pinned ? ", on one processor" : "";
    const contestants = (by: "p99" | "longest"): Contestant[] => [
      { name: alone, measure: runs[0]((run) => ({ value: run[by] })) },
      {
        name: beside,
        measure: runs[1](({ lost, ...run }) => ({ value: run[by], lost })),
      },
    ];
    cases.push({
      ...TIME,
      name: pinned ? "serve-pinned" : "serve",
      title: `Deno.serve beside a UDP echo loop${where}: the 99th percentile`,
      contestants: contestants("p99"),
      goals: [{ ours: beside, against: alone, most: 2 }],
    }, {
      ...TIME,
      name: pinned ? "timers-pinned" : "timers",
      title: `Timers beside a UDP echo loop${where}: the longest delay`,
      contestants: contestants("longest"),
      goals: [{ ours: beside, limit: 20 }],
    });
  }
  return cases;
}

interface Sockets {
  readonly each: number;
  readonly abort: number;
  readonly close: number;
  readonly receive: number;
}

function sockets(
  what: "idle" | "receive" | "iterate" | "abort" | "queue",
  size: number,
): Promise<Sockets> {
  return onceJson([
    ...what === "queue"
      ? ["prlimit", `--nofile=${FILES}:${FILES}`]
      : withFiles(size),
    ...ownWithGc("sockets.ts", what, String(size)),
  ]);
}

/** Many pending waits. */
function many(): Case[] {
  const receiving = (size: number) => `${count(size)} sockets in receive()`;
  const iterated = (size: number) => `${count(size)} sockets in for await`;
  const idle = (size: number) => `${count(size)} idle sockets`;
  const aborted = (size: number) => `${count(size)} waits on one AbortSignal`;
  const queued = (size: number) => `${count(size)} receive() on one socket`;
  const runs = new Map(
    [FEW, SOME, MANY].flatMap((size) => [
      [idle(size), shared(() => sockets("idle", size))],
      [receiving(size), shared(() => sockets("receive", size))],
      [iterated(size), shared(() => sockets("iterate", size))],
    ]),
  );
  const contestants = (
    names: readonly string[],
    value: (run: Sockets) => number,
  ): Contestant[] =>
    names.map((name) => ({
      name,
      measure: runs.get(name)!((run) => ({ value: value(run) })),
    }));
  const linear = (name: (size: number) => string, sizes: readonly number[]) =>
    sizes.slice(1).map((size, index) => ({
      ours: name(size),
      against: name(sizes[index]),
      most: 5,
    }));
  return [
    {
      name: "wait-memory",
      title: "Memory of a socket that waits, above an idle one",
      unit: "KiB",
      better: "less",
      rounds: HEAVY,
      contestants: contestants(
        [SOME, MANY].flatMap((size) => [receiving(size), iterated(size)]),
        ({ each }) => each,
      ),
      goals: [receiving(MANY), iterated(MANY)].map((ours) => ({
        ours,
        limit: 8,
      })),
    },
    {
      ...TIME,
      name: "wait-close",
      title: "All sockets closed",
      rounds: HEAVY,
      contestants: contestants(
        [FEW, SOME, MANY].flatMap((size) => [
          idle(size),
          receiving(size),
          iterated(size),
        ]),
        ({ close }) => close * 1e3,
      ),
      goals: [
        { ours: receiving(MANY), limit: 300 },
        { ours: iterated(MANY), limit: 300 },
        ...linear(receiving, [SOME, MANY]),
        ...linear(iterated, [SOME, MANY]),
      ],
    },
    {
      ...TIME,
      name: "wait-abort",
      title: "All waits of one AbortSignal aborted",
      rounds: HEAVY,
      contestants: [FEW, SOME, MANY].map((size) => ({
        name: aborted(size),
        measure: async () => ({
          value: (await sockets("abort", size)).abort * 1e3,
        }),
      })),
      goals: linear(aborted, [SOME, MANY]),
    },
    {
      ...TIME,
      name: "wait-queue",
      title: `As many datagrams as receive() on one socket, ulimit -n ${FILES}`,
      rounds: HEAVY,
      contestants: QUEUES.map((size) => ({
        name: queued(size),
        measure: async () => ({
          value: (await sockets("queue", size)).receive * 1e3,
        }),
      })),
      goals: linear(queued, QUEUES),
    },
  ];
}

/** A socket for each query. */
async function queries(
  workshop: Workshop,
  { server, client }: Settings,
): Promise<Case[]> {
  const answering = await workshop.start([await workshop.c("echo_one")], {
    cpu: server,
  });
  const port = String(answering.port);
  const args = [port, String(CONCURRENT)];
  const commands: [string, string[]][] = [
    [SOCKET, own("query.ts", port, String(CONCURRENT))],
    [C, [await workshop.c("query"), ...args]],
  ];
  if (await workshop.has(NODE, "node")) {
    commands.push([NODE, ["node", peer("query_node.mjs"), ...args]]);
  }
  const start = (command: string[]) =>
    workshop.start(command, { cpu: client, ready: "ready" });
  const contestants: Contestant[] = [];
  for (const [name, command] of commands) {
    const program = await start(command);
    contestants.push({
      name,
      async measure() {
        const before = program.cpuSeconds();
        const { seconds } = JSON.parse(await program.request(String(QUERIES)));
        return {
          value: seconds * 1e6 / QUERIES,
          cpu: (program.cpuSeconds() - before) * 1e6 / QUERIES,
          resident: program.resident(),
        };
      },
    });
  }
  const peaks: Contestant[] = commands.flatMap(([name, command]) =>
    [SHORT, LONG].map((queries) => ({
      name: peakName(name, queries),
      async measure() {
        await using program = await start(command);
        await program.request(String(queries));
        return { value: program.peak() };
      },
    }))
  );
  return [
    {
      name: "query",
      title: `A socket for each query, ${CONCURRENT} at a time`,
      unit: "µs a query",
      better: "less",
      work: "query",
      contestants,
      goals: [{ ours: SOCKET, against: NODE, most: 1 }],
    },
    {
      name: "query-memory",
      title: "A socket for each query: peak of resident memory",
      unit: "MiB",
      better: "less",
      rounds: HEAVY,
      contestants: peaks,
      goals: [
        {
          ours: peakName(SOCKET, LONG),
          against: peakName(SOCKET, SHORT),
          above: 10,
        },
      ],
    },
  ];
}

function peakName(name: string, queries: number): string {
  return `${name}, ${count(queries)} queries`;
}

async function cases(
  workshop: Workshop,
  settings: Settings,
): Promise<Case[]> {
  if (!await workshop.has("every program", "gcc")) return [];
  return [
    ...await idle(workshop, settings),
    ...await serve(workshop, settings),
    ...many(),
    ...await queries(workshop, settings),
  ];
}

await bench({
  name: "wait",
  rounds: 7,
  seconds: 0.3,
  anyCheckout: true,
  ours: (name) => name !== C && !name.startsWith(NODE),
  cases,
});
