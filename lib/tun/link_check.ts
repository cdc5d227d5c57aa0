// Checks whether a macvtap link still exists. Its driver does not report a
// deletion: reads return no data and writes succeed.

import type { Descriptor } from "../io/descriptor.ts";
import { monotonicTime } from "../io/clock.ts";
import { attachedTo } from "./control.ts";

/** Milliseconds between two checks: each takes RTNL. */
const PERIOD = 100;

/** Checks the link of one queue. */
export class LinkCheck {
  readonly #descriptor: Descriptor;
  #next = 0;

  constructor(descriptor: Descriptor) {
    this.#descriptor = descriptor;
  }

  /**
   * Checks the link, unless the last check was recent.
   *
   * @throws {DeviceGoneError} if the link was deleted.
   */
  check(): void {
    const now = monotonicTime();
    if (now < this.#next) return;
    // Throws before the next check is scheduled: a deleted link stays deleted.
    attachedTo(this.#descriptor.fd, this.#descriptor.what);
    this.#next = now + PERIOD;
  }
}
