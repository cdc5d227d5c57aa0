// What is known of one kind of object, brought up to date in two ways: message
// by message, and by comparing it with what a dump found.

/** Where a table says what became of its objects. */
export interface Sink<T> {
  /** It was not there before. */
  added(object: T): void;
  /** It differs in these fields. */
  changed(object: T, previous: T, fields: readonly string[]): void;
  /** It is gone; `previous` is what was known of it. */
  removed(object: T, previous: T): void;
}

/**
 * The objects of one kind.
 *
 * While a dump is being read, messages go on coming. What they say of an object
 * is newer than the dump or in it already, so settle() leaves alone what they
 * were about.
 */
export interface Table<T> extends Iterable<T> {
  /** How many there are. */
  readonly size: number;
  /** Takes up what the kernel says there is; `flags` are those of its message. */
  put(object: T, flags: number, sink: Sink<T>): void;
  /** Takes out what the kernel says is gone. */
  remove(object: T, sink: Sink<T>): void;
  /** A dump begins: from here on, notes what messages are about. */
  begin(): void;
  /**
   * Compares what is known with what the dump found.
   *
   * @returns Whether all of it is certain; if not, another dump will tell.
   */
  settle(found: Iterable<T>, sink: Sink<T>): boolean;
}

/** How to tell the objects of a kind apart. */
export interface Identity<T> {
  /** What makes an object this one and no other. */
  key(object: T): string | number;
  /** The fields in which two of the same key differ. */
  differences(object: T, previous: T): readonly string[];
}

/** A table of objects that are told apart by a key. */
export class KeyedTable<T> implements Table<T> {
  readonly #objects = new Map<string | number, T>();
  #touched: Set<string | number> | undefined;

  constructor(readonly identity: Identity<T>) {}

  get size(): number {
    return this.#objects.size;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#objects.values();
  }

  /** The object of a key. */
  get(key: string | number): T | undefined {
    return this.#objects.get(key);
  }

  put(object: T, _flags: number, sink: Sink<T>): void {
    const key = this.identity.key(object);
    this.#touched?.add(key);
    this.#set(key, object, sink);
  }

  remove(object: T, sink: Sink<T>): void {
    const key = this.identity.key(object);
    this.#touched?.add(key);
    const previous = this.#objects.get(key);
    if (previous === undefined) return;
    this.#objects.delete(key);
    sink.removed(object, previous);
  }

  begin(): void {
    this.#touched = new Set();
  }

  settle(found: Iterable<T>, sink: Sink<T>): boolean {
    const touched = this.#touched ?? new Set();
    this.#touched = undefined;
    const gone = new Map(this.#objects);
    const there: Array<readonly [string | number, T]> = [];
    for (const object of found) {
      const key = this.identity.key(object);
      gone.delete(key);
      if (!touched.has(key)) there.push([key, object]);
    }
    for (const [key, object] of gone) {
      if (touched.has(key)) continue;
      this.#objects.delete(key);
      sink.removed(object, object);
    }
    for (const [key, object] of there) this.#set(key, object, sink);
    return true;
  }

  #set(key: string | number, object: T, sink: Sink<T>): void {
    const previous = this.#objects.get(key);
    this.#objects.set(key, object);
    if (previous === undefined) {
      sink.added(object);
      return;
    }
    const fields = this.identity.differences(object, previous);
    if (fields.length > 0) sink.changed(object, previous, fields);
  }
}
