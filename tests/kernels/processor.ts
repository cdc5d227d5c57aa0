// Deno for the other processor, run by Debian's qemu-user on this machine.

import { CACHE, filesIn } from "../support/debian.ts";
import { run } from "../support/netns.ts";

/** Debian's libraries for it come with the compiler that tests need. */
const LIBRARIES = "/usr/aarch64-linux-gnu";

/** Writes a program to `folder` that runs Deno; gives its environment. */
export async function emulatedDeno(
  qemuFolder: string,
  denoDirectory: string,
  folder: string,
): Promise<{ readonly DENO: string; readonly DENO_DIR: string }> {
  const qemu = `${qemuFolder}/usr/bin/qemu-aarch64-static`;
  const program = `${folder}/deno`;
  await Deno.writeTextFile(
    program,
    `#!/bin/sh\nexec ${qemu} -L ${LIBRARIES} ${await denoBinary()} "$@"\n`,
    { mode: 0o755 },
  );
  // The sources that Deno cached are the same, and which modules they import;
  // the code that V8 cached is not.
  const cache = `${folder}/cache`;
  await Deno.mkdir(cache);
  for (const name of filesIn(denoDirectory)) {
    const [from, to] = [`${denoDirectory}/${name}`, `${cache}/${name}`];
    if (["gen", "npm"].includes(name)) await Deno.symlink(from, to);
    else if (/^(dep|node)_analysis_/.test(name)) await Deno.copyFile(from, to);
  }
  return { DENO: program, DENO_DIR: cache };
}

/** Fetches the same version of Deno from npm, unless it is there. */
async function denoBinary(): Promise<string> {
  const folder = `${CACHE}/deno-aarch64_${Deno.version.deno}`;
  const binary = `${folder}/package/deno`;
  if (filesIn(folder).length > 0) return binary;
  await Deno.mkdir(CACHE, { recursive: true });
  const download = await Deno.makeTempDir({ dir: CACHE });
  try {
    const name = `@deno/linux-arm64-glibc@${Deno.version.deno}`;
    await run("npm", [
      "pack",
      "--silent",
      "--pack-destination",
      download,
      name,
    ]);
    const [archive] = filesIn(download);
    await run("tar", ["-xf", `${download}/${archive}`, "-C", download]);
    await Deno.rename(download, folder);
  } catch (error) {
    await Deno.remove(download, { recursive: true });
    throw error;
  }
  return binary;
}
