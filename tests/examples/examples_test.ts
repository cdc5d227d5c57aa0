// What all examples have in common.

import { assert, assertStringIncludes } from "@std/assert";

const EXAMPLES = new URL("../../examples/", import.meta.url);
const readme = await Deno.readTextFile(new URL("README.md", EXAMPLES));

for (const { name } of [...Deno.readDirSync(EXAMPLES)]) {
  if (!name.endsWith(".ts")) continue;
  Deno.test(`examples/${name}: short, documented and tested`, async () => {
    const text = await Deno.readTextFile(new URL(name, EXAMPLES));
    const lines = text.trimEnd().split("\n").length;
    assert(lines <= 110, `${lines} lines`);
    assertStringIncludes(text, `examples/${name}`, "how it is started");
    assertStringIncludes(text, 'from "@std/cli/parse-args"');
    assertStringIncludes(readme, `](${name})`);
    await Deno.stat(
      new URL(name.replace(/\.ts$/, "_test.ts"), import.meta.url),
    );
  });
}
