// Forwards packets between two TUN devices in two network namespaces: in the
// main thread, or with a blocking worker for each direction.
//
//   tun_forward.ts main|workers NAMESPACE NAMESPACE plain|offload

import { PacketBatch, StopEvent, Tun } from "../../mod.ts";
import type { Orders } from "./tun_forward_worker.ts";

const [where, here, there, how] = Deno.args;
const offload = how === "offload";
await using left = Tun.open({ name: "tun0", namespace: here, offload });
await using right = Tun.open({ name: "tun0", namespace: there, offload });

async function carry(from: Tun, to: Tun): Promise<void> {
  const batch = new PacketBatch(64, { unsegmented: true });
  for await (const _ of from.batches({ batch })) {
    // Rejected packets are lost, as on any link.
    await to.writeMany(batch, { onRejected() {} });
  }
}

function carryInWorker(from: Tun, to: Tun, stop: StopEvent): Promise<void> {
  const worker = new Worker(
    new URL("./tun_forward_worker.ts", import.meta.url),
    { type: "module" },
  );
  const orders: Orders = {
    from: from.queues[0].handle,
    to: to.queues[0].handle,
    stop: stop.handle,
  };
  worker.postMessage(orders);
  return new Promise((resolve) => worker.onmessage = () => resolve());
}

console.log("listening on both");
if (where === "workers") {
  await using stop = StopEvent.create();
  await Promise.all([
    carryInWorker(left, right, stop),
    carryInWorker(right, left, stop),
  ]);
} else await Promise.all([carry(left, right), carry(right, left)]);
