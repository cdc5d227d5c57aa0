// Processes of the soak, and what is known of them from outside.

import type { Netns } from "../support/netns.ts";
import type { Said } from "./subject.ts";

/** What an client counts, from its start. */
export interface Asked {
  readonly answered: number;
  readonly lost: number;
  readonly late: number;
  readonly wrong: number;
  /** Datagrams by which a server found out that it is no echo. */
  readonly probes: number;
}

/** The lines of a stream, each as JSON, until it ends. */
async function follow<T>(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  take: (value: T) => void,
): Promise<void> {
  let rest = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      if (line.startsWith("{")) take(JSON.parse(line));
    }
  }
}

/** A child process that says JSON lines. */
abstract class Talker<T> implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #orders: WritableStreamDefaultWriter<Uint8Array>;
  readonly #said = Promise.withResolvers<void>();
  #ending = false;
  /** Rejects if it ends by itself. */
  readonly failed: Promise<never>;
  last: T | undefined;

  constructor(
    readonly name: string,
    exec: readonly string[],
    env: Record<string, string>,
    command: readonly string[],
  ) {
    const [program, ...args] = [...exec, ...command];
    this.#child = new Deno.Command(program, {
      args,
      env: { NO_COLOR: "1", ...env },
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#orders = this.#child.stdin.getWriter();
    follow<T>(this.#child.stdout, (value) => {
      this.last = value;
      this.#said.resolve();
    });
    this.failed = this.#child.status.then(({ code, signal }) => {
      if (this.#ending) return new Promise<never>(() => {});
      throw new Error(`${name} ended by itself: ${signal ?? code}`);
    });
    // Handled by the code that waits for its output.
    this.failed.catch(() => {});
  }

  /** When it has said something. */
  get ready(): Promise<void> {
    return this.#said.promise;
  }

  get pid(): number {
    return this.#child.pid;
  }

  async order(line: string): Promise<void> {
    await this.#orders.write(new TextEncoder().encode(`${line}\n`));
  }

  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending = true;
    this.#child.kill("SIGKILL");
    await this.#child.status;
    await this.#orders.close().catch(() => {});
  }
}

/** Subjects that enter namespaces on request. */
const VISITORS = ["socket", "monitor", "tun"];

/** A program of ours under observation. */
export class Subject extends Talker<Said> {
  readonly visitor = VISITORS.includes(this.name);

  /** Starts it and waits until it has said something. */
  static async start(
    ...args: ConstructorParameters<typeof Talker<Said>>
  ): Promise<Subject> {
    const subject = new Subject(...args);
    await Promise.race([subject.ready, subject.failed]);
    return subject;
  }

  /** Bytes of memory that are resident. */
  get rss(): number {
    const text = Deno.readTextFileSync(`/proc/${this.pid}/status`);
    return Number(/VmRSS:\s+(\d+)/.exec(text)?.[1]) * 1024;
  }

  get descriptors(): number {
    return [...Deno.readDirSync(`/proc/${this.pid}/fd`)].length;
  }
}

/** The client in C. */
export class Client extends Talker<Asked> {
  constructor(name: string, netns: Netns, command: readonly string[]) {
    super(name, netns.exec, {}, command);
  }
}
