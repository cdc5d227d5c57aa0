// The command as a user runs it: a process of its own.

import { type Netns, type Output, output } from "./netns.ts";

const MAIN = new URL("../../cli/main.ts", import.meta.url).pathname;

/** Arguments with which Deno runs the command, or another script like it. */
export function denoRun(script: string = MAIN): string[] {
  // Set by links/upstream.ts: the same tests on the real packages.
  const config = Deno.env.get("NETPLUMB_TEST_CONFIG");
  return ["run", "-A", ...config ? ["--config", config] : [], script];
}

/** What runs, and where. */
export interface RunOptions {
  /** The program's file; undefined is the command itself. */
  readonly script?: string;
  /** The namespace to run in; undefined is this one. */
  readonly netns?: Netns;
  readonly env?: Record<string, string>;
}

/** A program in Deno as it runs: its lines as they come, its end when it comes. */
export class RunningScript implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #stderr: Promise<string>;

  constructor({ script, netns, env }: RunOptions, ...args: string[]) {
    const [program, ...words] = [
      ...(netns?.exec ?? []),
      Deno.execPath(),
      ...denoRun(script),
      ...args,
    ];
    this.#child = new Deno.Command(program, {
      args: words,
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
    const { value, done } = await this.#lines.next();
    if (!done) return value;
    throw new Error(`the command ended: ${await this.#stderr}`);
  }

  /** The next line of stdout as JSON. */
  // deno-lint-ignore no-explicit-any -- each line its own shape
  async object(): Promise<any> {
    return JSON.parse(await this.line());
  }

  /** Asks it to stop and gives what it still said. */
  async stop(signal: Deno.Signal = "SIGINT"): Promise<Output> {
    try {
      this.#child.kill(signal);
    } catch { /* it ended by itself */ }
    return await this.end();
  }

  /** Waits until it ends by itself. */
  async end(): Promise<Output> {
    let stdout = "";
    for (
      let next = await this.#lines.next();
      !next.done;
      next = await this.#lines.next()
    ) stdout += `${next.value}\n`;
    const { code } = await this.#child.status;
    return { code, stdout, stderr: await this.#stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
  }
}

/** The command as it runs. */
export class Running extends RunningScript {
  /** @param netns The namespace to run in; undefined is this one. */
  constructor(netns: Netns | undefined, ...args: string[]) {
    super({ netns }, ...args);
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

/** Runs the command to its end. */
export function netplumb(
  netns: Netns | undefined,
  ...args: string[]
): Promise<Output> {
  const words = [...denoRun(), ...args];
  const env = { NO_COLOR: "1" };
  return netns === undefined
    ? output(Deno.execPath(), words, { env })
    : netns.output(Deno.execPath(), words, { env });
}
