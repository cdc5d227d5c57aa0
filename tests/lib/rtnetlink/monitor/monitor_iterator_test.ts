// A monitor's loops: what the end of a loop leaves, return() during a pending
// next(), abort signals, streams.

import { assert, assertEquals, assertRejects } from "@std/assert";
import type { MonitorEvent } from "../../../../lib/rtnetlink/monitor/event.ts";
import { EventQueue } from "../../../../lib/rtnetlink/monitor/event_queue.ts";
import { Monitor, monitor } from "../../../../lib/rtnetlink/monitor/monitor.ts";
import { brief, is, openMonitor, until } from "../../../support/monitored.ts";
import { Lab } from "../../../support/netns.ts";
import { atOnce, leavesNoDescriptor } from "../../../support/timing.ts";

/** More than V8 takes as arguments of one call. */
const MANY = 150_000;

/** Adds MANY blackhole routes. */
function addRoutes(
  lab: { readonly ns: { batch(text: string): Promise<void> } },
) {
  const commands: string[] = [];
  for (let i = 0; i < MANY; i++) {
    commands.push(
      `route add blackhole 10.${i >> 16}.${i >> 8 & 255}.${i & 255}`,
    );
  }
  return lab.ns.batch(commands.join("\n"));
}

/** Rejects, where a promise that stays pending would hang the test. */
function soon<T>(promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("still pending")), 10_000);
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

Deno.test(`a loop that ends early leaves ${MANY} events to the next, in linear time`, async () => {
  await using lab = await Lab.open("ns");
  await addRoutes(lab);
  await using watching = await openMonitor(lab.ns, {
    objects: ["route"],
    snapshot: true,
  });
  const seen = new Set<string>();
  const see = (event: MonitorEvent) => seen.add(brief(event));
  for await (const event of watching) {
    see(event);
    break;
  }
  // A loop for each: time that grows with what is left would be minutes.
  for (let i = 0; i < MANY / 2; i++) {
    for await (const event of watching) {
      see(event);
      break;
    }
  }
  const { value } = await watching[Symbol.asyncIterator]().next();
  see(value!);
  (await watching.receive()).forEach(see);
  const blackholes = (await lab.ns.json("route show type blackhole")).length;
  assertEquals(blackholes, MANY);
  const routes = [...seen].filter((words) => words.startsWith("new route 10."));
  assertEquals(routes.length, blackholes);
});

Deno.test("return() ends a pending next() of a monitor at once, and nothing is lost", async () => {
  await using lab = await Lab.open("ns");
  for (const namespaces of [undefined, [lab.ns.name]]) {
    await using watching = await Monitor.open(
      namespaces === undefined
        ? { namespace: lab.ns.name, objects: ["link"] }
        : { namespaces, objects: ["link"] },
    );
    const iterator = watching[Symbol.asyncIterator]();
    const pending = iterator.next();
    const done = { value: undefined, done: true } as const;
    assertEquals(
      await soon(atOnce(async () => [await iterator.return(), await pending])),
      [done, done],
    );
    await lab.ns.ip("link add seen type ifb");
    await until(watching, is("new link seen"));
    await lab.ns.ip("link delete seen");
  }
});

Deno.test("events that arrive together with return() are received later", async () => {
  await using lab = await Lab.open("ns");
  await using watching = await openMonitor(lab.ns, {
    objects: ["link"],
    snapshot: true,
  });
  const iterator = watching[Symbol.asyncIterator]();
  // The snapshot is there: next() has it before return() is called.
  const pending = iterator.next();
  await soon(iterator.return());
  const { done } = await pending;
  const events = await soon(watching.receive());
  assertEquals(events.map(brief), ["new link lo (snapshot)"]);
  assert(done);
});

Deno.test("return() of monitor() ends a pending next() and closes the sockets", async () => {
  await using lab = await Lab.open("ns");
  const namespace = lab.ns.name;
  await leavesNoDescriptor(async () => {
    const events = monitor({ namespace, objects: ["link"], snapshot: true });
    assertEquals((await events.next()).done, false);
    const pending = events.next();
    await soon(atOnce(() => events.return()));
    assertEquals((await pending).done, true);
    assertEquals((await events.next()).done, true);
  });
});

Deno.test("return() of monitor() during the first next() opens nothing that stays", async () => {
  await using lab = await Lab.open("ns");
  const namespace = lab.ns.name;
  await leavesNoDescriptor(async () => {
    const events = monitor({ namespace });
    const pending = events.next();
    await soon(events.return());
    assertEquals((await pending).done, true);
  });
});

Deno.test("an aborted signal makes a loop over monitor() throw its reason", async () => {
  await using lab = await Lab.open("ns");
  const options = { namespace: lab.ns.name, snapshot: true } as const;
  const reason = new Error("enough");
  await leavesNoDescriptor(async () => {
    const stop = new AbortController();
    const loop = async () => {
      for await (const { event } of monitor(options, { signal: stop.signal })) {
        if (event === "new") setTimeout(() => stop.abort(reason));
      }
    };
    assert(reason === await assertRejects(() => soon(loop())));
    assert(reason === await assertRejects(() => soon(loop())));
  });
});

Deno.test("an abort within a loop over monitor() throws before the next event", async () => {
  await using lab = await Lab.open("ns");
  await lab.ns.ip("link add another type ifb");
  const options = { namespace: lab.ns.name, snapshot: true } as const;
  const stop = new AbortController();
  let seen = 0;
  await assertRejects(
    async () => {
      for await (const _ of monitor(options, { signal: stop.signal })) {
        seen++;
        stop.abort(new Error("enough"));
      }
    },
    Error,
    "enough",
  );
  assertEquals(seen, 1);
});

for (const kind of ["Monitor", "monitor()"]) {
  Deno.test(`a stream over ${kind} settles when it is aborted`, async () => {
    await using lab = await Lab.open("ns");
    await using watching = await openMonitor(lab.ns, { snapshot: true });
    const source = kind === "Monitor"
      ? watching
      : monitor({ namespace: lab.ns.name, snapshot: true });
    const stop = new AbortController();
    const piped = ReadableStream.from(source).pipeTo(
      new WritableStream({
        write: () => void setTimeout(() => stop.abort(new Error("enough"))),
      }),
      { signal: stop.signal },
    );
    await assertRejects(() => soon(piped), Error, "enough");
  });
}

Deno.test("close() ends a loop over a monitor", async () => {
  await using lab = await Lab.open("ns");
  const watching = await openMonitor(lab.ns, { snapshot: true });
  let seen = 0;
  for await (const _ of watching) if (seen++ === 0) await watching.close();
  assertEquals(seen, 1);
});

Deno.test("the event queue keeps its order and does not keep what was read", () => {
  const queue = new EventQueue();
  const event = (namespace: string) => ({ event: "added", namespace }) as const;
  const read: (string | undefined)[] = [];
  // Never empty, so that read events have to be removed on the way.
  queue.add([event("0"), event("1")]);
  for (let i = 2; i < 1000; i++) {
    read.push(queue.take()?.namespace);
    queue.add([event(String(i))]);
  }
  assertEquals(queue.length, 2);
  read.push(...queue.takeAll().map(({ namespace }) => namespace));
  assertEquals(read, Array.from({ length: 1000 }, (_, i) => String(i)));
  assertEquals([queue.length, queue.take()], [0, undefined]);
});
