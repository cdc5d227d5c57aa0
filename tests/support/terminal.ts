// A program on a terminal of its own, for what only happens there: script(1)
// of util-linux holds the other end.

import { type Netns, output } from "./netns.ts";

/** A program that believes a person is typing. */
export class Terminal implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #screen: ReadableStreamDefaultReader<string>;
  #read = "";

  /**
   * @param netns The namespace to run in; undefined is this one.
   * @param command What a shell would be given.
   */
  constructor(
    netns: Netns | undefined,
    command: string,
    env: Record<string, string> = {},
  ) {
    const [program, ...args] = [
      ...netns?.exec ?? [],
      "script",
      "--quiet",
      "--flush",
      "--command",
      `stty cols 120 rows 40; exec ${command}`,
      "/dev/null",
    ];
    this.#child = new Deno.Command(program, {
      args,
      env: { TERM: "xterm", SHELL: "/bin/sh", ...env },
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#screen = this.#child.stdout.pipeThrough(new TextDecoderStream())
      .getReader();
  }

  /** Types text; "\t" is the Tab key, "\x03" Ctrl-C. */
  async type(text: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(text));
  }

  /** Waits until the program has printed this; gives the match. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    // A test that waits for what never comes says so.
    const late = setTimeout(() => this.#screen.cancel(), 30_000);
    try {
      for (;;) {
        const found = pattern.exec(this.#read);
        if (found) {
          this.#read = this.#read.slice(found.index + found[0].length);
          return found;
        }
        const { value, done } = await this.#screen.read();
        if (done) throw new Error(`no ${pattern} on it: ${this.#read}`);
        this.#read += value;
      }
    } finally {
      clearTimeout(late);
    }
  }

  /** Hangs up: the program gets SIGHUP, as from a closed window. */
  async [Symbol.asyncDispose](): Promise<void> {
    await output("pkill", ["-HUP", "-P", String(this.#child.pid)]);
    await this.#input.close().catch(() => {});
    await this.#screen.cancel();
    await this.#child.status;
  }
}
