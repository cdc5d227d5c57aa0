// What a command says on stdout: text for people or one JSON object a line.

import { consoleExport } from "./telemetry.ts";
import { printableJson } from "./printable.ts";
import { type Style, style, wantsColor } from "./style.ts";

/** Where the bytes go; Deno.stdout is one. */
export interface Sink {
  write(bytes: Uint8Array): Promise<number>;
  isTerminal(): boolean;
}

export interface OutputOptions {
  /** JSON lines instead of text. */
  readonly json?: boolean;
  /** Called once when whoever was reading has gone (`| head`). */
  readonly onClosed?: () => void;
  readonly sink?: Sink;
}

// Enough for a good write, small against what a monitor may have to say.
const HIGH_WATER = 1 << 18;

/** Bytes of a write, at most; more than a terminal or a pipe takes at once. */
const PIECE = 1 << 17;

/**
 * Lines for stdout. What is said while a write is under way goes out together
 * in the next one, so a slow reader costs few system calls and no thread.
 */
export class Output implements AsyncDisposable {
  /** Whether this run prints JSON lines. */
  readonly json: boolean;
  /** Painters for text; they do nothing unless stdout is a terminal. */
  readonly style: Style;
  /** Whether a person is watching. */
  readonly isTerminal: boolean;
  readonly #sink: Sink;
  readonly #onClosed: () => void;
  readonly #encoder = new TextEncoder();
  /** What is being written: one piece of memory, not one for each write. */
  readonly #piece = new Uint8Array(PIECE);
  #pending = "";
  #writing: Promise<void> | undefined;
  #failure: unknown;
  #closed = false;
  #dropsLines = false;

  constructor(options: OutputOptions = {}) {
    this.json = options.json ?? false;
    this.#sink = options.sink ?? Deno.stdout;
    this.#onClosed = options.onClosed ?? (() => {});
    this.style = style(!this.json && wantsColor(this.#sink));
    // A system call each time, which for every line is too many.
    this.isTerminal = this.#sink.isTerminal();
  }

  /**
   * From now on a write that fails loses its lines and does not end the run: a
   * service outlives its log.
   */
  dropLinesOnError(): void {
    this.#dropsLines = true;
  }

  /** One line of text; what came from outside belongs through `printable`. */
  line(text: string): void {
    this.#add(text + "\n");
  }

  /** What a terminal obeys, as it is. */
  raw(text: string): void {
    this.#add(text);
  }

  /** One value as a line of JSON. */
  object(value: unknown): void {
    this.#record(printableJson(value));
  }

  /** A line that comes in pieces of UTF-8, each made when the last is gone. */
  async bytes(pieces: Iterable<Uint8Array<ArrayBuffer>>): Promise<void> {
    if (consoleExport) {
      const copies = Array.from(pieces, (piece) => piece.slice());
      return this.#record(await new Blob(copies).text());
    }
    await this.flush();
    for (const piece of pieces) await this.#attempt(() => this.#send(piece));
    this.line("");
  }

  /** Whichever form this run prints; only that one is made. */
  event<T>(value: T, text: (value: T) => string): void {
    this.#record(this.json ? printableJson(value) : text(value));
  }

  /** Resolves at once while the reader keeps up, otherwise when it has. */
  async ready(): Promise<void> {
    if (this.#pending.length > HIGH_WATER) await this.flush();
  }

  /** Resolves when all that was said is written or nobody reads any more. */
  async flush(): Promise<void> {
    while (this.#writing) await this.#writing;
    if (this.#failure) throw this.#failure;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush();
  }

  #record(text: string): void {
    if (consoleExport !== "capture") this.line(text);
    // What is exported as a log is printed with it, where that is not replaced.
    if (consoleExport) console.log(text);
  }

  #add(text: string): void {
    if (this.#closed) return;
    this.#pending += text;
    this.#writing ??= this.#write();
  }

  async #write(): Promise<void> {
    // Lines said in the same turn leave together.
    await Promise.resolve();
    await this.#attempt(async () => {
      while (this.#pending) {
        const text = this.#pending;
        const { read, written } = this.#encoder.encodeInto(text, this.#piece);
        this.#pending = read < text.length ? text.slice(read) : "";
        await this.#send(this.#piece.subarray(0, written));
      }
    });
    // Something may have been said since nothing was left.
    this.#writing = this.#pending === "" ? undefined : this.#write();
  }

  async #send(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length && !this.#closed;) {
      sent += await this.#sink.write(bytes.subarray(sent));
    }
  }

  /** Writes; a reader that has gone ends it quietly. */
  async #attempt(write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      this.#pending = "";
      if (this.#dropsLines) return;
      this.#closed = true;
      if (error instanceof Deno.errors.BrokenPipe) this.#onClosed();
      else this.#failure = error;
    }
  }
}
