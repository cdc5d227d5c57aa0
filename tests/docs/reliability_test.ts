// docs/reliability.md is current.

import { assertEquals } from "@std/assert";
import { run } from "../support/netns.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

Deno.test("docs/reliability.md equals the output of its task", async () => {
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
