// Numbered messages of which the newest are kept, as server-sent events with
// resumption. Source: HTML Living Standard, section 9.2.

import { HEADERS } from "./access.ts";

const TEXT = new TextEncoder();

/** Bytes of a chunk, except for a longer message. */
const CHUNK = 1 << 18;

/** Milliseconds after which an idle stream sends a comment. */
const HEARTBEAT = 15_000;

/** Milliseconds after which a client reconnects. */
const RETRY = 1000;

/** How a journal formats and limits its messages. */
export interface JournalOptions<T> {
  /** The type of the events; undefined for the default, "message". */
  readonly type?: string;
  /** The data of a message. */
  format(message: T): string;
  /** Messages that are kept. */
  readonly messages: number;
  /** Characters of data that are kept; only for messages that are text. */
  readonly characters?: number;
}

/** Where a client continues, and what it gets first. */
export interface StreamOptions {
  /** The header Last-Event-ID. */
  readonly lastEventId: string | null;
  /**
   * Events for a client that does not continue, or whose messages are no longer
   * kept, as of the current end of the journal.
   *
   * @param isBehind Whether the client missed messages.
   */
  snapshot(isBehind: boolean): Iterable<{ type?: string; data: string }>;
  /** Ends the stream. */
  readonly signal: AbortSignal;
}

/** The newest messages of a server. */
export class Journal<T> {
  /** Differs after a restart, so that an id of another run is not continued. */
  readonly #epoch = crypto.randomUUID().slice(0, 8);
  readonly #options: JournalOptions<T>;
  /** Messages; formatted when the first client reads them. */
  #kept: { readonly message: T; bytes?: Uint8Array }[] = [];
  #first = 0;
  #characters = 0;
  #changed = Promise.withResolvers<void>();
  #streams = 0;

  constructor(options: JournalOptions<T>) {
    this.#options = options;
  }

  /** Open streams. */
  get streams(): number {
    return this.#streams;
  }

  /** The number of the next message. */
  get #end(): number {
    return this.#first + this.#kept.length;
  }

  /** Adds messages and wakes the streams. */
  add(messages: Iterable<T>): void {
    const { messages: most, characters = Infinity } = this.#options;
    for (const message of messages) {
      this.#kept.push({ message });
      if (typeof message === "string") this.#characters += message.length;
    }
    let gone = Math.max(0, this.#kept.length - most);
    for (let at = 0; at < this.#kept.length - 1; at++) {
      if (at >= gone && this.#characters <= characters) break;
      const { message } = this.#kept[at]!;
      if (typeof message === "string") this.#characters -= message.length;
      gone = Math.max(gone, at + 1);
    }
    if (gone > 0) {
      this.#kept = this.#kept.slice(gone);
      this.#first += gone;
    }
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /**
   * A response that streams the messages. A chunk is made when the client has
   * taken the one before: a slow client costs one chunk, and gets a snapshot if
   * messages are gone meanwhile.
   */
  stream({ lastEventId, snapshot, signal }: StreamOptions): Response {
    let at = this.#position(lastEventId);
    const end = new AbortController();
    const ended = AbortSignal.any([signal, end.signal]);
    this.#streams++;
    ended.addEventListener("abort", () => this.#streams--, { once: true });
    const fresh = (isBehind: boolean) => {
      const parts = [`retry: ${RETRY}\n\n`];
      for (const { type, data } of snapshot(isBehind)) {
        parts.push(frame(type, data));
      }
      // The position comes last: an interrupted snapshot is not continued.
      at = this.#end;
      parts.push(`event: position\nid: ${this.#epoch}-${at}\ndata:\n\n`);
      return TEXT.encode(parts.join(""));
    };
    let first = true;
    const body = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        try {
          if (ended.aborted) return controller.close();
          if (at === undefined || at < this.#first) {
            const isBehind = !first || lastEventId !== null;
            first = false;
            return controller.enqueue(fresh(isBehind));
          }
          first = false;
          if (at === this.#end && !await this.#wait(ended)) {
            return ended.aborted
              ? controller.close()
              : controller.enqueue(TEXT.encode(":\n\n"));
          }
          if (at < this.#first) return controller.enqueue(fresh(true));
          const chunk = this.#chunk(at);
          at += chunk.messages;
          controller.enqueue(chunk.bytes);
        } catch (error) {
          end.abort();
          throw error;
        }
      },
      cancel: () => end.abort(),
    }, { highWaterMark: 0 });
    return new Response(body, {
      headers: {
        ...HEADERS,
        "content-type": "text/event-stream",
        "cache-control": "no-store",
      },
    });
  }

  /** The number after the last one that a client has. */
  #position(lastEventId: string | null): number | undefined {
    const [epoch, number] = (lastEventId ?? "").split("-");
    const at = Number(number);
    return epoch === this.#epoch && at >= this.#first && at <= this.#end
      ? at
      : undefined;
  }

  /** Waits for messages; false at the end, and when a comment is due. */
  async #wait(ended: AbortSignal): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(resolve, HEARTBEAT, false);
    const stop = () => resolve(false);
    ended.addEventListener("abort", stop, { once: true });
    void this.#changed.promise.then(() => resolve(true));
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      ended.removeEventListener("abort", stop);
    }
  }

  /** The messages from a position on, as far as they fit into a chunk. */
  #chunk(
    at: number,
  ): { readonly bytes: Uint8Array; readonly messages: number } {
    const parts: Uint8Array[] = [];
    let size = 0;
    for (let index = at - this.#first; index < this.#kept.length; index++) {
      const kept = this.#kept[index]!;
      kept.bytes ??= TEXT.encode(frame(
        this.#options.type,
        this.#options.format(kept.message),
        `${this.#epoch}-${this.#first + index + 1}`,
      ));
      if (parts.length > 0 && size + kept.bytes.length > CHUNK) break;
      parts.push(kept.bytes);
      size += kept.bytes.length;
    }
    if (parts.length === 1) return { bytes: parts[0]!, messages: 1 };
    const bytes = new Uint8Array(size);
    let used = 0;
    for (const part of parts) {
      bytes.set(part, used);
      used += part.length;
    }
    return { bytes, messages: parts.length };
  }
}

/** An event; the data is JSON on one line. */
function frame(type: string | undefined, data: string, id?: string): string {
  return (type === undefined ? "" : `event: ${type}\n`) +
    (id === undefined ? "" : `id: ${id}\n`) + `data: ${data}\n\n`;
}
