// A descriptor used by several threads: each side owns a duplicate. What was
// closed never becomes a descriptor of another process's, and /proc is the oracle.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ReceiveBatch, StopEvent, TunQueue, UdpSocket } from "../../../mod.ts";
import { Lab } from "../../support/netns.ts";
import { atOnce, leavesNoDescriptor } from "../../support/timing.ts";
import { TunLab } from "../../support/tun.ts";

const LOOPBACK = { address: "127.0.0.1" };

Deno.test("shared descriptor: an attached socket never receives another socket's datagrams", async () => {
  await leavesNoDescriptor(async () => {
    const owner = UdpSocket.bind(LOOPBACK);
    const attached = UdpSocket.attach(owner.handle);
    await owner.close();
    // The next descriptors get the numbers that were closed.
    const otherSenders = Array.from(
      { length: 8 },
      () => UdpSocket.bind(LOOPBACK),
    );
    for (const otherSender of otherSenders) {
      await otherSender.send("secret", otherSender.address);
    }
    let received = 0;
    try {
      received = attached.tryReceiveMany(new ReceiveBatch());
    } catch (error) {
      assertEquals((error as Error).name, "ClosedError");
    }
    assertEquals(received, 0, "datagrams of a stranger");
    for (const otherSender of otherSenders) {
      const { data } = await otherSender.receive({ timeout: 5000 });
      assertEquals(new TextDecoder().decode(data), "secret");
      await otherSender.close();
    }
    await attached.close();
  });
});

Deno.test("shared descriptor: a handle whose owner closed is refused", async () => {
  await leavesNoDescriptor(async () => {
    const owner = UdpSocket.bind(LOOPBACK);
    const { handle } = owner;
    await owner.close();
    await using otherSender = UdpSocket.bind(LOOPBACK);
    const error = assertThrows(() => UdpSocket.attach(handle), Error);
    assertEquals(error.name, "ClosedError");
    assert(!otherSender.closed);
    const stop = StopEvent.create();
    const stopHandle = stop.handle;
    await stop.close();
    assertEquals(
      assertThrows(() => StopEvent.attach(stopHandle), Error).name,
      "ClosedError",
    );
  });
});

Deno.test("shared descriptor: closing an attached socket leaves the owner's, in any order", async () => {
  await leavesNoDescriptor(async () => {
    await using owner = UdpSocket.bind(LOOPBACK);
    const { handle } = owner;
    const first = UdpSocket.attach(handle);
    const second = UdpSocket.attach(handle);
    await first.close();
    await owner.send("x", owner.address);
    assertEquals((await second.receive({ timeout: 5000 })).data.length, 1);
    await second.close();
    await owner.send("x", owner.address);
    assertEquals((await owner.receive({ timeout: 5000 })).data.length, 1);
  });
});

Deno.test("shared descriptor: the owner's close ends an attached wait, and frees the port", async () => {
  await leavesNoDescriptor(async () => {
    const owner = UdpSocket.bind(LOOPBACK);
    const { port } = owner.address;
    const attached = UdpSocket.attach(owner.handle);
    const waiting = assertRejects(() => attached.receive(), Error);
    const iterating = (async () => {
      for await (const _ of attached);
      return "ended";
    })();
    await atOnce(() => owner.close());
    assertEquals((await waiting).name, "ClosedError");
    assertEquals(await iterating, "ended");
    assert(attached.closed);
    await UdpSocket.bind({ ...LOOPBACK, port }).close();
  });
});

Deno.test("shared descriptor: the owner's close ends a wait that blocks another thread", async () => {
  const owner = UdpSocket.bind(LOOPBACK);
  const { port } = owner.address;
  await using stop = StopEvent.create();
  const source = `
    import { StopEvent, UdpSocket } from "${
    import.meta.resolve("../../../mod.ts")
  }";
    onmessage = ({ data }) => {
      const socket = UdpSocket.attach(data.socket);
      const poll = socket.blockingPoll(StopEvent.attach(data.stop));
      postMessage("blocks");
      try {
        postMessage(poll.wait("read"));
      } catch (error) {
        postMessage((error as Error).name);
      }
    };`;
  const blob = new Blob([source], { type: "application/typescript" });
  const url = URL.createObjectURL(blob);
  const worker = new Worker(url, { type: "module" });
  const messages: string[] = [];
  let next = Promise.withResolvers<void>();
  worker.onmessage = ({ data }: MessageEvent<string>) => {
    messages.push(data);
    next.resolve();
    next = Promise.withResolvers();
  };
  const blocks = next.promise;
  worker.postMessage({ socket: owner.handle, stop: stop.handle });
  await blocks;
  const ended = next.promise;
  await atOnce(async () => {
    await owner.close();
    await ended;
  });
  assertEquals(messages, ["blocks", "ClosedError"]);
  // The thread has not ended, and its duplicate is closed.
  await UdpSocket.bind({ ...LOOPBACK, port }).close();
  worker.terminate();
  URL.revokeObjectURL(url);
});

Deno.test("shared descriptor: an attached stop event ends no other wait", async () => {
  await leavesNoDescriptor(async () => {
    const owner = StopEvent.create();
    const attached = StopEvent.attach(owner.handle);
    await owner.close();
    const otherSenders = Array.from({ length: 4 }, () => StopEvent.create());
    await using socket = UdpSocket.bind(LOOPBACK);
    attached.set();
    for (const otherSender of otherSenders) {
      const poll = socket.blockingPoll(otherSender);
      assertEquals(poll.wait("read", 0), "timeout", "set by a stranger");
      await otherSender.close();
    }
    assertEquals(socket.blockingPoll(attached).wait("read", 0), "stopped");
    await attached.close();
  });
});

Deno.test("shared descriptor: packets of an attached queue are not written into a file", async () => {
  await using lab = await TunLab.open();
  const { tun } = lab;
  const attached = TunQueue.attach(tun.queues[0].handle);
  const path = await Deno.makeTempFile({ prefix: "netplumb-shared-" });
  try {
    await tun.close();
    // Files that get the number of the queue.
    const files = await Promise.all(
      Array.from({ length: 8 }, () => Deno.open(path, { append: true })),
    );
    const packet = new Uint8Array(20);
    packet[0] = 0x45;
    const error = await assertRejects(() => attached.write(packet), Error);
    assertEquals(error.name, "ClosedError");
    assertEquals((await Deno.stat(path)).size, 0);
    for (const file of files) file.close();
  } finally {
    await Deno.remove(path);
    await attached.close();
  }
  // The device goes with its last descriptor.
  assertEquals(await lab.host.json("link show type tun"), []);
});

Deno.test("shared descriptor: the owner's close ends an attached read of a queue", async () => {
  await using lab = await Lab.open("host");
  const { name } = lab.host;
  const { Tun } = await import("../../../mod.ts");
  const tun = Tun.open({ namespace: name });
  const attached = TunQueue.attach(tun.queues[0].handle);
  const reading = assertRejects(() => attached.read(), Error);
  await tun.close();
  assertEquals((await reading).name, "ClosedError");
  assertEquals(await lab.host.json("link show type tun"), []);
});
