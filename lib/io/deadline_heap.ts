// Operations with a time limit, the next to expire first: a binary heap in which
// each entry knows its position, so that one that ended early leaves at once.

/** An entry of the heap. */
export interface Expiring {
  /** When it expires, in milliseconds of `monotonicTime()`. */
  readonly deadline: number;
  /** Where it is in the heap; -1 while it is not. */
  position: number;
}

/** A priority queue by deadline; every operation is O(log n). */
export class DeadlineHeap<T extends Expiring> {
  readonly #entries: T[] = [];

  /** The entry that expires next. */
  get next(): T | undefined {
    return this.#entries[0];
  }

  /** Adds an entry. */
  add(entry: T): void {
    this.#entries.push(entry);
    this.#raise(entry, this.#entries.length - 1);
  }

  /** Removes an entry that is in the heap. */
  remove(entry: T): void {
    const at = entry.position;
    entry.position = -1;
    const last = this.#entries.pop()!;
    if (last === entry) return;
    if (at > 0 && last.deadline < this.#entries[(at - 1) >> 1]!.deadline) {
      this.#raise(last, at);
    } else this.#lower(last, at);
  }

  #raise(entry: T, at: number): void {
    const entries = this.#entries;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = entries[parent]!;
      if (above.deadline <= entry.deadline) break;
      entries[at] = above;
      above.position = at;
      at = parent;
    }
    entries[at] = entry;
    entry.position = at;
  }

  #lower(entry: T, at: number): void {
    const entries = this.#entries;
    const { length } = entries;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (
        child + 1 < length &&
        entries[child + 1]!.deadline < entries[child]!.deadline
      ) child++;
      const below = entries[child]!;
      if (entry.deadline <= below.deadline) break;
      entries[at] = below;
      below.position = at;
      at = child;
    }
    entries[at] = entry;
    entry.position = at;
  }
}
