// Trains of datagrams, cut (GSO) and joined (GRO) by the kernel: a plain peer
// sees single datagrams, or sends what the socket hears as one.

import { assertEquals } from "@std/assert";
import { ReceiveBatch } from "../../../lib/udp/receive_batch.ts";
import { SendBatch } from "../../../lib/udp/send_batch.ts";
import { CLIENT, FOUR, SIX, UdpLab } from "../../support/udp_lab.ts";

/** Bytes with a known value at each position. */
function pattern(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => 97 + (index / 100) % 26);
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

for (const address of [CLIENT.four, CLIENT.six]) {
  Deno.test(`segments: the kernel cuts a train to ${address}, the last one may be shorter`, async () => {
    await using lab = await UdpLab.open();
    const socket = lab.bind();
    const source = address === CLIENT.four ? FOUR[2] : SIX[1];
    const { port, heard } = await lab.hear(["-n", "7", "::", "0"]);
    const data = pattern(630);
    const options = { segmentSize: 100, source, ttl: 9 };
    assertEquals(await socket.send(data, { address, port }, options), 630);
    for (let at = 0; at < 630; at += 100) {
      const line = (await heard()).split(" ");
      const part = data.subarray(at, at + 100);
      assertEquals(line[0].replace("::ffff:", ""), source);
      assertEquals([line[3], line[5]], ["9", String(part.length)]);
      assertEquals(line[7], text(part.subarray(0, 60)));
    }
  });
}

Deno.test("segments: what fits in one is sent as one", async () => {
  await using lab = await UdpLab.open();
  const socket = lab.bind();
  const { port, heard } = await lab.hear(["-g", "0", "0.0.0.0", "0"]);
  const to = { address: CLIENT.four, port };
  await socket.send(pattern(100), to, { segmentSize: 100 });
  assertEquals((await heard()).split(" ").slice(5, 7), ["100", "0"]);
});

Deno.test("segments: a peer with GRO receives the segmented datagram as it was sent", async () => {
  await using lab = await UdpLab.open();
  const socket = lab.bind();
  const { port, heard } = await lab.hear(["-g", "0", "::", "0"]);
  const to = { address: CLIENT.six, port };
  await socket.send(pattern(4250), to, { segmentSize: 1000 });
  assertEquals((await heard()).split(" ").slice(5, 7), ["4250", "1000"]);
});

for (const queried of [FOUR[1], SIX[1]]) {
  Deno.test(`segments: with gro a segmented datagram to ${queried} is received as one`, async () => {
    await using lab = await UdpLab.open();
    const server = lab.bind({ gro: true });
    const port = String(server.address.port);
    await lab.pour("-g", "500", queried, port, "3200");
    const segments = await server.receive({ timeout: 5000 });
    assertEquals([segments.data.length, segments.segmentSize], [3200, 500]);
    assertEquals([segments.truncated, segments.local?.address], [
      false,
      queried,
    ]);
    assertEquals(text(segments.data.subarray(0, 4)), "0 ..");
    // A single one has no segments.
    await lab.pour(queried, port, "500");
    const single = await server.receive({ timeout: 5000 });
    assertEquals([single.data.length, single.segmentSize], [500, undefined]);
  });

  Deno.test(`segments: without gro the same segmented datagram to ${queried} is seven datagrams`, async () => {
    await using lab = await UdpLab.open();
    const server = lab.bind();
    await lab.pour("-g", "500", queried, String(server.address.port), "3200");
    const lengths: number[] = [];
    for await (
      const { data, segmentSize } of server.datagrams({ timeout: 5000 })
    ) {
      assertEquals(segmentSize, undefined);
      if (lengths.push(data.length) === 7) break;
    }
    assertEquals(lengths, [...Array(6).fill(500), 200]);
  });
}

Deno.test("segments: a batch replies to a segmented datagram with one, from the destination address", async () => {
  await using lab = await UdpLab.open();
  const server = lab.bind({ gro: true });
  const client = lab.bind({}, "client");
  const received = new ReceiveBatch({ size: 4, bufferSize: 65535 });
  const answers = new SendBatch(4, 0);
  for (const address of [FOUR[2], SIX[0]]) {
    const data = pattern(12345);
    const to = { address, port: server.address.port };
    await client.send(data, to, { segmentSize: 1200 });
    await server.receiveMany(received, { timeout: 5000 });
    assertEquals(received.segmentSize(0), 1200);
    answers.reply(received, 0);
    assertEquals(await server.sendMany(answers), { sent: 1, failures: [] });
    for (let at = 0; at < data.length; at += 1200) {
      const { peer, data: part } = await client.receive({ timeout: 5000 });
      assertEquals([peer.address, part], [address, data.slice(at, at + 1200)]);
    }
  }
});

Deno.test("segments: a batch too small for a segmented datagram marks it", async () => {
  await using lab = await UdpLab.open();
  const server = lab.bind({ gro: true });
  const port = String(server.address.port);
  const batch = new ReceiveBatch({ size: 1, bufferSize: 1000 });
  await lab.pour("-g", "500", FOUR[0], port, "3200");
  await server.receiveMany(batch, { timeout: 5000 });
  assertEquals([batch.truncated(0), batch.length(0)], [true, 1000]);
  assertEquals(batch.segmentSize(0), 500);
});
