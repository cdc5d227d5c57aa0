// A program as it runs: its lines as they come, its end when it comes.

import type { Netns, Output } from "./netns.ts";

/** Where a program runs, and with what. */
export interface ProgramOptions {
  /** The namespace to run in; undefined is this one. */
  readonly netns?: Netns;
  readonly env?: Record<string, string>;
}

/** Milliseconds for a line or for the end; then the test fails. */
const LONGEST_WAIT = 120_000;

export class RunningProgram implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #stderr: Promise<string>;

  constructor({ netns, env }: ProgramOptions, ...command: string[]) {
    const [program, ...args] = [...(netns?.exec ?? []), ...command];
    this.#child = new Deno.Command(program, {
      args,
      env: { NO_COLOR: "1", ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#lines = lines(this.#child.stdout);
    this.#stderr = new Response(this.#child.stderr).text();
  }

  /** The next line of stdout. */
  async line(): Promise<string> {
    const { value, done } = await this.#bounded(this.#lines.next());
    if (!done) return value;
    throw new Error(`the program ended: ${await this.#stderr}`);
  }

  /** The next line of stdout as JSON. */
  // deno-lint-ignore no-explicit-any -- each line its own shape
  async object(): Promise<any> {
    return JSON.parse(await this.line());
  }

  /** Sends it a signal. */
  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Stops it and returns the rest of its output. */
  async stop(signal: Deno.Signal = "SIGINT"): Promise<Output> {
    try {
      this.#child.kill(signal);
    } catch { /* it ended by itself */ }
    return await this.end();
  }

  /** Waits until it ends by itself. */
  end(): Promise<Output> {
    return this.#bounded(this.#rest());
  }

  async #rest(): Promise<Output> {
    let stdout = "";
    for (
      let next = await this.#lines.next();
      !next.done;
      next = await this.#lines.next()
    ) stdout += `${next.value}\n`;
    const { code } = await this.#child.status;
    return { code, stdout, stderr: await this.#stderr };
  }

  /** Kills the program, which ends the wait, if it takes too long. */
  async #bounded<T>(wait: Promise<T>): Promise<T> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      try {
        this.#child.kill("SIGKILL");
      } catch { /* It ended, and a child of it holds its pipes. */ }
    }, LONGEST_WAIT);
    try {
      const result = await wait;
      if (!late) return result;
    } finally {
      clearTimeout(timer);
    }
    const seconds = LONGEST_WAIT / 1000;
    throw new Error(
      `no line or end within ${seconds} s; stderr: ${await this.#stderr}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
  }
}

async function* lines(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop()!;
    yield* parts;
  }
  if (rest !== "") yield rest;
}
