// A thread of the echo server. It blocks only in poll() on the socket and the stop
// event.

/// <reference lib="deno.worker" />

import { SystemError } from "../../ffi/errno.ts";
import { type BlockingPoll, StopEvent } from "../../lib/io/blocking_poll.ts";
import { AdaptiveBusyPolling } from "../../lib/io/busy_polling.ts";
import type { ReceiveBatch } from "../../lib/udp/receive_batch.ts";
import { UdpSocket } from "../../lib/udp/socket.ts";
import { Counter, type Orders, type Report } from "./messages.ts";
import { Responder } from "./responder.ts";

function post(report: Report): void {
  self.postMessage(report);
}

/** Default spin budget in milliseconds, about the cost of a sleep. */
const SPIN_BUDGET = 0.04;
/**
 * Maximum time from a datagram's arrival to a thread that slept, in
 * milliseconds.
 */
const WAKE_UP_COST = 0.05;

/** Serves until it is stopped, and closes this thread's duplicates. */
function serve(orders: Orders): void {
  const socket = UdpSocket.attach(orders.socket);
  const stop = StopEvent.attach(orders.stop);
  try {
    serveOn(socket, stop, orders);
  } finally {
    socket.close();
    stop.close();
  }
}

function serveOn(socket: UdpSocket, stop: StopEvent, orders: Orders): void {
  const poll = socket.blockingPoll(stop);
  const responder = new Responder(
    orders,
    (ifindex) => socket.interfaceName(ifindex),
  );
  const { received } = responder;
  const counters = new Float64Array(orders.counters);
  const { spin } = orders;
  const busyPolling = new AdaptiveBusyPolling(
    spin === undefined ? SPIN_BUDGET : spin / 1000,
    WAKE_UP_COST,
  );
  for (;;) {
    const left = orders.count - counters[Counter.datagrams];
    if (left <= 0) return;
    const limit = Math.min(received.size, left);
    const spins = spin === undefined ? busyPolling.pays : spin > 0;
    // After a batch that was not full the socket is empty.
    let count = received.count === received.size || spins
      ? socket.tryReceiveMany(received, limit)
      : 0;
    if (count === 0 && spins) {
      count = busyPoll(socket, received, limit, busyPolling.budget);
      if (count > 0) busyPolling.recordHit();
      else busyPolling.recordMiss();
    }
    if (count === 0) {
      const before = performance.now();
      if (poll.wait("read") === "stopped") return;
      busyPolling.recordSleep(performance.now() - before);
      count = socket.tryReceiveMany(received, limit);
    }
    if (count === 0) continue;
    responder.reply();
    const result = send(socket, responder, poll);
    if (result === undefined) return;
    const events = responder.settle(result);
    if (events.length > 0) post({ kind: "events", events });
  }
}

/** Polls for datagrams for this many milliseconds. */
function busyPoll(
  socket: UdpSocket,
  received: ReceiveBatch,
  limit: number,
  time: number,
): number {
  const end = performance.now() + time;
  do {
    const count = socket.tryReceiveMany(received, limit);
    if (count > 0) return count;
  } while (performance.now() < end);
  return 0;
}

function send(socket: UdpSocket, { replies }: Responder, poll: BlockingPoll) {
  for (;;) {
    const result = socket.trySendMany(replies);
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
