// Datagrams combined to one message (UDP GSO) arrive as if sent one by one. A C
// program receives them: with UDP_GRO it reports which arrived combined.

import { assert, assertEquals } from "@std/assert";
import type { Message } from "../../../lib/udp/message.ts";
import { ReceiveBatch } from "../../../lib/udp/receive_batch.ts";
import { SendBatch } from "../../../lib/udp/send_batch.ts";
import { SourceUnavailableError } from "../../../lib/udp/errors.ts";
import { CLIENT, FOUR, SIX, UdpLab } from "../../support/udp_lab.ts";

/** What one read of the C program gave: from where, bytes, bytes of each. */
function readOf(line: string) {
  const [source, , , ttl, , length, segment] = line.split(" ");
  return { source, ttl: Number(ttl), bytes: [Number(length), Number(segment)] };
}

/** Sends to the C program in `count` reads of it, and gives these. */
async function sendAndHear(
  lab: UdpLab,
  messages: readonly Omit<Message, "to">[],
  count: number,
  ...options: string[]
) {
  const server = lab.bind();
  const { port, heard } = await lab.hear([
    "-n",
    String(count),
    ...options,
    CLIENT.four,
    "0",
  ]);
  const to = { address: CLIENT.four, port };
  const result = await server.sendMany(
    messages.map((message) => ({ ...message, to })),
  );
  assertEquals(result, { sent: messages.length, failures: [] });
  const lines = [];
  for (let i = 0; i < count; i++) lines.push(await heard());
  return lines;
}

const alike = ["one...", "two...", "three.", "four"].map((data) => ({ data }));

Deno.test("segmented message: datagrams of one size are combined, the last may be shorter", async () => {
  await using lab = await UdpLab.open();
  const [line] = await sendAndHear(lab, alike, 1, "-g", "0");
  assertEquals(readOf(line).bytes, [22, 6]);
  assert(line.endsWith(" one...two...three.four"), line);
});

Deno.test("segmented message: a peer without UDP_GRO receives each by itself, in order", async () => {
  await using lab = await UdpLab.open();
  const lines = await sendAndHear(lab, alike, 4);
  assertEquals(
    lines.map((line) => line.split(" ").slice(5)),
    alike.map(({ data }) => [String(data.length), "0", data]),
  );
});

Deno.test("segmented message: a longer or empty one, or one after a shorter, starts another message", async () => {
  await using lab = await UdpLab.open();
  const sizes = [8, 8, 4, 8, 0, 8, 9];
  const messages = sizes.map((size) => ({ data: new Uint8Array(size) }));
  const lines = await sendAndHear(lab, messages, 5, "-g", "0");
  assertEquals(
    lines.map((line) => readOf(line).bytes),
    [[20, 8], [8, 0], [0, 0], [8, 0], [9, 0]],
  );
});

Deno.test("segmented message: at most 64 datagrams", async () => {
  await using lab = await UdpLab.open();
  const batch = new SendBatch(130);
  const server = lab.bind();
  const hearing = ["-n", "3", "-g", "0", CLIENT.four, "0"];
  const { port, heard } = await lab.hear(hearing);
  const received = new ReceiveBatch({ size: 1 });
  // Answers, so that all are in one batch: sendMany's own holds 64.
  const client = lab.bind({ port: 0 }, "client");
  await client.send("0123456789", {
    address: FOUR[1],
    port: server.address.port,
  });
  await server.receiveMany(received);
  for (let i = 0; i < 130; i++) batch.reply(received, 0);
  assertEquals(batch.queue.messages, 3);
  assertEquals((await server.sendMany(batch)).sent, 130);
  const many = Array.from({ length: 130 }, () => ({
    data: "0123456789",
    to: { address: CLIENT.four, port },
  }));
  assertEquals((await server.sendMany(many)).sent, 130);
  const reads = [await heard(), await heard(), await heard()].map(readOf);
  assertEquals(
    reads.map(({ bytes }) => bytes),
    [[640, 10], [640, 10], [20, 10]],
  );
  let answers = 0;
  const incoming = new ReceiveBatch({ size: 130 });
  while (answers < 130) {
    answers += await client.receiveMany(incoming, { timeout: 5000 });
    for (let i = 0; i < incoming.count; i++) {
      assertEquals(incoming.length(i), 10);
    }
  }
  assertEquals(answers, 130);
});

