// Objects that are made of their messages when they are looked at. What is kept
// are the datagrams themselves, in the memory they were received into.

import type { Decode } from "./transaction.ts";
import type { MessageReader } from "./message.ts";

/**
 * The messages of a dump, each of which becomes an object when it is asked for,
 * and a new one every time: for tables that are walked once, or of which little
 * is needed. It takes the memory of the messages, half of that of objects, and
 * gives the garbage collector nothing to do.
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
  /** One for each piece of memory, and the index of the first message in it. */
  readonly #pieces: {
    readonly reader: MessageReader;
    readonly first: number;
  }[] = [];
  #reader: MessageReader | undefined;
  /** Where each message begins in its piece. */
  #starts = new Uint32Array(64);
  #length = 0;

  /**
   * Begins with nothing in it.
   *
   * @param decode Makes an object of a message.
   * @param accept Whether a message is one to keep; `decode` must not give
   * undefined for those. It need not be the whole of what `decode` looks at.
   */
  constructor(
    decode: Decode<T>,
    accept: (message: MessageReader) => boolean = () => true,
  ) {
    this.#decode = decode;
    this.#accept = accept;
  }

  /** How many there are. */
  get length(): number {
    return this.#length;
  }

  /** Takes up the current message; its memory has to stay as it is. */
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
   * @param index Counted from the end where it is negative.
   * @returns A new object each time; undefined where there is none.
   */
  at(index: number): T | undefined {
    const place = Math.trunc(index) + (index < 0 ? this.#length : 0);
    if (!(place >= 0 && place < this.#length)) return undefined;
    const { reader } = this.#pieces.findLast(({ first }) => first <= place)!;
    return this.#decode(this.#goTo(reader, place));
  }

  /** All of them, one after the other. */
  *[Symbol.iterator](): IteratorObject<T, undefined> {
    for (const message of this.messages()) yield this.#decode(message)!;
  }

  /** Their messages; each is only valid until the next. */
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
