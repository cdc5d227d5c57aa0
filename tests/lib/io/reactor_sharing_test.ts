// One reactor, many waits: several on one descriptor, hundreds of descriptors.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { POLLIN, POLLOUT } from "../../../ffi/uapi/poll.ts";
import { ClosedError, TimeoutError } from "../../../lib/errors.ts";
import { ownedDescriptors } from "../../support/descriptors.ts";
import { Faults } from "../../support/faults.ts";
import { SocketPair } from "../../support/socket_pair.ts";
import { atOnce, leavesNoDescriptor } from "../../support/timing.ts";

Deno.test("reactor: data ends every wait on its descriptor", async () => {
  await using pair = new SocketPair();
  const waits = [pair.a.readable(), pair.a.readable(), pair.a.readable()];
  pair.b.put();
  assertEquals(await Promise.all(waits), [POLLIN, POLLIN, POLLIN]);
});

Deno.test("reactor: of two waits on one descriptor each ends by what it waits for", async () => {
  await using pair = new SocketPair();
  pair.a.fill();
  const order: string[] = [];
  const read = pair.a.readable().then((events) => {
    order.push("read");
    return events;
  });
  const write = pair.a.writable().then((events) => {
    order.push("write");
    return events;
  });
  pair.b.put();
  assertEquals(await read, POLLIN);
  assertEquals(order, ["read"]);
  while (pair.b.take() >= 0);
  assertEquals(await write, POLLOUT);
});

Deno.test("reactor: one wait given up or timed out leaves the others on its descriptor", async () => {
  await using pair = new SocketPair();
  const controller = new AbortController();
  const aborted = pair.a.readable({ signal: controller.signal });
  const timed = pair.a.readable({ timeout: 10 });
  const kept = pair.a.readable();
  await assertRejects(() => timed, TimeoutError);
  controller.abort(new RangeError("mine"));
  await assertRejects(() => aborted, RangeError);
  pair.b.put();
  assertEquals(await kept, POLLIN);
});

Deno.test("reactor: closing ends every wait on that descriptor and no other", async () => {
  await using one = new SocketPair(" of one");
  await using two = new SocketPair(" of two");
  const waits = [one.a.readable(), one.a.readable(), one.a.wait(0)];
  const other = two.a.readable();
  const closing = one.a.close();
  for (const wait of waits) {
    await assertRejects(() => wait, ClosedError, "end a of one");
  }
  await closing;
  two.b.put();
  assertEquals(await other, POLLIN);
});

Deno.test("reactor: a wait that begins while others are pending is heard", async () => {
  await using one = new SocketPair();
  await using two = new SocketPair();
  const first = one.a.readable();
  // The poll for the first is under way by now.
  await new Promise((resolve) => setTimeout(resolve, 5));
  const second = two.a.readable();
  two.b.put();
  assertEquals(await atOnce(() => second), POLLIN);
  one.b.put();
  assertEquals(await atOnce(() => first), POLLIN);
});

Deno.test("reactor: sleeps again after it was woken for a shorter time limit", async () => {
  await using one = new SocketPair();
  await using two = new SocketPair();
  const first = one.a.readable();
  await new Promise((resolve) => setTimeout(resolve, 5));
  const second = two.a.readable({ timeout: 10 });
  await assertRejects(() => second, TimeoutError);
  using faults = new Faults();
  faults.arm();
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert(faults.trace.length < 10, `${faults.trace.length} calls`);
  one.b.put();
  await first;
});

Deno.test("reactor: hundreds of descriptors, each hears its own", async () => {
  const COUNT = 400;
  await leavesNoDescriptor(async () => {
    const before = ownedDescriptors().length;
    await using stack = new AsyncDisposableStack();
    const pairs = Array.from(
      { length: COUNT },
      (_, index) => stack.use(new SocketPair(` ${index}`)),
    );
    const taken = pairs.map(async ({ a }) => {
      await a.readable();
      return a.take();
    });
    // The one reactor of this thread was open before.
    assertEquals(ownedDescriptors().length, before + 2 * COUNT);
    const order = pairs.map((_, index) => (index * 149) % COUNT);
    for (const index of order) {
      pairs[index].b.put(index & 0xff);
      if (index % 16 === 0) await taken[index];
    }
    assertEquals(
      await Promise.all(taken),
      pairs.map((_, index) => index & 255),
    );
    // And the other way an end: all closed while they wait.
    const closed = pairs.map(({ a }) =>
      assertRejects(() => a.readable(), ClosedError, a.what)
    );
    await atOnce(() => Promise.all(pairs.map(({ a }) => a.close())));
    await Promise.all(closed);
  });
});
