// A socket that is never idle leaves the event loop its turns: timers, and with
// them signals and everybody else's sockets.

import { assert, assertEquals } from "@std/assert";
import { ReceiveBatch } from "../../../lib/udp/receive_batch.ts";
import { UdpSocket } from "../../../lib/udp/socket.ts";
import { RunningProgram } from "../../support/program.ts";
import { FOUR, UdpLab } from "../../support/udp_lab.ts";

/** Milliseconds, far more than the timer's; a starved one never fires. */
const LIMIT = 5000;

/** Goes round until a timer of 10 ms has fired; fails if that never happens. */
async function untilTimer(round: () => Promise<unknown>): Promise<void> {
  let fired = false;
  const timer = setTimeout(() => fired = true, 10);
  const end = performance.now() + LIMIT;
  while (!fired && performance.now() < end) await round();
  clearTimeout(timer);
  assert(fired, "no timer fired");
}

Deno.test("starvation: sending without end lets a timer fire", async () => {
  await using socket = UdpSocket.bind({ address: "127.0.0.1" });
  await untilTimer(() => socket.send("x", socket.address));
});

Deno.test("starvation: sending batches without end lets a timer fire", async () => {
  await using socket = UdpSocket.bind({ address: "127.0.0.1" });
  const to = socket.address;
  const messages = Array.from({ length: 10 }, () => ({ data: "x", to }));
  await untilTimer(() => socket.sendMany(messages));
});

Deno.test("starvation: one call with messages without end lets a timer fire", async () => {
  await using socket = UdpSocket.bind({ address: "127.0.0.1" });
  let fired = false;
  const timer = setTimeout(() => fired = true, 10);
  const end = performance.now() + LIMIT;
  function* messages() {
    while (!fired && performance.now() < end) {
      yield { data: "x", to: socket.address };
    }
  }
  await socket.sendMany(messages());
  clearTimeout(timer);
  assert(fired, "no timer fired");
});

Deno.test("starvation: receiving what is always there lets a timer fire", async () => {
  await using socket = UdpSocket.bind({ address: "127.0.0.1" });
  await using other = UdpSocket.bind({ address: "127.0.0.1" });
  const batch = new ReceiveBatch();
  const message = { data: "x", to: socket.address };
  /** Sends more than a round takes, so that some are left each time. */
  const fill = (count: number) => {
    void other.sendMany(Array.from({ length: count }, () => message));
  };
  fill(512);
  await untilTimer(async () => {
    fill(batch.size + 1);
    await socket.receiveMany(batch);
  });
  await untilTimer(async () => {
    fill(2);
    await socket.receive();
  });
  const datagrams = socket.datagrams();
  await untilTimer(async () => {
    fill(2);
    await datagrams.next();
  });
  await datagrams.return();
});

Deno.test("starvation: under a flood from elsewhere timers fire and a signal ends it", async () => {
  await using lab = await UdpLab.open();
  const server = lab.bind();
  const port = String(server.address.port);
  const flood = ["-n", "1000000000", FOUR[0], port, "100"];
  await using _ = new RunningProgram(
    { netns: lab.client },
    lab.peer,
    "pour",
    ...flood,
  );
  const batch = new ReceiveBatch();
  await untilTimer(() => server.receiveMany(batch));
  const controller = new AbortController();
  setTimeout(() => controller.abort("enough"), 10);
  let reason: unknown;
  try {
    for await (const datagram of server.datagrams(controller)) {
      assertEquals(datagram.data.length, 100);
    }
  } catch (error) {
    reason = error;
  }
  assertEquals(reason, "enough");
});
