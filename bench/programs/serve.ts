// Deno.serve beside a UDP echo loop as in README.md. Each line of stdin returns
// the longest delay of a timer since the last one.

import { lines } from "../harness/lines.ts";
import { library } from "./library.ts";

/** Interval of the timers, in milliseconds. */
const INTERVAL = 5;

const http = Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen() {} },
  () => new Response("hello"),
);
await using socket = library.UdpSocket.bind({ address: "127.0.0.1" });
/** Not received from: the kernel drops the datagrams. */
await using sink = library.UdpSocket.bind({ address: "127.0.0.1" });

let longest = 0;

async function timers(): Promise<void> {
  for (;;) {
    const due = performance.now() + INTERVAL;
    await new Promise((resolve) => setTimeout(resolve, INTERVAL));
    longest = Math.max(longest, performance.now() - due);
  }
}

async function report(): Promise<void> {
  for await (const _ of lines(Deno.stdin.readable)) {
    console.log(JSON.stringify({ longest }));
    longest = 0;
  }
}

void timers();
void report();
console.log(
  `listening on ${http.addr.port} ${socket.address.port} ${sink.address.port}`,
);
for await (const request of socket) {
  await socket.reply(request, request.data);
}
