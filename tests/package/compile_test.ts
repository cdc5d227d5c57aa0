// What `deno task compile` puts into the one file. The base program it is put
// into comes from Deno's download host: Deno itself stands in for it here, so
// the file is made, and its content known, but it does not run.

import { assert, assertEquals } from "@std/assert";
import manifest from "../../deno.json" with { type: "json" };
import { SUBCOMMANDS } from "../../cli/subcommands.ts";
import { output, run } from "../support/netns.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** A module of `deno info --json`, as far as it is read here. */
interface GraphModule {
  readonly specifier: string;
  readonly npmPackage?: string;
  readonly dependencies?: readonly {
    readonly code?: { readonly specifier?: string };
  }[];
}

/** The files that a file leads to, by dynamic imports and in packages too. */
async function leadsTo(entry: string): Promise<string[]> {
  const info = JSON.parse(
    await run(Deno.execPath(), ["info", "--json", ROOT + entry]),
  );
  const modules = new Map(
    info.modules.map((module: GraphModule) => [module.specifier, module]),
  ) as Map<string, GraphModule>;
  const found = new Set<string>(info.roots);
  for (const one of found) {
    // What is imported for its types alone is no code.
    for (const { code } of modules.get(one)?.dependencies ?? []) {
      if (code?.specifier === undefined) continue;
      found.add(info.redirects[code.specifier] ?? code.specifier);
    }
  }
  return [...found].flatMap((specifier) => {
    const { npmPackage } = modules.get(specifier) ?? {};
    if (npmPackage !== undefined) {
      return `${info.npmPackages[npmPackage].localPath}/package.json`;
    }
    return specifier.startsWith("file:") ? new URL(specifier).pathname : [];
  });
}

/** The files that start as workers, or by importOnUse(), which no import leads to. */
function startedByUrl(files: readonly string[]): string[] {
  const started = /new URL\("(\.[^"]*\.ts)",\s*import\.meta\.url\)/g;
  return files.flatMap((file) =>
    [...Deno.readTextFileSync(file).matchAll(started)].map(([, worker]) =>
      new URL(worker, `file://${file}`).pathname
    )
  );
}

/** Whether a compiled program holds a source file; they are in it as they are. */
async function content(
  program: string,
): Promise<(file: string) => boolean> {
  const { size } = await Deno.stat(Deno.execPath());
  const { mode } = await Deno.stat(program);
  assert((mode ?? 0) & 0o100, "not executable");
  // Searching a string is many times as fast as searching bytes.
  const text = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes);
  const embedded = text((await Deno.readFile(program)).subarray(size));
  return (file) => embedded.includes(text(Deno.readFileSync(file)));
}

for (const target of ["x86_64", "aarch64"] as const) {
  Deno.test(`the compiled program for ${target} holds all it may ever load`, async () => {
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
      const files = await leadsTo("cli/main.ts");
      for (let from = 0; from < files.length;) {
        const started = startedByUrl(files.slice(from));
        from = files.length;
        for (const file of started.filter((file) => !files.includes(file))) {
          const more = await leadsTo(file.slice(ROOT.length));
          files.push(...more.filter((file) => !files.includes(file)));
        }
      }
      const workers = files.filter((file) => file.endsWith("worker.ts"));
      assert(workers.length > 0);
      for (const { name, load } of SUBCOMMANDS) {
        const [, file] = /"\.\/(commands\/.*?)"/.exec(`${load}`)!;
        assert(files.includes(`${ROOT}cli/${file}`), name);
      }
      const missing = [...new Set(files)].filter((file) => !holds(file));
      assertEquals(missing, []);
      assert(!holds(new URL(import.meta.url).pathname));
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });
}
