// A live view: redrawn on the alternate screen of a terminal, appended
// elsewhere.

import type { Output } from "./output.ts";

const ENTER = "\x1b[?1049h\x1b[?25l";
const LEAVE = "\x1b[?25h\x1b[?1049l";
const HOME = "\x1b[H";
const END_OF_LINE = "\x1b[K";
const END_OF_SCREEN = "\x1b[J";

/** Draws a live view. */
export class Screen implements AsyncDisposable {
  readonly #output: Output;
  readonly #terminal: boolean;
  #lines: readonly string[] = [];
  #drawn = false;
  readonly #resized = () => this.draw(this.#lines);

  constructor(output: Output) {
    this.#output = output;
    this.#terminal = output.isTerminal;
    if (!this.#terminal) return;
    output.raw(ENTER);
    Deno.addSignalListener("SIGWINCH", this.#resized);
  }

  /** Replaces the lines of the view. */
  draw(lines: readonly string[]): void {
    this.#lines = lines;
    if (this.#terminal) return this.#output.raw(this.#fitted(lines));
    if (this.#drawn) this.#output.line("");
    this.#drawn = true;
    for (const line of lines) this.#output.line(line);
  }

  #fitted(lines: readonly string[]): string {
    const { rows, columns } = Deno.consoleSize();
    const shown = lines.length < rows
      ? lines
      : [...lines.slice(0, rows - 2), `… and ${lines.length - rows + 2} more`];
    return HOME +
      shown.map((line) => cut(line, columns) + END_OF_LINE).join("\r\n") +
      END_OF_SCREEN;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#terminal) return;
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
