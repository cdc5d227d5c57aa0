// Reads packets from a TUN device and passes each to a function; with the same
// protocol on stdin as bench/peers/tun_read.c.
//
//   tun_read.ts NAME [view]
//
// With "view" the function gets each packet as its own typed array, without it
// the memory of the batch and the packet's offset.

import { lines } from "../harness/lines.ts";
import { PacketBatch, Tun } from "../../mod.ts";

const WARM_UP = 50;

const [name, form] = Deno.args;
await using tun = Tun.open({ name });
const batch = new PacketBatch();
let packets = 0;
let bytes = 0;
let sum = 0;

function count(memory: Uint8Array, start: number, length: number): void {
  packets++;
  bytes += length;
  sum += memory[start + 9];
}

function countView(packet: Uint8Array): void {
  packets++;
  bytes += packet.length;
  sum += packet[9];
}

function handOut(): void {
  if (form === "view") {
    for (let i = 0; i < batch.count; i++) countView(batch.packet(i));
    return;
  }
  for (let i = 0; i < batch.count; i++) {
    count(batch.bytes, batch.start(i), batch.length(i));
  }
}

async function queued(wanted: number): Promise<number> {
  const start = performance.now();
  while (packets < wanted) {
    await tun.readMany(batch);
    handOut();
  }
  return performance.now() - start;
}

async function live(milliseconds: number): Promise<number> {
  const start = performance.now();
  let begin = 0;
  for await (const _ of tun.batches({ batch })) {
    handOut();
    const time = performance.now();
    if (begin === 0 && time - start > WARM_UP) {
      begin = time;
      packets = 0;
    }
    if (begin > 0 && time - begin > milliseconds) return time - begin;
  }
  throw new Error("the device is gone");
}

console.log(`listening on ${name}`);
for await (const line of lines(Deno.stdin.readable)) {
  const [what, much] = line.split(" ");
  packets = bytes = 0;
  const milliseconds = what === "queued"
    ? await queued(Number(much))
    : await live(Number(much) * 1000);
  console.log(JSON.stringify({ packets, seconds: milliseconds / 1000 }));
}
