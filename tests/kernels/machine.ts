// The machines that run the tests on a kernel: processes that end when the
// tests have ended.

import { statfsSync } from "node:fs";
import { run } from "../support/netns.ts";

/** A kernel, and what it starts with. */
export interface Start {
  readonly image: string;
  readonly initramfs: string;
  /** The folder from which it takes the names of tests, and for results. */
  readonly share: string;
}

/** Processes that share the tests. */
export interface Machines {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly count: number;
}

/** MiB of each machine. */
const MEMORY = 3072;

/** Runs them to their end; what they print on their consoles goes to stderr. */
export async function runMachines(
  { command, env, count }: Machines,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(Array.from({ length: count }, async () => {
    const child = new Deno.Command("nice", {
      args: ["-n", "10", ...command],
      env,
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
      signal,
    }).spawn();
    for await (const bytes of child.stdout) await Deno.stderr.write(bytes);
    await child.status;
  }));
}

/** Two, because user-mode Linux has one processor. */
export async function userMode(
  { image, initramfs, share }: Start,
): Promise<Machines> {
  const { bavail, bsize } = statfsSync("/dev/shm");
  // Its memory is a file there, unless another directory is named.
  const small = bavail * bsize < 2 * MEMORY * 2 ** 20;
  return {
    command: [
      image,
      `mem=${MEMORY}M`,
      `initrd=${initramfs}`,
      "con=null",
      "con0=null,fd:1",
      "ssl=null",
      "quiet",
    ],
    env: {
      LD_PRELOAD: await compilePreload("registers.c", share),
      ...(small ? { TMPDIR: share } : {}),
    },
    count: 2,
  };
}

/** Compiles a library to be preloaded; gives its path. */
export async function compilePreload(
  source: string,
  folder: string,
): Promise<string> {
  const library = `${folder}/${source.replace(/\.c$/, ".so")}`;
  const path = new URL(source, import.meta.url).pathname;
  await run("gcc", ["-O2", "-shared", "-fPIC", "-o", library, path]);
  return library;
}

export function emulated({ image, initramfs, share }: Start): Machines {
  const folder = (name: string, path: string, options: string) => [
    "-fsdev",
    `local,id=${name},path=${path},security_model=none,multidevs=remap${options}`,
    "-device",
    `virtio-9p-pci,fsdev=${name},mount_tag=${name}`,
  ];
  const command = [
    "qemu-system-x86_64",
    ...["-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2"],
    ...["-m", `${MEMORY}`, "-nodefaults", "-display", "none", "-no-reboot"],
    ...["-serial", "stdio"],
    ...["-kernel", image, "-initrd", initramfs],
    // The check of the timer fails where the host is busy.
    ...["-append", "console=ttyS0 quiet panic=-1 no_timer_check"],
    ...folder("root", "/", ",readonly=on"),
    ...folder("share", share, ""),
  ];
  return { command, env: {}, count: 1 };
}
