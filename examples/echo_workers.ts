// A UDP echo server with several threads: the main thread owns the socket, each
// worker attaches to it and blocks until there are datagrams.
//
//   deno run -A examples/echo_workers.ts --port 8888 --workers 2

/// <reference lib="deno.worker" />

import {
  ReceiveBatch,
  SendBatch,
  StopEvent,
  type StopEventHandle,
  UdpSocket,
  type UdpSocketHandle,
} from "@netplumb/netplumb";
import { parseArgs } from "@std/cli/parse-args";

/** The data that a worker attaches to. */
interface Handles {
  readonly socket: UdpSocketHandle;
  readonly stop: StopEventHandle;
}

async function main(): Promise<void> {
  const { port, workers } = parseArgs(Deno.args, {
    default: { port: 8888, workers: 2 },
  });
  await using socket = UdpSocket.bind({ port: Number(port) });
  await using stop = StopEvent.create();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => stop.set());
  }
  const ended = Array.from({ length: Number(workers) }, () => {
    const worker = new Worker(import.meta.url, { type: "module" });
    worker.postMessage({ socket: socket.handle, stop: stop.handle });
    return new Promise((resolve) => worker.onmessage = resolve);
  });
  console.log(`port ${socket.address.port}`);
  await Promise.all(ended);
  Deno.exit();
}

/** Replies to datagrams until the stop event is set. */
async function serve(handles: Handles): Promise<void> {
  await using socket = UdpSocket.attach(handles.socket);
  await using stop = StopEvent.attach(handles.stop);
  const poll = socket.blockingPoll(stop);
  const received = new ReceiveBatch();
  const replies = new SendBatch();
  const reported = new Set<string>();
  while (poll.wait("read") !== "stopped") {
    socket.tryReceiveMany(received);
    for (let i = 0; i < received.count; i++) replies.reply(received, i);
    let result = socket.trySendMany(replies);
    for (; result === undefined; result = socket.trySendMany(replies)) {
      if (poll.wait("write") === "stopped") return;
    }
    // A forged or filtered query does not end the thread: each kind of error is
    // reported once.
    for (const { error } of result.failures) {
      if (!reported.has(error.code)) console.error(error.message);
      reported.add(error.code);
    }
  }
}

if ("WorkerGlobalScope" in globalThis) {
  self.onmessage = async ({ data }: MessageEvent<Handles>) => {
    await serve(data);
    self.postMessage("stopped");
  };
} else await main();
