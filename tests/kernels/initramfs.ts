// What a kernel of the matrix starts with: a shell, the modules with which the
// machine's own files can be had, and init.sh.

import { run } from "../support/netns.ts";

/** What goes into it. */
export interface Contents {
  /** The folder of the kernel's modules. */
  readonly modules: string;
  /** The names of the modules to have early. */
  readonly wanted: readonly string[];
  readonly busybox: string;
  /** Shell variables for init.sh and guest.sh. */
  readonly settings: Readonly<Record<string, string | number>>;
}

/** Writes it to `file`. */
export async function writeInitramfs(
  file: string,
  { modules, wanted, busybox, settings }: Contents,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const release = modules.slice(modules.lastIndexOf("/") + 1);
    const home = `lib/modules/${release}`;
    await Deno.mkdir(`${folder}/bin`);
    await Deno.copyFile(busybox, `${folder}/bin/busybox`);
    const index = await Deno.readTextFile(`${modules}/modules.dep`);
    // Others are built into the kernel.
    const loaded = wanted.filter((name) =>
      index.split("\n").some((line) => moduleName(line) === name)
    );
    for (const path of withDependencies(index, loaded)) {
      const parent = path.replace(/\/[^/]*$/, "");
      await Deno.mkdir(`${folder}/${home}/${parent}`, { recursive: true });
      await Deno.copyFile(`${modules}/${path}`, `${folder}/${home}/${path}`);
    }
    await Deno.writeTextFile(`${folder}/${home}/modules.dep`, index);
    const init = new URL("init.sh", import.meta.url);
    await Deno.copyFile(init, `${folder}/init`);
    await Deno.chmod(`${folder}/init`, 0o755);
    const lines = Object.entries({ ...settings, EARLY: loaded.join(" ") })
      .map(([name, value]) => `${name}=${quoted(`${value}`)}\n`);
    await Deno.writeTextFile(`${folder}/settings`, lines.join(""));
    await packInitramfs(folder, busybox, file);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Writes what is in a folder to `file`, as the kernel wants it. */
export async function packInitramfs(
  folder: string,
  busybox: string,
  file: string,
): Promise<void> {
  await run("sh", [
    "-c",
    'cd "$1" && find . | "$2" cpio -o -H newc 2>/dev/null | gzip -1 > "$3"',
    "sh",
    folder,
    busybox,
    file,
  ]);
}

function quoted(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}

/** "virtio_net" of "kernel/drivers/net/virtio-net.ko" and what follows. */
function moduleName(line: string): string {
  const [path] = line.split(":");
  return path.replace(/^.*\//, "").replace(/\.ko$/, "").replaceAll("-", "_");
}

/** The files of modules and of what they need, from a modules.dep. */
function withDependencies(
  index: string,
  wanted: readonly string[],
): Set<string> {
  const lines = new Map(
    index.split("\n").filter(Boolean).map((line) => {
      const [path, needs] = line.split(":");
      return [path, needs.split(" ").filter(Boolean)] as const;
    }),
  );
  const found = new Set<string>();
  const add = (path: string) => {
    if (found.has(path)) return;
    found.add(path);
    lines.get(path)?.forEach(add);
  };
  for (const path of lines.keys()) {
    if (wanted.includes(moduleName(path))) add(path);
  }
  return found;
}
