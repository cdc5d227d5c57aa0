// The result of sendMany() says what became of each message, however it ends.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type Message,
  ReceiveBatch,
  SendBatch,
  type SendResult,
  type UdpSocket,
} from "../../../mod.ts";
import { CLIENT, FOUR, UdpLab } from "../../support/udp_lab.ts";

/** What a call that ended early did, as the error of it says. */
interface Interrupted extends Error {
  readonly result: SendResult;
  readonly next: number;
}

async function interrupted(sending: Promise<unknown>): Promise<Interrupted> {
  const error = await assertRejects(() => sending, Error);
  assertEquals(error.name, "SendInterruptedError");
  return error as Interrupted;
}

/** The numbers of the datagrams that arrived, in order. */
async function arrived(socket: UdpSocket, count: number): Promise<number[]> {
  const numbers: number[] = [];
  while (numbers.length < count) {
    const { data } = await socket.receive({ timeout: 5000 });
    numbers.push(Number(new TextDecoder().decode(data).trim()));
  }
  assertEquals(socket.tryReceiveMany(new ReceiveBatch()), 0, "and no more");
  return numbers;
}

const range = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => from + n);

Deno.test("partial results: one bad message of a hundred", async () => {
  await using lab = await UdpLab.open();
  const socket = lab.bind();
  const peer = lab.bind({ receiveBuffer: 1 << 20 }, "client");
  const to = { address: CLIENT.four, port: peer.address.port };
  const messages: Message[] = range(0, 100).map((n) => ({ data: `${n}`, to }));
  messages[70] = { data: "bad", to: { ...to, port: 65_536 } };
  messages[71] = { data: new Uint8Array(65_536), to };
  messages[72] = { data: "bad", to, interface: "nosuch0" };
  messages[73] = undefined as unknown as Message;
  const { sent, failures } = await socket.sendMany(messages);
  assertEquals(sent, 96);
  assertEquals(
    failures.map(({ index, error }) => [index, error.name]),
    [
      [70, "ArgumentError"],
      [71, "ArgumentError"],
      [72, "SystemError"],
      [73, "ArgumentError"],
    ],
  );
  const good = [...range(0, 70), ...range(74, 100)];
  assertEquals(await arrived(peer, 96), good);
});

Deno.test("partial results: an iterable that throws", async () => {
  await using lab = await UdpLab.open();
  const socket = lab.bind();
  const peer = lab.bind({ receiveBuffer: 1 << 20 }, "client");
  const to = { address: CLIENT.four, port: peer.address.port };
  const reason = new RangeError("no more");
  function* messages(count: number): Generator<Message> {
    for (const n of range(0, count)) yield { data: `${n}`, to };
    throw reason;
  }
  const error = await interrupted(socket.sendMany(messages(100)));
  assertEquals(error.cause, reason);
  assertEquals(error.result, { sent: error.next, failures: [] });
  assert(error.next >= 64 && error.next <= 100, `${error.next}`);
  assertEquals(await arrived(peer, error.next), range(0, error.next));
  // Where nothing was sent, the error is the iterable's own.
  await assertRejects(() => socket.sendMany(messages(3)), RangeError);
});

Deno.test("partial results: a timeout and a signal", async () => {
  await using lab = await UdpLab.open();
  // What is sent to it stays in the send buffer: no one answers to ARP.
  const silent = { address: "192.0.2.77", port: 9 };
  await lab.server.sysctl("net.ipv4.neigh.wire.mcast_solicit", 60);
  const messages = range(0, 40).map((n) => ({
    data: `${n}`.padEnd(1000 + n),
    to: silent,
  }));
  for (const end of ["timeout", "signal"]) {
    const socket = lab.bind({ sendBuffer: 4608 });
    const controller = new AbortController();
    const options = end === "timeout"
      ? { timeout: 20 }
      : { signal: controller.signal };
    // After a busy period the first datagram would wait until timers have run.
    await new Promise((resolve) => setTimeout(resolve, 5));
    const sending = socket.sendMany(messages, options);
    controller.abort("given up");
    const { cause, result, next } = await interrupted(sending);
    if (end === "signal") assertEquals(cause, "given up");
    else assertEquals((cause as Error).name, "TimeoutError");
    assert(next > 0 && next < 40, `${next}`);
    assertEquals(result, { sent: next, failures: [] });
  }
});

Deno.test("partial results: slots that hold nothing are not read", async () => {
  await using lab = await UdpLab.open();
  const server = lab.bind();
  const client = lab.bind({}, "client");
  const to = { address: FOUR[1], port: server.address.port };
  const batch = new ReceiveBatch();
  while (batch.count < 2) {
    await client.sendMany([{ data: "first", to }, { data: "second!", to }]);
    await server.receiveMany(batch, { timeout: 5000 });
  }
  while (server.tryReceiveMany(new ReceiveBatch()) > 0);
  await client.send("third", to);
  assertEquals(await server.receiveMany(batch, { timeout: 5000 }), 1);
  for (const slot of [1, 64, -1, NaN]) {
    for (
      const read of [
        "datagram",
        "describe",
        "data",
        "length",
        "peerPort",
      ] as const
    ) {
      const error = assertThrows(() => batch[read](slot), RangeError);
      assertEquals(error.message, `no datagram ${slot} of 1`);
    }
    assertThrows(() => new SendBatch().describe(slot), RangeError);
  }
});
