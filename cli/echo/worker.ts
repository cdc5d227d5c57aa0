// One thread of the echo server. It blocks, but only ever in poll() and always
// with the stop event beside the socket.

/// <reference lib="deno.worker" />

import { SystemError } from "../../ffi/errno.ts";
import { type BlockingPoll, StopEvent } from "../../lib/blocking_poll.ts";
import { UdpSocket } from "../../lib/udp/socket.ts";
import { Counter, type Orders, type Report } from "./messages.ts";
import { Responder } from "./responder.ts";

function post(report: Report): void {
  self.postMessage(report);
}

function serve(orders: Orders): void {
  const socket = UdpSocket.attach(orders.socket);
  const poll = socket.blockingPoll(StopEvent.attach(orders.stop));
  const responder = new Responder(orders);
  const { received } = responder;
  const counters = new Float64Array(orders.counters);
  const left = () => orders.count - counters[Counter.datagrams];
  while (left() > 0) {
    const limit = Math.min(received.size, left());
    if (receive(socket, responder, limit, orders.spin) === 0) {
      if (poll.wait("read") === "stopped") return;
      continue;
    }
    responder.answer();
    const result = send(socket, responder, poll);
    if (result === undefined) return;
    const events = responder.settle(result);
    if (events.length > 0) post({ kind: "events", events });
    // Not full: what comes next is worth a wait, not an empty call.
    if (received.count < received.size && orders.spin === 0) {
      if (left() > 0 && poll.wait("read") === "stopped") return;
    }
  }
}

function receive(
  socket: UdpSocket,
  { received }: Responder,
  limit: number,
  spin: number,
): number {
  const count = socket.tryReceiveMany(received, limit);
  if (count > 0 || spin === 0) return count;
  const end = performance.now() + spin / 1000;
  do {
    const count = socket.tryReceiveMany(received, limit);
    if (count > 0) return count;
  } while (performance.now() < end);
  return 0;
}

function send(socket: UdpSocket, { answers }: Responder, poll: BlockingPoll) {
  for (;;) {
    const result = socket.trySendMany(answers);
    if (result !== undefined) return result;
    if (poll.wait("write") === "stopped") return undefined;
  }
}

self.onmessage = ({ data }: MessageEvent<Orders>) => {
  try {
    serve(data);
    post({ kind: "end" });
  } catch (error) {
    const { message } = error as Error;
    post({
      kind: "error",
      error: error instanceof SystemError
        ? { syscall: error.syscall, errno: error.errno, message }
        : { message },
    });
  }
  self.close();
};
