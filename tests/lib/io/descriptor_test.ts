// Closing: once, at any time, ending what waits, and never hitting the next
// owner of the number.

import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { POLLIN } from "../../../ffi/uapi/poll.ts";
import { SystemError } from "../../../ffi/errno.ts";
import { libc } from "../../../ffi/libc.ts";
import { Descriptor } from "../../../lib/io/descriptor.ts";
import { ClosedError } from "../../../lib/errors.ts";
import { SocketPair } from "../../support/socket_pair.ts";
import { atOnce, leavesNoDescriptor } from "../../support/timing.ts";

/** Lets a wait that began reach poll(2) in its thread. */
function underWay(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}

Deno.test("close ends a pending wait at once, with ClosedError", async () => {
  await leavesNoDescriptor(async () => {
    await using pair = new SocketPair();
    const wait = pair.a.readable();
    await underWay();
    const error = await atOnce(async () => {
      const rejected = assertRejects(
        () => wait,
        ClosedError,
        "end a is closed",
      );
      await pair.a.close();
      return rejected;
    });
    assertEquals([error.what, error.code], ["end a", "ECLOSED"]);
  });
});

Deno.test("close ends a wait that has only just begun", async () => {
  await leavesNoDescriptor(async () => {
    await using pair = new SocketPair();
    const wait = pair.a.readable();
    const closing = pair.a.close();
    await assertRejects(() => wait, ClosedError);
    await closing;
  });
});

Deno.test("close wins over data that came in the same moment", async () => {
  await leavesNoDescriptor(async () => {
    for (let round = 0; round < 20; round++) {
      await using pair = new SocketPair();
      const wait = pair.a.readable().catch((error) => error);
      if (round % 2 === 0) await underWay();
      pair.b.put();
      if (round % 3 === 0) await undefined;
      await atOnce(() => pair.a.close());
      assert(await wait instanceof ClosedError, `${await wait}`);
    }
  });
});

Deno.test("once close has resolved nothing in the kernel holds on to it", async () => {
  await leavesNoDescriptor(async () => {
    await using other = new SocketPair();
    const going = other.a.readable();
    for (const abort of [false, true]) {
      await using pair = new SocketPair();
      const controller = new AbortController();
      const wait = pair.a.readable(controller).catch((error) => error);
      await underWay();
      // poll(2) still polls it, even if nothing waits on it.
      if (abort) controller.abort();
      await pair.a.close();
      // Its other end would go on as if nothing had happened.
      const refused = assertThrows(() => pair.b.put(), SystemError);
      assertEquals(refused.code, "EPIPE");
      await wait;
    }
    other.b.put();
    await going;
  });
});

Deno.test("close during an abort of the same wait", async () => {
  await leavesNoDescriptor(async () => {
    await using pair = new SocketPair();
    const controller = new AbortController();
    const wait = pair.a.readable({ signal: controller.signal })
      .catch((reason) => reason);
    await underWay();
    controller.abort("given up");
    await atOnce(() => pair.a.close());
    assertEquals(await wait, "given up");
  });
});

Deno.test("close from the code that a wait ended, while another wait goes on", async () => {
  await leavesNoDescriptor(async () => {
    await using pair = new SocketPair();
    const other = pair.a.wait(0);
    const closed = pair.a.readable().then(() => pair.a.close());
    pair.b.put();
    await atOnce(() => closed);
    await assertRejects(() => other, ClosedError);
  });
});

Deno.test("close of both ends at once, each with a wait", async () => {
  await leavesNoDescriptor(async () => {
    const { a, b } = new SocketPair();
    const waits = [a.readable(), b.readable()].map((wait) =>
      // The one closed second may hear instead that the first hung up.
      wait.catch((error) => assert(error instanceof ClosedError, `${error}`))
    );
    await underWay();
    await atOnce(() => Promise.all([a.close(), b.close()]));
    await Promise.all(waits);
  });
});

Deno.test("close twice closes once, and both wait for it", async () => {
  await using pair = new SocketPair();
  const wait = pair.a.readable();
  await underWay();
  const first = pair.a.close();
  assertStrictEquals(pair.a.close(), first);
  await assertRejects(() => wait, ClosedError);
  await first;
  // The number is free now; a third call must not take it from the next owner.
  await using next = new SocketPair();
  assertEquals(next.a.number, pair.a.number);
  await pair.a.close();
  next.b.put();
  assertEquals(await next.a.readable(), POLLIN);
});

