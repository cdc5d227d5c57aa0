// A lane in its own thread.

/// <reference lib="deno.worker" />

import { TunQueue, type TunQueueHandle } from "@netplumb/netplumb";
import { Lane, type LaneOptions } from "./lane.ts";

/** What the main thread posts. */
export interface Start {
  readonly queue: TunQueueHandle;
  readonly lane: LaneOptions;
}

/** What the worker posts. */
export type Report =
  | { readonly port: number }
  | { readonly limit: number }
  | { readonly error: string };

const report = (message: Report) => self.postMessage(message);

self.onmessage = async ({ data }: MessageEvent<Start>) => {
  try {
    const queue = TunQueue.attach(data.queue);
    const onLimit = (limit: number) => report({ limit });
    const lane = Lane.open(queue, data.lane, onLimit);
    report({ port: lane.port });
    await lane.run();
  } catch (error) {
    report({ error: String(error) });
  }
};
