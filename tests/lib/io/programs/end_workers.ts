// Ends workers in the middle of their waits and prints what they leave behind.
//
//   end_workers.ts KIND COUNT terminate|early|close

import { StopEvent, Tun, UdpSocket } from "../../../../mod.ts";
import { grownSince, held, threadNames } from "./resources.ts";
import type { WaitingOrders } from "./waiting_worker.ts";

const [kind, count, way] = Deno.args;
/** Workers that are started side by side. */
const BESIDE = 5;
/** Seconds for what the kernel and Deno take apart in their own time. */
const SECONDS = 15;

const errors: string[] = [];

/** Ends a worker once it waits. */
async function endOne(orders: WaitingOrders): Promise<void> {
  const url = new URL("./waiting_worker.ts", import.meta.url);
  const worker = new Worker(url, { type: "module" });
  const waiting = Promise.withResolvers<void>();
  worker.onmessage = (
    { data }: MessageEvent<"waiting" | { error: string }>,
  ) => {
    if (data === "waiting") waiting.resolve();
    else errors.push(data.error);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    waiting.reject(new Error(event.message));
  };
  worker.postMessage(orders);
  await waiting.promise;
  if (orders.kind === "stop event") {
    // Until it blocks.
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  if (way === "close") worker.postMessage("close");
  else worker.terminate();
}

// Owned here, attached there; what waits here too is no worker's.
const socket = UdpSocket.bind({ address: "127.0.0.1" });
const tun = Tun.open();
const own = socket.receive();
const stop = StopEvent.create();
const early = way === "early";
const orders = {
  kind,
  early,
  socket: socket.handle,
  queue: tun.queues[0].handle,
  stop: stop.handle,
};

// What Deno makes for its first workers stays.
for (let n = 0; n < 3; n++) await endOne({ kind: "nothing" });
await new Promise((resolve) => setTimeout(resolve, 500));
const before = held();

for (let ended = 0; ended < Number(count); ended += BESIDE) {
  const beside = Math.min(BESIDE, Number(count) - ended);
  await Promise.all(Array.from({ length: beside }, () => endOne(orders)));
}
// Deno 2.9.6 interrupts no code that runs, not even an endless loop: a worker
// that blocks ends when its owner sets the event, before or after terminate().
if (kind === "stop event") stop.set();
const grown = await grownSince(before, SECONDS);
if (Object.keys(grown).length > 0) console.error(threadNames());

// The owner's are as they were.
await socket.send("still here", socket.address);
const { data } = await own;
const heard = new TextDecoder().decode(data);
const { port } = socket.address;
await socket.close();
await tun.close();
await stop.close();
let again = "";
for (const end = performance.now() + 5000; performance.now() < end;) {
  try {
    await UdpSocket.bind({ address: "127.0.0.1", port }).close();
    again = "";
    break;
  } catch (error) {
    again = String(error);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
console.log(JSON.stringify({ grown, errors, heard, again }));
