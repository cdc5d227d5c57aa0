// Small programs that must be a process of their own: those that have to end by
// themselves, run out of something, lack something, or run with V8 flags.

import { type Output, output } from "./netns.ts";
import { SLOWNESS } from "./timing.ts";

const ROOT = new URL("../../", import.meta.url);

export interface ScriptOptions {
  /** Flags of V8, such as "--expose-gc". */
  readonly v8?: readonly string[];
  /** The command that runs it, such as `prlimit --nofile=100`. */
  readonly under?: readonly string[];
  /** Seconds after which a program that does not end is killed. */
  readonly limit?: number;
}

/** The lack of capabilities, for `under`. */
export function without(...capabilities: string[]): string[] {
  const set = capabilities.map((capability) => `-${capability}`).join();
  return ["setpriv", "--bounding-set", set];
}

/**
 * Runs TypeScript in a Deno of its own. In `source`, `lib:` and `ffi:` before a
 * path stand for this repository's folders.
 */
export function script(
  source: string,
  { v8 = [], under = [], limit = 20 }: ScriptOptions = {},
): Promise<Output> {
  const code = source.replaceAll(/"(lib|ffi):/g, `"${ROOT}$1/`);
  const flags = v8.length === 0 ? [] : [`--v8-flags=${v8.join(",")}`];
  const deno = [Deno.execPath(), "eval", "--quiet", "--ext=ts", ...flags, code];
  const [command, ...args] = [
    ...["timeout", "--signal=KILL", String(limit * SLOWNESS)],
    ...under,
    ...deno,
  ];
  return output(command, args, { env: { NO_COLOR: "1" } });
}

/** The same for a program that must succeed; gives what it printed, in lines. */
export async function scriptLines(
  source: string,
  options?: ScriptOptions,
): Promise<string[]> {
  const { code, stdout, stderr } = await script(source, options);
  if (code !== 0) throw new Error(`exit ${code}\n${stdout}\n${stderr}`);
  return stdout.trim().split("\n");
}
