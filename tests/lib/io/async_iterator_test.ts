// Async iterators: order of next(), return() while it is pending, abort signals,
// release of the source.

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  asyncIterator,
  type AsyncSource,
} from "../../../lib/io/async_iterator.ts";

/** A queue whose wait() ends when items come, at close() and with the signal. */
class Queue implements AsyncSource<number> {
  readonly items: number[] = [];
  readonly signals = new Set<AbortSignal>();
  waits = 0;
  ends = 0;
  #closed = false;
  #wake = () => {};

  put(...items: number[]): void {
    for (const item of items) this.items.push(item);
    this.#wake();
  }

  close(): void {
    this.#closed = true;
    this.#wake();
  }

  take(): number | undefined {
    return this.items.shift();
  }

  wait(signal: AbortSignal): Promise<boolean> {
    this.waits++;
    this.signals.add(signal);
    return new Promise((resolve, reject) => {
      this.#wake = () => resolve(!this.#closed);
      signal.addEventListener("abort", () => reject(signal.reason));
      if (this.#closed) this.#wake();
    });
  }

  end(): void | Promise<void> {
    this.ends++;
  }
}

const DONE = { value: undefined, done: true } as const;
const item = (value: number) => ({ value, done: false }) as const;

Deno.test("an iterator takes what is available, then waits", async () => {
  const queue = new Queue();
  const iterator = asyncIterator(queue);
  queue.put(1, 2);
  assertEquals(await iterator.next(), item(1));
  assertEquals(await iterator.next(), item(2));
  assertEquals(queue.waits, 0);
  const third = iterator.next();
  assertEquals(queue.waits, 1);
  queue.put(3);
  assertEquals(await third, item(3));
  queue.close();
  assertEquals(await iterator.next(), DONE);
  assertEquals(await iterator.next(), DONE);
  assertEquals([queue.waits, queue.ends], [2, 1]);
});

Deno.test("pending calls of next() are served in order", async () => {
  const queue = new Queue();
  const iterator = asyncIterator(queue);
  const calls = Array.from({ length: 5 }, () => iterator.next());
  queue.put(1, 2);
  assertEquals(await Promise.all(calls.slice(0, 2)), [item(1), item(2)]);
  queue.put(3);
  queue.close();
  assertEquals(await Promise.all(calls.slice(2)), [item(3), DONE, DONE]);
});

Deno.test("100,000 pending calls of next() cost linear time", async () => {
  const queue = new Queue();
  const iterator = asyncIterator(queue);
  const calls = Array.from({ length: 100_000 }, () => iterator.next());
  assertEquals(await iterator.return(), DONE);
  assertEquals(
    new Set((await Promise.all(calls)).map(({ done }) => done)).size,
    1,
  );
  assertEquals(queue.waits, 1);
});

Deno.test("a wait that brings nothing is followed by another", async () => {
  const queue = new Queue();
  const iterator = asyncIterator(queue);
  const next = iterator.next();
  queue.put();
  // Twice, since the second wait begins a few microtasks later.
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(queue.waits, 2);
  queue.put(7);
  assertEquals(await next, item(7));
  assertEquals(queue.signals.size, 1);
  await iterator.return();
});

Deno.test("return() ends pending calls of next() at once", async () => {
  const queue = new Queue();
  const iterator = asyncIterator(queue);
  const order: string[] = [];
  const calls = [
    iterator.next().then((result) => order.push(`first ${result.done}`)),
    iterator.next().then((result) => order.push(`second ${result.done}`)),
    iterator.return().then((result) => order.push(`return ${result.done}`)),
    iterator.next().then((result) => order.push(`third ${result.done}`)),
  ];
  await Promise.all(calls);
  assertEquals(order.slice(0, 2), ["first true", "second true"]);
  assertEquals(order.slice(2).toSorted(), ["return true", "third true"]);
  assertEquals(queue.ends, 1);
  assertEquals(await iterator.return(), DONE);
  assertEquals(queue.ends, 1);
});

Deno.test("return() before the first next() releases the source", async () => {
  const queue = new Queue();
  const iterator = asyncIterator(queue);
  assertEquals(await iterator.return(), DONE);
  assertEquals(await iterator.next(), DONE);
  assertEquals([queue.waits, queue.ends], [0, 1]);
});

Deno.test("items that arrive together with return() stay in the source", async () => {
  const queue = new Queue();
  const iterator = asyncIterator(queue);
  const next = iterator.next();
  queue.put(1, 2);
  const returned = iterator.return();
  assertEquals(await next, DONE);
  await returned;
  assertEquals(queue.items, [1, 2]);
  assertEquals(await asyncIterator(queue).next(), item(1));
});

Deno.test("the source is released only after its wait has settled", async () => {
  const wait = Promise.withResolvers<boolean>();
  let ended = false;
  const iterator = asyncIterator<number>({
    take: () => undefined,
    wait: () => wait.promise,
    end: () => {
      ended = true;
    },
  });
  const next = iterator.next();
  const returned = iterator.return();
  // The next() does not depend on how fast the source is.
  assertEquals(await next, DONE);
  assert(!ended);
  wait.resolve(true);
  await returned;
  assert(ended);
});

Deno.test("an aborted signal makes a pending next() reject with its reason", async () => {
  const queue = new Queue();
  const controller = new AbortController();
  const iterator = asyncIterator(queue, controller.signal);
  const [first, second] = [iterator.next(), iterator.next()];
  const reason = new Error("enough");
  controller.abort(reason);
  assert(reason === await assertRejects(() => first));
  assertEquals(await second, DONE);
  assertEquals(await iterator.next(), DONE);
  assertEquals(queue.ends, 1);
});

Deno.test("an aborted signal makes next() reject although items are available", async () => {
  const queue = new Queue();
  const controller = new AbortController();
  const iterator = asyncIterator(queue, controller.signal);
  queue.put(1, 2);
  assertEquals(await iterator.next(), item(1));
  const reason = new Error("enough");
  controller.abort(reason);
  assert(reason === await assertRejects(() => iterator.next()));
  assertEquals(await iterator.next(), DONE);
  assertEquals([queue.items, queue.ends], [[2], 1]);
});

Deno.test("items that arrive together with an abort stay in the source", async () => {
  const queue = new Queue();
  const controller = new AbortController();
  const iterator = asyncIterator(queue, controller.signal);
  const next = iterator.next();
  queue.put(1);
  controller.abort(new Error("enough"));
  await assertRejects(() => next, Error, "enough");
  assertEquals(queue.items, [1]);
});

Deno.test("a signal holds no iterator that does not wait", async () => {
  const { signal } = new AbortController();
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = function (...parameters: unknown[]) {
    listeners++;
    return Reflect.apply(addEventListener, this, parameters);
  };
  signal.removeEventListener = function (...parameters: unknown[]) {
    listeners--;
    return Reflect.apply(removeEventListener, this, parameters);
  };
  const queue = new Queue();
  const iterator = asyncIterator(queue, signal);
  const next = iterator.next();
  assertEquals(listeners, 1);
  queue.put(1);
  await next;
  assertEquals(listeners, 0);
});

for (const failing of ["take", "wait", "synchronous wait", "end"]) {
  Deno.test(`an error in ${failing}() ends the iteration`, async () => {
    const queue = new Queue();
    const fail = () => {
      throw new Error(failing);
    };
    if (failing === "take") queue.take = fail;
    if (failing === "wait") {
      queue.wait = () => Promise.reject(new Error(failing));
    }
    if (failing === "synchronous wait") queue.wait = fail;
    if (failing === "end") {
      queue.end = fail;
      queue.close();
    }
    const iterator = asyncIterator(queue);
    const [first, second] = [iterator.next(), iterator.next()];
    await assertRejects(() => first, Error, failing);
    assertEquals(await second, DONE);
    assertEquals(await iterator.next(), DONE);
  });
}

Deno.test("return() and await using reject if end() fails", async () => {
  const queue = new Queue();
  queue.end = () => Promise.reject(new Error("not closed"));
  const iterator = asyncIterator(queue);
  await assertRejects(() => iterator.return(), Error, "not closed");
  await assertRejects(
    async () => {
      await using _ = asyncIterator(queue);
    },
    Error,
    "not closed",
  );
});

Deno.test("throw() ends the iteration with its argument", async () => {
  const queue = new Queue();
  const iterator = asyncIterator(queue);
  const next = iterator.next();
  await assertRejects(() => iterator.throw(new Error("mine")), Error, "mine");
  assertEquals(await next, DONE);
  assertEquals(queue.ends, 1);
});

Deno.test("a stream over an iterator settles when it is aborted", async () => {
  const queue = new Queue();
  queue.put(1, 2);
  const got: number[] = [];
  const controller = new AbortController();
  const piped = ReadableStream.from(asyncIterator(queue)).pipeTo(
    new WritableStream({
      write(value) {
        got.push(value);
        if (value === 2) {
          setTimeout(() => controller.abort(new Error("enough")));
        }
      },
    }),
    { signal: controller.signal },
  );
  await assertRejects(() => piped, Error, "enough");
  assertEquals([got, queue.ends], [[1, 2], 1]);
});
