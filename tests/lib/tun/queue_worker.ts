// A worker that blocks on one queue until it is stopped, for open_test.ts.

import {
  StopEvent,
  type StopEventHandle,
} from "../../../lib/io/blocking_poll.ts";
import { PacketBatch } from "../../../lib/tun/batch.ts";
import { TunQueue, type TunQueueHandle } from "../../../lib/tun/queue.ts";

declare const self: {
  onmessage: (event: MessageEvent<[TunQueueHandle, StopEventHandle]>) => void;
  postMessage(message: number[] | "ended"): void;
};

self.onmessage = async ({ data: [handle, stopHandle] }) => {
  const queue = TunQueue.attach(handle);
  const stop = StopEvent.attach(stopHandle);
  const poll = queue.blockingPoll(stop);
  const batch = new PacketBatch();
  while (poll.wait("read") !== "stopped") {
    const count = queue.tryReadMany(batch);
    const lengths = Array.from({ length: count }, (_, i) => batch.length(i));
    self.postMessage(lengths);
  }
  await queue.close();
  await stop.close();
  self.postMessage("ended");
};
