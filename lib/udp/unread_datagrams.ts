// Datagrams that an iterator received and did not return before it was stopped.

import type { ReceiveBatch } from "./receive_batch.ts";

/** Unread datagrams of a socket, oldest first: the next receive takes them. */
export class UnreadDatagrams {
  /** Made when it is needed: few sockets are iterated and then received from. */
  #parts: { readonly batch: ReceiveBatch; next: number }[] | undefined;

  /** Whether there are none. */
  get isEmpty(): boolean {
    return this.#parts === undefined || this.#parts.length === 0;
  }

  /** Adds those of a batch from a slot on; the batch must not be used again. */
  add(batch: ReceiveBatch, next: number): void {
    (this.#parts ??= []).push({ batch, next });
  }

  /** Moves up to `limit` of the oldest into an empty batch; returns how many. */
  moveTo(batch: ReceiveBatch, limit: number): number {
    batch.vector.reset();
    const parts = this.#parts;
    const first = parts?.[0];
    if (parts === undefined || first === undefined) return 0;
    while (batch.count < limit && first.next < first.batch.count) {
      batch.vector.append(first.batch.vector, first.next++);
      batch.count++;
    }
    if (first.next === first.batch.count) parts.shift();
    return batch.count;
  }
}
