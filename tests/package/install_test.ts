// The command as `deno install --global` installs it, and what it downloads.

import { assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import manifest from "../../deno.json" with { type: "json" };
import { cp } from "node:fs/promises";
import { output, run } from "../support/netns.ts";

/** As far as it is read here. */
interface GraphModule {
  readonly specifier: string;
  readonly npmPackage?: string;
  readonly dependencies?: readonly {
    readonly specifier: string;
    readonly code?: { readonly error?: string };
    readonly type?: { readonly error?: string };
  }[];
}

const ROOT = new URL("../../", import.meta.url).pathname;

Deno.test("the import map knows every package the command imports", async () => {
  const { modules } = JSON.parse(
    await run(Deno.execPath(), [
      "info",
      "--json",
      "--no-config",
      `--import-map=${ROOT}links/import_map.json`,
      `${ROOT}cli/main.ts`,
    ]),
  );
  assertEquals(
    modules.flatMap((module: GraphModule) =>
      (module.dependencies ?? []).flatMap(({ specifier, code, type }) =>
        code?.error ?? type?.error ? [`${module.specifier}: ${specifier}`] : []
      )
    ),
    [],
  );
});

Deno.test("the installed command runs from anywhere", async () => {
  const directory = await Deno.makeTempDir({ prefix: "netplumb-install-" });
  try {
    const installed = await output("sh", [
      "-c",
      'cd "$1" && "$2" task install',
      "sh",
      ROOT,
      Deno.execPath(),
    ], { env: { DENO_INSTALL_ROOT: directory, NO_COLOR: "1" } });
    assertEquals(installed.code, 0, installed.stderr);
    assertNotMatch(installed.stderr, /warning/i);

    const netplumb = (...args: string[]) =>
      output("sh", [
        "-c",
        'cd / && exec "$0" "$@"',
        `${directory}/bin/netplumb`,
        ...args,
      ], { env: { NO_COLOR: "1" } });
    assertEquals(await netplumb("--version"), {
      code: 0,
      stdout: `netplumb ${manifest.version}\n`,
      stderr: "",
    });
    // A socket, and a worker found from where the command lives.
    const run = await netplumb(
      "echo",
      "--bind=127.0.0.1",
      "--port=0",
      "--workers=2",
      "--duration=10ms",
    );
    assertEquals(run.code, 0, run.stderr);
    assertMatch(run.stdout, /^listening on 127\.0\.0\.1:\d+$/m);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

/** Packages of the npm registry that a subcommand uses. */
const USED = ["@opentelemetry/api", "elkjs", "yaml"];

Deno.test("the command starts without network if its own packages are cached, and no others", async () => {
  const main = `${ROOT}cli/main.ts`;
  const { npmPackages } = JSON.parse(
    await run(Deno.execPath(), ["info", "--json", main]),
  );
  const packages: { name: string; localPath: string }[] = Object.values(
    npmPackages,
  );
  assertEquals(packages.map(({ name }) => name).sort(), USED);
  const directory = await Deno.makeTempDir({ prefix: "netplumb-cache-" });
  try {
    for (const { localPath } of packages) {
      // <cache>/npm/<host>/<name>/<version>; beside it is the description.
      const [, from, name] = /^(.*)(?=\/npm\/)(.*)\/[^/]+$/.exec(localPath)!;
      await cp(from + name, directory + name, { recursive: true });
    }
    const { code, stdout, stderr } = await output("unshare", [
      "--net",
      Deno.execPath(),
      "run",
      "-A",
      main,
      "--version",
    ], { env: { DENO_DIR: directory, NO_COLOR: "1" } });
    assertEquals(
      { code, stdout, stderr },
      { code: 0, stdout: `netplumb ${manifest.version}\n`, stderr: "" },
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
