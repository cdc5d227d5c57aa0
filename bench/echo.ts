// deno task bench:echo: UDP echo servers with the same client in C.

import { bench, type Settings } from "./harness/bench.ts";
import type { Case, Contestant, Sample } from "./harness/case.ts";
import { onCpu, type Program } from "./harness/program.ts";
import { netplumb, own, peer, type Workshop } from "./harness/workshop.ts";

const ONE = "C, recvmsg and sendmsg";
const MANY = "C, recvmmsg and sendmmsg";
const SEGMENTED = "C, UDP_GRO and UDP_SEGMENT";
const SEGMENTED_SPIN = "C, UDP_GRO and UDP_SEGMENT, busy polling";
const CALLS = "C, the calls of netplumb echo";
const CALLS_SPIN = "C, the calls of netplumb echo, busy polling";
const GO = "Go, net";
const GO_BATCHES = "Go, x/net, ReadBatch and WriteBatch";
const QUINN = "Rust, quinn-udp";
const NODE = "Node, dgram";
const DENO = "Deno.listenDatagram, for await";
const DENO_BUFFER = "Deno.listenDatagram, own buffer";
const PYTHON = "Python, recvmsg and sendmsg";
const ECHO = "netplumb echo";
const SPIN = "netplumb echo --spin 50";
const GRO = "netplumb echo --gro";
const GRO_SPIN = "netplumb echo --gro --spin 50";
const SOCKET = "UdpSocket in the main thread";
const IDLE = "deno, doing nothing";

/** Not the primary address, so that the server has to select the source. */
const SECONDARY = "127.0.0.2";
const PRIMARY = "127.0.0.1";
/** Microseconds of busy polling, as by default in `netplumb echo`. */
const SPIN_BUDGET = 40;

interface Server {
  readonly name: string;
  readonly program: Program;
  /** The destination of requests. */
  readonly address: string;
}

/** The load of the client. */
interface Load {
  readonly size: number;
  /** Outstanding datagrams. */
  readonly window: number;
  /** Segments of each message. */
  readonly segments: number;
  /** Whether the client busy-polls for replies instead of sleeping. */
  readonly spin?: boolean;
}

const WINDOW: Load = { size: 64, window: 64, segments: 1 };
const OUTSTANDING_MESSAGES = 16;

async function servers(
  workshop: Workshop,
  { server: cpu }: Settings,
): Promise<Map<string, Server>> {
  const all = new Map<string, Server>();
  const add = async (name: string, command: string[], address = SECONDARY) => {
    const program = await workshop.start(command, { cpu });
    all.set(name, { name, program, address });
  };
  await add(ECHO, netplumb("echo", "--port", "0"));
  await add(SPIN, netplumb("echo", "--port", "0", "--spin", "50"));
  await add(GRO, netplumb("echo", "--port", "0", "--gro"));
  await add(
    GRO_SPIN,
    netplumb("echo", "--port", "0", "--gro", "--spin", "50"),
  );
  await add(SOCKET, own("echo_socket.ts"));
  await add(ONE, [await workshop.c("echo_one")]);
  await add(MANY, [await workshop.c("echo_many")]);
  const calls = await workshop.c("echo_gso");
  await add(CALLS, [calls]);
  await add(CALLS_SPIN, [calls, "0", String(SPIN_BUDGET)]);
  const many = await workshop.c("echo_many");
  await add(SEGMENTED, [many, "0", "gro"]);
  await add(SEGMENTED_SPIN, [many, "0", "gro", "50"]);
  const go = await workshop.go(GO, "echo");
  if (go !== undefined) await add(GO, [go], PRIMARY);
  const batches = await workshop.go(GO_BATCHES, "echo_batch");
  if (batches !== undefined) await add(GO_BATCHES, [batches]);
  const quinn = await workshop.rust(QUINN, "echo_quinn");
  if (quinn !== undefined) await add(QUINN, [quinn]);
  if (await workshop.has(NODE, "node")) {
    await add(NODE, ["node", peer("echo_node.mjs")], PRIMARY);
  }
  const deno = [Deno.execPath(), "run", "-A", "--unstable-net"];
  await add(DENO, [...deno, peer("echo_deno.mjs")], PRIMARY);
  await add(DENO_BUFFER, [...deno, peer("echo_deno.mjs"), "buffer"], PRIMARY);
  if (await workshop.has(PYTHON, "python3")) {
    await add(PYTHON, ["python3", peer("echo_python.py")]);
  }
  return all;
}

/** The output of the client. */
interface Outcome {
  readonly replies: number;
  readonly handled: number;
  readonly seconds: number;
  readonly lost: number;
  /** The median round trip, with one outstanding datagram. */
  readonly trip: number;
}

