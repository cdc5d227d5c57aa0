// --help teaches: every subcommand says what it does, groups its options and
// shows command lines that work; and it loads next to nothing to say so.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { netplumb } from "../../cli/main.ts";
import { SUBCOMMANDS } from "../../cli/subcommands.ts";
import { netplumb as runNetplumb } from "../support/command.ts";
import {
  leaves,
  parseCommandLine,
  splitCommandLine,
} from "../support/command_tree.ts";
import { run } from "../support/netns.ts";

const commands = (await netplumb()).getCommands().flatMap(leaves);

for (const command of commands) {
  const path = command.getPath();
  const own = command.getBaseOptions().filter(({ name }) => name !== "help");

  Deno.test(`${path} --help: every option and argument is described in a group`, () => {
    assertMatch(command.getShortDescription(), /^[A-Z].{10,90}\.$/);
    for (const option of own) {
      assertMatch(option.description, /^[A-Z].*\.$/, option.name);
      assert(own.length < 4 || option.groupName, `${option.name}: no group`);
    }
    for (const argument of command.getArguments()) {
      assertMatch(argument.description ?? "", /^[A-Z].*\.$/, argument.name);
    }
  });

  Deno.test(`${path} --help: at least two examples, each understood`, async () => {
    const examples = command.getExamples();
    assert(examples.length >= 2, `${examples.length} examples`);
    for (const { name, description } of examples) {
      assertMatch(name, /^[A-Z].*[^.]$/);
      for (const line of description.split("\n")) {
        const [, words] = /(?:^|<\()netplumb ([^|>&#)]+)/.exec(line) ?? [];
        assert(words, `${path}: no command in ${line}`);
        await parseCommandLine(splitCommandLine(words.trim()));
      }
    }
  });
}

Deno.test("a subcommand's files are loaded only when it is named", async () => {
  for (const { name } of SUBCOMMANDS) {
    const other = SUBCOMMANDS.find((sub) => sub.name !== name)!;
    const tree = await netplumb([name]);
    const options = (name: string) =>
      tree.getCommand(name)!.getBaseOptions().length;
    assert(tree.getCommand(name)!.getExamples().length > 0, name);
    assertEquals(options(other.name), 0);
  }
});

Deno.test("--help reads no library but what judges arguments", async () => {
  const root = new URL("../../", import.meta.url).href;
  const { modules, roots } = JSON.parse(
    await run(Deno.execPath(), ["info", "--json", `${root}cli/main.ts`]),
  );
  const graph = new Map(
    // deno-lint-ignore no-explicit-any -- a foreign format
    modules.map((module: any) => [module.specifier, module]),
  );
  const loaded = new Set<string>(roots);
  for (const specifier of loaded) {
    // deno-lint-ignore no-explicit-any -- a foreign format
    const { dependencies = [] } = (graph.get(specifier) ?? {}) as any;
    for (const { code, isDynamic } of dependencies) {
      if (code?.specifier && !isDynamic) loaded.add(code.specifier);
    }
  }
  const files = [...loaded].filter((specifier) => specifier.startsWith(root))
    .map((specifier) => specifier.slice(root.length));
  assert(files.includes("cli/log.ts"));
  // lib/net judges addresses and names without a system call.
  const heavy = /^(cli\/commands|lib\/(?!net\/)[^/]+)\/|^ffi\/libc.ts$/;
  assertEquals(files.filter((file) => heavy.test(file)), []);
});

Deno.test("--help names every subcommand, their own shows defaults", async () => {
  const { stdout } = await runNetplumb(undefined, "--help");
  for (const { name, summary } of SUBCOMMANDS) {
    assertMatch(stdout, new RegExp(`^  ${name} +- ${summary} *$`, "m"));
  }
  const echo = await runNetplumb(undefined, "echo", "--help");
  assertMatch(echo.stdout, /--port +<port> +- .*Default: 8888/);
});

Deno.test("--help behind what was typed already shows how it goes on", async () => {
  for (const help of ["--help", "-h"]) {
    const { code, stdout, stderr } = await runNetplumb(
      undefined,
      ...["link", "add", "x", "--type", "vlan", help],
    );
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    assertMatch(stdout, /^Usage:[^]* netplumb link add <name>/m);
  }
});

Deno.test("an unknown option is reported as one, at any position", async () => {
  for (
    const words of [
      ["ensure", "--dry"],
      ["ensure", "--dry", "net.yaml"],
    ]
  ) {
    const { code, stderr } = await runNetplumb(undefined, ...words);
    assertEquals({ code, stderr }, {
      code: 2,
      stderr:
        'netplumb: Unknown option "--dry". Did you mean option "--dry-run"?\n',
    });
  }
  const { stderr } = await runNetplumb(undefined, "send", "::1", "9", "a", "b");
  assertMatch(stderr, /^netplumb: Too many arguments: b/);
});
