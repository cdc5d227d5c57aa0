// README.md as a new user follows it: in order, each file saved and each command
// run as shown.

import { assertEquals, assertMatch } from "@std/assert";
import "../support/descriptors.ts";
import { type Block, blocks, commandLines, steps } from "./blocks.ts";
import { checkCommandLine } from "./command_lines.ts";
import { Shell } from "./shell.ts";

const ROOT = new URL("../../", import.meta.url);
const readme = await Deno.readTextFile(new URL("README.md", ROOT));

/** How each kind of block is run; a block of no kind fails the test. */
const TRIALS: readonly (readonly [
  RegExp,
  (block: Block, shell: Shell) => Promise<void>,
])[] = [
  [/^sh\nnpx .* task test$/, async () => {
    // What CI runs, and so these very tests.
    const ci = await Deno.readTextFile(new URL(".ci/run", ROOT));
    assertMatch(ci, /task test\$' README\.md/);
  }],
  [/^sh\nnpx .* echo$/, async ({ text }, shell) => {
    await shell.step({
      command: `${text.trim()} &`,
      expected: ["listening on [::]:8888"],
    });
    const { code, lines } = await shell.run("kill -INT $!; wait $!");
    assertEquals(code, 0);
    assertMatch(lines.join("\n"), /^0 datagrams/);
  }],
  [/^sh\nnpx .* task npm$/, async ({ text }, shell) => {
    const [task, install] = text.trim().split("\n");
    assertEquals((await shell.run(`cd "$ROOT"; ${task}`)).code, 0);
    // tests/package/npm_test.ts and tests/bare/ install it.
    const [, archive] = /^npm install --global (\S+)$/.exec(install)!;
    await Deno.stat(new URL(archive, ROOT));
  }],
  [/^sh\ndeno task install$/, async ({ text }, shell) => {
    assertEquals((await shell.run(`cd "$ROOT"; ${text.trim()}`)).code, 0);
    const { code, lines } = await shell.run(
      "$DENO_INSTALL_ROOT/bin/netplumb --version",
    );
    assertEquals({ code, lines: lines.length }, { code: 0, lines: 1 });
  }],
  [/^console\n/, async (block, shell) => {
    for (const step of steps(block)) await shell.step(step);
    await shell.run("kill $(jobs -p) 2>/dev/null; wait");
  }],
  [/^json\n/, async ({ file, text }, shell) => {
    await shell.run("mkdir ~/app; cd ~/app");
    await shell.save(file!, text);
  }],
  [/^ts\n/, ({ file, text }, shell) => shell.save(file!, text)],
];

Deno.test("every block of README.md works as shown, in order", async () => {
  await using shell = await Shell.open();
  for (const block of blocks(readme)) {
    const first = `${block.language}\n${block.text.split("\n")[0]}`;
    const trial = TRIALS.find(([kind]) => kind.test(first));
    if (!trial) {
      throw new Error(`README.md:${block.line}: no way to run this block`);
    }
    try {
      await trial[1](block, shell);
    } catch (error) {
      throw new Error(`README.md:${block.line}`, { cause: error });
    }
  }
});

Deno.test("every other command line of README.md is valid", async () => {
  for (const { text, line } of commandLines(readme)) {
    try {
      await checkCommandLine(text.replaceAll("\\|", "|"));
    } catch (error) {
      throw new Error(`README.md:${line}: ${text}`, { cause: error });
    }
  }
});

Deno.test("every file that README.md links to exists", async () => {
  for (const [, target] of readme.matchAll(/\]\((?!https?:)([^)#]+)/g)) {
    await Deno.stat(new URL(target, ROOT));
  }
});
