// Waits behave alike whether or not the reactor polls before it sleeps.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { POLLIN } from "../../../ffi/uapi/poll.ts";
import { ClosedError, TimeoutError } from "../../../lib/errors.ts";
import { SocketPair } from "../../support/socket_pair.ts";
import { atOnce } from "../../support/timing.ts";

/** Waits that end at once, until the reactor busy-polls. */
async function teach(pair: SocketPair): Promise<void> {
  pair.b.put();
  for (let i = 0; i < 200; i++) await pair.a.readable();
  pair.a.take();
}

Deno.test("busy polling: timers run although there is always data", async () => {
  await using pair = new SocketPair();
  await teach(pair);
  pair.b.put();
  let fired = false;
  const timer = setTimeout(() => fired = true, 10);
  const end = performance.now() + 5000;
  while (!fired && performance.now() < end) await pair.a.readable();
  clearTimeout(timer);
  assert(fired);
});

Deno.test("busy polling: data that comes later ends the wait", async () => {
  await using pair = new SocketPair();
  await teach(pair);
  const wait = pair.a.readable();
  setTimeout(() => pair.b.put(), 20);
  assertEquals(await wait, POLLIN);
});

Deno.test("busy polling: time is kept, none and some", async () => {
  await using pair = new SocketPair();
  for (const timeout of [0, 0.01, 1, 30]) {
    await teach(pair);
    const start = performance.now();
    await assertRejects(() => pair.a.readable({ timeout }), TimeoutError);
    assert(performance.now() - start >= timeout);
  }
});

Deno.test("busy polling: a signal and closing end the wait", async () => {
  const pair = new SocketPair();
  await teach(pair);
  const reason = new Error("enough");
  const given = pair.a.readable({ signal: AbortSignal.timeout(5) });
  await assertRejects(() => given, DOMException);
  await teach(pair);
  const stop = new AbortController();
  const stopped = pair.a.readable({ signal: stop.signal });
  queueMicrotask(() => stop.abort(reason));
  assertEquals(await stopped.catch((error) => error), reason);
  await teach(pair);
  const closed = pair.a.readable();
  await atOnce(() => pair.a.close());
  await assertRejects(() => closed, ClosedError);
  await pair.b.close();
});

Deno.test("busy polling: a wait begun meanwhile is heard too", async () => {
  await using first = new SocketPair("1");
  await using second = new SocketPair("2");
  await teach(first);
  const pending = first.a.readable();
  const other = second.a.readable();
  second.b.put();
  assertEquals(await atOnce(() => other), POLLIN);
  first.b.put();
  assertEquals(await atOnce(() => pending), POLLIN);
});
