// Any number of receives may wait on one socket: they cost no descriptor, are
// served in the order of their calls and end in time that grows with their number.

import { assert, assertEquals } from "@std/assert";
import { TimeoutError, UdpSocket } from "../../../mod.ts";
import { Lab, output } from "../../support/netns.ts";
import type { Ended } from "./programs/end_receives.ts";
import type { Served } from "./programs/serve_receives.ts";
import { programCommand, runProgram } from "./run_program.ts";

const MANY = 60_000;
const FEW_DESCRIPTORS = ["prlimit", "--nofile=1000"];
/** Four times the work may take so many times as long; 16 where it is squared. */
const LINEAR = 7;

Deno.test("receives: 60,000 on one socket are served in the order of their calls", async () => {
  await using lab = await Lab.open("host");
  const served = await runProgram<Served>("serve_receives", [MANY], {
    netns: lab.host,
    under: FEW_DESCRIPTORS,
    limit: 120,
  });
  const expected = { own: MANY, inOrder: MANY, other: true, monitored: true };
  assertEquals(served, expected);
});

/** Calls and failed calls of a summary that `strace -c` wrote. */
function callsOf(summary: string): { calls: number; errors: number } {
  let [calls, errors] = [0, 0];
  for (const line of summary.split("\n")) {
    const fields = line.trim().split(/\s+/);
    if (!/^recv/.test(fields.at(-1)!)) continue;
    calls += Number(fields[3]);
    if (fields.length > 5) errors += Number(fields[4]);
  }
  return { calls, errors };
}

Deno.test("receives: a datagram that many wait for takes one system call", async () => {
  const COUNT = 20_000;
  await using lab = await Lab.open("host");
  const directory = await Deno.makeTempDir();
  try {
    const summary = `${directory}/summary`;
    const receiving = "trace=recvmsg,recvmmsg,recvfrom";
    const [command, ...args] = programCommand("serve_receives", [COUNT], {
      netns: lab.host,
      under: ["strace", "-f", "-c", "-e", receiving, "-o", summary],
      limit: 120,
    });
    const { code, stderr } = await output(command, args);
    assertEquals(code, 0, stderr);
    const { calls, errors } = callsOf(await Deno.readTextFile(summary));
    assert(calls <= 1.1 * COUNT, `${calls} calls for ${COUNT} datagrams`);
    assert(errors <= 0.1 * COUNT, `${errors} calls found nothing`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

const ENDS = {
  close: "closing the socket ends with ClosedError",
  abort: "one signal for all ends with its reason",
  time: "one timeout for all ends with TimeoutError",
};

for (const [way, name] of Object.entries(ENDS)) {
  Deno.test(`receives: 60,000 on one socket, ${name}, in linear time`, async () => {
    const ended = (count: number, rounds: number) =>
      runProgram<Ended>("end_receives", [way, count, rounds], {
        under: FEW_DESCRIPTORS,
        limit: 120,
      });
    const few = await ended(MANY / 4, 5);
    const many = await ended(MANY, 3);
    assertEquals([few.wrong, many.wrong], [0, 0]);
    // What is short is mostly the collection of garbage: it counts as 20 ms.
    const growth = many.milliseconds / Math.max(few.milliseconds, 20);
    assert(
      growth < LINEAR,
      `${few.milliseconds} ms, ${many.milliseconds} ms for four times as many`,
    );
  });
}

Deno.test("receives: one that was aborted or timed out takes no datagram", async () => {
  await using socket = UdpSocket.bind({ address: "127.0.0.1" });
  const controller = new AbortController();
  const reason = new Error("enough");
  const first = socket.receive();
  const aborted = socket.receive({ signal: controller.signal });
  const timed = socket.receive({ timeout: 20 });
  const last = socket.receive();
  let error: unknown;
  await timed.catch((thrown) => error = thrown);
  assert(error instanceof TimeoutError);
  controller.abort(reason);
  await aborted.catch((thrown) => error = thrown);
  assertEquals(error, reason);
  await socket.send("1", socket.address);
  await socket.send("2", socket.address);
  const text = async (receive: Promise<{ data: Uint8Array }>) =>
    new TextDecoder().decode((await receive).data);
  assertEquals([await text(first), await text(last)], ["1", "2"]);
});

Deno.test("receives: one that is aborted as its datagram arrives loses none", async () => {
  await using socket = UdpSocket.bind({ address: "127.0.0.1" });
  const taken: string[] = [];
  const take = ({ data }: { data: Uint8Array }) =>
    void taken.push(new TextDecoder().decode(data));
  const ROUNDS = 300;
  for (let round = 0; round < ROUNDS; round++) {
    const controller = new AbortController();
    const receive = socket.receive(controller).then(take, () => {});
    const sent = socket.send(`${round}`, socket.address);
    if (round % 3 > 0) await sent;
    if (round % 3 > 1) await new Promise((resolve) => setTimeout(resolve, 0));
    controller.abort();
    await receive;
    await sent;
  }
  while (taken.length < ROUNDS) {
    await socket.receive({ timeout: 5000 }).then(take);
  }
  assertEquals(
    taken,
    Array.from({ length: ROUNDS }, (_, round) => `${round}`),
  );
});

Deno.test("receives: calls in different forms are served in their order", async () => {
  await using socket = UdpSocket.bind({ address: "127.0.0.1" });
  const text = ({ data }: { data: Uint8Array }) =>
    new TextDecoder().decode(data);
  const loop = socket.datagrams();
  const order: string[] = [];
  const waits = [
    socket.receive().then((datagram) => order.push(`a${text(datagram)}`)),
    loop.next().then(({ value }) => order.push(`b${text(value!)}`)),
    socket.receive({ timeout: 5000 }).then((it) => order.push(`c${text(it)}`)),
  ];
  await new Promise((resolve) => setTimeout(resolve, 5));
  for (const word of ["1", "2", "3"]) await socket.send(word, socket.address);
  await Promise.all(waits);
  // Which datagram each gets counts; a loop takes some microtasks more.
  assertEquals(order.sort(), ["a1", "b2", "c3"]);
  await loop.return();
});
