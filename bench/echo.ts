// deno task bench:echo: UDP echo servers, each asked in the same way by the
// same program in C.

import { bench, type Settings } from "./harness/bench.ts";
import type { Case, Contestant, Sample } from "./harness/case.ts";
import { onCpu, type Program } from "./harness/program.ts";
import { netplumb, own, peer, type Workshop } from "./harness/workshop.ts";

const ONE = "C, recvmsg and sendmsg";
const MANY = "C, recvmmsg and sendmmsg";
const TRAINS = "C, UDP_GRO and UDP_SEGMENT";
const FLOOR = "C, the calls of netplumb echo";
const GO = "Go, net";
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

/** Asked at an address that is not the primary one, so the source must be chosen. */
const ANOTHER = "127.0.0.2";
const PRIMARY = "127.0.0.1";

interface Server {
  readonly name: string;
  readonly program: Program;
  /** Where it is asked. */
  readonly address: string;
}

/** How the servers are asked. */
interface Load {
  readonly size: number;
  /** Datagrams on their way at a time. */
  readonly window: number;
  /** Datagrams sent by one system call. */
  readonly train: number;
  /** Whether the asker looks for answers instead of sleeping. */
  readonly spin?: boolean;
}

const WINDOW: Load = { size: 64, window: 64, train: 1 };
const OUTSTANDING_TRAINS = 16;

async function servers(
  workshop: Workshop,
  { server: cpu }: Settings,
): Promise<Map<string, Server>> {
  const all = new Map<string, Server>();
  const add = async (name: string, command: string[], address = ANOTHER) => {
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
  await add(FLOOR, [await workshop.c("echo_joined")]);
  await add(TRAINS, [await workshop.c("echo_many"), "0", "gro"]);
  if (await workshop.has(GO, "go")) {
    await add(GO, [await workshop.go("echo_go")], PRIMARY);
  }
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

interface Asked {
  readonly answered: number;
  readonly handled: number;
  readonly seconds: number;
  readonly lost: number;
  /** The median round trip, where one datagram was on its way at a time. */
  readonly trip: number;
}

async function ask(
  asker: string,
  { program, address }: Server,
  { size, window, train, spin }: Load,
  { seconds, client }: Settings,
): Promise<Sample> {
  const [command, ...args] = [
    ...onCpu(client),
    asker,
    address,
    ...[program.port, size, window, train, seconds].map(String),
    ...(spin ? ["spin"] : []),
  ];
  const before = program.cpuSeconds();
  const { success, stdout } = await new Deno.Command(command, { args })
    .output();
  const cpu = program.cpuSeconds() - before;
  if (!success) throw new Error(`${command} ${args.join(" ")} failed`);
  const asked: Asked = JSON.parse(new TextDecoder().decode(stdout));
  return {
    value: window === 1 ? asked.trip * 1e6 : asked.answered / asked.seconds,
    cpu: cpu * 1e6 / asked.handled,
    resident: program.resident(),
    lost: asked.lost,
  };
}

async function cases(
  workshop: Workshop,
  settings: Settings,
): Promise<Case[]> {
  if (!await workshop.has("every program", "gcc")) return [];
  const asker = await workshop.c("load");
  const all = await servers(workshop, settings);
  const idle = await workshop.start(own("idle.ts"), { cpu: settings.server });
  const contestants = (names: string[], load: Load): Contestant[] =>
    names.flatMap((name) => {
      const server = all.get(name);
      return server === undefined ? [] : [{
        name,
        measure: () => ask(asker, server, load, settings),
      }];
    });
  const rate = {
    unit: "datagrams/s",
    better: "more",
    work: "datagram",
  } as const;
  const trains = (train: number, many: number): Case => ({
    ...rate,
    name: `trains-${train}`,
    title:
      `Echo, 64 bytes, ${OUTSTANDING_TRAINS} trains of ${train} outstanding`,
    contestants: contestants([GRO, GRO_SPIN, TRAINS, MANY], {
      size: 64,
      window: OUTSTANDING_TRAINS * train,
      train,
    }),
    goals: [
      { ours: GRO, against: MANY, least: many },
      { ours: GRO, against: TRAINS, least: 0.95 },
      { ours: GRO_SPIN, against: TRAINS, least: 1.5 },
    ],
  });
  const trip = (spin: boolean): Case => ({
    unit: "µs",
    better: "less",
    work: "datagram",
    name: spin ? "round-trip-spin" : "round-trip",
    title: `Echo, 64 bytes, 1 outstanding, round trip, the asker ${
      spin ? "spins" : "sleeps"
    }`,
    contestants: contestants(
      [ECHO, SPIN, SOCKET, FLOOR, ONE, GO, NODE, DENO, DENO_BUFFER],
      { size: 64, window: 1, train: 1, spin },
    ),
    goals: [
      { ours: ECHO, against: ONE, most: 1.05 },
      // An asker that sleeps takes longer to wake than that.
      { ours: SPIN, against: ONE, most: 0.4 },
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
          FLOOR,
          ONE,
          MANY,
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
        { ours: ECHO, against: GO, least: 1.5 },
        { ours: ECHO, against: NODE, least: 2 },
        { ours: ECHO, against: DENO, least: 5 },
      ],
    },
    trains(10, 3),
    trains(64, 17),
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
            await ask(asker, server, WINDOW, settings);
            return resident(server.program);
          },
        })),
      ],
      goals: [ECHO, GRO, SOCKET].map((ours) => ({
        ours,
        against: IDLE,
        above: 40,
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
