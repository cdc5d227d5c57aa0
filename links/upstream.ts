// Runs tests on the real packages instead of the local ones, from clones of
// their repositories:
//
//   deno task test:upstream FOLDER [TEST FILE]...
//
// FOLDER holds `cliffy` (github.com/c4spar/cliffy) and `std`
// (github.com/denoland/std), both with their history.

import { realConfig, versionOf } from "./config.ts";

const COMMIT_WITH_LOG = "2e717fdfe^"; // std before @std/log was removed

const root = new URL("../", import.meta.url).pathname;
const [clones, ...tests] = Deno.args;
if (!clones) {
  console.error("deno task test:upstream FOLDER [TEST FILE]...");
  Deno.exit(2);
}

async function sh(command: string, ...args: string[]): Promise<void> {
  const { success } = await new Deno.Command("sh", {
    args: ["-euc", command, "sh", ...args],
  }).spawn().status;
  if (!success) throw new Error(command);
}

const unpack = (repository: string, revision: string, target: string) =>
  sh(
    'mkdir "$3"; git -C "$1" archive "$2" | tar -x -C "$3"',
    `${clones}/${repository}`,
    revision,
    target,
  );

/** The words of the help of every command, by its path. */
async function helpWords(
  ...options: readonly string[]
): Promise<Record<string, readonly string[]>> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", ...options, `${root}links/help_words.ts`],
    env: { NO_COLOR: "1" },
    stderr: "inherit",
  }).output();
  if (!success) throw new Error("links/help_words.ts failed");
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** The help of every command has the same words with both. */
async function compareHelp(): Promise<void> {
  const ours = await helpWords();
  const real = await helpWords("--config", configFile);
  const paths = Object.keys({ ...ours, ...real });
  const different = paths.filter((path) =>
    JSON.stringify(ours[path]) !== JSON.stringify(real[path])
  );
  console.log(`help of ${paths.length} commands: ${different.length} differ`);
  for (const path of different) {
    console.log(`${path} --help: other words than with the real package`);
    Deno.exitCode = 1;
  }
}

const sources = await Deno.makeTempDir({ prefix: "netplumb-upstream-" });
// Beside deno.json, because the paths in it are relative.
const configFile = `${root}deno.upstream.json`;
try {
  await unpack(
    "cliffy",
    `v${versionOf("@cliffy/command")}`,
    `${sources}/cliffy`,
  );
  await unpack("std", "HEAD", `${sources}/std`);
  // On its own: the std of today and the std that still had it do not mix.
  await unpack("std", `${COMMIT_WITH_LOG}:log`, `${sources}/log`);
  await Deno.writeTextFile(
    configFile,
    JSON.stringify(realConfig({
      links: ["cliffy", "std", "log"].map((name) => `${sources}/${name}`),
    })),
  );
  const deno = async (command: string, args: readonly string[]) => {
    const { code } = await new Deno.Command(Deno.execPath(), {
      args: [command, "--config", configFile, ...args],
      cwd: root,
      env: { NETPLUMB_TEST_CONFIG: configFile },
    }).spawn().status;
    Deno.exitCode ||= code;
  };
  await deno("check", ["cli", "tests"]);
  await compareHelp();
  const tested = tests.length > 0 ? tests : ["tests/links", "tests/cli"];
  await deno("test", ["-A", ...tested]);
} finally {
  await Deno.remove(configFile).catch(() => {});
  await Deno.remove(sources, { recursive: true });
}
