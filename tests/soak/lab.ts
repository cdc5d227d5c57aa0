// The networks of the soak test, its programs and clients.

import { compileC, type CompiledProgram } from "../support/c.ts";
import { denoRun } from "../support/command.ts";
import { Lab, type Netns } from "../support/netns.ts";
import { Client, Subject } from "./process.ts";
import { churn } from "./churn.ts";

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
}

/** Datagrams that each client has on their way. */
export const WINDOW = 64;
const SIZE = "512";

const peerSource = new URL("../../bench/peers/", import.meta.url).pathname;

/** Builds it all; `env` is for the subjects. */
export async function openScene(env: Record<string, string>): Promise<Scene> {
  await using made = new AsyncDisposableStack();
  const lab = made.use(
    await Lab.open("server", "client", "left", "right", "watched"),
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
  ];
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
  made.use(churn(lab.watched));
  const all = made.move();
  return {
    subjects,
    clients: [echo, socket, tun],
    flaps: [
      { netns: lab.server, dev: "eth0", clients: [echo, socket] },
      { netns: lab.left, dev: "tun0", clients: [tun] },
    ],
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
