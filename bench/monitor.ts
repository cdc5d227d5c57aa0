// deno task bench:monitor: route events, queued and live.

import { Lab, type Netns } from "../tests/support/netns.ts";
import { bench, type Settings } from "./harness/bench.ts";
import {
  type Case,
  type Contestant,
  type Sample,
  shared,
  WorkError,
} from "./harness/case.ts";
import { onCpu, type Program } from "./harness/program.ts";
import { addLinkForRoutes, fillRoutes } from "./harness/routes.ts";
import {
  netplumb,
  own,
  ownWithGc,
  peer,
  type Workshop,
} from "./harness/workshop.ts";

const OBJECTS = "netplumb, NetlinkSubscription, objects";
const MONITOR = "netplumb, Monitor";
const NOTHING = "netplumb, nothing decoded";
const MNL = "C, libmnl, array of structs";
const PYTHON = "Python, pyroute2";
const COMMAND = "netplumb monitor route, to /dev/null";
const IP = "ip monitor route, to /dev/null";

const IP_JSON = "ip -j route, whole process";
const IDLE = "deno, doing nothing";

const MNL_HEADER = "/usr/include/libmnl/libmnl.h";
// The directory of Debian's Python packages; another python3 in PATH does not
// have them.
const DEBIAN_PYTHON = "/usr/bin/python3";
const PYROUTE2 = "/usr/lib/python3/dist-packages/pyroute2";

const QUEUED = 20_000;
const LIVE = 200_000;
const MANY_ROUTES = 1_000_000;
const TABLE_ROUNDS = 5;
/** Turns before the first measurement. */
const WARM = 3;
/**
 * Idle time after which a program has processed all events, in milliseconds.
 */
const REST = 100;

/** A namespace with a link for routes. */
async function place(workshop: Workshop): Promise<Netns> {
  const { here } = workshop.use(await Lab.open("here"));
  await addLinkForRoutes(here);
  return here;
}

/** A table of about the size of the Internet's, read by Monitor.open(). */
async function table(workshop: Workshop, idle: Program): Promise<Case[]> {
  const { many } = workshop.use(await Lab.open("many"));
  await fillRoutes(many, MANY_ROUTES);
  const program = await workshop.start(
    [...many.exec, ...ownWithGc("table.ts")],
    { ready: "ready" },
  );
  const read = shared(async (): Promise<TableOutcome> => {
    const outcome: TableOutcome = JSON.parse(await program.request("read"));
    if (outcome.routes >= MANY_ROUTES) return outcome;
    throw new WorkError(`${outcome.routes} of ${MANY_ROUTES} routes`);
  });
  const title = `Monitor with ${MANY_ROUTES.toLocaleString("en")} routes`;
  return [{
    name: "table-time",
    title: `${title}, until it has all`,
    unit: "ms",
    better: "less",
    rounds: TABLE_ROUNDS,
    contestants: [
      {
        name: MONITOR,
        measure: read(({ seconds }) => ({ value: seconds * 1e3 })),
      },
      {
        name: IP_JSON,
        async measure() {
          const begin = performance.now();
          const { success } = await new Deno.Command("ip", {
            args: ["-n", many.name, "-j", "route"],
            stdout: "null",
          }).spawn().status;
          if (!success) throw new WorkError("ip failed");
          return { value: performance.now() - begin };
        },
      },
    ],
    goals: [{ ours: MONITOR, against: IP_JSON, most: 1.5 }],
  }, {
    name: "table-memory",
    title: `${title}, resident memory after garbage collection`,
    unit: "MiB",
    better: "less",
    rounds: TABLE_ROUNDS,
    contestants: [
      {
        name: IDLE,
        measure: () => Promise.resolve({ value: idle.resident() }),
      },
      {
        name: MONITOR,
        measure: read(({ resident }) => ({ value: resident })),
      },
    ],
    goals: [{ ours: MONITOR, against: IDLE, above: 150 }],
  }];
}

/** What programs/table.ts replies. */
interface TableOutcome {
  readonly seconds: number;
  readonly routes: number;
  readonly resident: number;
}

/** Changes this many routes in a namespace; returns the time. */
async function change(
  loader: string,
  { exec }: Netns,
  count: number,
  cpu: number | undefined,
): Promise<number> {
  const [command, ...args] = [
    ...onCpu(cpu),
    ...exec,
    ...[loader, "eth0", "192.0.2.2", String(count)],
  ];
  const { success, stdout } = await new Deno.Command(command, { args })
    .output();
  if (!success) throw new Error(`${command} ${args.join(" ")} failed`);
  return JSON.parse(new TextDecoder().decode(stdout)).seconds;
}

/** Dropped events of each socket that a program listens on. */
async function drops({ pid }: Program): Promise<number[]> {
  const table = await Deno.readTextFile(`/proc/${pid}/net/netlink`);
  const [head, ...rows] = table.trim().split("\n")
    .map((line) => line.trim().split(/\s+/));
  const [groups, drops] = ["Groups", "Drops"].map((name) => head.indexOf(name));
  return rows.filter((row) => Number(`0x${row[groups]}`) !== 0)
    .map((row) => Number(row[drops]));
}

