// deno task bench:tunnel: TCP through tunnels between two namespaces, with a
// program at each end.

import { Lab, type Netns } from "../tests/support/netns.ts";
import { bench, type Settings } from "./harness/bench.ts";
import type { Case, Contestant } from "./harness/case.ts";
import type { Program } from "./harness/program.ts";
import { example, own, type Workshop } from "./harness/workshop.ts";

const OURS = "netplumb, udp_tunnel.ts --offload";
const PLAIN = "netplumb, udp_tunnel.ts";
const QUEUES = "netplumb, udp_tunnel.ts --offload --queues 4";
const SEALED = "netplumb, udp_tunnel.ts --offload --key";
const SEALED_WORKERS = "netplumb, udp_tunnel.ts --offload --key --queues 2";
const SOCAT = "socat, TUN over UDP";
const WIREGUARD = "wireguard-go, which also encrypts";
const IDLE = "deno, doing nothing";

const PORT = 5555;
const MTU = 1400;
/**
 * Turns before the first measurement: for netplumb enough that V8 has compiled
 * the code of each worker. A connection uses one queue, by its hash.
 */
const WARM = { netplumb: 24, other: 2 };

/** One end of a tunnel. */
interface End {
  readonly netns: Netns;
  /** The outer addresses of this end and the other one. */
  readonly outside: string;
  readonly peer: string;
  /** Its address in the tunnel. */
  readonly inside: string;
  /** Whether it listens, instead of connecting. */
  readonly listens: boolean;
}

/** Starts the program of one end; returns it and the name of its device. */
type Opener = (end: End) => Promise<{ program: Program; device: string }>;

/** The output of one end of a TCP transfer. */
interface Taken {
  readonly bytes: number;
  readonly seconds: number;
}

/** Two ends, connected by two veth pairs. */
async function ends(workshop: Workshop): Promise<[End, End]> {
  const lab = workshop.use(await Lab.open("left", "right"));
  for (const netns of [lab.left, lab.right]) {
    // Nothing is sent before the other end exists.
    await netns.sysctl("net.ipv6.conf.all.disable_ipv6", 1);
    await netns.sysctl("net.ipv6.conf.default.disable_ipv6", 1);
  }
  await lab.veth("left", "eth0", "right", "eth0");
  await lab.left.ip("address add 192.0.2.1/24 dev eth0");
  await lab.right.ip("address add 192.0.2.2/24 dev eth0");
  const [one, other] = ["192.0.2.1", "192.0.2.2"];
  return [
    {
      netns: lab.left,
      outside: one,
      peer: other,
      inside: "10.8.0.1",
      listens: true,
    },
    {
      netns: lab.right,
      outside: other,
      peer: one,
      inside: "10.8.0.2",
      listens: false,
    },
  ];
}

const ours = (name: string) => name.startsWith("netplumb");

function cpuSeconds(programs: readonly Program[]): number {
  return programs.reduce((sum, program) => sum + program.cpuSeconds(), 0);
}

async function tunnel(
  workshop: Workshop,
  { seconds }: Settings,
  name: string,
  open: Opener,
): Promise<Contestant> {
  const bulk = await workshop.c("bulk");
  const both = await ends(workshop);
  const programs: Program[] = [];
  for (const end of both) {
    const { program, device } = await open(end);
    programs.push(program);
    await end.netns.batch(`
      address replace ${end.inside}/24 dev ${device}
      link set ${device} mtu ${MTU} up
    `);
  }
  const [left, right] = both;
  await workshop.start([...left.netns.exec, bulk, "5000"]);
  // The listening end replies to the last sender.
  await right.netns.run("ping", ["-c", "1", "-W", "5", left.inside]);
  const measure = async () => {
    const before = cpuSeconds(programs);
    const args = [left.inside, "5000", String(seconds)];
    const taken: Taken = JSON.parse(await right.netns.run(bulk, args));
    const cpu = cpuSeconds(programs) - before;
    return {
      value: taken.bytes * 8 / taken.seconds / 1e9,
      cpu: cpu * 1e6 / (taken.bytes / 1e6),
      resident: programs.map((program) => program.resident())
        .reduce((most, one) => Math.max(most, one)),
    };
  };
  const turns = ours(name) ? WARM.netplumb : WARM.other;
  for (let turn = 0; turn < turns; turn++) await measure();
  return { name, measure };
}

/** The example: the listening end learns the address of the other one. */
function netplumb(
  workshop: Workshop,
  flags: readonly string[] = [],
): Opener {
  return async ({ netns, peer, listens }) => {
    const way = listens ? `--port=${PORT}` : `--peer=${peer}:${PORT}`;
    const command = [
      ...example("udp_tunnel.ts", "--name=tun0", way),
      ...flags,
    ];
    const program = await workshop.start([...netns.exec, ...command], {
      ready: "over port",
    });
    return { program, device: "tun0" };
  };
}

