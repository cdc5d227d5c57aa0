// Datagrams that an iterator received and did not return before it was stopped.

import type { ReceiveBatch } from "./receive_batch.ts";

/** Unread datagrams of a socket, oldest first: the next receive takes them. */
export class UnreadDatagrams {
  readonly #parts: { readonly batch: ReceiveBatch; next: number }[] = [];

  /** Whether there are none. */
  get isEmpty(): boolean {
    return this.#parts.length === 0;
  }

  /** Adds those of a batch from a slot on; the batch must not be used again. */
  add(batch: ReceiveBatch, next: number): void {
    this.#parts.push({ batch, next });
  }

  /** Moves up to `limit` of the oldest into an empty batch; returns how many. */
  moveTo(batch: ReceiveBatch, limit: number): number {
    const [first] = this.#parts;
    batch.vector.reset();
    if (first === undefined) return 0;
    while (batch.count < limit && first.next < first.batch.count) {
      batch.vector.append(first.batch.vector, first.next++);
      batch.count++;
    }
    if (first.next === first.batch.count) this.#parts.shift();
    return batch.count;
  }
}
