// The oldest Deno that is accepted; .ci/run runs tests with it.

import { assertEquals, assertMatch } from "@std/assert";
import { output } from "../support/netns.ts";

const ROOT = new URL("../../", import.meta.url);

/** Loads a module with another version number. */
function load(file: string, version: string, ...args: string[]) {
  const program = `
Object.defineProperty(Deno, "version", { value: { deno: "${version}" } });
Object.defineProperty(Deno, "args", { value: ${JSON.stringify(args)} });
const { netplumb } = await import("${new URL(file, ROOT)}");
if (netplumb) {
  const { run } = await import("${new URL("cli/run.ts", ROOT)}");
  await run(netplumb(Deno.args), Deno.args);
}`;
  const config = `--config=${new URL("deno.json", ROOT).pathname}`;
  return output(Deno.execPath(), ["eval", config, program], {
    env: { NO_COLOR: "1" },
  });
}

const REFUSAL =
  /Deno 2\.6\.0 or later is required, this is 2\.5\.9: run `deno up/;

Deno.test("an older Deno is refused when the library is imported, a newer one is not", async () => {
  for (const entry of ["mod.ts", "lib/udp/mod.ts", "lib/rtnetlink/mod.ts"]) {
    const { code, stderr } = await load(entry, "2.5.9");
    assertEquals(code, 1);
    assertMatch(stderr, REFUSAL);
  }
  for (const version of ["2.6.0", "2.10.0", "3.0.0-rc.1", "2.9.6+abcdef0"]) {
    const { code, stderr } = await load("mod.ts", version);
    assertEquals({ code, stderr }, { code: 0, stderr: "" }, version);
  }
});

Deno.test("the command refuses an older Deno in one line", async () => {
  const { code, stdout, stderr } = await load(
    "cli/main.ts",
    "2.5.9",
    ...["show", "link"],
  );
  assertEquals({ code, stdout }, { code: 1, stdout: "" });
  assertMatch(stderr, new RegExp(`^netplumb: ${REFUSAL.source}grade\`\n$`));
});
