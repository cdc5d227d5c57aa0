// The console blocks of docs/, typed as they stand into a shell.

import { blocks, steps } from "./blocks.ts";
import { Shell } from "./shell.ts";

const DOCS = new URL("../../docs/", import.meta.url);

/** Documents whose output is made, and checked, by something else. */
const ELSEWHERE = new Set(["stories.md", "performance.md", "reliability.md"]);

for (const { name } of [...Deno.readDirSync(DOCS)]) {
  if (!name.endsWith(".md") || ELSEWHERE.has(name)) continue;
  const text = await Deno.readTextFile(new URL(name, DOCS));

  Deno.test(`docs/${name}: every command prints what it says`, async () => {
    await using shell = await Shell.open();
    for (const block of blocks(text)) {
      if (block.language !== "console") continue;
      try {
        for (const step of steps(block)) await shell.step(step);
      } catch (error) {
        throw new Error(`docs/${name}:${block.line}`, { cause: error });
      }
    }
  });

  Deno.test(`docs/${name}: every file it points to is there`, async () => {
    for (const [, target] of text.matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      await Deno.stat(new URL(target, DOCS));
    }
  });
}

Deno.test("docs/README.md lists every page", async () => {
  const text = await Deno.readTextFile(new URL("README.md", DOCS));
  const pages = [...Deno.readDirSync(DOCS)].map(({ name }) => name)
    .filter((name) => name.endsWith(".md") && name !== "README.md");
  const missing = pages.filter((name) => !text.includes(`](${name})`));
  if (missing.length > 0) throw new Error(missing.join(", "));
});

Deno.test("CONTRIBUTING.md: every file it names is there", async () => {
  const root = new URL("../../", import.meta.url);
  const text = await Deno.readTextFile(new URL("CONTRIBUTING.md", root));
  const rooms =
    /[`(]((?:bench|cli|docs|examples|ffi|lib|links|tests)\/[\w./]+)[`)]/g;
  for (const [, path] of text.matchAll(rooms)) {
    await Deno.stat(new URL(path, root));
  }
});
