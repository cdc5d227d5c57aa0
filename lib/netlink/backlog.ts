// Messages that were taken out of the kernel's queue before their turn. It
// counts 768 bytes and more for each; here they take what they are long.

import type { NetlinkCounters } from "./counters.ts";
import { NetlinkBuffer } from "./buffer.ts";
import { MessageReader } from "./message.ts";

/** Bytes of a piece of memory; one of these stays, for the next time. */
const PIECE = 1 << 18;
/** Words in front of each message: its length, and the namespace's id. */
const HEAD = 2;

/** What is done with a message; `nsid` is -1 for the socket's own namespace. */
export type Visit = (message: MessageReader, nsid: number) => void;

/** Memory that messages are put into, one behind the other. */
class Piece {
  readonly reader: MessageReader;
  readonly words: Int32Array<ArrayBuffer>;
  /** Words in use, and those of them that were visited. */
  end = 0;
  at = 0;

  constructor(words: number, counters: NetlinkCounters) {
    const buffer = new NetlinkBuffer(4 * words);
    this.reader = new MessageReader(buffer, counters);
    this.words = buffer.words;
  }
}

/** Messages in the order they came. */
export class Backlog {
  readonly #counters: NetlinkCounters;
  readonly #pieces: Piece[] = [];
  #spare: Piece | undefined;
  /** Words of all pieces. */
  #words = 0;

  constructor(counters: NetlinkCounters) {
    this.#counters = counters;
  }

  /** Whether there is none. */
  get isEmpty(): boolean {
    return this.#pieces.length === 0;
  }

  /** The memory it takes, in bytes. */
  get bytes(): number {
    return 4 * this.#words;
  }

  /** Puts a copy of a message, the words from `first` on, behind the others. */
  add(
    words: Int32Array,
    first: number,
    bytes: number,
    nsid: number,
  ): void {
    const length = bytes + 3 >> 2;
    const piece = this.#room(HEAD + length);
    const own = piece.words;
    let at = piece.end;
    own[at++] = bytes;
    own[at++] = nsid;
    // For so few words a loop is faster than set().
    for (let i = first; i < first + length; i++) own[at++] = words[i]!;
    piece.end = at;
  }

  /** Visits so many messages, which are gone with it. */
  visit(count: number, visit: Visit): void {
    let left = count;
    for (;;) {
      const [piece] = this.#pieces;
      if (left <= 0 || piece === undefined) return;
      const { reader, words } = piece;
      for (; left > 0 && piece.at < piece.end; left--) {
        const bytes = words[piece.at]!;
        const nsid = words[piece.at + 1]!;
        const start = piece.at + HEAD << 2;
        piece.at += HEAD + (bytes + 3 >> 2);
        reader.reset(start, start + bytes);
        while (reader.next()) visit(reader, nsid);
      }
      if (piece.at === piece.end) this.#drop();
    }
  }

  #room(words: number): Piece {
    const last = this.#pieces.at(-1);
    if (last !== undefined && last.words.length - last.end >= words) {
      return last;
    }
    const spare = this.#spare;
    const fits = spare !== undefined && spare.words.length >= words;
    const piece = fits
      ? spare
      : new Piece(Math.max(PIECE >> 2, words), this.#counters);
    if (fits) this.#spare = undefined;
    this.#pieces.push(piece);
    this.#words += piece.words.length;
    return piece;
  }

  #drop(): void {
    const piece = this.#pieces.shift()!;
    this.#words -= piece.words.length;
    piece.at = piece.end = 0;
    this.#spare = piece;
  }
}
