// README.md as a new user reads it: in order, each block copied as it stands.

import { assertEquals, assertMatch } from "@std/assert";
import { UdpSocket } from "../../lib/udp/socket.ts";
import { RunningScript } from "../support/command.ts";
import "../support/descriptors.ts";
import { type Block, blocks, steps } from "./blocks.ts";
import { Shell } from "./shell.ts";

const ROOT = new URL("../../", import.meta.url);
const readme = await Deno.readTextFile(new URL("README.md", ROOT));

/** How a kind of block is tried; a block of no kind fails the test. */
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
  [/^sh\ndeno task install$/, async ({ text }, shell) => {
    assertEquals((await shell.run(text.trim())).code, 0);
    const { code, lines } = await shell.run(
      "$DENO_INSTALL_ROOT/bin/netplumb --version",
    );
    assertEquals({ code, lines: lines.length }, { code: 0, lines: 1 });
  }],
  [/^console\n/, async (block, shell) => {
    for (const step of steps(block)) await shell.step(step);
    await shell.run("kill $(jobs -p) 2>/dev/null; wait");
  }],
  [/^ts\n/, async ({ text }) => {
    // With another port, as this machine is not the reader's.
    await using socket = UdpSocket.bind({ address: "127.0.0.1" });
    const { port } = socket.address;
    await socket.close();
    // Inside of the checkout, whose deno.json knows the package's name.
    const dir = new URL(".tmp/", ROOT).pathname;
    await Deno.mkdir(dir, { recursive: true });
    const script = await Deno.makeTempFile({ dir, suffix: ".ts" });
    try {
      await Deno.writeTextFile(script, text.replace("8888", String(port)));
      await using program = new RunningScript({ script });
      await using client = UdpSocket.bind({ address: "127.0.0.1" });
      const to = { address: "127.0.0.2", port };
      // Until it listens: nothing says when.
      const asking = setInterval(() => client.send("ping", to), 50);
      const { data, peer } = await client.receive({ timeout: 30_000 });
      clearInterval(asking);
      assertEquals(new TextDecoder().decode(data), "pong");
      assertEquals(peer.address, "127.0.0.2");
      assertEquals(await program.line(), "127.0.0.1 asked 127.0.0.2");
    } finally {
      await Deno.remove(script);
    }
  }],
];

Deno.test("every block of README.md does what it says, in order", async () => {
  await using shell = await Shell.open();
  for (const block of blocks(readme)) {
    const first = `${block.language}\n${block.text.split("\n")[0]}`;
    const trial = TRIALS.find(([kind]) => kind.test(first));
    if (!trial) throw new Error(`README.md:${block.line}: not tried`);
    try {
      await trial[1](block, shell);
    } catch (error) {
      throw new Error(`README.md:${block.line}`, { cause: error });
    }
  }
});

Deno.test("every file that README.md points to is there", async () => {
  for (const [, target] of readme.matchAll(/\]\((?!https?:)([^)#]+)/g)) {
    await Deno.stat(new URL(target, ROOT));
  }
});
