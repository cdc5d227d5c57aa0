// Replaces members of a reuse-port group, each a worker, one after the other,
// then counts how many of 60 clients are answered.

import { UdpSocket } from "../../../../mod.ts";
import { udpSockets } from "./resources.ts";

const ADDRESS = "127.0.0.1";
const PORT = 39021;
const MEMBERS = 3;
const REPLACED = 6;
const CLIENTS = 60;

async function member(): Promise<Worker> {
  const url = new URL("./echo_worker.ts", import.meta.url);
  const worker = new Worker(url, { type: "module" });
  worker.postMessage(PORT);
  await new Promise((resolve, reject) => {
    worker.onmessage = resolve;
    worker.onerror = reject;
  });
  return worker;
}

const workers = await Promise.all(Array.from({ length: MEMBERS }, member));
for (let n = 0; n < REPLACED; n++) {
  workers[n % MEMBERS].terminate();
  workers[n % MEMBERS] = await member();
}
// A terminated worker ends in its own time.
const end = performance.now() + 10_000;
while (udpSockets(PORT) > MEMBERS && performance.now() < end) {
  await new Promise((resolve) => setTimeout(resolve, 20));
}
const members = udpSockets(PORT);

let answered = 0;
await Promise.all(Array.from({ length: CLIENTS }, async () => {
  await using client = UdpSocket.bind({ address: ADDRESS });
  await client.send("question", { address: ADDRESS, port: PORT });
  try {
    await client.receive({ timeout: 5000 });
    answered++;
  } catch { /* a dead member took it */ }
}));
for (const worker of workers) worker.terminate();
console.log(JSON.stringify({ members, answered }));
