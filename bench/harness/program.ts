// A program under measurement: started once, then asked in turn.

/** Where and how a program runs. */
export interface StartOptions {
  /** The one processor it may use; default: any. */
  readonly cpu?: number;
  /** A word of the line on stdout that says it is ready; default "listening". */
  readonly ready?: string;
  readonly env?: Record<string, string>;
}

/** The words that keep a program on one processor. */
export function onCpu(cpu: number | undefined): string[] {
  return cpu === undefined ? [] : ["taskset", "--cpu-list", String(cpu)];
}

/** A running program; gone when disposed of. */
export class Program implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #drained: Promise<void>;

  private constructor(
    child: Deno.ChildProcess,
    drained: Promise<void>,
    /** The line that said it is ready. */
    readonly ready: string,
  ) {
    this.#child = child;
    this.#drained = drained;
  }

  /** Starts a program and waits until it says that it is ready. */
  static async start(
    command: readonly string[],
    { cpu, ready = "listening", env }: StartOptions = {},
  ): Promise<Program> {
    const [program, ...args] = [...onCpu(cpu), ...command];
    const child = new Deno.Command(program, {
      args,
      env,
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const drained = (async () => {
      let said = "";
      let known = false;
      const text = child.stdout.pipeThrough(new TextDecoderStream());
      for await (const chunk of text) {
        if (known) continue;
        said += chunk;
        const line = said.split("\n").slice(0, -1)
          .find((line) => line.includes(ready));
        if (line === undefined) continue;
        known = true;
        resolve(line);
      }
      if (!known) reject(new Error(`${command.join(" ")} did not start`));
    })();
    return new Program(child, drained, await promise);
  }

  /** The port in the line that said it is ready. */
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
    const status = Deno.readTextFileSync(`/proc/${this.pid}/status`);
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch { /* it ended by itself */ }
    await this.#child.status;
    await this.#drained.catch(() => {});
  }
}
