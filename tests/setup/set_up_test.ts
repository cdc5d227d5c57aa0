// Set-up of the machine, on machines that consist of a directory of programs.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { output, run } from "../support/netns.ts";
import { fillDenoCache } from "./deno_cache.ts";
import { missingPackages } from "./missing.ts";
import { type DebianPackage, debianPackages, partProgram } from "./packages.ts";
import { type Machine, setUp } from "./set_up.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const PATH = Deno.env.get("PATH")!;
const DEBIAN = 'PRETTY_NAME="Debian"\nID=debian\nVERSION_ID="12"\n';
const UBUNTU = "ID=ubuntu\nID_LIKE=debian\n";

const PACKAGES: readonly DebianPackage[] = [
  { package: "one", parts: [{ program: "one" }, { program: "first" }] },
  { package: "two", parts: [{ program: "two" }] },
  {
    package: "three",
    parts: [{ name: "three of x", command: ["three", "-v"], prints: /by x/ }],
  },
];

/** A directory of programs that is the whole PATH. */
class Programs implements AsyncDisposable {
  private constructor(readonly directory: string) {}

  static async with(
    programs: Readonly<Record<string, string>>,
  ): Promise<Programs> {
    const made = new Programs(await Deno.makeTempDir({ prefix: "np-setup-" }));
    for (const [name, script] of Object.entries(programs)) {
      await made.add(name, script);
    }
    return made;
  }

