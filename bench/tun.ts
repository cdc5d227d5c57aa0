// deno task bench:tun: programs that read packets from TUN devices and pass
// each to a function, and forwarding between two devices.

import { Lab, type Netns } from "../tests/support/netns.ts";
import { bench, type Settings } from "./harness/bench.ts";
import type { Case, Contestant, Sample } from "./harness/case.ts";
import { onCpu, type Program } from "./harness/program.ts";
import { own, peer, type Workshop } from "./harness/workshop.ts";

const READ = "netplumb, batches()";
const VIEW = "netplumb, batches(), each a typed array";
const EACH = "C, poll and read";
const EMPTY = "C, poll, read until empty";
const READ_ONLY = "C, read";
const FORWARD = "netplumb, batches() and writeMany()";
const WORKERS = "netplumb, a worker each way, blockingPoll()";
const C_FORWARD = "C, poll, read and write";
const PYTHON = "Python, os.read";
const IDLE = "deno, doing nothing";

const QUEUED = 20_000;
/** Bytes of UDP payload. */
const SMALL = 64;
/** Datagrams in one system call, so that the reader is the slower side. */
const SEGMENTS = 32;
/** Maximum duration of a turn of a reader, in seconds. */
const PLENTY = 60;
/**
 * Turns before the first measurement, so that the reader's code is compiled.
 */
const WARM = 3;

/** A program that reads a device. */
interface Reader {
  readonly program: Program;
  /** A destination behind its device. */
  readonly behind: string;
}

/** Starts a program with its own device; returns a destination behind it. */
class Readers {
  #count = 0;

  constructor(
    readonly workshop: Workshop,
    readonly namespace: Netns,
    readonly cpu: number | undefined,
  ) {}

  async start(
    command: (device: string) => string[],
    queue: number,
  ): Promise<Reader> {
    const index = this.#count++;
    const device = `tun${index}`;
    const program = await this.workshop.start(
      [...this.namespace.exec, ...command(device)],
      { cpu: this.cpu },
    );
    await this.namespace.batch(`
      link set ${device} txqueuelen ${queue} up
      address add 10.9.${index}.1/24 dev ${device}
    `);
    return { program, behind: `10.9.${index}.2` };
  }
}

/** The reply of a reader. */
interface Done {
  readonly packets: number;
  readonly seconds: number;
}

/** The output of one end of a TCP transfer. */
interface Taken {
  readonly bytes: number;
  readonly seconds: number;
}

async function requestOf(
  { program }: Reader,
  line: string,
): Promise<Sample & Done> {
  const before = program.cpuSeconds();
  const done: Done = JSON.parse(await program.request(line));
  const cpu = program.cpuSeconds() - before;
  return {
    ...done,
    value: done.packets / done.seconds,
    cpu: cpu * 1e6 / done.packets,
    resident: program.resident(),
  };
}

async function warmed(contestant: Contestant): Promise<Contestant> {
  for (let turn = 0; turn < WARM; turn++) await contestant.measure();
  return contestant;
}

