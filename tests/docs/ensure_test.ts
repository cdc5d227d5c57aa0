// The YAML of docs/ensure.md: it is the file that the page names, and it parses.

import { assertEquals } from "@std/assert";
import { parseFile } from "../../cli/ensure/file.ts";
import { blocks } from "./blocks.ts";

const ROOT = new URL("../../", import.meta.url);
const document = await Deno.readTextFile(new URL("docs/ensure.md", ROOT));
const yaml = blocks(document).filter(({ language }) => language === "yaml");

Deno.test("docs/ensure.md shows examples/lab.yaml", async () => {
  const file = await Deno.readTextFile(new URL("examples/lab.yaml", ROOT));
  assertEquals(yaml[0].text, file);
});

for (const { text, line } of yaml) {
  Deno.test(`docs/ensure.md:${line}: the configuration is right`, () => {
    parseFile("docs/ensure.md", text);
  });
}