  /** Adds a shell script. */
  add(name: string, script: string): Promise<void> {
    const file = `${this.directory}/${name}`;
    return Deno.writeTextFile(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }

  /** Sets up a machine that has them; gives the result and what it reports. */
  async setUp(
    machine: Partial<Machine>,
  ): Promise<{ ready: boolean; lines: string[] }> {
    const lines: string[] = [];
    const ready = await setUp({
      packages: PACKAGES,
      path: this.directory,
      root: true,
      osRelease: DEBIAN,
      report: (text) => lines.push(...text.split("\n")),
      ...machine,
    });
    return { ready, lines };
  }

  /** What the program `apt-get` wrote to the file `log`. */
  async log(): Promise<string[]> {
    const file = `${this.directory}/log`;
    return (await Deno.readTextFile(file)).trim().split("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.directory, { recursive: true });
  }
}

const COMPLETE = {
  one: "",
  first: "",
  two: "",
  three: "echo made by x >&2",
  "apt-get": "exit 99",
};

/** An apt-get that logs its words and installs `two` and `three`. */
const APT_GET = `
cd "\${0%/*}"
echo "$*" >>log
case $* in
*install*)
  printf '#!/bin/sh\\necho by x' >three
  printf '#!/bin/sh' >two
  /bin/chmod 755 two three ;;
esac`;

const OPTIONS = "--quiet=2 --option=DPkg::Lock::Timeout=300";
const INSTALL = `${OPTIONS} install --yes --no-install-recommends`;

Deno.test("set-up does nothing on a machine that has all", async () => {
  await using programs = await Programs.with(COMPLETE);
  assertEquals(await programs.setUp({}), { ready: true, lines: [] });
});

Deno.test("set-up names what is missing in one sentence where it cannot install", async () => {
  const { first: _, three: __, ...rest } = COMPLETE;
  await using programs = await Programs.with({
    ...rest,
    "apt-get": APT_GET,
    three: "echo made by y",
  });
  for (
    const machine of [
      { root: false },
      { osRelease: UBUNTU },
      { osRelease: undefined },
    ]
  ) {
    assertEquals(await programs.setUp(machine), {
      ready: false,
      lines: [
        "The tests need first (Debian package one), three of x (Debian " +
        "package three), and `deno task test` installs missing packages " +
        "only on Debian as root.",
      ],
    });
  }
  assert(!(await exists(`${programs.directory}/log`)));
});

Deno.test("set-up installs what is missing on Debian as root, and only that", async () => {
  const { two: _, ...rest } = COMPLETE;
  await using programs = await Programs.with({
    ...rest,
    "apt-get": `${APT_GET}\necho "$DEBIAN_FRONTEND $PATH" >>log`,
    three: "echo made by y",
  });
  assertEquals(await programs.setUp({}), {
    ready: true,
    lines: ["Installing Debian packages that the tests need: two three"],
  });
  assertEquals(await programs.log(), [
    `${INSTALL} two three`,
    `noninteractive ${programs.directory}:/usr/local/sbin:/usr/sbin:/sbin`,
  ]);
});

Deno.test("set-up reads the lists of packages where an installation fails", async () => {
  const { two: _, ...rest } = COMPLETE;
  await using programs = await Programs.with({
    ...rest,
    "apt-get": `case $* in
*update*) : >"\${0%/*}/updated" ;;
*) [ -e "\${0%/*}/updated" ] || { echo "E: no package two"; exit 100; } ;;
esac${APT_GET}`,
  });
  assertEquals((await programs.setUp({})).ready, true);
  assertEquals(await programs.log(), [
    `${OPTIONS} update`,
    `${INSTALL} two`,
  ]);
});

Deno.test("set-up fails with what apt-get prints", async () => {
  const { two: _, ...rest } = COMPLETE;
  await using programs = await Programs.with({
    ...rest,
    "apt-get": 'echo "E: $1 refused" >&2; exit 100',
  });
  assertEquals(await programs.setUp({}), {
    ready: false,
    lines: [
      "Installing Debian packages that the tests need: two",
      "E: --quiet=2 refused",
      "E: --quiet=2 refused",
      "The tests need two.",
    ],
  });
});

Deno.test("set-up fails where a package does not bring its program", async () => {
  const { two: _, ...rest } = COMPLETE;
  await using programs = await Programs.with({ ...rest, "apt-get": "" });
  assertEquals(await programs.setUp({}), {
    ready: false,
    lines: [
      "Installing Debian packages that the tests need: two",
      `The tests need two, not found after the installation; the PATH is ` +
      `${programs.directory}.`,
    ],
  });
});

Deno.test("a directory or a file that does not execute is no program", async () => {
  await using programs = await Programs.with(COMPLETE);
  await Deno.chmod(`${programs.directory}/one`, 0o644);
  await Deno.remove(`${programs.directory}/two`);
  await Deno.mkdir(`${programs.directory}/two`);
  assertEquals(await missingPackages(PACKAGES, programs.directory), [
    { package: "one", parts: ["one"] },
    { package: "two", parts: ["two"] },
  ]);
});

async function exists(file: string): Promise<boolean> {
  return await Deno.stat(file).then(() => true, () => false);
}

Deno.test("every part of the real list is found here, and none on an empty PATH", async () => {
  const packages = debianPackages(Deno.build.arch);
  assertEquals(await missingPackages(packages, PATH), []);
  const tried = packages.filter(({ parts }) => parts.some(partProgram));
  assertEquals(
    (await missingPackages(packages, "")).map((each) => each.package),
    tried.map((each) => each.package),
  );
});

/** A device in place of the program, in a mount namespace. */
const HIDE_STRACE = `for directory in $(echo "$PATH" | tr : " "); do
  [ ! -x "$directory/strace" ] || mount --bind /dev/null "$directory/strace"
done`;

/** Ways to start a program where set-up may not install. */
const ELSEWHERE = {
  "without root": 'exec unshare --user --map-user=1000 "$@"',
  "on another system": 'echo ID=other >"$OTHER"\n' +
    'mount --bind "$OTHER" /etc/os-release; exec "$@"',
};

for (const [where, start] of Object.entries(ELSEWHERE)) {
  Deno.test(`deno task test ends before any test where a program is missing, ${where}`, async () => {
    const other = await Deno.makeTempFile({ prefix: "np-setup-" });
    try {
      const { code, stdout, stderr } = await output("unshare", [
        ...["--mount", "sh", "-ec", `${HIDE_STRACE}\n${start}`, "sh"],
        ...[Deno.execPath(), "task", "--quiet", "--cwd", ROOT, "test"],
      ], { env: { NO_COLOR: "1", OTHER: other } });
      assertEquals({ code, stdout }, { code: 1, stdout: "" });
      assertMatch(
        stderr,
        /^(Task .*\n)?The tests need strace, and .* on Debian as root\.\n$/,
      );
    } finally {
      await Deno.remove(other);
    }
  });
}

Deno.test("set-up itself needs no download", async () => {
  const main = new URL("main.ts", import.meta.url).pathname;
  const info = await run(Deno.execPath(), ["info", "--json", main]);
  const modules: { specifier: string }[] = JSON.parse(info).modules;
  assert(modules.length > 3);
  for (const { specifier } of modules) assertMatch(specifier, /^file:/);
});

Deno.test("after set-up the command starts without a download", async () => {
  const main = `${ROOT}cli/main.ts`;
  const { code, stderr } = await output(
    Deno.execPath(),
    ["run", "-A", main, "--version"],
    { env: { NO_COLOR: "1" } },
  );
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
});

Deno.test("npm packages are missing while deno still downloads them", async () => {
  // Exits with 0 as Deno does, whether a download succeeds or not.
  await using programs = await Programs.with({
    never: "",
    once: 'cd "${0%/*}"; [ -e log ] || echo Download it >&2; : >log',
    always: "echo Download it >&2",
  });
  for (
    const [deno, ready] of [["never", true], ["once", true], ["always", false]]
  ) {
    assertEquals(await fillDenoCache(`${programs.directory}/${deno}`), ready);
  }
});
