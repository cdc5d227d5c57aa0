// Checks command lines that a page mentions without their output.

import { assert } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import {
  namesCommand,
  parseCommandLine,
  splitCommandLine,
} from "../support/command_tree.ts";
import { run } from "../support/netns.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** Commands of other tests and of .ci/run. */
const TESTED_ELSEWHERE = [
  /^npx --yes( deno@[\d.]+)?( run -A cli\/main\.ts( echo)?| task (npm|test))?$/,
  // tests/bare/ runs them.
  /^npx( --yes \.\/dist\/netplumb-[\d.]+\.tgz echo| netplumb doctor)$/,
  /^bash \.ci\/run$/,
  // tests/cli/man_test.ts renders the page.
  /^man \.\/netplumb\.1$/,
  /^deno (run|install|compile)( FLAGS cli\/main\.ts \.\.\.| FLAGS)?$/,
  /^deno run -A cli\/main\.ts$/,
  /^deno run( --allow-(ffi|env|net|read|write|run|all)(=[\w,]+)?)+( [\w-]+\.ts)?$/,
  // tests/lib/io/ and tests/package/ run them.
  /^deno run --watch(-hmr)?$/,
  /^deno (fmt|lint|check|publish|test)\b/,
];

/** Fails where a command line names a task, command or option that does not exist. */
export async function checkCommandLine(line: string): Promise<void> {
  const [command] = line.split(/ (?:&&|\||>) /, 1);
  if (TESTED_ELSEWHERE.some((known) => known.test(command))) return;
  const [program, ...words] = splitCommandLine(command.replace(/ &$/, ""));
  if (program === "netplumb") return await checkNetplumb(words);
  if (program === "deno" && words[0] === "task") {
    assert(words[1] in config.tasks, `no task ${words[1]}`);
    return;
  }
  if (program === "deno" && words[0] === "doc") {
    const args = words.map((word) => word.replace(/^mod\.ts$/, `${ROOT}$&`));
    await run(Deno.execPath(), args);
    return;
  }
  throw new Error("this command line is not tried by any test");
}

const PLACEHOLDERS: Readonly<Record<string, string>> = {
  SUBCOMMAND: "show",
  OBJECT: "link",
};

async function checkNetplumb(words: string[]): Promise<void> {
  // "link|address" stands for one of them, "..." for anything.
  const [first, ...rest] = words.map((word) => word.split("|"));
  for (const name of first) {
    for (const second of rest[0] ?? [undefined]) {
      const line = [name, second, ...rest.slice(1).map(([each]) => each)]
        .filter((word) => word !== undefined && word !== "...")
        .map((word) => PLACEHOLDERS[word!] ?? word!);
      // --help would print it.
      if (await namesCommand(line.filter((word) => word !== "--help"))) {
        continue;
      }
      await parseCommandLine(line);
    }
  }
}
