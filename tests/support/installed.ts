// The command on the path, as an installation puts it there.

import { denoRun } from "./command.ts";

/** A directory with a program `netplumb`, as an installation makes one. */
export async function installed(): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.makeTempDir({ prefix: "netplumb-bin-" });
  const words = [Deno.execPath(), ...denoRun()].map((word) => `'${word}'`);
  await Deno.writeTextFile(
    `${path}/netplumb`,
    `#!/bin/sh\nexec ${words.join(" ")} "$@"\n`,
    { mode: 0o755 },
  );
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}
