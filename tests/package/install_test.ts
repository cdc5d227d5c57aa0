// The command as `deno install --global` installs it, and what it downloads.

import { assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import manifest from "../../deno.json" with { type: "json" };
import { cp } from "node:fs/promises";
import { output, run } from "../support/netns.ts";
import { serveSources } from "../support/serve_sources.ts";

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

Deno.test("the command that is installed by URL runs after the server is gone", async () => {
  const directory = await Deno.makeTempDir({ prefix: "netplumb-install-" });
  const env = { DENO_DIR: `${directory}/cache`, NO_COLOR: "1" };
  try {
    {
      await using server = serveSources();
      const url = `http://127.0.0.1:${server.addr.port}`;
      const installed = await output(Deno.execPath(), [
        ...["install", "--global", "--quiet", "--no-config", "-A"],
        ...["--root", directory, "--name=netplumb"],
        `--import-map=${url}/links/import_map.json`,
        `${url}/cli/main.ts`,
      ], { env });
      assertEquals(installed, { code: 0, stdout: "", stderr: "" });
    }
    const command = `${directory}/bin/netplumb`;
    assertEquals(await output(command, ["--version"], { env }), {
      code: 0,
      stdout: `netplumb ${manifest.version}\n`,
      stderr: "",
    });
    const shown = await output(command, ["show", "link", "--dev=lo"], { env });
    assertEquals(shown.stderr, "");
    assertMatch(shown.stdout, /^1: lo: /);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

/** Packages of the npm registry that a subcommand uses. */
const USED = ["@opentelemetry/api", "elkjs", "yaml"];

/** Command lines that use no package. */
const WITHOUT_PACKAGES = [
  ["--version"],
  ["echo", "--bind=127.0.0.1", "--port=0", "--duration=10ms"],
  ["show", "link"],
  ["topology"],
];

Deno.test("the command runs without network and without cached packages, and needs three for files, drawings and metrics", async () => {
  const main = `${ROOT}cli/main.ts`;
  const { npmPackages } = JSON.parse(
    await run(Deno.execPath(), ["info", "--json", main]),
  );
  const packages: { name: string; localPath: string }[] = Object.values(
    npmPackages,
  );
  assertEquals(packages.map(({ name }) => name).sort(), USED);
  const directory = await Deno.makeTempDir({ prefix: "netplumb-cache-" });
  const netplumb = async (...args: string[]) => {
    const command = ["unshare", "--net", Deno.execPath(), "run", "-A", main];
    const [program, ...words] = [...command, ...args];
    const { code, stderr } = await output(program, words, {
      env: { DENO_DIR: directory, NO_COLOR: "1" },
    });
    return { code, downloads: /^Download .*$/m.exec(stderr)?.[0] };
  };
  try {
    for (const words of WITHOUT_PACKAGES) {
      assertEquals(await netplumb(...words), {
        code: 0,
        downloads: undefined,
      }, words.join(" "));
    }
    const registry = `${directory}/npm/registry.npmjs.org`;
    const cached = await Array.fromAsync(Deno.readDir(registry))
      .catch(() => []);
    assertEquals(cached, []);
    // With the packages in the cache, the others run, too.
    for (const { localPath } of packages) {
      // <cache>/npm/<host>/<name>/<version>; beside it is the description.
      const [, from, name] = /^(.*)(?=\/npm\/)(.*)\/[^/]+$/.exec(localPath)!;
      await cp(from + name, directory + name, { recursive: true });
    }
    const drawn = await netplumb("topology", "--format=svg");
    assertEquals(drawn, { code: 0, downloads: undefined });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
