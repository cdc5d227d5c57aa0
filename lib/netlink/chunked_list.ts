// A list built from small arrays. One large array would be promoted to the old
// generation early, and keep its objects until the next full collection.

/** Objects a chunk. */
const CHUNK = 1024;

/** Collects objects; read once, at the end. */
export class ChunkedList<T> {
  readonly #full: T[][] = [];
  #chunk = new Array<T>(CHUNK);
  #count = 0;

  add(object: T): void {
    this.#chunk[this.#count++] = object;
    if (this.#count < CHUNK) return;
    this.#full.push(this.#chunk);
    this.#chunk = new Array<T>(CHUNK);
    this.#count = 0;
  }

  /** All objects in one array; call it once. */
  all(): T[] {
    this.#chunk.length = this.#count;
    if (this.#full.length === 0) return this.#chunk;
    const all = new Array<T>(this.#full.length * CHUNK + this.#count);
    let at = 0;
    for (const chunk of [...this.#full, this.#chunk]) {
      for (let i = 0; i < chunk.length; i++) all[at++] = chunk[i]!;
    }
    return all;
  }
}
