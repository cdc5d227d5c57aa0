// Whether a macvtap link still exists. Its driver reports a deleted link to no
// read, write or poll: reads find nothing and writes succeed.

import type { Descriptor } from "../io/descriptor.ts";
import { monotonicTime } from "../io/clock.ts";
import { attachedTo } from "./control.ts";

/** Milliseconds between two checks: each takes the kernel's rtnl lock. */
const PERIOD = 100;

/** The check of one queue. */
export class LinkCheck {
  readonly #descriptor: Descriptor;
  #next = 0;

  constructor(descriptor: Descriptor) {
    this.#descriptor = descriptor;
  }

  /**
   * Asks the kernel, unless it did so a moment ago.
   *
   * @throws {DeviceGoneError} if the link was deleted.
   */
  check(): void {
    const now = monotonicTime();
    if (now < this.#next) return;
    // It throws before the next check is put off: a deleted link stays deleted.
    attachedTo(this.#descriptor.fd, this.#descriptor.what);
    this.#next = now + PERIOD;
  }
}
