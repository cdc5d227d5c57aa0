// A program under measurement: started once, measured in turns.

import { lines } from "./lines.ts";
import { disposeOnInterrupt, forgetDisposed } from "./cleanup.ts";

/** Options of a program. */
export interface StartOptions {
  /** Its only processor; default: any. */
  readonly cpu?: number;
  /** A word in its ready line on stdout; default "listening". */
  readonly ready?: string;
  readonly env?: Record<string, string>;
}

/** The command prefix that pins a program to one processor. */
export function onCpu(cpu: number | undefined): string[] {
  return cpu === undefined ? [] : ["taskset", "--cpu-list", String(cpu)];
}

/** A running program, which is killed on disposal. */
export class Program implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  readonly #drained: Promise<void>;
  #said: string[] = [];
  #listener: PromiseWithResolvers<string> | undefined;
  #ready = "";
  #ending: Promise<void> | undefined;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#stdin = child.stdin.getWriter();
    this.#drained = this.#listen();
    disposeOnInterrupt(this);
  }

  /** Starts a program and waits for its ready line. */
  static async start(
    command: readonly string[],
    { cpu, ready = "listening", env }: StartOptions = {},
  ): Promise<Program> {
    const [program, ...args] = [...onCpu(cpu), ...command];
    const started = new Program(
      new Deno.Command(program, {
        args,
        env,
        stdin: "piped",
        stdout: "piped",
        stderr: "inherit",
      }).spawn(),
    );
    try {
      do {
        started.#ready = await started.#line();
      } while (!started.#ready.includes(ready));
      return started;
    } catch (error) {
      await started[Symbol.asyncDispose]();
      throw new Error(`${command.join(" ")} did not start`, { cause: error });
    }
  }

  /** The ready line. */
  get ready(): string {
    return this.#ready;
  }

  /** Sends a line to stdin of a program and returns its reply on stdout. */
  async request(line: string): Promise<string> {
    this.#said = [];
    await this.#stdin.write(new TextEncoder().encode(line + "\n"));
    return await this.#line();
  }

  async #line(): Promise<string> {
    if (this.#said.length > 0) return this.#said.shift()!;
    this.#listener = Promise.withResolvers();
    return await this.#listener.promise;
  }

  async #listen(): Promise<void> {
    for await (const line of lines(this.#child.stdout)) {
      if (this.#listener === undefined) this.#said.push(line);
      else this.#listener.resolve(line);
      this.#listener = undefined;
    }
    this.#listener?.reject(new Error("it ended"));
  }

  /** The port in the ready line. */
  get port(): number {
    return Number(/(\d+)\s*$/.exec(this.ready)?.[1]);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Processor time of all its threads so far, in seconds. */
  cpuSeconds(): number {
    let nanoseconds = 0;
    for (const { name } of Deno.readDirSync(`/proc/${this.pid}/task`)) {
      try {
        const path = `/proc/${this.pid}/task/${name}/schedstat`;
        nanoseconds += Number(Deno.readTextFileSync(path).split(" ")[0]);
      } catch { /* the thread has ended meanwhile */ }
    }
    return nanoseconds / 1e9;
  }

  /** Resident memory, MiB. */
  resident(): number {
    return this.#memory("VmRSS");
  }

  /** The largest resident memory so far, MiB. */
  peak(): number {
    return this.#memory("VmHWM");
  }

  #memory(line: string): number {
    const status = Deno.readTextFileSync(`/proc/${this.pid}/status`);
    const kib = new RegExp(`^${line}:\\s+(\\d+) kB$`, "m").exec(status)?.[1];
    return Number(kib) / 1024;
  }

  /** A second call waits for the first. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#ending ??= this.#end();
  }

  async #end(): Promise<void> {
    forgetDisposed(this);
    try {
      this.#child.kill("SIGKILL");
    } catch { /* it ended by itself */ }
    await this.#child.status;
    await this.#stdin.abort().catch(() => {});
    await this.#drained;
  }
}
