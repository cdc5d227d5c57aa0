// The library as other programs get hold of it: by path, by URL, and by the
// name of the published package. None of them has this repository's deno.json.

import { assert, assertEquals } from "@std/assert";
import manifest from "../../deno.json" with { type: "json" };
import { exportsOf } from "../../docs/api.ts";
// Opened before the tests, whose leaks are checked.
import "../../ffi/libc.ts";
import { output, run } from "../support/netns.ts";
import { scriptLines } from "../support/script.ts";
import { serveSources } from "../support/serve_sources.ts";

const ROOT = new URL("../../", import.meta.url);

/** The entry points that are modules of the library, "." among them. */
const LIBRARY = Object.entries(manifest.exports)
  .filter(([name]) => name !== "./cli");

const program = (specifier: string) => `
import { UdpSocket } from ${JSON.stringify(specifier)};
await using server = UdpSocket.bind({ address: "127.0.0.1" });
await server.send("hello", server.address);
const { data, local } = await server.receive({ timeout: 5000 });
console.log(new TextDecoder().decode(data), local?.address);
`;

/** Runs a program in a directory of its own; gives what it printed. */
async function elsewhere(
  specifier: string,
  config?: unknown,
  ...flags: string[]
): Promise<string> {
  const directory = await Deno.makeTempDir({ prefix: "netplumb-import-" });
  try {
    await Deno.writeTextFile(`${directory}/main.ts`, program(specifier));
    if (config) {
      await Deno.writeTextFile(
        `${directory}/deno.json`,
        JSON.stringify(config),
      );
    }
    const words = ["run", "-A", "--check", ...flags, `${directory}/main.ts`];
    const { code, stdout, stderr } = await output(Deno.execPath(), words, {
      env: { NO_COLOR: "1" },
    });
    assertEquals(code, 0, stderr);
    return stdout;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("the library is imported by path", async () => {
  assertEquals(
    await elsewhere(`${ROOT.pathname}mod.ts`),
    "hello 127.0.0.1\n",
  );
});

Deno.test("the import of an entry point opens nothing: no libc, and no part of Deno that opens sockets", async () => {
  for (const [name, file] of LIBRARY) {
    const [before, imported, bound] = await scriptLines(`
      const internals = Deno[Deno.internal].core;
      const state = () => {
        const libraries = Object.values(internals.resources()).filter((name) =>
          name === "dynamicLibrary"
        ).length;
        const sockets = [...Deno.readDirSync("/proc/self/fd")].filter(({ name }) => {
          try {
            return Deno.readLinkSync("/proc/self/fd/" + name).startsWith("socket");
          } catch {
            return false;
          }
        }).length;
        console.log(libraries, sockets);
      };
      state();
      await import("${new URL(file, ROOT)}");
      state();
      const { libc } = await import("${new URL("ffi/libc.ts", ROOT)}");
      libc().close(-1);
      state();`);
    assertEquals(imported, before, name);
    const opened = (line: string | undefined) => Number(line?.split(" ")[0]);
    assertEquals(opened(bound), opened(imported) + 1, name);
  }
});

/** The compiler options of a strict project, for all that it imports. */
const STRICT = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  noUncheckedIndexedAccess: true,
  noUnusedLocals: true,
};

Deno.test("a strict project imports each entry point by path", async () => {
  const directory = await Deno.makeTempDir({ prefix: "netplumb-import-" });
  try {
    await Deno.writeTextFile(
      `${directory}/deno.json`,
      JSON.stringify({ compilerOptions: STRICT }),
    );
    const files = LIBRARY.map(([name, file]) => ({
      name: `${name === "." ? "all" : name.slice(2)}.ts`,
      text: `export * from ${JSON.stringify(new URL(file, ROOT).href)};\n`,
    }));
    for (const { name, text } of files) {
      await Deno.writeTextFile(`${directory}/${name}`, text);
    }
    // The configuration is that of the working directory.
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--quiet", ...files.map(({ name }) => name)],
      cwd: directory,
      env: { NO_COLOR: "1" },
    }).output();
    assert(success, new TextDecoder().decode(stderr));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

/** A program that imports every entry point and says how many names each has. */
const everyEntry = (specifier: (name: string, file: string) => string) =>
  LIBRARY.map(([name, file], index) =>
    `import * as _${index} from ${JSON.stringify(specifier(name, file))};\n` +
    `if (Object.keys(_${index}).length === 0) throw new Error("${name}");\n`
  ).join("") + 'console.log(import.meta.resolve("@std/assert"));\n';

Deno.test("a project imports every entry point by path, warns of nothing, and keeps its own packages", async () => {
  const directory = await Deno.makeTempDir({ prefix: "netplumb-import-" });
  try {
    await Deno.writeTextFile(
      `${directory}/deno.json`,
      JSON.stringify({
        imports: {
          "netplumb/": ROOT.pathname,
          "@std/assert": "jsr:@std/assert@^1",
        },
      }),
    );
    await Deno.writeTextFile(
      `${directory}/main.ts`,
      everyEntry((_, file) => `netplumb/${file.slice(2)}`),
    );
    assertEquals(
      await output(Deno.execPath(), ["run", `${directory}/main.ts`], {
        env: { NO_COLOR: "1" },
      }),
      { code: 0, stdout: "jsr:@std/assert@^1\n", stderr: "" },
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("mod.ts exports what the other entry points do, and no more", async () => {
  const names = async (file: string) =>
    Object.keys(await import(new URL(file, ROOT).href));
  const subjects = await Promise.all(
    LIBRARY.filter(([name]) => name !== ".").map(([, file]) => names(file)),
  );
  assertEquals(
    new Set(await names(manifest.exports["."])),
    new Set(subjects.flat()),
  );
  const all = await exportsOf("mod.ts");
  assert(all.length < 285, `${all.length} names`);
});

Deno.test("the library is imported by URL", async () => {
  await using server = serveSources();
  const url = `http://127.0.0.1:${server.addr.port}/mod.ts`;
  assertEquals(
    await elsewhere(
      url,
      { compilerOptions: STRICT },
      "--reload=http://127.0.0.1",
    ),
    "hello 127.0.0.1\n",
  );
});

Deno.test("the library is imported by the name of the published package", async () => {
  const { name, version } = manifest;
  const directory = await Deno.makeTempDir({ prefix: "netplumb-publish-" });
  try {
    // What is published and no more, standing where the registry would be.
    for (const file of await published()) {
      const to = new URL(file, `file://${directory}/package/`);
      await Deno.mkdir(new URL(".", to), { recursive: true });
      await Deno.copyFile(new URL(file, ROOT), to);
    }
    const config = {
      imports: { [name]: `jsr:${name}@^${version}` },
      links: [`${directory}/package`],
    };
    for (const entry of [name, `${name}/udp`]) {
      assertEquals(await elsewhere(entry, config), "hello 127.0.0.1\n");
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

/** The files that `deno publish` would send. */
async function published(): Promise<string[]> {
  const text = await run("sh", [
    "-c",
    'cd "$0" && NO_COLOR=1 "$1" publish --dry-run --allow-dirty 2>&1',
    ROOT.pathname,
    Deno.execPath(),
  ]);
  return [...text.matchAll(/^ +file:\/\/(\S+) \(/gm)]
    .map(([, path]) => path.slice(ROOT.pathname.length));
}
