// The npm package, from its archive, laid out as npm lays it out.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { cp } from "node:fs/promises";
import manifest from "../../deno.json" with { type: "json" };
// Before the tests: the manual page loads all commands, and they load libc.
import "../../ffi/libc.ts";
import { SUBCOMMANDS } from "../../cli/subcommands.ts";
import { DENO_VERSION, make } from "../../npm/make.ts";
import { output, run } from "../support/netns.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const VERSION = `netplumb ${manifest.version}\n`;
const BINARY = `@deno/linux-${
  Deno.build.arch === "x86_64" ? "x64" : "arm64"
}-glibc`;

/** A project that has the package, in a directory whose name holds spaces. */
class Project implements AsyncDisposable {
  private constructor(
    private readonly parent: string,
    readonly directory: string,
  ) {}

  static async make(): Promise<Project> {
    const parent = await Deno.makeTempDir({ prefix: "netplumb-npm-" });
    const project = new Project(parent, `${parent}/a  project`);
    const modules = project.modules;
    await Deno.mkdir(`${modules}/.bin`, { recursive: true });
    await run("tar", ["-xzf", await make(parent), "-C", modules]);
    await Deno.rename(`${modules}/package`, `${modules}/netplumb`);
    await Deno.symlink("../netplumb/netplumb.sh", `${modules}/.bin/netplumb`);
    await Deno.mkdir(`${modules}/deno`);
    await Deno.mkdir(`${modules}/${BINARY}`, { recursive: true });
    // A copy, because this one may be in a home directory that others may not
    // read.
    await Deno.copyFile(Deno.execPath(), `${modules}/${BINARY}/deno`);
    const info = JSON.parse(
      await run(Deno.execPath(), ["info", "--json", `${ROOT}cli/main.ts`]),
    );
    for (
      const { name, localPath } of Object.values<Dependency>(
        info.npmPackages,
      )
    ) {
      await cp(localPath, `${modules}/${name}`, { recursive: true });
    }
    await Deno.chmod(parent, 0o755);
    return project;
  }

  get modules(): string {
    return `${this.directory}/node_modules`;
  }

  get command(): string {
    return `${this.modules}/.bin/netplumb`;
  }

  /** Runs the command in a directory, without a network. */
  netplumb(
    args: readonly string[],
    { cwd = this.directory, under = [] as string[] } = {},
  ) {
    return output("unshare", [
      "--net",
      `--wd=${cwd}`,
      ...under,
      this.command,
      ...args,
    ], { env: { NO_COLOR: "1", DENO_DIR: `${this.parent}/cache` } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.parent, { recursive: true });
  }
}

interface Dependency {
  readonly name: string;
  readonly localPath: string;
}

/** Parts of a program that replies on a socket, in two threads. */
const ECHO = [
  "echo",
  "--bind=::",
  "--port=0",
  "--workers=2",
  "--duration=10ms",
];

Deno.test("the npm package", async (t) => {
  await using project = await Project.make();
  const succeeds = async (...call: Parameters<Project["netplumb"]>) => {
    const { code, stdout, stderr } = await project.netplumb(...call);
    assertEquals(code, 0, stderr);
    return stdout;
  };

  await t.step(
    "depends on what the command uses, in exact versions",
    async () => {
      const { dependencies, version } = JSON.parse(
        await Deno.readTextFile(`${project.modules}/netplumb/package.json`),
      );
      assertEquals(version, manifest.version);
      const used = ["@opentelemetry/api", "deno", "elkjs", "yaml"];
      assertEquals(Object.keys(dependencies).sort(), used);
      assertEquals(dependencies.deno, DENO_VERSION);
      for (const [name, version] of Object.entries<string>(dependencies)) {
        assertMatch(version, /^\d+\.\d+\.\d+$/, name);
      }
    },
  );

  await t.step("has the manual page", async () => {
    const page = `${project.modules}/netplumb/netplumb.1`;
    assertMatch(await run("man", ["--warnings", page]), /^NETPLUMB\(1\)/);
  });

  await t.step("has every module that the command can load", async () => {
    const program = `${project.modules}/netplumb/all.js`;
    await Deno.writeTextFile(
      program,
      'import { netplumb } from "./cli/main.js";\n' +
        "console.log((await netplumb()).getCommands().length);\n",
    );
    const loaded = await run(Deno.execPath(), [
      ...["run", "-A", "--no-config", "--node-modules-dir=manual", program],
    ]);
    assertEquals(loaded, `${SUBCOMMANDS.length}\n`);
  });

  await t.step(
    "runs sockets and workers with the flags of the installed command",
    async () => {
      const stdout = await succeeds(ECHO);
      assertMatch(stdout, /^listening on \[::\]:\d+$/m);
      const [flags] = /--v8-flags=\S+/.exec(manifest.tasks.install)!;
      const script = await Deno.readTextFile(project.command);
      assert(script.includes(` ${flags} `), script);
    },
  );

  await t.step("loads its npm packages", async () => {
    const lab = `${ROOT}examples/lab.yaml`;
    const { stdout } = await project.netplumb(["ensure", "--dry-run", lab]);
    assertMatch(stdout, /^\+ add namespace/);
    assertMatch(await succeeds(["topology", "--format=svg"]), /^<svg /);
    // The files of the page are in the package, too.
    const view = ["view", "--listen=127.0.0.1:0", "--duration=10ms"];
    assertMatch(await succeeds(view), /^listening on http:/);
  });

  await t.step(
    "ignores the configuration and the packages of the current directory",
    async () => {
      const cwd = `${project.directory}/member`;
      await Deno.mkdir(cwd);
      const write = (file: string, value: unknown) =>
        Deno.writeTextFile(
          `${project.directory}/${file}`,
          JSON.stringify(value),
        );
      await write("package.json", { dependencies: { yaml: "1" } });
      await write("deno.json", { workspace: ["./member"] });
      await write("member/deno.json", { imports: { yaml: "./none.ts" } });
      for (const directory of [cwd, project.directory, ROOT, "/"]) {
        const { code, stdout, stderr } = await project.netplumb(["--version"], {
          cwd: directory,
        });
        assertEquals(
          { code, stdout, stderr },
          { code: 0, stdout: VERSION, stderr: "" },
        );
      }
    },
  );

  await t.step(
    "runs without privileges and without a home directory",
    async () => {
      const nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"];
      const under = [
        ...["setpriv", ...nobody],
        ...["env", "--unset=DENO_DIR", "HOME=/nonexistent"],
      ];
      assertMatch(await succeeds(ECHO, { under }), /^listening on/);
    },
  );

  await t.step(
    "the command is the process that was started, so that signals reach it",
    async () => {
      const child = new Deno.Command(project.command, {
        args: ["echo", "--bind=127.0.0.1", "--port=0"],
        stdout: "piped",
        stderr: "null",
      }).spawn();
      const reader = child.stdout.getReader();
      await reader.read();
      const executable = await Deno.readLink(`/proc/${child.pid}/exe`);
      child.kill("SIGTERM");
      while (!(await reader.read()).done);
      assertEquals((await child.status).code, 0);
      assertEquals(executable, `${project.modules}/${BINARY}/deno`);
    },
  );

  await t.step("reports a Deno that npm did not install", async () => {
    await Deno.remove(`${project.modules}/${BINARY}`, { recursive: true });
    const { code, stderr } = await project.netplumb(["--version"]);
    assertEquals(code, 1);
    assertMatch(stderr, /^netplumb: npm did not install @deno\/linux-/);
  });
});
