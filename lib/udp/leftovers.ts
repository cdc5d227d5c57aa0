// Datagrams that a loop took out of the kernel and was left before it gave them.

import type { ReceiveBatch } from "./receive_batch.ts";

/** What iterations took and had not given yet when they were left, oldest first. */
export class Leftovers {
  /** How many iterations left something. */
  count = 0;
  readonly #left: { readonly batch: ReceiveBatch; next: number }[] = [];

  /** Keeps what is in a batch from a slot on; the batch is nobody else's then. */
  keep(batch: ReceiveBatch, next: number): void {
    this.count = this.#left.push({ batch, next });
  }

  /** Moves up to `limit` of one iteration's, of which there are some, to a batch. */
  take(batch: ReceiveBatch, limit: number): number {
    const [first] = this.#left;
    while (batch.count < limit && first.next < first.batch.count) {
      batch.adopt(first.batch, first.next++);
    }
    if (first.next === first.batch.count) {
      this.#left.shift();
      this.count--;
    }
    return batch.count;
  }
}
