// Messages read ahead from the kernel's receive buffer, which charges at least
// 768 bytes for each; here they take their length.

import type { NetlinkCounters } from "./counters.ts";
import { NetlinkBuffer } from "./buffer.ts";
import { MessageReader } from "./message.ts";

/** Bytes of a block; one is kept for reuse. */
const BLOCK = 1 << 18;
/** Words in front of each message: its length and the namespace id. */
const HEAD = 2;

/** Visits a message; `nsid` is -1 for the socket's own namespace. */
export type Visit = (message: MessageReader, nsid: number) => void;

/** Memory for messages, one after the other. */
class Block {
  readonly reader: MessageReader;
  readonly words: Int32Array<ArrayBuffer>;
  /** Words in use, and words visited. */
  end = 0;
  at = 0;

  constructor(words: number, counters: NetlinkCounters) {
    const buffer = new NetlinkBuffer(4 * words);
    this.reader = new MessageReader(buffer, counters);
    this.words = buffer.words;
  }
}

/** Messages in the order of arrival. */
export class Backlog {
  readonly #counters: NetlinkCounters;
  readonly #blocks: Block[] = [];
  #spare: Block | undefined;
  /** Words of all blocks. */
  #words = 0;

  constructor(counters: NetlinkCounters) {
    this.#counters = counters;
  }

  /** Whether it is empty. */
  get isEmpty(): boolean {
    return this.#blocks.length === 0;
  }

  /** Its memory, in bytes. */
  get bytes(): number {
    return 4 * this.#words;
  }

  /** Appends a copy of a message, the words from `first` on. */
  add(
    words: Int32Array,
    first: number,
    bytes: number,
    nsid: number,
  ): void {
    const length = bytes + 3 >> 2;
    const block = this.#blockFor(HEAD + length);
    const own = block.words;
    let at = block.end;
    own[at++] = bytes;
    own[at++] = nsid;
    // A loop is faster than set() for so few words.
    for (let i = first; i < first + length; i++) own[at++] = words[i]!;
    block.end = at;
  }

  /** Visits and removes up to `count` messages. */
  visit(count: number, visit: Visit): void {
    let left = count;
    for (;;) {
      const [block] = this.#blocks;
      if (left <= 0 || block === undefined) return;
      const { reader, words } = block;
      for (; left > 0 && block.at < block.end; left--) {
        const bytes = words[block.at]!;
        const nsid = words[block.at + 1]!;
        const start = block.at + HEAD << 2;
        block.at += HEAD + (bytes + 3 >> 2);
        reader.reset(start, start + bytes);
        while (reader.next()) visit(reader, nsid);
      }
      if (block.at === block.end) this.#drop();
    }
  }

  #blockFor(words: number): Block {
    const last = this.#blocks.at(-1);
    if (last !== undefined && last.words.length - last.end >= words) {
      return last;
    }
    const spare = this.#spare;
    const fits = spare !== undefined && spare.words.length >= words;
    const block = fits
      ? spare
      : new Block(Math.max(BLOCK >> 2, words), this.#counters);
    if (fits) this.#spare = undefined;
    this.#blocks.push(block);
    this.#words += block.words.length;
    return block;
  }

  #drop(): void {
    const block = this.#blocks.shift()!;
    this.#words -= block.words.length;
    block.at = block.end = 0;
    this.#spare = block;
  }
}
