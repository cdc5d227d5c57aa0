// Thousands of sockets that wait: closing them takes time that grows with their
// number, a wait costs little memory, and no number gets what another's was sent.

import { assert, assertEquals } from "@std/assert";
import { ClosedError, UdpSocket } from "../../../mod.ts";
import { SLOWNESS } from "../../support/timing.ts";
import type { Ended } from "./programs/end_receives.ts";
import type { Grown } from "./programs/waiting_memory.ts";
import { runProgram } from "./run_program.ts";

const MANY = 4000;
const ENOUGH_DESCRIPTORS = ["prlimit", "--nofile=20000"];
/** Four times the work may take so many times as long; 16 where it is squared. */
const LINEAR = 7;

Deno.test("sockets: closing 4,000 that wait takes linear time", async () => {
  const ended = (count: number, rounds: number) =>
    runProgram<Ended>("end_receives", ["sockets", count, rounds], {
      under: ENOUGH_DESCRIPTORS,
    });
  const few = await ended(MANY / 4, 7);
  const many = await ended(MANY, 5);
  assertEquals([few.wrong, many.wrong], [0, 0]);
  const growth = many.milliseconds / few.milliseconds;
  assert(
    growth < LINEAR,
    `${few.milliseconds} ms, ${many.milliseconds} ms for four times as many`,
  );
  assert(many.milliseconds < 500 * SLOWNESS, `${many.milliseconds} ms`);
});

/** Bytes that a wait may cost beside an idle socket. */
const EACH = 10 * 1024;

for (
  const way of [
    "receive",
    "receive with a signal and a timeout",
    "for await",
    "receiveMany",
  ]
) {
  Deno.test(`sockets: memory of one that waits: ${way}`, async () => {
    const { bytes } = await runProgram<Grown>(
      "waiting_memory",
      [way, MANY],
      { under: ENOUGH_DESCRIPTORS, v8: ["--expose-gc"] },
    );
    assert(bytes <= EACH, `${Math.round(bytes)} bytes each`);
  });
}

Deno.test("sockets: a number that is used again gets nothing of the socket before", async () => {
  const ROUNDS = 1000;
  const text = ({ data }: { data: Uint8Array }) =>
    new TextDecoder().decode(data);
  await using client = UdpSocket.bind({ address: "127.0.0.1" });
  let before = UdpSocket.bind({ address: "127.0.0.1" });
  for (let round = 0; round < ROUNDS; round++) {
    const ended = before.receive().then(text, (error) => {
      assert(error instanceof ClosedError);
      return "closed";
    });
    // With and without time for the kernel's event to be seen.
    const sent = client.send(`before ${round}`, before.address);
    if (round % 2 === 0) await sent;
    if (round % 4 === 3) await new Promise((resolve) => setTimeout(resolve, 0));
    const closing = before.close();
    if (round % 3 === 0) await closing;
    const after = UdpSocket.bind({ address: "127.0.0.1" });
    const received = after.receive({ timeout: 5000 }).then(text);
    await client.send(`after ${round}`, after.address);
    assertEquals(await received, `after ${round}`);
    const outcome = await ended;
    assert(["closed", `before ${round}`].includes(outcome), outcome);
    await Promise.all([closing, sent]);
    before = after;
  }
  await before.close();
});

Deno.test("sockets: a number that is used again keeps no wait asleep", async () => {
  // All closed and bound anew while a poll over the ones before is asleep.
  const COUNT = 50;
  const bind = () =>
    Array.from(
      { length: COUNT },
      () => UdpSocket.bind({ address: "127.0.0.1" }),
    );
  await using client = UdpSocket.bind({ address: "127.0.0.1" });
  let sockets = bind();
  for (let round = 0; round < 20; round++) {
    const ended = sockets.map((socket) =>
      socket.receive().then(() => "data", () => "closed")
    );
    await new Promise((resolve) => setTimeout(resolve, 2));
    const closing = sockets.map((socket) => socket.close());
    sockets = bind();
    const received = sockets.map((socket) => socket.receive({ timeout: 5000 }));
    await Promise.all(closing);
    assertEquals(new Set(await Promise.all(ended)), new Set(["closed"]));
    for (const [index, socket] of sockets.entries()) {
      await client.send(`${index}`, socket.address);
    }
    const texts = (await Promise.all(received))
      .map(({ data }) => Number(new TextDecoder().decode(data)));
    assertEquals(texts, sockets.map((_, index) => index));
  }
  await Promise.all(sockets.map((socket) => socket.close()));
});