async function cases(
  workshop: Workshop,
  settings: Settings,
): Promise<Case[]> {
  if (!await workshop.has("every program", "gcc")) return [];
  const { seconds, client } = settings;
  const lab = workshop.use(await Lab.open("here"));
  await lab.here.sysctl("net.ipv6.conf.default.disable_ipv6", 1);
  const sender = await workshop.c("tun_load");
  const reading = await workshop.c("tun_read");
  const python = await workshop.has(PYTHON, "python3");
  const readers = new Readers(workshop, lab.here, settings.server);

  const send = (behind: string, count: string, segments: number) => {
    const [command, ...args] = [
      ...onCpu(client),
      ...lab.here.exec,
      ...[sender, behind, count, SMALL, segments].map(String),
    ];
    return new Deno.Command(command, { args, stdout: "null" }).spawn();
  };
  const queued = async (
    name: string,
    command: (device: string) => string[],
  ): Promise<Contestant> => {
    const reader = await readers.start(command, QUEUED);
    return await warmed({
      name,
      async measure() {
        const { success } = await send(reader.behind, `${QUEUED}`, 1).status;
        if (!success) throw new Error("nothing was sent");
        const sample = await requestOf(reader, `queued ${QUEUED}`);
        return { ...sample, lost: QUEUED - sample.packets };
      },
    });
  };
  const live = async (
    name: string,
    command: (device: string) => string[],
  ): Promise<Contestant> => {
    const reader = await readers.start(command, 500);
    return await warmed({
      name,
      async measure() {
        const sending = send(reader.behind, `${PLENTY}s`, SEGMENTS);
        const sample = await requestOf(reader, `live ${seconds}`);
        sending.kill();
        await sending.status;
        return sample;
      },
    });
  };
  const c = (how: string) => (device: string) => [reading, device, how];
  const ours = (...how: string[]) => (device: string) =>
    own("tun_read.ts", device, ...how);
  const inPython = (device: string) => [
    "python3",
    peer("tun_read_python.py"),
    device,
  ];
  const idle = await workshop.start(own("idle.ts"), { cpu: settings.server });
  const reads = await live(READ, ours());
  const forwards = await forwarding(workshop, settings, "offload");
  return [
    {
      name: "queued",
      title: `${QUEUED} packets of ${SMALL} bytes in the device's queue`,
      unit: "packets/s",
      better: "more",
      work: "packet",
      contestants: [
        await queued(READ, ours()),
        await queued(VIEW, ours("view")),
        await queued(READ_ONLY, c("empty")),
        ...(python ? [await queued(PYTHON, inPython)] : []),
      ],
      goals: [{ ours: READ, against: READ_ONLY, least: 0.95 }],
    },
    {
      name: "live",
      title: `Packets of ${SMALL} bytes that arrive faster than they are read`,
      unit: "packets/s",
      better: "more",
      work: "packet",
      contestants: [
        reads,
        await live(VIEW, ours("view")),
        await live(EACH, c("each")),
        await live(EMPTY, c("empty")),
        ...(python ? [await live(PYTHON, inPython)] : []),
      ],
      goals: [{ ours: READ, against: EACH, least: 1.05 }],
    },
    forwards,
    await forwarding(workshop, settings, "plain"),
    {
      name: "memory",
      title: "Resident memory under load",
      unit: "MiB",
      better: "less",
      contestants: [
        {
          name: IDLE,
          measure: () => Promise.resolve({ value: idle.resident() }),
        },
        ...[reads, forwards.contestants[0]].map(({ name, measure }) => ({
          name,
          measure: async () => ({ value: (await measure()).resident! }),
        })),
      ],
      goals: [READ, FORWARD].map((ours) => ({
        ours,
        against: IDLE,
        above: 40,
      })),
    },
  ];
}

/** TCP between two namespaces through a program between two devices. */
async function forwarding(
  workshop: Workshop,
  { seconds }: Settings,
  how: "offload" | "plain",
): Promise<Case> {
  const bulk = await workshop.c("bulk");
  const forward = async (
    name: string,
    command: string[],
  ): Promise<Contestant> => {
    const { left, right } = workshop.use(await Lab.open("left", "right"));
    const program = await workshop.start([
      ...command,
      left.name,
      right.name,
      how,
    ]);
    for (const [at, host] of [left, right].entries()) {
      await host.batch(`
        link set tun0 up
        address add 10.8.0.${at + 1}/24 dev tun0
      `);
    }
    await workshop.start([...right.exec, bulk, "5000"]);
    return await warmed({
      name,
      async measure() {
        const before = program.cpuSeconds();
        const sent = await left.run(bulk, ["10.8.0.2", "5000", `${seconds}`]);
        const cpu = program.cpuSeconds() - before;
        const taken: Taken = JSON.parse(sent);
        return {
          value: taken.bytes * 8 / taken.seconds / 1e9,
          cpu: cpu * 1e6 / (taken.bytes / 1e6),
          resident: program.resident(),
        };
      },
    });
  };
  return {
    name: `forward-${how}`,
    title: `TCP from one TUN device to another, ${
      how === "offload" ? "with" : "without"
    } the virtio-net header`,
    unit: "Gb/s",
    better: "more",
    work: "MB",
    contestants: [
      await forward(FORWARD, own("tun_forward.ts", "main")),
      await forward(WORKERS, own("tun_forward.ts", "workers")),
      await forward(C_FORWARD, [await workshop.c("tun_forward")]),
    ],
    goals: [FORWARD, WORKERS].map((ours) => ({
      ours,
      against: C_FORWARD,
      least: ours === WORKERS ? 1 : 0.9,
    })),
  };
}

await bench({
  name: "tun",
  rounds: 15,
  seconds: 0.3,
  ours: (name) => name.startsWith("netplumb"),
  cases,
});