Deno.test("a closed descriptor refuses everything with ClosedError", async () => {
  await using pair = new SocketPair();
  assertEquals(pair.a.closed, false);
  const closing = pair.a.close();
  // From the call on, not only from its end.
  assertEquals(pair.a.closed, true);
  assertThrows(() => pair.a.fd, ClosedError, "end a is closed");
  await assertRejects(() => pair.a.readable(), ClosedError);
  await closing;
  await assertRejects(() => pair.a.writable(), ClosedError);
});

Deno.test("a wait begun on a new owner's number hears the new owner alone", async () => {
  await leavesNoDescriptor(async () => {
    for (let round = 0; round < 20; round++) {
      const old = new SocketPair(" of old");
      await using stack = new AsyncDisposableStack();
      stack.use(old);
      const ended: string[] = [];
      const wait = old.a.readable().then(
        () => ended.push("data"),
        (error) => ended.push(error.name),
      );
      if (round % 2 === 0) await underWay();
      await old.a.close();
      const next = stack.use(new SocketPair(" of next"));
      assertEquals(next.a.number, old.a.number);
      next.b.put(7);
      await wait;
      assertEquals(ended, ["ClosedError"]);
      assertEquals(await next.a.readable(), POLLIN);
      assertEquals(next.a.take(), 7);
    }
  });
});

Deno.test("an aborted wait that poll(2) still looks at keeps its number until it does not", async () => {
  await leavesNoDescriptor(async () => {
    await using other = new SocketPair();
    // Keeps the poll going when the aborted wait has left.
    const going = other.a.readable();
    for (let round = 0; round < 20; round++) {
      const old = new SocketPair();
      await using stack = new AsyncDisposableStack();
      stack.use(old);
      const controller = new AbortController();
      const wait = old.a.readable({ signal: controller.signal });
      await underWay();
      controller.abort("left");
      assertEquals(await wait.catch((reason) => reason), "left");
      await atOnce(() => old.a.close());
      const next = stack.use(new SocketPair());
      assertEquals(next.a.number, old.a.number);
      const heard = next.a.readable();
      next.b.put(9);
      assertEquals(await atOnce(() => heard), POLLIN);
    }
    other.b.put();
    await going;
  });
});

Deno.test("a borrowed descriptor ends its waits and leaves the number open", async () => {
  await using pair = new SocketPair();
  const borrowed = new Descriptor(pair.a.fd, "borrowed", { borrowed: true });
  const wait = borrowed.readable();
  await underWay();
  await atOnce(() => borrowed.close());
  await assertRejects(() => wait, ClosedError, "borrowed is closed");
  pair.b.put(3);
  assertEquals(await pair.a.readable(), POLLIN);
  assertEquals(pair.a.take(), 3);
});

Deno.test("a descriptor number that other code closed is an error, not a wait", async () => {
  const pair = new SocketPair();
  // The poller's eventfd is there by then and does not get the free number.
  const other = pair.b.wait(0).catch(() => {});
  libc().close(pair.a.number);
  await assertRejects(() => pair.a.readable(), ClosedError, "end a is closed");
  await assertRejects(
    () => pair.a.close(),
    SystemError,
    "close end a: EBADF, bad file descriptor (close)",
  );
  await pair.b.close();
  await other;
});

Deno.test("await using closes", async () => {
  let kept: SocketPair;
  {
    await using pair = new SocketPair();
    kept = pair;
  }
  assertEquals([kept.a.closed, kept.b.closed], [true, true]);
});

Deno.test("close ends although another wait begins at the same time", async () => {
  await using other = new SocketPair();
  for (const slept of [false, true]) {
    await using pair = new SocketPair();
    const wait = pair.a.readable().catch((error) => error);
    if (slept) await underWay();
    const closing = pair.a.close();
    const going = other.a.readable();
    await atOnce(() => closing);
    assert(await wait instanceof ClosedError);
    other.b.put();
    await going;
    other.a.take();
  }
});

Deno.test("an attempt may close its descriptor", async () => {
  await using other = new SocketPair();
  for (const fails of [false, true]) {
    await using pair = new SocketPair();
    let closing: Promise<void> | undefined;
    const performed = pair.a.perform(POLLIN, (events) => {
      if (events === 0) return undefined;
      closing = pair.a.close();
      if (fails) throw new RangeError("after closing");
      return true;
    });
    pair.b.put();
    const outcome = await performed.catch((error) => error.message);
    assertEquals(outcome, fails ? "after closing" : true);
    await closing;
    // What else waits still does.
    const going = other.a.readable();
    await underWay();
    other.b.put();
    assertEquals(await atOnce(() => going), POLLIN);
    other.a.take();
  }
});
