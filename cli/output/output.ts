// stdout: text, or one JSON object on each line.

import { consoleExport } from "./telemetry.ts";
import { printableJson } from "./printable.ts";
import { type Style, style, wantsColor } from "./style.ts";

/** A writer such as Deno.stdout. */
export interface Sink {
  write(bytes: Uint8Array): Promise<number>;
  isTerminal(): boolean;
}

export interface OutputOptions {
  /** JSON lines instead of text. */
  readonly json?: boolean;
  /** Called once when the reader closes the pipe (`| head`). */
  readonly onClosed?: () => void;
  readonly sink?: Sink;
}

// Pending characters from which ready() waits.
const HIGH_WATER = 1 << 18;

/** How long the last write of a service may take, in milliseconds. */
const LAST_WRITE = 1000;

let isBlocked = false;

/** Ends the process if a write to stdout never ends, which would keep it. */
export function exitIfBlocked(): void {
  if (isBlocked) Deno.exit();
}

/** Maximum bytes of a write. */
const PIECE = 1 << 17;

/**
 * Buffered lines for stdout. Lines that are added during a write are written
 * together by the next one.
 */
export class Output implements AsyncDisposable {
  /** Whether this run prints JSON lines. */
  readonly json: boolean;
  /** Colours, only on a terminal. */
  readonly style: Style;
  /** Whether stdout is a terminal. */
  readonly isTerminal: boolean;
  readonly #sink: Sink;
  readonly #onClosed: () => void;
  readonly #encoder = new TextEncoder();
  /** The write buffer. */
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
    // Each call is a system call.
    this.isTerminal = this.#sink.isTerminal();
  }

  /**
   * From now on lines are dropped when a write fails, or when the reader is too
   * slow, without ending the run or waiting: a service outlives its log.
   */
  dropLinesOnError(): void {
    this.#dropsLines = true;
  }

  /** Writes a line of text; use printable() for untrusted parts. */
  line(text: string): void {
    this.#add(text + "\n");
  }

  /** Writes terminal control sequences. */
  raw(text: string): void {
    this.#add(text);
  }

  /** Writes a value as a line of JSON. */
  object(value: unknown): void {
    this.#record(printableJson(value));
  }

  /** Writes a line in chunks of UTF-8; each is generated after the last write. */
  async bytes(pieces: Iterable<Uint8Array<ArrayBuffer>>): Promise<void> {
    if (consoleExport) {
      const copies = Array.from(pieces, (piece) => piece.slice());
      return this.#record(await new Blob(copies).text());
    }
    await this.flush();
    for (const piece of pieces) await this.#attempt(() => this.#send(piece));
    this.line("");
  }

  /** Writes a value as JSON or text. */
  event<T>(value: T, text: (value: T) => string): void {
    this.#record(this.json ? printableJson(value) : text(value));
  }

  /** Resolves when the pending output is below the high-water mark. */
  async ready(): Promise<void> {
    if (this.#dropsLines) return;
    if (this.#pending.length > HIGH_WATER) await this.flush();
  }

  /** Resolves when all output is written or stdout is closed. */
  async flush(): Promise<void> {
    while (this.#writing) await this.#writing;
    if (this.#failure) throw this.#failure;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#dropsLines) return await this.flush();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LAST_WRITE);
    });
    await Promise.race([this.flush(), late]);
    clearTimeout(timer);
    isBlocked = this.#writing !== undefined;
  }

  #record(text: string): void {
    if (consoleExport !== "capture") this.line(text);
    // In "capture" mode console.log() prints as well as exports.
    if (consoleExport) console.log(text);
  }

  #add(text: string): void {
    if (this.#closed) return;
    if (this.#dropsLines && this.#pending.length > HIGH_WATER) return;
    this.#pending += text;
    this.#writing ??= this.#write();
  }

  async #write(): Promise<void> {
    // Collect the lines of this turn.
    await Promise.resolve();
    await this.#attempt(async () => {
      while (this.#pending) {
        const text = this.#pending;
        const { read, written } = this.#encoder.encodeInto(text, this.#piece);
        this.#pending = read < text.length ? text.slice(read) : "";
        await this.#send(this.#piece.subarray(0, written));
      }
    });
    // Lines may have been added after the last check.
    this.#writing = this.#pending === "" ? undefined : this.#write();
  }

  async #send(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length && !this.#closed;) {
      sent += await this.#sink.write(bytes.subarray(sent));
    }
  }

  /** Writes; a closed pipe is not an error. */
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
