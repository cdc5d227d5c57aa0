// A live view: redrawn on the alternate screen of a terminal, appended
// elsewhere.

import type { Output } from "./output.ts";

const ENTER = "\x1b[?1049h\x1b[?25l";
const LEAVE = "\x1b[?25h\x1b[?1049l";
const HOME = "\x1b[H";
const END_OF_LINE = "\x1b[K";
const END_OF_SCREEN = "\x1b[J";

/** Of a terminal, in characters. */
export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** The lines of a view; the size is undefined where stdout is no terminal. */
export type Content = (size: ScreenSize | undefined) => readonly string[];

/** Draws a live view. */
export class Screen implements AsyncDisposable {
  /** Whether it is redrawn in place. */
  readonly isTerminal: boolean;
  readonly #output: Output;
  #content: Content = () => [];
  #drawn = false;
  readonly #resized = () => this.draw(this.#content);

  constructor(output: Output) {
    this.#output = output;
    this.isTerminal = output.isTerminal;
    if (!this.isTerminal) return;
    output.raw(ENTER);
    Deno.addSignalListener("SIGWINCH", this.#resized);
  }

  /** Replaces the view; called again when the terminal has another size. */
  draw(content: Content): void {
    this.#content = content;
    if (this.isTerminal) {
      const size = Deno.consoleSize();
      return this.#output.raw(this.#fitted(content(size), size));
    }
    if (this.#drawn) this.#output.line("");
    this.#drawn = true;
    for (const line of content(undefined)) this.#output.line(line);
  }

  #fitted(lines: readonly string[], { rows, columns }: ScreenSize): string {
    const shown = lines.length < rows
      ? lines
      : [...lines.slice(0, rows - 2), `… and ${lines.length - rows + 2} more`];
    return HOME +
      shown.map((line) => cut(line, columns) + END_OF_LINE).join("\r\n") +
      END_OF_SCREEN;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.isTerminal) return;
    Deno.removeSignalListener("SIGWINCH", this.#resized);
    this.#output.raw(LEAVE);
    await this.#output.flush();
  }
}

/** Cuts a line to a width, ignoring colour sequences. */
function cut(line: string, columns: number): string {
  let width = 0;
  let shown = "";
  // deno-lint-ignore no-control-regex -- colour sequences
  for (const [part] of line.matchAll(/\x1b\[[\d;]*m|[^\x1b]/gu)) {
    if (!part.startsWith("\x1b")) {
      if (width === columns) continue;
      width++;
    }
    shown += part;
  }
  return shown;
}
