// The networks of the soak test, its programs and clients.

import { compileC, type CompiledProgram } from "../support/c.ts";
import { Bird, networks } from "../support/bird.ts";
import { denoRun } from "../support/command.ts";
import { Lab, type Netns } from "../support/netns.ts";
import { Client, Subject } from "./process.ts";
import { churn } from "./churn.ts";
import { KEPT, Kept } from "./drift.ts";

/** Everything that runs; gone when disposed of. */
export interface Scene extends AsyncDisposable {
  readonly subjects: readonly Subject[];
  readonly clients: readonly Client[];
  /** Interfaces to set down and up, and the clients that lose by it. */
  readonly flaps: readonly {
    readonly netns: Netns;
    readonly dev: string;
    readonly clients: readonly Client[];
  }[];
  /** The network of the reconciler. */
  readonly kept: Kept;
  /** Adds and withdraws routes where the monitor is. */
  readonly bird: Bird;
  /** Whether the link of the UDP clients delays what it carries. */
  readonly netem: boolean;
  /** Ends what changes the network of the monitor. */
  endChanges(): Promise<void>;
  /** The links and routes of all tables in the network of the monitor. */
  countObjects(): Promise<number>;
}

/** Datagrams that each client has on their way. */
export const WINDOW = 64;
const SIZE = "512";
/** Routes that BIRD adds and withdraws. */
export const ROUTES = 10_000;

const peerSource = new URL("../../bench/peers/", import.meta.url).pathname;

/** Builds it all; `env` is for the subjects. */
export async function openScene(env: Record<string, string>): Promise<Scene> {
  await using made = new AsyncDisposableStack();
  const lab = made.use(
    await Lab.open("server", "client", "left", "right", "watched", "kept"),
  );
  const source = new URL("ask.c", import.meta.url);
  const ask: CompiledProgram = made.use(
    await compileC(await Deno.readTextFile(source), "-O2"),
  );
  const peer = made.use(
    await compileC(
      await Deno.readTextFile(`${peerSource}echo_many.c`),
      `-I${peerSource}`,
      "-O2",
    ),
  );
  await lab.veth("client", "eth0", "server", "eth0");
  await lab.client.ip("address add 192.0.2.1/24 dev eth0");
  for (const address of ["192.0.2.2/24", "192.0.2.3/24"]) {
    await lab.server.ip(`address add ${address} dev eth0`);
  }
  const netem = await delay(lab.client);
  const subject = async (name: string, netns: Netns, ...args: string[]) =>
    made.use(
      await Subject.start(name, netns.exec, env, [
        Deno.execPath(),
        ...denoRun(new URL(`subjects/${name}.ts`, import.meta.url).pathname),
        ...args,
      ]),
    );
  const subjects = [
    await subject("echo", lab.server),
    await subject("socket", lab.server),
    await subject("monitor", lab.watched),
    await subject("tun", lab.left, lab.left.name, lab.right.name),
    await subject("ensure", lab.kept, JSON.stringify(KEPT)),
  ];
  const kept = await Kept.of(lab.kept);
  await lab.left.ip("address add 10.8.0.1/24 dev tun0");
  await lab.right.ip("address add 10.8.0.2/24 dev tun0");
  for (const netns of [lab.left, lab.right]) await netns.ip("link set tun0 up");
  const answering = lab.right.spawn(peer.path, ["7777"], {
    stdin: "null",
    stdout: "null",
  });
  made.defer(async () => {
    answering.kill("SIGKILL");
    await answering.status;
  });
  const client = (name: string, netns: Netns, host: string, port: number) =>
    made.use(
      new Client(name, netns, [ask.path, host, `${port}`, SIZE, `${WINDOW}`]),
    );
  const echo = client("echo", lab.client, "192.0.2.3", 8888);
  const socket = client("socket", lab.client, "192.0.2.3", 8889);
  const tun = client("tun", lab.left, "10.8.0.2", 7777);
  const bird = made.use(await daemon(lab.watched, made));
  const changes = made.use(churn(lab.watched));
  const all = made.move();
  return {
    subjects,
    clients: [echo, socket, tun],
    flaps: [
      { netns: lab.server, dev: "eth0", clients: [echo, socket] },
      { netns: lab.left, dev: "tun0", clients: [tun] },
    ],
    kept,
    bird,
    netem,
    async endChanges() {
      await changes[Symbol.asyncDispose]();
      await bird.announce(false);
    },
    countObjects: () => countObjects(lab.watched),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** Delays by one millisecond what the clients send; not every kernel can. */
async function delay({ exec }: Netns): Promise<boolean> {
  const [program, ...words] = [
    ...exec,
    ..."tc qdisc add dev eth0 root netem limit 10000 delay 1ms".split(" "),
  ];
  const { success } = await new Deno.Command(program, {
    args: words,
    stderr: "null",
  }).output();
  return success;
}

/** BIRD, with a link that its routes lead to. */
async function daemon(
  netns: Netns,
  made: AsyncDisposableStack,
): Promise<Bird> {
  await netns.batch(`
    link add bird0 type veth peer name bird1
    link set bird1 up
    link set bird0 up
    address add 198.51.100.1/24 dev bird0
    address add 2001:db8:f::1/64 dev bird0 nodad`);
  const folder = await Deno.makeTempDir({ prefix: "netplumb-soak-" });
  made.defer(() => Deno.remove(folder, { recursive: true }));
  return await Bird.start(netns, folder, {
    4: { networks: networks(ROUTES / 2, 100, 4), gateway: "198.51.100.2" },
    6: { networks: networks(ROUTES / 2, 1, 6), gateway: "2001:db8:f::2" },
  });
}

async function countObjects(netns: Netns): Promise<number> {
  const lists = await Promise.all([
    netns.json("link show"),
    netns.json("-4 route show table all"),
    netns.json("-6 route show table all"),
  ]);
  return lists.reduce((sum, { length }) => sum + length, 0);
}
