// One direction of tun_forward.ts, in a thread that blocks without packets.

/// <reference lib="deno.worker" />

import {
  PacketBatch,
  StopEvent,
  type StopEventHandle,
  TunQueue,
  type TunQueueHandle,
} from "../../mod.ts";

/** The configuration of a worker. */
export interface Orders {
  readonly from: TunQueueHandle;
  readonly to: TunQueueHandle;
  readonly stop: StopEventHandle;
}

function carry(orders: Orders): void {
  const stop = StopEvent.attach(orders.stop);
  const from = TunQueue.attach(orders.from);
  const to = TunQueue.attach(orders.to);
  const packets = from.blockingPoll(stop);
  const writable = to.blockingPoll(stop);
  const batch = new PacketBatch(64, { unsegmented: true });
  // Rejected packets are lost, as on any link.
  const onRejected = () => {};
  for (;;) {
    if (from.tryReadMany(batch) === 0) {
      if (packets.wait("read") === "stopped") return;
      continue;
    }
    let at = 0;
    for (;;) {
      at = to.tryWriteMany(batch, { from: at, onRejected });
      if (at >= batch.count) break;
      if (writable.wait("write") === "stopped") return;
    }
  }
}

self.onmessage = ({ data }: MessageEvent<Orders>) => {
  carry(data);
  self.postMessage("end");
};