Deno.test("segmented message: another source or TTL starts another message", async () => {
  await using lab = await UdpLab.open();
  const lines = await sendAndHear(
    lab,
    [
      { data: "aa", source: FOUR[1] },
      { data: "aa", source: FOUR[1] },
      { data: "bb", source: FOUR[2] },
      { data: "cc", source: FOUR[2], ttl: 9 },
      { data: "cc", source: FOUR[2], ttl: 9 },
    ],
    3,
    "-g",
    "0",
  );
  assertEquals(lines.map(readOf), [
    { source: FOUR[1], ttl: 64, bytes: [4, 2] },
    { source: FOUR[2], ttl: 64, bytes: [2, 0] },
    { source: FOUR[2], ttl: 9, bytes: [4, 2] },
  ]);
});

Deno.test("segmented message: another peer starts another message", async () => {
  await using lab = await UdpLab.open();
  const server = lab.bind();
  const hearing = ["-n", "2", "-g", "0", CLIENT.four, "0"];
  const left = await lab.hear(hearing);
  const right = await lab.hear(hearing);
  const message = (port: number, data: string): Message => ({
    data,
    to: { address: CLIENT.four, port },
  });
  await server.sendMany([
    message(left.port, "l1"),
    message(left.port, "l2"),
    message(right.port, "r1"),
    message(left.port, "l3"),
    message(right.port, "r2"),
  ]);
  const texts = (line: string) => line.split(" ").at(-1);
  assertEquals(
    [await left.heard(), await left.heard()].map(texts),
    ["l1l2", "l3"],
  );
  assertEquals(
    [await right.heard(), await right.heard()].map(texts),
    ["r1", "r2"],
  );
});

Deno.test("segmented message: replies to segmented messages are combined to longer ones", async () => {
  await using lab = await UdpLab.open();
  const server = lab.bind({ gro: true });
  const client = lab.bind({ gro: true }, "client");
  const to = { address: SIX[1], port: server.address.port };
  const received = new ReceiveBatch({ bufferSize: 65535 });
  // Three messages of four segments, and a shorter last one.
  for (const size of [40, 40, 40, 5]) {
    await client.send(new Uint8Array(size).fill(size), to, { segmentSize: 10 });
  }
  const answers = new SendBatch();
  let count = 0;
  while (count < 4) {
    count += await server.receiveMany(received, { timeout: 5000 });
  }
  assertEquals(received.count, 4);
  for (let i = 0; i < 4; i++) answers.reply(received, i);
  assertEquals(await server.sendMany(answers), { sent: 4, failures: [] });
  const answer = await client.receive({ timeout: 5000 });
  assertEquals([answer.data.length, answer.segmentSize], [125, 10]);
  assertEquals(answer.peer.address, SIX[1]);
  assertEquals(answer.data, new Uint8Array(125).fill(40).fill(5, 120));
});

for (const [client, source] of [[CLIENT.four, FOUR[1]], [CLIENT.six, SIX[1]]]) {
  Deno.test(`segmented message: datagrams longer than the path MTU are sent one by one, to ${client}`, async () => {
    await using lab = await UdpLab.open();
    await lab.server.ip("link set wire mtu 1280");
    const server = lab.bind();
    const { port, heard } = await lab.hear(["-n", "16", client, "0"]);
    const to = { address: client, port };
    const data = new Uint8Array(1400).fill(0x61);
    for (let time = 0; time < 2; time++) {
      const messages = Array.from({ length: 8 }, () => ({ data, to, source }));
      assertEquals(
        await server.sendMany(messages),
        { sent: 8, failures: [] },
      );
      for (let i = 0; i < 8; i++) {
        const { source: from, bytes } = readOf(await heard());
        assertEquals([from, ...bytes], [source, 1400, 0]);
      }
    }
  });
}

Deno.test("segmented message: failures of a refused message are reported by index", async () => {
  await using lab = await UdpLab.open();
  const server = lab.bind();
  const { port, heard } = await lab.hear(["-n", "2", CLIENT.four, "0"]);
  const to = { address: CLIENT.four, port };
  const elsewhere = { data: "never", to, source: "198.51.100.1" };
  const { sent, failures } = await server.sendMany([
    { data: "first", to },
    elsewhere,
    elsewhere,
    elsewhere,
    { data: "last", to },
  ]);
  assertEquals([sent, failures.map(({ index }) => index)], [2, [1, 2, 3]]);
  for (const { error } of failures) {
    assert(error instanceof SourceUnavailableError);
    assertEquals(error.source, "198.51.100.1");
  }
  const texts = [await heard(), await heard()].map((it) =>
    it.split(" ").at(-1)
  );
  assertEquals(texts, ["first", "last"]);
});
