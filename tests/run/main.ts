// Runs the tests: the second step of `deno task test`.
//
//   deno task test [FILE OR DIRECTORY]...
//
// Most tests wait for programs that they start, so several run at a time, each
// group of files in a process of its own. Tests that measure time run last and
// alone. Types are `deno task check`'s; those of examples in docstrings are
// checked here, since only `--doc` finds them.

import { fileGroups, type Group } from "./groups.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
/** Where docstrings and pages have examples. */
const DOCUMENTED = ["mod.ts", "lib/", "ffi/", "docs/"];

/** Runs `deno test` and prints what it says when it ends. */
async function run(args: readonly string[]): Promise<boolean> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["test", ...args],
    cwd: ROOT,
    stdin: "null",
  }).output();
  for (const bytes of [stderr, stdout]) {
    for (let at = 0; at < bytes.length;) {
      at += Deno.stdout.writeSync(bytes.subarray(at));
    }
  }
  return success;
}

/** Runs groups, so many at a time; returns how many failed. */
async function runAll(
  groups: readonly Group[],
  atATime: number,
): Promise<number> {
  const waiting = groups.values();
  let failed = 0;
  const runner = async () => {
    for (const { name, args } of waiting) {
      const started = performance.now();
      const success = await run(args);
      if (!success) failed++;
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(`${name}: ${success ? "passed" : "FAILED"}, ${seconds} s\n`);
    }
  };
  await Promise.all(Array.from({ length: atATime }, runner));
  return failed;
}

const { beside, alone } = fileGroups(ROOT, Deno.args);
if (beside.length + alone.length === 0) {
  console.error(`No tests in ${Deno.args.join(", ")}`);
  Deno.exit(2);
}
if (Deno.args.length === 0) {
  beside.unshift({ name: "examples", args: ["-A", "--doc", ...DOCUMENTED] });
}
// What `ensure` saves for later runs.
const runtime = await Deno.makeTempDir({ prefix: "netplumb-tests-" });
Deno.env.set("NETPLUMB_RUNTIME_DIRECTORY", runtime);
// Two thirds of the time of a process are waits.
const failed = await runAll(beside, navigator.hardwareConcurrency + 1) +
  await runAll(alone, 1);
await Deno.remove(runtime, { recursive: true });
if (failed > 0) {
  console.log(`${failed} of ${beside.length + alone.length} groups failed`);
  Deno.exit(1);
}
