// The tests on other kernels: `deno task kernels [--kernel NAME]... [--keep]
// [--record FILE] [TEST]...`. Needs Debian and root, about two GiB of disk for
// the kernels, and for those that are emulated qemu-system-x86.

import { parseArgs } from "@std/cli/parse-args";
import { writeInitramfs } from "./initramfs.ts";
import { type Kernel, kernels } from "./kernels.ts";
import { runMachine } from "./machine.ts";
import { busybox, unpackKernel } from "./packages.ts";
import { type Outcome, readResults } from "./report.ts";
import { testFiles } from "./suite.ts";
import { run } from "../support/netns.ts";

/** One kernel's run, as docs/reliability.md tells of it. */
interface Run extends Outcome {
  readonly name: string;
  readonly date: string;
  readonly deno: string;
  readonly machine: string;
  readonly package: string;
  readonly release: string;
  readonly files: number;
  /** What was left out, and why. */
  readonly without: Readonly<Record<string, string>>;
  readonly minutes: number;
}

const CHECKOUT = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");

/** Seconds one file of tests may take on the machine itself. */
const LONGEST = 30;

/** Runs the test files on one kernel. */
async function runOn(
  kernel: Kernel,
  files: readonly string[],
  share: string,
): Promise<Run> {
  const unpacked = await unpackKernel(kernel.package);
  const initramfs = `${share}/initramfs`;
  const longest = LONGEST * kernel.slowness;
  await writeInitramfs(initramfs, {
    modules: unpacked.modules,
    wanted: kernel.modules,
    busybox: await busybox(),
    settings: {
      MACHINE: kernel.machine,
      MODULES: unpacked.modules,
      SHARE: share,
      CHECKOUT,
      DENO: Deno.execPath(),
      DENO_DIR: await denoDirectory(),
      NETPLUMB_TEST_SLOWNESS: kernel.slowness,
      LONGEST: longest,
    },
  });
  await Deno.writeTextFile(`${share}/tests`, files.join("\n") + "\n");
  const started = performance.now();
  await runMachine(
    { ...unpacked, machine: kernel.machine, initramfs, share, memory: 3072 },
    AbortSignal.any([
      AbortSignal.timeout(files.length * longest * 1000),
      stopped.signal,
    ]),
  );
  if (stopped.signal.aborted) Deno.exit(1);
  const outcome: Outcome = { passed: 0, ignored: [], failed: [] };
  for (const [number, file] of files.entries()) {
    readResults(file, await textOf(`${share}/${number}.xml`), outcome);
  }
  return {
    name: kernel.name,
    date: new Date().toISOString().slice(0, 10),
    deno: Deno.version.deno,
    machine: kernel.machine === "uml" ? "user-mode Linux" : "QEMU",
    package: `${unpacked.package} ${unpacked.version}`,
    release: unpacked.modules.slice(unpacked.modules.lastIndexOf("/") + 1),
    files: files.length,
    without: kernel.without,
    minutes: Math.round((performance.now() - started) / 60_000),
    ...outcome,
  };
}

/** Puts runs in the place of earlier ones of the same kernels. */
async function record(file: string, runs: readonly Run[]): Promise<void> {
  const known: { runs: Run[] } = JSON.parse(
    await textOf(file) ?? '{ "runs": [] }',
  );
  const all = kernels.flatMap(({ name }) =>
    [...runs, ...known.runs].find((run) => run.name === name) ?? []
  );
  await Deno.writeTextFile(file, JSON.stringify({ runs: all }, null, 2) + "\n");
}

async function denoDirectory(): Promise<string> {
  return JSON.parse(await run(Deno.execPath(), ["info", "--json"])).denoDir;
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

const stopped = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => stopped.abort());
}

const args = parseArgs(Deno.args, {
  string: ["kernel", "record"],
  boolean: ["keep"],
  collect: ["kernel"],
});
const wanted = kernels.filter(({ name }) =>
  args.kernel.length === 0 || args.kernel.includes(name)
);
const runs: Run[] = [];
for (const kernel of wanted) {
  const files = await testFiles(CHECKOUT, kernel, args._.map(String));
  const share = await Deno.makeTempDir({ prefix: "netplumb-kernel-" });
  const result = await runOn(kernel, files, share);
  runs.push(result);
  const { release, passed, ignored, failed, minutes } = result;
  console.log(
    `${release}: ${passed} passed, ${failed.length} failed, ` +
      `${ignored.length} ignored, ${minutes} minutes`,
  );
  for (const name of ignored) console.log(`  ignored: ${name}`);
  for (const name of failed) console.log(`  failed: ${name}`);
  if (failed.length > 0 || args.keep) console.log(`  see ${share}`);
  else await Deno.remove(share, { recursive: true });
}
if (args.record !== undefined) await record(args.record, runs);
Deno.exitCode = runs.every(({ failed }) => failed.length === 0) ? 0 : 1;
