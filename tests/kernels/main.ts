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

/** A kernel and what its tests said, as docs/reliability.md tells of it. */
interface Run {
  readonly name: string;
  readonly machine: string;
  readonly package: string;
  readonly release: string;
  readonly deno: string;
  /** What was left out, and why. */
  readonly without: Readonly<Record<string, string>>;
  /** By test file; of those that were run again, the last time. */
  readonly files: Readonly<Record<string, Outcome>>;
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
  await runMachine(
    { ...unpacked, machine: kernel.machine, initramfs, share, memory: 3072 },
    AbortSignal.any([
      AbortSignal.timeout(files.length * longest * 1000),
      stopped.signal,
    ]),
  );
  if (stopped.signal.aborted) Deno.exit(1);
  const outcomes: Record<string, Outcome> = {};
  for (const [number, file] of files.entries()) {
    outcomes[file] = readResults(await textOf(`${share}/${number}.xml`));
  }
  return {
    name: kernel.name,
    machine: kernel.machine === "uml" ? "user-mode Linux" : "QEMU",
    package: `${unpacked.package} ${unpacked.version}`,
    release: unpacked.modules.slice(unpacked.modules.lastIndexOf("/") + 1),
    deno: Deno.version.deno,
    without: kernel.without,
    files: outcomes,
  };
}

/** Puts results in the place of earlier ones of the same tests. */
async function record(file: string, runs: readonly Run[]): Promise<void> {
  const known: Run[] = JSON.parse(await textOf(file) ?? "[]");
  const all: Run[] = [];
  for (const kernel of kernels) {
    const before = known.find(({ name }) => name === kernel.name);
    const now = runs.find(({ name }) => name === kernel.name);
    const run = now ?? before;
    if (run === undefined) continue;
    const still = await testFiles(CHECKOUT, kernel, []);
    const files = Object.entries({ ...before?.files, ...now?.files })
      .filter(([file]) => still.includes(file)).toSorted();
    all.push({ ...run, files: Object.fromEntries(files) });
  }
  await Deno.writeTextFile(file, JSON.stringify(all, null, 2) + "\n");
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
  const outcomes = Object.entries(result.files);
  const all = (kind: "ignored" | "failed") =>
    outcomes.flatMap(([file, outcome]) =>
      outcome[kind].map((name) => `${kind}: ${file}: ${name}`)
    );
  const passed = outcomes.reduce((sum, [, { passed }]) => sum + passed, 0);
  const failed = all("failed");
  console.log(`${result.release}: ${passed} passed, ${failed.length} failed`);
  for (const line of [...all("ignored"), ...failed]) console.log(`  ${line}`);
  if (failed.length > 0 || args.keep) console.log(`  see ${share}`);
  else await Deno.remove(share, { recursive: true });
}
if (args.record !== undefined) await record(args.record, runs);
const wrong = runs.some(({ files }) =>
  Object.values(files).some(({ failed }) => failed.length > 0)
);
Deno.exitCode = wrong ? 1 : 0;
