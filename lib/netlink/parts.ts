// What a dump gathers, in small arrays until its end. One large array would be
// old to the garbage collector long before it is whole, and then everything
// that was ever put into it outlives it until the next full collection.

/** A length that is soon whole and makes few parts of many objects. */
const PART = 1024;

/** Objects as they come. */
export class Parts<T> {
  readonly #whole: T[][] = [];
  #part = new Array<T>(PART);
  #count = 0;

  add(object: T): void {
    this.#part[this.#count++] = object;
    if (this.#count < PART) return;
    this.#whole.push(this.#part);
    this.#part = new Array<T>(PART);
    this.#count = 0;
  }

  /** All of them in one array, once. */
  all(): T[] {
    this.#part.length = this.#count;
    if (this.#whole.length === 0) return this.#part;
    const all = new Array<T>(this.#whole.length * PART + this.#count);
    let at = 0;
    for (const part of [...this.#whole, this.#part]) {
      for (let i = 0; i < part.length; i++) all[at++] = part[i]!;
    }
    return all;
  }
}
