// The kernels, their modules and a shell, from Debian's packages.

import { filesIn, unpack } from "../support/debian.ts";
import { run } from "../support/netns.ts";

/** What is needed of an unpacked kernel. */
export interface Unpacked {
  /** The package that holds it, and its version. */
  readonly package: string;
  readonly version: string;
  /** The kernel, or the program that is one. */
  readonly image: string;
  /** The folder of its modules, named by its release. */
  readonly modules: string;
}

/** A shell that needs no library, for before the machine's own is there. */
export async function busybox(): Promise<string> {
  return `${(await unpack("busybox-static")).folder}/bin/busybox`;
}

/** Unpacks a kernel unless it is there. */
export async function unpackKernel(name: string): Promise<Unpacked> {
  const { folder, ...found } = await unpack(await realPackage(name));
  const image = [
    ...filesIn(`${folder}/usr/bin`).map((file) => `${folder}/usr/bin/${file}`),
    ...filesIn(`${folder}/boot`).map((file) => `${folder}/boot/${file}`),
  ].find((path) => /\/(linux\.uml|vmlinuz[^/]*)$/.test(path));
  const modules = ["usr/lib/uml/modules", "lib/modules", "usr/lib/modules"]
    .map((path) => `${folder}/${path}`)
    .flatMap((path) => filesIn(path).map((release) => `${path}/${release}`));
  if (image === undefined || modules.length !== 1) {
    throw new Error(`${name} holds no kernel with its modules`);
  }
  await index(modules[0], await busybox());
  return {
    ...found,
    image,
    modules: modules[0],
  };
}

/** Modules as they come are not indexed, and may be compressed. */
async function index(modules: string, busybox: string): Promise<void> {
  if (filesIn(modules).includes("modules.dep")) return;
  await run("find", [
    modules,
    "-name",
    "*.ko.xz",
    "-exec",
    "xz",
    "-d",
    "{}",
    "+",
  ]);
  const base = modules.replace(/(\/usr)?\/lib\/modules\/.*/, "");
  const release = modules.slice(modules.lastIndexOf("/") + 1);
  await run(busybox, ["depmod", "-b", base, release]);
}

/** The package itself where `name` only depends on it. */
async function realPackage(name: string): Promise<string> {
  const text = await run("apt-cache", ["depends", name]);
  return /Depends: (linux-image-\S+)/.exec(text)?.[1] ?? name;
}
