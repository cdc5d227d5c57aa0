// The batch of answers: what fits, what it says of itself, and that it keeps
// apart what it answers.

import { assertEquals, assertThrows } from "@std/assert";
import { ReceiveBatch } from "../../../lib/udp/receive_batch.ts";
import { SendBatch } from "../../../lib/udp/send_batch.ts";
import { CLIENT, FOUR, SIX, UdpLab } from "../../support/udp_lab.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (text: string) => new TextEncoder().encode(text);

/** A request in a batch of its own. */
async function queried(lab: UdpLab, address: string, count = 1) {
  const server = lab.bind();
  const client = lab.bind({}, "client");
  const { port } = server.address;
  for (let n = 0; n < count; n++) {
    await client.send(`question ${n}`, { address, port });
  }
  const received = new ReceiveBatch({ size: count });
  await server.receiveMany(received, { timeout: 5000 });
  return { server, client, received };
}

Deno.test("send batch: answers to several received batches stay apart", async () => {
  await using lab = await UdpLab.open();
  const one = await queried(lab, FOUR[1]);
  const two = await queried(lab, SIX[1]);
  const answers = new SendBatch();
  answers.reply(one.received, 0);
  answers.reply(two.received, 0, { data: bytes("own") });
  const four = { address: CLIENT.four, port: one.client.address.port };
  const six = { address: CLIENT.six, port: two.client.address.port };
  assertEquals([answers.describe(0), answers.describe(1)], [
    { peer: four, source: FOUR[1], control: "in_pktinfo", bytes: 10 },
    { peer: six, source: SIX[1], control: "in6_pktinfo", bytes: 3 },
  ]);
  assertEquals(await one.server.sendMany(answers), { sent: 2, failures: [] });
  for (
    const [{ client }, from, answer] of [
      [one, FOUR[1], "question 0"],
      [two, SIX[1], "own"],
    ] as const
  ) {
    const { peer, data } = await client.receive({ timeout: 5000 });
    assertEquals([peer.address, text(data)], [from, answer]);
  }
});

Deno.test("send batch: no more than fits, in number and in own bytes", async () => {
  await using lab = await UdpLab.open();
  const { received } = await queried(lab, FOUR[0], 4);
  const answers = new SendBatch(3, 10);
  assertEquals([answers.size, answers.count], [3, 0]);
  assertEquals([answers.fits(10), answers.fits(11)], [true, false]);
  answers.reply(received, 0, { data: bytes("12345678") });
  assertEquals([answers.fits(2), answers.fits(3)], [true, false]);
  assertThrows(
    () => answers.reply(received, 1, { data: bytes("123") }),
    RangeError,
    "the batch is full",
  );
  // What is sent from where it lies takes none of those bytes.
  answers.reply(received, 1);
  answers.reply(received, 2, { data: bytes("90") });
  assertEquals([answers.count, answers.fits(0)], [3, false]);
  assertThrows(() => answers.reply(received, 3), RangeError, "full");
  assertEquals([0, 1, 2].map((slot) => answers.length(slot)), [8, 10, 2]);
  answers.clear();
  assertEquals([answers.count, answers.fits(10)], [0, true]);
});

Deno.test("send batch: a datagram that is not there cannot be answered", async () => {
  await using lab = await UdpLab.open();
  const { received } = await queried(lab, FOUR[0], 2);
  const answers = new SendBatch();
  for (const index of [-1, 2, NaN]) {
    assertThrows(
      () => answers.reply(received, index),
      RangeError,
      `no datagram ${index} of 2`,
    );
  }
  assertThrows(() => answers.reply(new ReceiveBatch(), 0), RangeError);
  assertEquals(answers.count, 0);
});

Deno.test("send batch: it may be filled again and again", async () => {
  await using lab = await UdpLab.open();
  const { server, client, received } = await queried(lab, FOUR[2], 3);
  const answers = new SendBatch(2, 8);
  const heard: string[] = [];
  for (let round = 0; round < 10; round++) {
    const data = bytes(`round ${round}`);
    answers.reply(received, round % 3, { data });
    assertEquals(server.trySendMany(answers), { sent: 1, failures: [] });
    heard.push(text((await client.receive({ timeout: 5000 })).data));
  }
  assertEquals(heard, heard.map((_, round) => `round ${round}`));
});
