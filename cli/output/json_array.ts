// A JSON array as chunks of bytes in one reused buffer.

/** Approximate bytes of a chunk. */
const CHUNK = 1 << 18;
const COMMA = 0x2c;
const encoder = new TextEncoder();

export class JsonArray {
  #bytes = new Uint8Array(CHUNK + (CHUNK >> 2));
  #used = 0;
  #separator = "[".charCodeAt(0);

  /** Adds a value, as JSON text. */
  add(json: string): void {
    this.#separate(json.length * 3);
    this.#used +=
      encoder.encodeInto(json, this.#bytes.subarray(this.#used)).written;
  }

  /** Adds a value in three parts, the middle one ASCII. */
  addAround(before: Uint8Array, ascii: string, after: Uint8Array): void {
    this.#separate(before.length + ascii.length + after.length);
    const bytes = this.#bytes;
    let at = this.#used;
    // A loop is faster than set() for a few bytes.
    for (let i = 0; i < before.length; i++) bytes[at++] = before[i];
    for (let i = 0; i < ascii.length; i++) bytes[at++] = ascii.charCodeAt(i);
    for (let i = 0; i < after.length; i++) bytes[at++] = after[i];
    this.#used = at;
  }

  /** Whether a chunk is complete. */
  get isFull(): boolean {
    return this.#used >= CHUNK;
  }

  /** Adds the end of the array. */
  end(): void {
    const isEmpty = this.#separator !== COMMA;
    this.#reserve(2);
    if (isEmpty) this.#bytes[this.#used++] = this.#separator;
    this.#bytes[this.#used++] = "]".charCodeAt(0);
  }

  /** The chunk; valid until the next value is added. */
  take(): Uint8Array<ArrayBuffer> {
    const chunk = this.#bytes.subarray(0, this.#used);
    this.#used = 0;
    return chunk;
  }

  #separate(size: number): void {
    this.#reserve(size + 1);
    this.#bytes[this.#used++] = this.#separator;
    this.#separator = COMMA;
  }

  #reserve(size: number): void {
    if (this.#bytes.length - this.#used >= size) return;
    const bytes = new Uint8Array(2 * (this.#used + size));
    bytes.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = bytes;
  }
}

/** The bytes of an array of values, each as JSON text. */
export function* jsonArray(
  values: Iterable<string>,
): Generator<Uint8Array<ArrayBuffer>> {
  const array = new JsonArray();
  for (const value of values) {
    array.add(value);
    if (array.isFull) yield array.take();
  }
  array.end();
  yield array.take();
}