function socat(workshop: Workshop): Opener {
  return async ({ netns, peer, inside }) => {
    const program = await workshop.start([
      "sh",
      "-c",
      'echo listening; exec "$@"',
      "",
      ...netns.exec,
      "socat",
      `UDP4:${peer}:${PORT},bind=:${PORT}`,
      `TUN:${inside}/24,tun-name=tun0,iff-no-pi,up`,
    ]);
    await appears(netns, "tun0");
    return { program, device: "tun0" };
  };
}

/** One end of wireguard-go: its public key and endpoint. */
interface Key {
  readonly netns: Netns;
  readonly device: string;
  readonly publicKey: string;
  readonly outside: string;
}

function wireguard(workshop: Workshop): Opener {
  const ends: Key[] = [];
  return async ({ netns, outside }) => {
    // Its control socket is named after the device, in all namespaces.
    const device = `npw${Deno.pid}-${ends.length}`;
    // Not removed if it is killed.
    const socket = `/var/run/wireguard/${device}.sock`;
    workshop.use({
      [Symbol.asyncDispose]: () => Deno.remove(socket).catch(() => {}),
    });
    const command = [...netns.exec, "wireguard-go", "--foreground", device];
    // Its output recommends the kernel's WireGuard.
    const program = await workshop.start([
      "sh",
      "-c",
      'echo listening; exec "$@" > /dev/null 2>&1',
      "",
      ...command,
    ]);
    await appears(netns, device);
    const key = await netns.run("wg", ["genkey"]);
    const publicKey = await netns.run("wg", ["pubkey"], { stdin: key });
    const file = `${await workshop.directory()}/${device}`;
    await Deno.writeTextFile(file, key, { mode: 0o600 });
    // deno-fmt-ignore
    await netns.run("wg", [
      "set", device, "private-key", file, "listen-port", `${PORT}`,
    ]);
    ends.push({ netns, device, publicKey: publicKey.trim(), outside });
    if (ends.length === 2) {
      const [one, other] = ends;
      await introduce(one, other);
      await introduce(other, one);
    }
    return { program, device };
  };
}

/** Configures the peer of one end of wireguard-go. */
async function introduce({ netns, device }: Key, other: Key): Promise<void> {
  // deno-fmt-ignore
  await netns.run("wg", [
    "set", device, "peer", other.publicKey, "allowed-ips", "10.8.0.0/24",
    "endpoint", `${other.outside}:${PORT}`,
  ]);
}

/** Waits until a device exists. */
async function appears(netns: Netns, device: string): Promise<void> {
  const args = ["link", "show", device];
  while ((await netns.output("ip", args)).code !== 0) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function cases(
  workshop: Workshop,
  settings: Settings,
): Promise<Case[]> {
  if (!await workshop.has("every program", "gcc")) return [];
  const idle = await workshop.start(own("idle.ts"));
  const add = (name: string, open: Opener) =>
    tunnel(workshop, settings, name, open);
  const offload = await add(OURS, netplumb(workshop, ["--offload"]));
  const key = `${await workshop.directory()}/key`;
  const random = crypto.getRandomValues(new Uint8Array(32));
  await Deno.writeTextFile(key, random.toHex(), { mode: 0o600 });
  const sealed = ["--offload", `--key=${key}`];
  const contestants = [
    offload,
    await add(PLAIN, netplumb(workshop)),
    await add(QUEUES, netplumb(workshop, ["--offload", "--queues=4"])),
    await add(SEALED, netplumb(workshop, sealed)),
    await add(SEALED_WORKERS, netplumb(workshop, [...sealed, "--queues=2"])),
  ];
  if (await workshop.has(SOCAT, "socat")) {
    contestants.push(await add(SOCAT, socat(workshop)));
  }
  if (
    await workshop.has(WIREGUARD, "wireguard-go") &&
    await workshop.has(WIREGUARD, "wg")
  ) contestants.push(await add(WIREGUARD, wireguard(workshop)));
  return [
    {
      name: "tcp",
      title: "TCP through a tunnel between two namespaces",
      unit: "Gb/s",
      better: "more",
      work: "MB",
      contestants,
      goals: [
        { ours: OURS, against: SOCAT, least: 4 },
        { ours: QUEUES, against: OURS, least: 1 },
        { ours: SEALED, against: WIREGUARD, least: 1 },
      ],
    },
    {
      name: "memory",
      title: "Resident memory of an end under load",
      unit: "MiB",
      better: "less",
      contestants: [
        {
          name: IDLE,
          measure: () => Promise.resolve({ value: idle.resident() }),
        },
        {
          name: OURS,
          measure: async () => ({ value: (await offload.measure()).resident! }),
        },
      ],
      goals: [{ ours: OURS, against: IDLE, above: 40 }],
    },
  ];
}

await bench({
  name: "tunnel",
  rounds: 15,
  seconds: 0.5,
  free: true,
  ours,
  cases,
});
