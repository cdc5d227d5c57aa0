// Sending many: one that is refused does not stop the others, a full queue is
// waited for, and what was stopped on the way goes on where it was.

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  ArgumentError,
  ClosedError,
  TimeoutError,
} from "../../../lib/errors.ts";
import type { Message } from "../../../lib/udp/message.ts";
import { ReceiveBatch } from "../../../lib/udp/receive_batch.ts";
import { SendBatch } from "../../../lib/udp/send_batch.ts";
import { CLIENT, UdpLab } from "../../support/udp_lab.ts";
import { atOnce } from "../../support/timing.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("sendMany: rejected messages are reported by index, the others arrive in order", async () => {
  await using lab = await UdpLab.open();
  const socket = lab.bind();
  const { port, heard } = await lab.hear(["-n", "200", "::", "0"]);
  const good = { address: CLIENT.four, port };
  const bad: Record<number, [Partial<Message>, string]> = {
    0: [{ to: { ...good, port: 0 } }, "EINVAL"],
    1: [{ to: { address: "203.0.113.1", port } }, "ENETUNREACH"],
    50: [{ to: { address: "192.0.2.255", port } }, "EACCES"],
    // At the seam of two system calls' batches, and one after the other.
    63: [{ data: new Uint8Array(65535) }, "EMSGSIZE"],
    64: [{ interface: 4711 }, "ENODEV"],
    65: [{ source: "192.0.2.77" }, "ENETUNREACH"],
    205: [{ to: undefined }, "EDESTADDRREQ"],
  };
  const messages: Message[] = [];
  for (let n = 0, sent = 0; sent < 200 || n < 206; n++) {
    if (n in bad) messages.push({ data: "bad", to: good, ...bad[n][0] });
    else messages.push({ data: `number ${sent++}`, to: good });
  }
  const { sent, failures } = await socket.sendMany(messages);
  assertEquals(sent, 200);
  assertEquals(
    failures.map(({ index, error }) => [index, error.code]),
    Object.entries(bad).map(([index, [, code]]) => [Number(index), code]),
  );
  for (let n = 0; n < 200; n++) {
    assert((await heard()).endsWith(` number ${n}`));
  }
});

Deno.test("sendMany: a message used again goes where it says by then", async () => {
  await using lab = await UdpLab.open();
  const socket = lab.bind();
  const heard = [lab.bind(), lab.bind()];
  const to = { address: "127.0.0.1", port: 0 };
  const message = { data: new Uint8Array(), to, source: "" };
  const sources = ["127.0.0.2", "127.0.0.2", "127.0.0.3", "127.0.0.2"];
  function* reused(): Generator<Message> {
    for (const [at, { address }] of heard.entries()) {
      for (const [n, source] of sources.entries()) {
        to.port = address.port;
        Object.assign(message, { data: new Uint8Array([n, at]), source });
        yield message;
        yield message;
      }
    }
  }
  assertEquals((await socket.sendMany(reused())).sent, 16);
  for (const [at, receiver] of heard.entries()) {
    for (const n of [0, 0, 1, 1, 2, 2, 3, 3]) {
      const { data, peer } = await receiver.receive();
      assertEquals([...data, peer.address], [n, at, sources[n]]);
    }
  }
});

Deno.test("sendMany: the iterable is read as messages are sent", async () => {
  await using lab = await UdpLab.open();
  const socket = lab.bind();
  const to = { address: "127.0.0.1", port: socket.address.port };
  function* endless(): Generator<Message> {
    for (let n = 0;; n++) {
      if (n === 1000) return;
      yield { data: new Uint8Array(10), to };
    }
  }
  assertEquals(await socket.sendMany(endless()), { sent: 1000, failures: [] });
  assertEquals(await socket.sendMany([]), { sent: 0, failures: [] });
  const { sent, failures } = await socket.sendMany([
    { data: "x", to },
    { data: "x", to: { ...to, port: 65536 } },
  ]);
  assertEquals([sent, failures.length, failures[0].index], [1, 1, 1]);
  assert(failures[0].error instanceof ArgumentError);
  assertEquals(
    failures[0].error.message,
    "port: 65536 is not a whole number from 0 to 65535",
  );
  // Nothing of that call is left for the next.
  assertEquals(await socket.sendMany([]), { sent: 0, failures: [] });
});

/** An address on the wire whose owner does not answer to ARP yet. */
const SILENT = "192.0.2.77";

/** Keeps what is sent to SILENT in the queue until `answer` is called. */
async function labWithFullQueue() {
  const lab = await UdpLab.open();
  // Longer than the test takes; three seconds otherwise.
  await lab.server.sysctl("net.ipv4.neigh.wire.mcast_solicit", 60);
  const [{ address: mac }] = await lab.client.json<{ address: string }>(
    "link show dev wire",
  );
  const answer = () =>
    lab.server.ip(`neigh replace ${SILENT} lladdr ${mac} dev wire`);
  return Object.assign(lab, { answer });
}

