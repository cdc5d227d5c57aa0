// Which paths refused segmented messages (UDP GSO), per socket: their datagrams
// are sent one by one, without asking the kernel again for a while.

import { EIO } from "../../ffi/errno.ts";
import { monotonicTime } from "../io/clock.ts";
import type { SendQueue } from "./send_queue.ts";

/** Milliseconds after which a path is offered segmented messages again. */
const MEMORY = 60_000;
/** Paths that are remembered; beyond that the oldest is forgotten. */
const MOST_PATHS = 1024;

interface Refusal {
  /** The largest segments that the path may take; 0 for none. */
  readonly largest: number;
  readonly until: number;
}

export class SegmentationRefusals {
  /** By destination address; "" is the connected peer. */
  readonly #paths = new Map<string, Refusal>();

  /**
   * Records that a segmented message was refused and its segments were accepted
   * one by one.
   *
   * @param code The errno: EIO where the path cannot segment at all (no checksum
   * offload, IPsec), else the segments were too large for it.
   */
  record(destination: string, segmentSize: number, code: number): void {
    this.#paths.delete(destination);
    if (this.#paths.size >= MOST_PATHS) {
      for (const [oldest] of this.#paths) {
        this.#paths.delete(oldest);
        break;
      }
    }
    this.#paths.set(destination, {
      largest: code === EIO ? 0 : segmentSize - 1,
      until: monotonicTime() + MEMORY,
    });
  }

  /** Takes the messages of a queue apart that their paths would refuse. */
  apply(queue: SendQueue): void {
    const now = monotonicTime();
    queue.separate((message) => {
      const refusal = this.#paths.get(queue.destination(message));
      return refusal === undefined || refusal.until <= now ||
        queue.segmentSizeOf(message) <= refusal.largest;
    });
  }
}