async function dropped(program: Program): Promise<number> {
  return (await drops(program)).reduce((sum, count) => sum + count, 0);
}

async function listening(program: Program): Promise<void> {
  while ((await drops(program)).length === 0) await pause();
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, REST));
}

/** Waits until a program is idle. */
async function atRest(program: Program): Promise<void> {
  let before = -1;
  for (;;) {
    const now = program.cpuSeconds();
    if (now - before < REST / 1e5) return;
    before = now;
    await pause();
  }
}

/** The command line that runs a program without output. */
function silent(command: readonly string[]): string[] {
  return ["sh", "-c", 'echo listening; exec "$@" > /dev/null', "", ...command];
}

async function cases(
  workshop: Workshop,
  { server, client }: Settings,
): Promise<Case[]> {
  if (!await workshop.has("every program", "gcc")) return [];
  const loader = await workshop.c("route_load");

  const watching = async (command: readonly string[]) => {
    const netns = await place(workshop);
    const program = await workshop.start([...netns.exec, ...command], {
      cpu: server,
    });
    return { netns, program };
  };

  const queued = async (
    name: string,
    command: readonly string[],
  ): Promise<Contestant> => {
    const { netns, program } = await watching(command);
    const measure = async (): Promise<Sample> => {
      await change(loader, netns, QUEUED, client);
      const before = program.cpuSeconds();
      const { events, seconds } = JSON.parse(
        await program.request(String(QUEUED)),
      );
      const cpu = program.cpuSeconds() - before;
      return {
        value: events / seconds,
        cpu: cpu * 1e6 / events,
        resident: program.resident(),
        lost: QUEUED - events,
      };
    };
    for (let turn = 0; turn < WARM; turn++) await measure();
    return { name, measure };
  };

  const live = async (
    name: string,
    command: readonly string[],
  ): Promise<Contestant> => {
    const { netns, program } = await watching(command);
    await listening(program);
    const measure = async (): Promise<Sample> => {
      await atRest(program);
      const before = program.cpuSeconds();
      const lostBefore = await dropped(program);
      const seconds = await change(loader, netns, LIVE, client);
      await atRest(program);
      const lost = await dropped(program) - lostBefore;
      const cpu = program.cpuSeconds() - before;
      return {
        value: LIVE / seconds,
        cpu: cpu * 1e6 / (LIVE - lost),
        resident: program.resident(),
        lost,
      };
    };
    await measure();
    return { name, measure };
  };

  const mnl = await workshop.has(MNL, MNL_HEADER)
    ? await workshop.c("monitor_mnl", "-lmnl")
    : undefined;
  const python = await workshop.has(PYTHON, DEBIAN_PYTHON) &&
    await workshop.has(PYTHON, PYROUTE2);
  const idle = await workshop.start(own("idle.ts"), { cpu: server });
  const monitored = await live(MONITOR, own("monitor_live.ts"));
  const printed = await live(COMMAND, silent(netplumb("monitor", "route")));
  return [
    {
      name: "queued",
      title: `${QUEUED.toLocaleString("en")} queued events of routes`,
      unit: "events/s",
      better: "more",
      work: "event",
      contestants: [
        await queued(OBJECTS, own("monitor.ts", "objects")),
        await queued(MONITOR, own("monitor.ts", "monitor")),
        await queued(NOTHING, own("monitor.ts", "nothing")),
        ...mnl === undefined ? [] : [await queued(MNL, [mnl])],
        ...python
          ? [
            await queued(PYTHON, [
              DEBIAN_PYTHON,
              peer("monitor_python.py"),
            ]),
          ]
          : [],
      ],
      goals: [
        { ours: OBJECTS, against: MNL, least: 1.2 },
        { ours: MONITOR, against: MNL, least: 1 },
        { ours: OBJECTS, against: PYTHON, least: 15 },
      ],
    },
    {
      name: "live",
      title: "Routes added and deleted as fast as the kernel does",
      unit: "changes/s",
      better: "more",
      work: "event",
      contestants: [
        monitored,
        printed,
        await live(IP, silent(["ip", "monitor", "route"])),
      ],
      goals: [MONITOR, COMMAND].map((ours) => ({
        ours,
        against: IP,
        by: "cpu",
        most: 1,
      })),
    },
    {
      name: "memory",
      title: "Resident memory after events as fast as the kernel makes them",
      unit: "MiB",
      better: "less",
      rounds: 5,
      contestants: [
        {
          name: IDLE,
          measure: () => Promise.resolve({ value: idle.resident() }),
        },
        ...[monitored, printed].map(({ name, measure }) => ({
          name,
          measure: async () => ({ value: (await measure()).resident! }),
        })),
      ],
      goals: [
        { ours: MONITOR, against: IDLE, above: 45 },
        { ours: COMMAND, against: IDLE, above: 40 },
      ],
    },
    ...await table(workshop, idle),
  ];
}

await bench({
  name: "monitor",
  rounds: 15,
  seconds: 0,
  ours: (name) => name.startsWith("netplumb"),
  cases,
});
