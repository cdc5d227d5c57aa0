// The list of packages against the programs that the tests run.

import { assert, assertEquals } from "@std/assert";
import { debianPackages, partProgram } from "./packages.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** Sources that `deno task test` does not run. */
const NOT_TESTS = [
  /^tests\/(bare|kernels|setup|soak)\//,
  /^tests\/fuzz\/(capture|main)\.ts$/,
  // Downloads for the kernels and the soak test.
  /^tests\/support\/debian\.ts$/,
];

/** The beginning of a command: a call with a program's name, or its prefix. */
const COMMANDS = [
  /\b(?:run|output|spawn)\(\s*"([\w.-]+)",\s*\[/g,
  /\bnew Deno\.Command\(\s*"([\w.-]+)"/g,
  /\b(?:under: |exec\(|\[\.\.\.)\["([a-z][\w.-]+)", "/g,
];

function* sources(directory: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(ROOT + directory)) {
    const path = `${directory}/${name}`;
    if (isDirectory) yield* sources(path);
    else if (!NOT_TESTS.some((left) => left.test(path))) yield path;
  }
}

/** The programs of the list. */
function listed(): Set<string> {
  const parts = debianPackages(Deno.build.arch).flatMap(({ parts }) => parts);
  return new Set(parts.flatMap((part) => partProgram(part) ?? []));
}

Deno.test("every program that a test starts is in the list", () => {
  const programs = listed();
  const started = new Map<string, string>();
  for (const file of sources("tests")) {
    if (!file.endsWith(".ts")) continue;
    const text = Deno.readTextFileSync(ROOT + file);
    for (const command of COMMANDS) {
      for (const [, name] of text.matchAll(command)) started.set(name, file);
    }
  }
  assert(started.size > 20, [...started.keys()].join());
  const unlisted = [...started].filter(([name]) => !programs.has(name));
  assertEquals(unlisted, []);
});

Deno.test("every program in the list is used", () => {
  const unused = listed();
  for (const directory of ["tests", "docs", "examples"]) {
    for (const file of sources(directory)) {
      if (!/\.(ts|md|sh)$/.test(file)) continue;
      const text = Deno.readTextFileSync(ROOT + file);
      for (const name of unused) {
        if (new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(text)) {
          unused.delete(name);
        }
      }
    }
  }
  assertEquals(unused, new Set());
});

Deno.test("the list of packages stands in one place", () => {
  // Names that no other text has a reason to contain.
  for (const file of ["README.md", "CONTRIBUTING.md", ".ci/run"]) {
    const text = Deno.readTextFileSync(ROOT + file);
    for (const { package: name } of debianPackages(Deno.build.arch)) {
      if (!name.includes("-")) continue;
      assert(!text.includes(name), `${file}: ${name}`);
    }
  }
});

Deno.test("packages are sorted, each once, for both processors", () => {
  for (const arch of ["x86_64", "aarch64"] as const) {
    const names = debianPackages(arch).map((each) => each.package);
    assertEquals(names, [...new Set(names)].sort());
  }
});
