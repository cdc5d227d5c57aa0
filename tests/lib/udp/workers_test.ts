// Threads that block on one socket, and the thread that owns it.

import { assert, assertEquals } from "@std/assert";
import { StopEvent } from "../../../lib/io/blocking_poll.ts";
import { UdpSocket } from "../../../lib/udp/socket.ts";
import "../../support/descriptors.ts";

const WORKERS = 3;
const DATAGRAMS = 600;

Deno.test("workers: of one socket's datagrams each goes to one thread, and all threads end", async () => {
  // With space for all: dropped datagrams are lost.
  await using socket = UdpSocket.bind({
    address: "127.0.0.1",
    receiveBuffer: 4 << 20,
  });
  await using client = UdpSocket.bind({ address: "127.0.0.1" });
  await using stop = StopEvent.create();
  const taken: string[] = [];
  const all = Promise.withResolvers<void>();
  const limit = setTimeout(
    () => all.reject(new Error(`${taken.length} of ${DATAGRAMS} arrived`)),
    20_000,
  );
  const take = (texts: readonly string[]) => {
    taken.push(...texts);
    if (taken.length === DATAGRAMS) all.resolve();
  };
  const threads = Array.from({ length: WORKERS }, () => {
    const url = new URL("./socket_worker.ts", import.meta.url);
    const worker = new Worker(url, { type: "module" });
    const ready = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    worker.onmessage = (
      { data }: MessageEvent<string[] | "ready" | "ended">,
    ) => {
      if (data === "ready") ready.resolve();
      else if (data === "ended") ended.resolve();
      else take(data);
    };
    worker.postMessage([socket.handle, stop.handle]);
    return { worker, ready: ready.promise, ended: ended.promise };
  });
  try {
    await Promise.all(threads.map(({ ready }) => ready));
    // The owner takes its share, until its threads have taken the rest.
    const over = new AbortController();
    const own = (async () => {
      while (!over.signal.aborted) {
        const { data } = await socket.receive(over);
        take([new TextDecoder().decode(data)]);
      }
    })().catch((reason) => assertEquals(reason, over.signal.reason));
    for (let sent = 0; sent < DATAGRAMS; sent += 20) {
      await client.sendMany(Array.from({ length: 20 }, (_, index) => ({
        data: `${sent + index}`,
        to: socket.address,
      })));
    }
    await all.promise;
    over.abort();
    await own;
    const expected = Array.from({ length: DATAGRAMS }, (_, index) => index);
    assertEquals(taken.map(Number).sort((a, b) => a - b), expected);
  } finally {
    clearTimeout(limit);
    stop.set();
    await Promise.all(threads.map(({ ended }) => ended));
    for (const { worker } of threads) worker.terminate();
  }
  // Theirs were borrowed: the owner's is open still.
  assert(!socket.closed);
  await client.send("last", socket.address);
  const { data } = await socket.receive({ timeout: 5000 });
  assertEquals(new TextDecoder().decode(data), "last");
});
