// A kernel of the matrix at work: a process that ends when the tests have.

import type { Machine } from "./kernels.ts";

/** What a machine is started with. */
export interface Start {
  readonly machine: Machine;
  readonly image: string;
  readonly initramfs: string;
  /** The folder it reads the tests' names from and writes results to. */
  readonly share: string;
  /** Memory in MiB. */
  readonly memory: number;
}

/** Runs it to its end; what it prints on its console goes to stderr. */
export async function runMachine(
  start: Start,
  signal: AbortSignal,
): Promise<void> {
  const [program, ...args] = start.machine === "uml"
    ? userMode(start)
    : emulated(start);
  const child = new Deno.Command("nice", {
    args: ["-n", "10", program, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
    signal,
  }).spawn();
  await child.stdout.pipeTo(Deno.stderr.writable, { preventClose: true });
  await child.status;
}

function userMode({ image, initramfs, memory }: Start): string[] {
  return [
    image,
    `mem=${memory}M`,
    `initrd=${initramfs}`,
    "con=null",
    "con0=null,fd:1",
    "ssl=null",
    "quiet",
  ];
}

function emulated({ image, initramfs, share, memory }: Start): string[] {
  const folder = (name: string, path: string, options: string) => [
    "-fsdev",
    `local,id=${name},path=${path},security_model=none,multidevs=remap${options}`,
    "-device",
    `virtio-9p-pci,fsdev=${name},mount_tag=${name}`,
  ];
  return [
    "qemu-system-x86_64",
    ...["-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2"],
    ...["-m", `${memory}`, "-nodefaults", "-display", "none", "-no-reboot"],
    ...["-serial", "stdio"],
    ...["-kernel", image, "-initrd", initramfs],
    ...["-append", "console=ttyS0 quiet panic=-1"],
    ...folder("root", "/", ",readonly=on"),
    ...folder("share", share, ""),
  ];
}