async function measure(
  client: string,
  { program, address }: Server,
  { size, window, segments, spin }: Load,
  settings: Settings,
): Promise<Sample> {
  const [command, ...args] = [
    ...onCpu(settings.client),
    client,
    address,
    ...[program.port, size, window, segments, settings.seconds].map(String),
    ...(spin ? ["spin"] : []),
  ];
  const before = program.cpuSeconds();
  const { success, stdout } = await new Deno.Command(command, { args })
    .output();
  const cpu = program.cpuSeconds() - before;
  if (!success) throw new Error(`${command} ${args.join(" ")} failed`);
  const outcome: Outcome = JSON.parse(new TextDecoder().decode(stdout));
  return {
    value: window === 1
      ? outcome.trip * 1e6
      : outcome.replies / outcome.seconds,
    cpu: cpu * 1e6 / outcome.handled,
    resident: program.resident(),
    lost: outcome.lost,
  };
}

async function cases(
  workshop: Workshop,
  settings: Settings,
): Promise<Case[]> {
  if (!await workshop.has("every program", "gcc")) return [];
  const client = await workshop.c("load");
  const all = await servers(workshop, settings);
  const idle = await workshop.start(own("idle.ts"), { cpu: settings.server });
  const contestants = (names: string[], load: Load): Contestant[] =>
    names.flatMap((name) => {
      const server = all.get(name);
      return server === undefined ? [] : [{
        name,
        measure: () => measure(client, server, load, settings),
      }];
    });
  const rate = {
    unit: "datagrams/s",
    better: "more",
    work: "datagram",
  } as const;
  const segmented = (segments: number, many: number): Case => ({
    ...rate,
    name: `segmented-${segments}`,
    title: `Echo, 64 bytes, ${OUTSTANDING_MESSAGES} messages of ${segments} ` +
      "segments outstanding",
    contestants: contestants(
      [GRO, GRO_SPIN, SEGMENTED, SEGMENTED_SPIN, MANY, QUINN],
      { size: 64, window: OUTSTANDING_MESSAGES * segments, segments },
    ),
    goals: [
      { ours: GRO, against: MANY, least: many },
      { ours: GRO, against: SEGMENTED, least: segments < 64 ? 1.4 : 1 },
      { ours: GRO_SPIN, against: SEGMENTED_SPIN, least: 1 },
      { ours: GRO, against: QUINN, least: 1 },
    ],
  });
  const trip = (spin: boolean): Case => ({
    unit: "µs",
    better: "less",
    work: "datagram",
    name: spin ? "round-trip-spin" : "round-trip",
    title: `Echo, 64 bytes, 1 outstanding, round trip, the client ${
      spin ? "busy-polls" : "sleeps"
    }`,
    contestants: contestants(
      [ECHO, SPIN, SOCKET, CALLS_SPIN, CALLS, ONE, GO, NODE, DENO, DENO_BUFFER],
      { size: 64, window: 1, segments: 1, spin },
    ),
    goals: [
      { ours: ECHO, against: ONE, most: 1.05 },
      // Waking a client that sleeps takes longer.
      { ours: SPIN, against: ONE, most: 0.4 },
      { ours: ECHO, against: CALLS_SPIN, most: 1.1 },
      { ours: SOCKET, against: ONE, most: 1.15 },
    ],
  });
  return [
    {
      ...rate,
      name: "outstanding-64",
      title: "Echo, 64 bytes, 64 outstanding",
      contestants: contestants(
        [
          ECHO,
          SOCKET,
          CALLS_SPIN,
          CALLS,
          ONE,
          MANY,
          QUINN,
          GO_BATCHES,
          GO,
          NODE,
          DENO,
          DENO_BUFFER,
          PYTHON,
        ],
        WINDOW,
      ),
      goals: [
        { ours: ECHO, against: ONE, least: 1.1 },
        { ours: ECHO, against: MANY, least: 1 },
        { ours: ECHO, against: QUINN, least: 1.5 },
        { ours: ECHO, against: GO_BATCHES, least: 1.3 },
        { ours: ECHO, against: GO, least: 1.5 },
        { ours: ECHO, against: NODE, least: 2 },
        { ours: ECHO, against: DENO, least: 5 },
      ],
    },
    segmented(10, 3),
    segmented(64, 17),
    trip(false),
    trip(true),
    {
      name: "memory",
      title: "Echo, resident memory under load",
      unit: "MiB",
      better: "less",
      contestants: [
        { name: IDLE, measure: () => resident(idle) },
        ...[ECHO, GRO, SOCKET].map((name) => ({
          name,
          measure: async () => {
            const server = all.get(name)!;
            await measure(client, server, WINDOW, settings);
            return resident(server.program);
          },
        })),
      ],
      goals: [ECHO, GRO, SOCKET].map((ours) => ({
        ours,
        against: IDLE,
        above: 30,
      })),
    },
  ];
}

function resident(program: Program): Promise<Sample> {
  return Promise.resolve({ value: program.resident() });
}

await bench({
  name: "echo",
  rounds: 15,
  seconds: 0.3,
  ours: (name) => name === SOCKET || name.startsWith(ECHO),
  cases,
});