/** Far more than a send queue of this size takes. */
const SMALL = { sendBuffer: 4608 };
const message = (n: number, size: number) => {
  const data = new TextEncoder().encode(`${n} `.padEnd(size, "."));
  return { data, to: { address: SILENT, port: 7000 } };
};
// Each longer than the one before, or they would leave together.
const MESSAGES = Array.from({ length: 40 }, (_, n) => message(n, 1000 + n));

Deno.test("sendMany: a full queue is waited for, and then all arrive once", async () => {
  await using lab = await labWithFullQueue();
  await lab.client.ip(`address add ${SILENT}/32 dev wire`);
  await lab.client.ip("link set wire arp off");
  const { heard } = await lab.hear(["-n", "40", "0.0.0.0", "7000"]);
  const socket = lab.bind(SMALL);
  let done = false;
  const sending = socket.sendMany(MESSAGES).finally(() => done = true);
  await assertRejects(
    () => socket.sendMany(MESSAGES.slice(0, 1), { timeout: 20 }),
    TimeoutError,
  );
  assertEquals(done, false);
  await lab.answer();
  assertEquals(await sending, { sent: 40, failures: [] });
  for (let n = 0; n < 40; n++) {
    const line = (await heard()).split(" ");
    assertEquals([line[5], line[7]], [String(1000 + n), String(n)]);
  }
});

Deno.test("sendMany: segmented datagrams wait for a full queue too, and all arrive once", async () => {
  await using lab = await labWithFullQueue();
  await lab.client.ip(`address add ${SILENT}/32 dev wire`);
  await lab.client.ip("link set wire arp off");
  const { heard } = await lab.hear(["-n", "100", "0.0.0.0", "7000"]);
  const socket = lab.bind(SMALL);
  const messages = Array.from({ length: 100 }, (_, n) => message(n, 400));
  let done = false;
  const sending = socket.sendMany(messages).finally(() => done = true);
  await assertRejects(
    () => socket.sendMany(MESSAGES.slice(0, 1), { timeout: 20 }),
    TimeoutError,
  );
  assertEquals(done, false);
  await lab.answer();
  assertEquals(await sending, { sent: 100, failures: [] });
  for (let n = 0; n < 100; n++) {
    const line = (await heard()).split(" ");
    assertEquals([line[5], line[7]], ["400", String(n)]);
  }
});

Deno.test("sendMany: a signal, time and closing end the wait for a full queue", async () => {
  await using lab = await labWithFullQueue();
  const socket = lab.bind(SMALL);
  const controller = new AbortController();
  const { signal } = controller;
  const given = socket.sendMany(MESSAGES, { signal }).catch((reason) => reason);
  const late = assertRejects(
    () => socket.sendMany(MESSAGES, { timeout: 10 }),
    TimeoutError,
    "nothing within 10 ms",
  );
  await late;
  await atOnce(async () => {
    controller.abort("given up");
    // A part was sent: the error says which, and has the reason as its cause.
    assertEquals((await given).cause, "given up");
  });
  const closed = assertRejects(
    () => socket.send(MESSAGES[0].data, MESSAGES[0].to),
    ClosedError,
  );
  await atOnce(() => socket.close());
  await closed;
  await assertRejects(() => socket.sendMany(MESSAGES), ClosedError);
});

Deno.test("sendMany: a batch stopped on the way goes on where it was", async () => {
  await using lab = await labWithFullQueue();
  await lab.client.ip(`address add ${SILENT}/24 dev wire`);
  const server = lab.bind({ ...SMALL, receiveBuffer: 1 << 20 });
  const client = lab.bind(
    { address: SILENT, receiveBuffer: 1 << 20 },
    "client",
  );
  const received = new ReceiveBatch({ size: 64 });
  const answers = new SendBatch(64, 0);
  const to = { address: "192.0.2.1", port: server.address.port };
  await client.sendMany(MESSAGES.map(({ data }) => ({ data, to })));
  await server.receiveMany(received, { timeout: 5000 });
  assertEquals(received.count, 40);
  // From here on the client answers to no ARP request, and is not known.
  await lab.client.ip("link set wire arp off");
  await lab.server.ip("neigh flush dev wire");

  for (let slot = 0; slot < received.count; slot++) {
    answers.reply(received, slot);
  }
  assertEquals(server.trySendMany(answers), undefined);
  assertEquals(server.trySendMany(answers), undefined);
  const stopped = { timeout: 10 };
  await assertRejects(() => server.sendMany(answers, stopped), TimeoutError);
  assertEquals(answers.count, 40);
  await lab.answer();
  assertEquals(await server.sendMany(answers), { sent: 40, failures: [] });
  assertEquals([answers.count, answers.fits(0)], [0, true]);
  for (let n = 0; n < 40; n++) {
    const { data } = await client.receive({ timeout: 5000 });
    assertEquals(text(data).split(" ")[0], String(n));
  }
  assertEquals(client.tryReceiveMany(received), 0, "none came twice");
  // And the next filling begins anew.
  assertEquals(server.trySendMany(answers), { sent: 0, failures: [] });
});
