// The wait that blocks its thread: what ends it, also from another thread.

import { assertEquals, assertThrows } from "@std/assert";
import { BlockingPoll, StopEvent } from "../../../lib/io/blocking_poll.ts";
import { ClosedError } from "../../../lib/errors.ts";
import { scriptLines } from "../../support/script.ts";
import { SocketPair } from "../../support/socket_pair.ts";
import { leavesNoDescriptor } from "../../support/timing.ts";

Deno.test("blocking poll: ends with data, when writable, after a timeout, and when stopped", async () => {
  await leavesNoDescriptor(async () => {
    await using pair = new SocketPair();
    await using stop = StopEvent.create();
    const poll = new BlockingPoll(pair.a, stop);
    assertEquals(poll.wait("read", 0), "timeout");
    assertEquals(poll.wait("read", 5), "timeout");
    assertEquals(poll.wait("write"), "ready");
    pair.b.put();
    assertEquals(poll.wait("read"), "ready");
    pair.a.fill();
    assertEquals(poll.wait("write", 0), "timeout");
    stop.set();
    assertEquals(poll.wait("read"), "stopped", "before data");
    assertEquals(poll.wait("write"), "stopped", "and ever after");
  });
});

Deno.test("blocking poll: an attached stop event is the same, and its end is the owner's", async () => {
  await leavesNoDescriptor(async () => {
    await using pair = new SocketPair();
    await using stop = StopEvent.create();
    const attached = StopEvent.attach(stop.handle);
    const poll = new BlockingPoll(pair.a, attached);
    stop.set();
    assertEquals(poll.wait("read"), "stopped");
    await attached.close();
    assertThrows(() => attached.set(), ClosedError, "stop event is closed");
    assertEquals(new BlockingPoll(pair.a, stop).wait("read"), "stopped");
  });
});

Deno.test("blocking poll: a worker blocked in it hears the stop event and then ends", async () => {
  const lines = await scriptLines(`
    import { StopEvent } from "lib:io/blocking_poll.ts";
    import { UdpSocket } from "lib:udp/mod.ts";
    const socket = UdpSocket.bind({ address: "127.0.0.1" });
    const stop = StopEvent.create();
    const source = \`
      import { StopEvent } from "\${import.meta.resolve("lib:io/blocking_poll.ts")}";
      import { UdpSocket, ReceiveBatch } from "\${import.meta.resolve("lib:udp/mod.ts")}";
      onmessage = async ({ data }) => {
        const socket = UdpSocket.attach(data.socket);
        const poll = socket.blockingPoll(StopEvent.attach(data.stop));
        const batch = new ReceiveBatch();
        postMessage("blocked");
        for (let woken; (woken = poll.wait("read")) !== "stopped";) {
          const count = socket.tryReceiveMany(batch);
          postMessage(woken + " " + count);
        }
        await socket.close();
        postMessage("stopped");
        close();
      };\`;
    const blob = new Blob([source], { type: "application/typescript" });
    const worker = new Worker(URL.createObjectURL(blob), { type: "module" });
    const ended = Promise.withResolvers();
    worker.onmessage = async ({ data }) => {
      console.log(data);
      if (data === "blocked") await socket.send("x", socket.address);
      else if (data === "stopped") ended.resolve();
      else stop.set();
    };
    worker.postMessage({ socket: socket.handle, stop: stop.handle });
    await ended.promise;
    // Closing in the worker left it to its owner.
    await socket.send("still", socket.address);
    console.log((await socket.receive()).data.length);
    await socket.close();
    await stop.close();`);
  assertEquals(lines, ["blocked", "ready 1", "stopped", "5"]);
});
