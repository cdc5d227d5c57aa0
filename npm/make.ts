/**
 * Makes the npm package `netplumb` in dist/: `deno task npm`.
 *
 * @module
 */

import { dirname, relative } from "node:path";
import manifest from "../deno.json" with { type: "json" };
import { manual } from "../docs/man.ts";

const ROOT = new URL("../", import.meta.url).pathname;

/** Files and directories of the command, without the entry point of programs. */
const INCLUDED = manifest.publish.include
  .filter((path) => path !== "mod.ts" && path !== "deno.json");

/** A path of a source in the package: Deno runs no TypeScript in node_modules. */
const compiled = (path: string) => path.replace(/\.ts$/, ".js");

/** The version of Deno that README.md names. */
export const DENO_VERSION: string = /^npx --yes deno@([\d.]+) /m
  .exec(Deno.readTextFileSync(`${ROOT}README.md`))![1];

/** Versions of the npm packages that the command imports. */
const PACKAGES = Object.fromEntries(
  ["@opentelemetry/api", "elkjs", "yaml"].map((name) => [
    name,
    manifest.imports[name as keyof typeof manifest.imports]
      .slice(`npm:${name}@`.length),
  ]),
);

const PACKAGE = {
  name: "netplumb",
  version: manifest.version,
  description:
    "Linux network plumbing: UDP with packet information, TUN/TAP devices, " +
    "rtnetlink and declarative network configuration",
  license: manifest.license,
  type: "module",
  os: ["linux"],
  cpu: ["x64", "arm64"],
  libc: ["glibc"],
  bin: { netplumb: "netplumb.sh" },
  man: ["netplumb.1"],
  dependencies: { ...PACKAGES, deno: DENO_VERSION },
};

/** Of deno.json, what the command reads; Deno uses no configuration here. */
const CONFIGURATION = { name: manifest.name, version: manifest.version };

/** Bare names of local packages, with their paths: no import map applies. */
const LOCAL = new Map(
  Object.entries(manifest.imports)
    .filter(([, path]) => path.startsWith("./"))
    .map(([name, path]) => [name, path.slice("./".length)]),
);

/** The code of a source, with its imports and URLs of workers as in the package. */
function adapted(path: string, code: string): string {
  return code.replace(/"(\.{1,2}\/[^"\n]*)\.ts"/g, '"$1.js"')
    .replace(/(?<=\b(?:from|import) ?\(?)"([^"\n.][^"\n]*)"/g, (same, name) => {
      const local = LOCAL.get(name);
      if (local === undefined) return same;
      return JSON.stringify(`./${relative(dirname(path), compiled(local))}`);
    });
}

function* files(path: string): Generator<string> {
  if (!path.endsWith("/")) return yield path;
  for (const { name, isDirectory } of Deno.readDirSync(ROOT + path)) {
    yield* files(isDirectory ? `${path}${name}/` : path + name);
  }
}

async function run(program: string, args: string[], cwd: string) {
  const { success } = await new Deno.Command(program, { args, cwd })
    .spawn().status;
  if (!success) throw new Error(`${program} ${args[0]} failed`);
}

/** Writes the content of the package into a directory. */
async function write(to: string): Promise<void> {
  const all = INCLUDED.flatMap((path) => [...files(path)]);
  const sources = all.filter((path) => path.endsWith(".ts"));
  await run(
    Deno.execPath(),
    ["transpile", "--quiet", "--outdir", to, ...sources],
    ROOT,
  );
  for (const path of sources) {
    const file = `${to}/${compiled(path)}`;
    const code = await Deno.readTextFile(file);
    await Deno.writeTextFile(file, adapted(path, code));
  }
  for (const path of all) {
    if (path.endsWith(".ts") || path.endsWith("/README.md")) continue;
    await Deno.mkdir(dirname(`${to}/${path}`), { recursive: true });
    await Deno.copyFile(ROOT + path, `${to}/${path}`);
  }
  const json = (value: unknown) => JSON.stringify(value, null, 2) + "\n";
  await Deno.writeTextFile(`${to}/package.json`, json(PACKAGE));
  await Deno.writeTextFile(`${to}/deno.json`, json(CONFIGURATION));
  await Deno.writeTextFile(`${to}/netplumb.1`, await manual());
  const script = await Deno.readTextFile(`${ROOT}npm/netplumb.sh`);
  // The same flags as those of the installed command.
  const [flags] = /--v8-flags=\S+/.exec(manifest.tasks.install)!;
  await Deno.writeTextFile(
    `${to}/netplumb.sh`,
    script.replace("V8_FLAGS", flags),
    { mode: 0o755 },
  );
}

/** Makes the package in a directory; gives the path of the archive. */
export async function make(directory: string): Promise<string> {
  const content = await Deno.makeTempDir({ prefix: "netplumb-npm-" });
  const archive = `${directory}/netplumb-${manifest.version}.tgz`;
  try {
    await write(`${content}/package`);
    await Deno.mkdir(directory, { recursive: true });
    // Always the same bytes from the same sources.
    const same = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0"];
    await run("tar", [
      ...["-czf", archive, ...same, "--numeric-owner"],
      ...["-C", content, "package"],
    ], ROOT);
    return archive;
  } finally {
    await Deno.remove(content, { recursive: true });
  }
}

if (import.meta.main) console.log(await make(`${ROOT}dist`));
