// The tests on other kernels: `deno task kernels [--ci] [--keep]
// [--record FILE] [KERNEL]... [TEST]...`. Needs Debian and root, about two GiB
// of disk for the kernels, and for those that are emulated qemu-system-x86.

import { parseArgs } from "@std/cli/parse-args";
import { writeInitramfs } from "./initramfs.ts";
import { type Kernel, kernels, type Machine } from "./kernels.ts";
import { emulated, runMachines, userMode } from "./machine.ts";
import { busybox, unpackKernel } from "./packages.ts";
import { emulatedDeno } from "./processor.ts";
import { type Outcome, readResults } from "./report.ts";
import { testFiles } from "./suite.ts";
import { unpack } from "../support/debian.ts";
import { run } from "../support/netns.ts";

/** A kernel and what its tests said, as docs/reliability.md reports it. */
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
const LONGEST = 60;

/** Runs the test files on one kernel. */
async function runOn(
  kernel: Kernel,
  files: readonly string[],
  share: string,
): Promise<Run> {
  const longest = LONGEST * kernel.slowness;
  const settings = {
    CHECKOUT,
    DENO: Deno.execPath(),
    DENO_DIR: await denoDirectory(),
    SHARE: share,
    NETPLUMB_TEST_SLOWNESS: `${kernel.slowness}`,
    LONGEST: `${longest}`,
  };
  await Deno.writeTextFile(`${share}/tests`, files.join("\n") + "\n");
  const signal = AbortSignal.any([
    AbortSignal.timeout(files.length * longest * 1000),
    stopped.signal,
  ]);
  const found = kernel.machine === "processor"
    ? await runOnProcessor(kernel, settings, signal)
    : await runOnKernel(kernel, settings, signal);
  if (stopped.signal.aborted) Deno.exit(1);
  if (!await textOf(`${share}/started`)) {
    throw new Error(`${found.package} did not start: see ${share}`);
  }
  const outcomes: Record<string, Outcome> = {};
  for (const [number, file] of files.entries()) {
    outcomes[file] = readResults(await textOf(`${share}/${number}.xml`));
  }
  return {
    name: kernel.name,
    machine: MACHINES[kernel.machine],
    package: `${found.package} ${found.version}`,
    release: found.release,
    deno: Deno.version.deno,
    without: kernel.without,
    files: outcomes,
  };
}

const MACHINES: Readonly<Record<Machine, string>> = {
  uml: "user-mode Linux",
  qemu: "QEMU",
  processor: "qemu-user",
};

/** What the tests ran on. */
interface Found {
  readonly package: string;
  readonly version: string;
  readonly release: string;
}

interface Settings extends Record<string, string> {
  readonly DENO_DIR: string;
  readonly SHARE: string;
}

async function runOnKernel(
  kernel: Kernel,
  settings: Settings,
  signal: AbortSignal,
): Promise<Found> {
  const { image, modules, ...found } = await unpackKernel(kernel.package);
  const share = settings.SHARE;
  const initramfs = `${share}/initramfs`;
  await writeInitramfs(initramfs, {
    modules,
    wanted: kernel.modules,
    busybox: await busybox(),
    settings: { ...settings, MACHINE: kernel.machine, MODULES: modules },
  });
  await runMachines(
    kernel.machine === "uml"
      ? await userMode({ image, initramfs, share })
      : emulated({ image, initramfs, share }),
    signal,
  );
  return { ...found, release: modules.slice(modules.lastIndexOf("/") + 1) };
}

async function runOnProcessor(
  kernel: Kernel,
  settings: Settings,
  signal: AbortSignal,
): Promise<Found> {
  const { folder, ...found } = await unpack(kernel.package);
  const { DENO_DIR, SHARE } = settings;
  const deno = await emulatedDeno(folder, DENO_DIR, SHARE);
  const script = new URL("tests.sh", import.meta.url).pathname;
  await runMachines({
    command: ["sh", script],
    env: { ...settings, ...deno, NETPLUMB_TEST_DENO: deno.DENO, NO_COLOR: "1" },
    count: 2,
  }, signal);
  return { ...found, release: `${kernel.name}, Linux ${Deno.osRelease()}` };
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
  string: ["record"],
  boolean: ["ci", "keep"],
});
const words = args._.map(String);
const named = kernels.filter(({ name }) => words.includes(name));
const tests = words.filter((word) => !named.some(({ name }) => name === word));
const wanted = (named.length > 0 ? named : kernels)
  .filter(({ ci }) => !args.ci || ci !== undefined);
const runs: Run[] = [];
const total = { passed: 0, failed: 0 };
for (const kernel of wanted) {
  const selection = args.ci ? { ...kernel, tests: kernel.ci ?? [] } : kernel;
  const files = await testFiles(CHECKOUT, selection, tests);
  const share = await Deno.makeTempDir({ prefix: "netplumb-kernel-" });
  try {
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
    total.passed += passed;
    total.failed += failed.length;
    if (failed.length > 0 || args.keep) console.log(`  see ${share}`);
    else await Deno.remove(share, { recursive: true });
  } catch (error) {
    console.log(`${kernel.name}: ${error}`);
    total.failed++;
  }
}
if (args.record !== undefined) await record(args.record, runs);
console.log(`${total.passed} passed, ${total.failed} failed`);
Deno.exitCode = total.passed > 0 && total.failed === 0 ? 0 : 1;
