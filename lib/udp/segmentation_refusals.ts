// Paths that rejected segmented messages (UDP GSO), for each socket: their
// datagrams are sent separately for some time.

import { EIO } from "../../ffi/errno.ts";
import { monotonicTime } from "../io/clock.ts";
import type { SendQueue } from "./send_queue.ts";

/** Milliseconds until segmented messages are tried again on a path. */
const MEMORY = 60_000;
/** Maximum number of cached paths; the oldest is removed first. */
const MOST_PATHS = 1024;

interface Refusal {
  /** The largest segments that the path may accept; 0 for none. */
  readonly largest: number;
  readonly until: number;
}

export class SegmentationRefusals {
  /** By destination address; "" is the connected peer. */
  readonly #paths = new Map<string, Refusal>();

  /**
   * Records that a segmented message was rejected and its segments were
   * accepted separately.
   *
   * @param code The errno: EIO if the path does not support segmentation (no
   *   checksum offload, IPsec), else the segments were too large for it.
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

  /** Splits the messages of a queue that their paths would reject. */
  apply(queue: SendQueue): void {
    const now = monotonicTime();
    queue.separate((message) => {
      const refusal = this.#paths.get(queue.destination(message));
      return refusal === undefined || refusal.until <= now ||
        queue.segmentSizeOf(message) <= refusal.largest;
    });
  }
}
