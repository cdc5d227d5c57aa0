// What a wait costs in memory: resident bytes of sockets that wait, beside those
// of as many idle ones.
//
//   waiting_memory.ts WAY COUNT

import { ReceiveBatch, UdpSocket } from "../../../../mod.ts";
import { residentBytes } from "./resources.ts";

const [way, count] = Deno.args;
const COUNT = Number(count);

export interface Grown {
  /** Bytes that each wait costs. */
  readonly bytes: number;
}

async function iterate(values: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of values);
}

const { signal } = new AbortController();
/** One for all: a batch of its own is the caller's. */
const batch = new ReceiveBatch();

const WAYS: Record<string, (socket: UdpSocket) => Promise<unknown>> = {
  "receive": (socket) => socket.receive(),
  "receive with a signal and a timeout": (socket) =>
    socket.receive({ signal, timeout: 3_600_000 }),
  "for await": (socket) => iterate(socket),
  "receiveMany": (socket) => socket.receiveMany(batch),
};

async function resident(): Promise<number> {
  for (let n = 0; n < 3; n++) {
    (globalThis as unknown as { gc(): void }).gc();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return residentBytes();
}

// What the first waits make once is not theirs.
const warm = UdpSocket.bind({ address: "127.0.0.1" });
const warmed = WAYS[way](warm).catch(() => {});
await new Promise((resolve) => setTimeout(resolve, 50));
await warm.close();
await warmed;

const sockets = Array.from(
  { length: COUNT },
  () => UdpSocket.bind({ address: "127.0.0.1" }),
);
const idle = await resident();
for (const socket of sockets) WAYS[way](socket).catch(() => {});
await new Promise((resolve) => setTimeout(resolve, 200));
const waiting = await resident();
console.log(
  JSON.stringify({ bytes: (waiting - idle) / COUNT } satisfies Grown),
);
Deno.exit();
