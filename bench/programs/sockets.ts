// One operation with COUNT sockets or waits in a process. Prints the time of
// its parts in seconds, and the memory of each in KiB. Needs
// --v8-flags=--expose-gc.
//
//   sockets.ts idle|receive|iterate|abort|queue COUNT

import { library } from "./library.ts";

type Socket = ReturnType<typeof UdpSocket.bind>;

const { UdpSocket } = library;
const [what, size] = Deno.args;
const count = Number(size);

/** Milliseconds until pending waits have reached the kernel. */
const SETTLE = 300;
/**
 * Datagrams that are sent before their receivers are awaited: any queue has
 * space for them.
 */
const CHUNK = 64;

const { gc } = globalThis as { gc?: () => void };

async function residentKiB(): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, SETTLE));
  gc?.();
  return Deno.memoryUsage().rss / 1024;
}

function since(begin: number): number {
  return (performance.now() - begin) / 1e3;
}

/** Only the end of a wait matters, not its reason. */
async function ended(waits: readonly Promise<unknown>[]): Promise<void> {
  await Promise.allSettled(waits);
}

async function iterate(socket: Socket): Promise<void> {
  for await (const _ of socket);
}

const aborter = new AbortController();

const WAITS: Record<string, (socket: Socket) => Promise<unknown>> = {
  receive: (socket) => socket.receive(),
  iterate,
  abort: (socket) => socket.receive({ signal: aborter.signal }),
};

/** COUNT sockets, each with a wait or none. */
async function many(): Promise<Record<string, number>> {
  const start = performance.now();
  const sockets: Socket[] = [];
  for (let index = 0; index < count; index++) {
    sockets.push(UdpSocket.bind({ address: "127.0.0.1" }));
  }
  const open = since(start);
  const before = await residentKiB();
  const wait = WAITS[what];
  const begin = performance.now();
  const waits = wait === undefined ? [] : sockets.map(wait);
  const done = ended(waits);
  const startWaits = since(begin);
  const each = (await residentKiB() - before) / count;
  const aborted = performance.now();
  if (what === "abort") {
    aborter.abort();
    await done;
  }
  const abort = since(aborted);
  const closing = performance.now();
  const closed = sockets.map((socket) => socket.close());
  await Promise.all(closed);
  await done;
  return { open, wait: startWaits, each, abort, close: since(closing) };
}

/** COUNT waits on one socket, all completed. */
async function queue(): Promise<Record<string, number>> {
  await using socket = UdpSocket.bind({ address: "127.0.0.1" });
  await using sender = UdpSocket.bind({ address: "127.0.0.1" });
  const before = await residentKiB();
  const waits: Promise<unknown>[] = [];
  for (let index = 0; index < count; index++) {
    const wait = socket.receive();
    // Errors are handled where the promise is awaited.
    wait.catch(() => {});
    waits.push(wait);
  }
  const each = (await residentKiB() - before) / count;
  const begin = performance.now();
  for (let at = 0; at < count; at += CHUNK) {
    const some = waits.slice(at, at + CHUNK);
    for (let sent = 0; sent < some.length; sent++) {
      await sender.send("x", socket.address);
    }
    await Promise.all(some);
  }
  return { each, receive: since(begin) };
}

console.log(JSON.stringify(what === "queue" ? await queue() : await many()));
