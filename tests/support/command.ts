// The command as a user runs it: a process of its own.

import { type Netns, type Output, output } from "./netns.ts";
import { type ProgramOptions, RunningProgram } from "./program.ts";

const MAIN = new URL("../../cli/main.ts", import.meta.url).pathname;

/** Arguments with which Deno runs the command, or another script like it. */
export function denoRun(script: string = MAIN): string[] {
  // Set by links/upstream.ts: the same tests on the real packages.
  const config = Deno.env.get("NETPLUMB_TEST_CONFIG");
  return ["run", "-A", ...config ? ["--config", config] : [], script];
}

/** What runs, and where. */
export interface RunOptions extends ProgramOptions {
  /** The program's file; undefined is the command itself. */
  readonly script?: string;
}

/** A program in Deno as it runs. */
export class RunningScript extends RunningProgram {
  constructor({ script, ...options }: RunOptions, ...args: string[]) {
    super(options, Deno.execPath(), ...denoRun(script), ...args);
  }
}

/** The command as it runs. */
export class Running extends RunningScript {
  /** @param netns The namespace to run in; undefined is this one. */
  constructor(netns: Netns | undefined, ...args: string[]) {
    super({ netns }, ...args);
  }
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
