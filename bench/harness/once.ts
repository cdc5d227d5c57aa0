// Runs a program for each measurement.

import { WorkError } from "./case.ts";
import {
  disposeOnInterrupt,
  forgetDisposed,
  waitIfInterrupted,
} from "./cleanup.ts";
import { onCpu } from "./program.ts";

/** How a program runs. */
export interface OnceOptions {
  /** Its only processor; default: any. */
  readonly cpu?: number;
  /** Its limit of open files; default: that of this process. */
  readonly files?: number;
  /** Seconds after which it is killed and has failed. */
  readonly timeout?: number;
  /** Standard input. */
  readonly stdin?: string;
}

/** The resource usage of a process. */
export interface Usage {
  /** From start to end, in seconds. */
  readonly seconds: number;
  /** Processor time, in seconds. */
  readonly cpu: number;
  /** Its largest resident memory, MiB. */
  readonly peak: number;
}

const TIMEOUT = 120;
/** Open descriptors of Deno at the start. */
const OWN_FILES = 500;

/** The command prefix for this many open files in addition to Deno's own. */
export function withFiles(count: number): string[] {
  const soft = count + OWN_FILES;
  const line = /^Max open files\s+(\d+)\s+(\d+)/m.exec(
    Deno.readTextFileSync("/proc/self/limits"),
  );
  // Raising the hard limit requires CAP_SYS_RESOURCE.
  const hard = Math.max(soft, Number(line?.[2]));
  return ["prlimit", `--nofile=${soft}:${hard}`];
}

/** Runs a program and returns its output. @throws {WorkError} */
export async function once(
  command: readonly string[],
  { cpu, files, timeout = TIMEOUT, stdin }: OnceOptions = {},
): Promise<string> {
  const limit = files === undefined
    ? []
    : ["prlimit", `--nofile=${files}:${files}`];
  const [program, ...args] = [...limit, ...onCpu(cpu), ...command];
  const child = new Deno.Command(program, {
    args,
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
  const held = disposeOnInterrupt({
    async [Symbol.asyncDispose]() {
      kill(child);
      await child.status;
    },
  });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    kill(child);
  }, timeout * 1e3);
  try {
    const output = child.output();
    if (stdin !== undefined) await write(child, stdin);
    const { success, stdout, stderr } = await output;
    await waitIfInterrupted();
    const text = new TextDecoder();
    if (success) return text.decode(stdout);
    throw new WorkError(
      late ? `not done after ${timeout} s` : reason(text.decode(stderr)),
    );
  } finally {
    clearTimeout(timer);
    forgetDisposed(held);
  }
}

/** The same for a program that prints JSON. */
export async function onceJson<T>(
  command: readonly string[],
  options?: OnceOptions,
): Promise<T> {
  return JSON.parse(await once(command, options));
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch { /* it ended by itself */ }
}

async function write(child: Deno.ChildProcess, text: string): Promise<void> {
  const writer = child.stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch { /* it ended without reading all; its exit code says why */ }
}

/** The line of an error's text with its cause. */
function reason(stderr: string): string {
  const lines = stderr.split("\n").map((line) => line.trim()).filter(Boolean);
  return lines.find((line) => /error/i.test(line)) ?? lines[0] ?? "it failed";
}

/** Runs programs and measures their resource usage. */
export class Meter {
  /**
   * @param usage The program of peers/usage.c.
   * @param file A temporary file.
   */
  constructor(readonly usage: string, readonly file: string) {}

  /** The command prefix of a program whose usage is measured. */
  words = (command: readonly string[]): string[] => [
    this.usage,
    this.file,
    ...command,
  ];

  /** The usage of the last program. */
  used(): Usage {
    return JSON.parse(Deno.readTextFileSync(this.file));
  }

  /** Runs a program. @throws {WorkError} */
  async run(
    command: readonly string[],
    options?: OnceOptions,
  ): Promise<Usage> {
    await once(this.words(command), options);
    return this.used();
  }
}
