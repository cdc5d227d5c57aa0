// What `deno task compile` puts into the one file. The base program it is put
// into comes from Deno's download host: Deno itself stands in for it here, so
// the file is made, and its content known, but it does not run.

import { Buffer } from "node:buffer";
import { assert, assertEquals } from "@std/assert";
import manifest from "../../deno.json" with { type: "json" };
import { output } from "../support/netns.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** Every .ts file below a directory, by its path from the root. */
function* sources(directory: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(ROOT + directory)) {
    const path = `${directory}/${name}`;
    if (isDirectory) yield* sources(path);
    else if (name.endsWith(".ts")) yield path;
  }
}

/** The files that start as workers, which no import leads to. */
function* workers(): Generator<string> {
  const started = /new Worker\(\s*new URL\("(.*?)"/g;
  for (const file of [...sources("cli"), ...sources("lib")]) {
    const text = Deno.readTextFileSync(ROOT + file);
    for (const [, worker] of text.matchAll(started)) {
      yield new URL(worker, `file:///${file}`).pathname.slice(1);
    }
  }
}

/** Whether a compiled program holds a source file; they are in it as they are. */
async function content(
  program: string,
): Promise<(file: string) => boolean> {
  const { size } = await Deno.stat(Deno.execPath());
  const { mode } = await Deno.stat(program);
  assert((mode ?? 0) & 0o100, "not executable");
  const embedded = Buffer.from((await Deno.readFile(program)).subarray(size));
  return (file) => embedded.includes(Deno.readTextFileSync(ROOT + file));
}

for (const target of ["x86_64", "aarch64"] as const) {
  Deno.test(`the compiled program for ${target} holds every command and worker`, async () => {
    const directory = await Deno.makeTempDir({ prefix: "netplumb-compile-" });
    try {
      const task = manifest.tasks[`compile:${target}`];
      assert(task.includes(` --target ${target}-unknown-linux-gnu `));
      const words = task.replace(/dist\//, `${directory}/`).split(" ");
      const { code, stderr } = await output("sh", [
        "-c",
        'cd "$0" && exec "$@"',
        ROOT,
        Deno.execPath(),
        ...words.slice(1),
      ], { env: { DENORT_BIN: Deno.execPath(), NO_COLOR: "1" } });
      assertEquals(code, 0, stderr);
      const holds = await content(`${directory}/netplumb-${target}`);
      const missing = [...sources("cli/commands"), ...workers()]
        .filter((file) => !holds(file));
      assertEquals(missing, []);
      assertEquals([...sources("tests/package")].filter(holds), []);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });
}
