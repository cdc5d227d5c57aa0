// A shell in tmux: what a terminal shows, its size, its keys.

import { type Netns, output, run } from "./netns.ts";
import { SLOWNESS } from "./timing.ts";

let counter = 0;

/** A terminal with a shell. */
export class Tmux implements AsyncDisposable {
  readonly #socket = `np${Deno.pid.toString(36)}-${(counter++).toString(36)}`;

  private constructor() {}

  static async open(
    netns: Netns,
    { columns = 100, rows = 20, env = {} }: {
      columns?: number;
      rows?: number;
      env?: Record<string, string>;
    } = {},
  ): Promise<Tmux> {
    const tmux = new Tmux();
    const variables = { LC_ALL: "C.UTF-8", NO_COLOR: "1", ...env };
    await run(netns.exec[0], [
      ...netns.exec.slice(1),
      ...["env", "-u", "TMUX", "-u", "HISTFILE", "TERM=xterm-256color"],
      ...Object.entries(variables).map(([key, value]) => `${key}=${value}`),
      ...["tmux", "-L", tmux.#socket, "-f", "/dev/null", "new-session", "-d"],
      ...["-x", `${columns}`, "-y", `${rows}`, "exec bash --norc --noprofile"],
    ]);
    return tmux;
  }

  /** Presses keys by their names in tmux(1): "q", "Enter", "C-c". */
  async press(...keys: string[]): Promise<void> {
    await this.#run("send-keys", ...keys);
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#run("resize-window", "-x", `${columns}`, "-y", `${rows}`);
  }

  /** The lines on the screen. */
  async screen(): Promise<string[]> {
    const text = await this.#run("capture-pane", "-p");
    return text.replace(/\n$/, "").split("\n");
  }

  /** Waits until the screen is as expected, and returns it. */
  async until(
    expected: (lines: string[]) => boolean,
    what = String(expected),
  ): Promise<string[]> {
    const end = performance.now() + 20_000 * SLOWNESS;
    for (;;) {
      const lines = await this.screen();
      if (expected(lines)) return lines;
      if (performance.now() > end) {
        throw new Error(
          `the screen is not as expected: ${what}\n${lines.join("\n")}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  #run(...args: string[]): Promise<string> {
    return run("tmux", ["-L", this.#socket, ...args]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await output("tmux", ["-L", this.#socket, "kill-server"]);
  }
}
