// Runs the programs of programs/, each in a process of its own: what they count,
// and how late their timers are, must not depend on other tests.

import { type Netns, type Output, output } from "../../support/netns.ts";
import { SLOWNESS } from "../../support/timing.ts";

export interface ProcessOptions {
  /** The namespace to run in; undefined is this one. */
  readonly netns?: Netns;
  /** The command that runs it, such as `prlimit --nofile=1000`. */
  readonly under?: readonly string[];
  /** Flags of V8, such as "--expose-gc". */
  readonly v8?: readonly string[];
  /** Seconds after which it is killed; default 60 where it is to end by itself. */
  readonly limit?: number;
}

/** The command line that runs a program of programs/. */
export function programCommand(
  name: string,
  args: readonly (string | number)[] = [],
  { netns, under = [], v8 = [], limit }: ProcessOptions = {},
): string[] {
  const path = new URL(`programs/${name}.ts`, import.meta.url).pathname;
  const flags = v8.length === 0 ? [] : [`--v8-flags=${v8.join(",")}`];
  const killed = limit === undefined
    ? []
    : ["timeout", "--signal=KILL", String(limit * SLOWNESS)];
  return [
    ...(netns?.exec ?? []),
    ...killed,
    ...under,
    ...[Deno.execPath(), "run", "-A", "--quiet", ...flags, path],
    ...args.map(String),
  ];
}

/** Runs a program of programs/ to its end. */
export function endedProgram(
  name: string,
  args?: readonly (string | number)[],
  options?: ProcessOptions,
): Promise<Output> {
  const [command, ...rest] = programCommand(name, args, {
    limit: 60,
    ...options,
  });
  // Deno's own look for an update is a thread that these programs would count.
  const env = { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
  return output(command, rest, { env });
}

/** Runs a program that must succeed; gives the last line it printed, as JSON. */
export async function runProgram<T>(
  name: string,
  args?: readonly (string | number)[],
  options?: ProcessOptions,
): Promise<T> {
  const { code, stdout, stderr } = await endedProgram(name, args, options);
  const last = stdout.trim().split("\n").at(-1)!;
  if (code !== 0) {
    const ended = code === 137 ? "killed: it did not end" : `exit ${code}`;
    throw new Error(`${name}: ${ended}\n${last}\n${stderr.slice(-2000)}`);
  }
  return JSON.parse(last);
}

/** Whether a promise settles within the time; it must not reject later unseen. */
export async function within<T>(
  milliseconds: number,
  promise: Promise<T>,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`pending after ${milliseconds} ms`)),
      milliseconds * SLOWNESS,
    );
  });
  promise.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
