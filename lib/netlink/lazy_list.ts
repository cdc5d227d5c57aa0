// List of objects that are decoded on access. It stores datagrams in the memory
// that they were received into.

import type { Decode } from "./transaction.ts";
import type { MessageReader } from "./message.ts";

/**
 * The messages of a dump, each decoded on access into a new object: for tables
 * that are iterated once, or of which little is needed. It needs half of the
 * memory of objects, and no garbage collection.
 *
 * Source: netlink(7).
 *
 * @example
 * ```ts
 * import { RouteSocket } from "@netplumb/netplumb";
 *
 * await using socket = RouteSocket.open();
 * const routes = await socket.routes({ lazy: true });
 * let defaults = 0;
 * for (const { prefixLength } of routes) if (prefixLength === 0) defaults++;
 * console.log(`${defaults} of ${routes.length}`, routes.at(0)?.ifindex);
 * ```
 */
export class LazyList<T> implements Iterable<T> {
  readonly #decode: Decode<T>;
  readonly #accept: (message: MessageReader) => boolean;
  /** The blocks of memory, each with the index of its first message. */
  readonly #pieces: {
    readonly reader: MessageReader;
    readonly first: number;
  }[] = [];
  #reader: MessageReader | undefined;
  /** The offset of each message in its block. */
  #starts = new Uint32Array(64);
  #length = 0;

  /**
   * Creates an empty list.
   *
   * @param decode Decodes a message.
   * @param accept Whether to add a message; `decode` must not return undefined
   *   for it. It may check less than `decode`.
   */
  constructor(
    decode: Decode<T>,
    accept: (message: MessageReader) => boolean = () => true,
  ) {
    this.#decode = decode;
    this.#accept = accept;
  }

  /** The number of messages. */
  get length(): number {
    return this.#length;
  }

  /** Adds the current message; its memory must not be reused. */
  take(message: MessageReader): undefined {
    if (!this.#accept(message)) return;
    if (message !== this.#reader) {
      this.#reader = message;
      this.#pieces.push({ reader: message, first: this.#length });
    }
    if (this.#length === this.#starts.length) {
      const starts = new Uint32Array(2 * this.#length);
      starts.set(this.#starts);
      this.#starts = starts;
    }
    this.#starts[this.#length++] = message.start;
  }

  /**
   * The object at an index.
   *
   * @param index Counted from the end if negative.
   * @returns A new object each time; undefined outside of the list.
   */
  at(index: number): T | undefined {
    const place = Math.trunc(index) + (index < 0 ? this.#length : 0);
    if (!(place >= 0 && place < this.#length)) return undefined;
    const { reader } = this.#pieces.findLast(({ first }) => first <= place)!;
    return this.#decode(this.#goTo(reader, place));
  }

  /** Iterates over the objects. */
  *[Symbol.iterator](): IteratorObject<T, undefined> {
    for (const message of this.messages()) yield this.#decode(message)!;
  }

  /** Iterates over the messages; each is valid only until the next. */
  *messages(): IteratorObject<MessageReader, undefined> {
    for (const [index, { reader, first }] of this.#pieces.entries()) {
      const end = this.#pieces[index + 1]?.first ?? this.#length;
      for (let at = first; at < end; at++) yield this.#goTo(reader, at);
    }
  }

  #goTo(reader: MessageReader, index: number): MessageReader {
    const start = this.#starts[index]!;
    reader.reset(start, start + reader.words[start >> 2]!);
    reader.next();
    return reader;
  }
}
