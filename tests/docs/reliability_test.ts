// docs/reliability.md says what the records and the tests say now.

import { assertEquals } from "@std/assert";
import { run } from "../support/netns.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

Deno.test("docs/reliability.md is what its task makes of the records", async () => {
  const made = await run(Deno.execPath(), [
    "run",
    "-A",
    `${ROOT}docs/reliability.ts`,
  ]);
  const formatted = await run(
    Deno.execPath(),
    ["fmt", "--ext=md", "-"],
    { stdin: made },
  );
  assertEquals(
    await Deno.readTextFile(`${ROOT}docs/reliability.md`),
    formatted,
    "run `deno task reliability && deno fmt docs/reliability.md`",
  );
});
