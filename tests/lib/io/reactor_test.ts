// What ends a wait: data, writability, a timeout, a signal; and nothing else.

import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { POLLHUP, POLLIN, POLLOUT } from "../../../ffi/uapi/poll.ts";
import { ArgumentError, TimeoutError } from "../../../lib/errors.ts";
import { ownedDescriptors } from "../../support/descriptors.ts";
import { SocketPair } from "../../support/socket_pair.ts";
import { atOnce } from "../../support/timing.ts";

/** Whether a promise is settled once everything that is due has run. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  const note = () => void (done = true);
  promise.then(note, note);
  await new Promise((resolve) => setTimeout(resolve, 0));
  return done;
}

Deno.test("wait: data ends it, and only data", async () => {
  await using pair = new SocketPair();
  const wait = pair.a.readable();
  assertEquals(await settled(wait), false);
  pair.b.put();
  assertEquals(await atOnce(() => wait), POLLIN);
});

Deno.test("wait: what is there already ends it at once", async () => {
  await using pair = new SocketPair();
  pair.b.put();
  assertEquals(await atOnce(() => pair.a.readable()), POLLIN);
  // Nothing was read, so it still is there.
  assertEquals(await atOnce(() => pair.a.readable()), POLLIN);
});

Deno.test("wait: writability ends a wait for writing", async () => {
  await using pair = new SocketPair();
  assertEquals(await atOnce(() => pair.a.writable()), POLLOUT);
  pair.a.fill();
  const wait = pair.a.writable();
  assertEquals(await settled(wait), false);
  while (pair.b.take() >= 0);
  assertEquals(await atOnce(() => wait), POLLOUT);
});

Deno.test("wait: events that poll(2) always reports end it, too", async () => {
  await using pair = new SocketPair();
  const wait = pair.a.wait(0);
  pair.b.put();
  assertEquals(await settled(wait), false);
  await pair.b.close();
  assert(await atOnce(() => wait) & POLLHUP);
});

Deno.test("wait: time ends it, with what was waited for and how long", async () => {
  await using pair = new SocketPair();
  const start = performance.now();
  const error = await assertRejects(
    () => pair.a.readable({ timeout: 20 }),
    TimeoutError,
    "end a: nothing within 20 ms",
  );
  assert(performance.now() - start >= 20);
  assertEquals([error.what, error.milliseconds], ["end a", 20]);
});

Deno.test("wait: the shortest of several times is kept, then the others", async () => {
  await using pair = new SocketPair();
  const ended: number[] = [];
  const wait = (timeout: number) =>
    assertRejects(() => pair.a.readable({ timeout }), TimeoutError)
      .then(() => ended.push(timeout));
  await Promise.all([wait(60), wait(20), wait(40)]);
  assertEquals(ended, [20, 40, 60]);
});

Deno.test("wait: a long time does not hold up a short one", async () => {
  await using pair = new SocketPair();
  const controller = new AbortController();
  const { signal } = controller;
  const short = pair.a.readable({ timeout: 20 });
  const long = pair.a.readable({ timeout: 600_000, signal }).catch(() => {});
  await assertRejects(() => short, TimeoutError);
  controller.abort();
  await long;
});

Deno.test("wait: a timeout of 0 polls once", async () => {
  await using pair = new SocketPair();
  await assertRejects(() => pair.a.readable({ timeout: 0 }), TimeoutError);
  pair.b.put();
  assertEquals(await pair.a.readable({ timeout: 0 }), POLLIN);
});

Deno.test("wait: a time longer than poll(2) can count is no error", async () => {
  await using pair = new SocketPair();
  const wait = pair.a.readable({ timeout: 1e12 });
  assertEquals(await settled(wait), false);
  pair.b.put();
  assertEquals(await wait, POLLIN);
});

Deno.test("wait: a time that is none is refused", async () => {
  await using pair = new SocketPair();
  for (const timeout of [NaN, -1, -Infinity]) {
    const before = ownedDescriptors();
    const wait = pair.a.readable({ timeout });
    assertEquals(ownedDescriptors(), before, "before any system call");
    await assertRejects(() => wait, ArgumentError, "timeout");
  }
});

Deno.test("wait: a signal ends it, with its reason", async () => {
  await using pair = new SocketPair();
  const controller = new AbortController();
  const wait = pair.a.readable({ signal: controller.signal });
  assertEquals(await settled(wait), false);
  const reason = new Error("enough");
  const error = await atOnce(() => {
    controller.abort(reason);
    return assertRejects(() => wait);
  });
  assertStrictEquals(error, reason);
});

Deno.test("wait: a signal that was aborted before refuses it, data or not", async () => {
  await using pair = new SocketPair();
  pair.b.put();
  const before = ownedDescriptors();
  const wait = pair.a.readable({ signal: AbortSignal.abort("before") });
  assertEquals(ownedDescriptors(), before, "nothing was begun");
  assertEquals(await wait.catch((reason) => reason), "before");
});

Deno.test("wait: a signal with a time of its own", async () => {
  await using pair = new SocketPair();
  const error = await assertRejects(
    () => pair.a.readable({ signal: AbortSignal.timeout(10) }),
    DOMException,
  );
  assertEquals(error.name, "TimeoutError");
});

Deno.test("wait: however it ends, nothing is left at the signal", async () => {
  const { signal } = new AbortController();
  let listeners = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners++;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners--;
    remove(...args);
  };
  await using pair = new SocketPair();
  const timed = pair.a.readable({ signal, timeout: 5 });
  assertEquals(listeners, 1);
  await assertRejects(() => timed, TimeoutError);
  assertEquals(listeners, 0);
  const answered = pair.a.readable({ signal });
  pair.b.put();
  await answered;
  assertEquals(listeners, 0);
  pair.a.take();
  const closed = pair.a.readable({ signal });
  await pair.a.close();
  await assertRejects(() => closed);
  assertEquals(listeners, 0);
});
