// State of one object type, updated by notifications and reconciled with dumps.

/** Receives the changes of a table. */
export interface Sink<T> {
  /** The object is new. */
  added(object: T): void;
  /** These fields of the object differ. */
  changed(object: T, previous: T, fields: readonly string[]): void;
  /** The object was deleted; `previous` is its cached state. */
  removed(object: T, previous: T): void;
}

/**
 * Work in parts: between two of them, the caller can let timers run, and
 * notifications can be applied.
 */
export type Parts<T> = Generator<void, T>;

/** Objects of a dump that are reconciled in one part. */
export const PART = 256;

/**
 * The cached objects of one type.
 *
 * Notifications arrive while a dump is read and reconciled. They are newer than
 * the dump or part of it, so settle() does not change the objects of these
 * notifications.
 */
export interface Table<T> extends Iterable<T> {
  /** The number of objects. */
  readonly size: number;
  /** Adds or updates a notified object; `flags` are those of the message. */
  put(object: T, flags: number, sink: Sink<T>): void;
  /** Deletes a notified object. */
  remove(object: T, sink: Sink<T>): void;
  /** Marks the start of a dump: from here on, notified objects are recorded. */
  begin(): void;
  /**
   * Reconciles the table with a dump.
   *
   * @returns false if another dump is needed.
   */
  settle(found: Iterable<T>, sink: Sink<T>): Parts<boolean>;
}

/** Identity of the objects of one type. */
export interface Identity<T> {
  /** The key of an object. */
  key(object: T): string | number;
  /** The fields that differ between two objects with the same key. */
  differences(object: T, previous: T): readonly string[];
}

/** A table of objects with unique keys. */
export class KeyedTable<T> implements Table<T> {
  readonly #objects = new Map<string | number, T>();
  #touched: Set<string | number> | undefined;
  #isSettled = false;

  constructor(readonly identity: Identity<T>) {}

  get size(): number {
    return this.#objects.size;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#objects.values();
  }

  /** The object with this key. */
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

  *settle(found: Iterable<T>, sink: Sink<T>): Parts<boolean> {
    const touched = this.#touched ??= new Set();
    const gone = new Map(this.#objects);
    const there: Array<readonly [string | number, T]> = [];
    // A snapshot has the order of the dump, regardless of notifications.
    const isFirst = !this.#isSettled;
    this.#isSettled = true;
    let count = 0;
    for (const object of found) {
      if (++count % PART === 0) yield;
      const key = this.identity.key(object);
      gone.delete(key);
      there.push([key, object]);
    }
    for (const [key, object] of gone) {
      if (++count % PART === 0) yield;
      if (touched.has(key)) continue;
      this.#objects.delete(key);
      sink.removed(object, object);
    }
    for (const [key, object] of there) {
      if (++count % PART === 0) yield;
      if (!touched.has(key)) this.#set(key, object, sink);
      else if (isFirst) this.#moveToEnd(key);
    }
    this.#touched = undefined;
    return true;
  }

  #moveToEnd(key: string | number): void {
    const object = this.#objects.get(key);
    if (object === undefined) return;
    this.#objects.delete(key);
    this.#objects.set(key, object);
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
