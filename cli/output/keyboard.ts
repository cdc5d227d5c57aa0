// Keys that are typed on the terminal of stdin.

import { Descriptor } from "../../lib/io/descriptor.ts";

/** An escape sequence, or a character. */
// deno-lint-ignore no-control-regex -- ESC
const KEYS = /\x1b(?:\[[\d;]*[A-Za-z~]|O[A-Z])|[^]/gu;

/** Reads keys one by one; the terminal does not echo them. */
export class Keyboard implements AsyncDisposable {
  readonly #stdin = new Descriptor(0, "stdin", { borrowed: true });
  readonly #bytes = new Uint8Array(4096);
  readonly #decoder = new TextDecoder();

  private constructor() {
    Deno.stdin.setRaw(true);
  }

  /** Undefined where stdin is not a terminal. */
  static open(): Keyboard | undefined {
    return Deno.stdin.isTerminal() ? new Keyboard() : undefined;
  }

  /**
   * Waits for keys; undefined when the terminal is closed.
   *
   * A wait for Deno.stdin could not be cancelled: the process would end only at
   * the next key.
   */
  async read(signal: AbortSignal): Promise<string[] | undefined> {
    await this.#stdin.readable({ signal });
    const length = Deno.stdin.readSync(this.#bytes);
    if (length === null) return undefined;
    const text = this.#decoder.decode(this.#bytes.subarray(0, length), {
      stream: true,
    });
    return text.match(KEYS) ?? [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    Deno.stdin.setRaw(false);
    await this.#stdin.close();
  }
}
