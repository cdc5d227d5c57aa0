// The manual page, as man(1) reads it.

import type { Command } from "@cliffy/command";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { netplumb } from "../../cli/main.ts";
import { manual } from "../../docs/man.ts";
import { output } from "../support/netns.ts";

const page = await manual();

async function rendered(): Promise<string> {
  const { code, stdout, stderr } = await output(
    "man",
    ["--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-"],
    { stdin: page, env: { LC_ALL: "C.UTF-8" } },
  );
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  // Bold and underlined letters are printed over themselves.
  // deno-lint-ignore no-control-regex
  return stdout.replace(/.\x08/gu, "").replace(/‐/g, "-");
}

const unwrapped = (text: string) => text.replace(/\s+/g, " ");
/** A description as the page shows it: what is code stands in bold. */
const plain = (text: string) => unwrapped(text.replace(/`/g, ""));

Deno.test("man reads the manual page without a warning and shows every option", async () => {
  const shown = await rendered();
  // deno-lint-ignore no-explicit-any -- commands of every shape
  const walk = (command: Command<any>) => {
    const from = shown.indexOf(`\n   ${command.getPath()}\n`);
    assert(from > 0, command.getPath());
    const words = unwrapped(shown.slice(from));
    assertStringIncludes(words, plain(command.getShortDescription()));
    for (const { flags, description } of command.getBaseOptions()) {
      assertStringIncludes(words, flags.join(", "));
      assertStringIncludes(words, plain(description));
    }
    for (const { description } of command.getExamples()) {
      for (const line of description.split("\n")) {
        assertStringIncludes(shown.slice(from), `           ${line}\n`);
      }
    }
    command.getCommands().forEach(walk);
  };
  (await netplumb()).getCommands().forEach(walk);
});
