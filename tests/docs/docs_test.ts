// Runs the console blocks of docs/ in a shell, with the files that the pages
// show, and checks every other command line and link.

import "../support/descriptors.ts";
import { blocks, commandLines, steps } from "./blocks.ts";
import { checkCommandLine } from "./command_lines.ts";
import { Shell } from "./shell.ts";

const DOCS = new URL("../../docs/", import.meta.url);

for (const { name } of [...Deno.readDirSync(DOCS)]) {
  if (!name.endsWith(".md")) continue;
  const text = await Deno.readTextFile(new URL(name, DOCS));

  const tried = blocks(text).filter(({ language, file }) =>
    language === "console" || file
  );
  if (tried.length > 0) {
    Deno.test(`docs/${name}: every command prints what the page shows`, async () => {
      await using shell = await Shell.open();
      for (const block of tried) {
        try {
          if (block.file) await shell.save(block.file, block.text);
          else for (const step of steps(block)) await shell.step(step);
        } catch (error) {
          throw new Error(`docs/${name}:${block.line}`, { cause: error });
        }
      }
    });
  }

  Deno.test(`docs/${name}: every other command line is valid`, async () => {
    for (const { text: command, line } of commandLines(text)) {
      try {
        await checkCommandLine(command);
      } catch (error) {
        throw new Error(`docs/${name}:${line}: ${command}`, { cause: error });
      }
    }
  });

  Deno.test(`docs/${name}: every linked file exists`, async () => {
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

Deno.test("CONTRIBUTING.md: every file that it names exists", async () => {
  const root = new URL("../../", import.meta.url);
  const text = await Deno.readTextFile(new URL("CONTRIBUTING.md", root));
  const paths =
    /[`(]((?:bench|cli|docs|examples|ffi|lib|links|tests)\/[\w./]+)[`)]/g;
  for (const [, path] of text.matchAll(paths)) {
    await Deno.stat(new URL(path, root));
  }
});

const OTHERS = [
  "CONTRIBUTING.md",
  "SECURITY.md",
  ...["bench", "cli", "examples", "ffi", "lib", "links", "tests"]
    .map((directory) => `${directory}/README.md`),
];

for (const file of OTHERS) {
  Deno.test(`${file}: every command line is valid, every linked file exists`, async () => {
    const path = new URL(`../../${file}`, import.meta.url);
    const text = await Deno.readTextFile(path);
    for (const { text: command, line } of commandLines(text)) {
      try {
        await checkCommandLine(command);
      } catch (error) {
        throw new Error(`${file}:${line}: ${command}`, { cause: error });
      }
    }
    for (const [, target] of text.matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      await Deno.stat(new URL(target, path));
    }
  });
}
