import { assert, assertEquals } from "@std/assert";
import { fileGroups, type Groups } from "./groups.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

function files({ beside, alone }: Groups): string[] {
  return [...beside, ...alone].flatMap(({ args }) => args)
    .filter((word) => !word.startsWith("-")).sort();
}

Deno.test("each file of tests is in one group", async () => {
  const { stdout } = await new Deno.Command("find", {
    args: [`${ROOT}tests`, "-name", "*_test.ts", "-printf", "tests/%P\n"],
  }).output();
  const groups = fileGroups(ROOT, []);
  assertEquals(
    files(groups),
    new TextDecoder().decode(stdout).trim().split("\n").sort(),
  );
  for (const { args } of groups.beside) {
    assert(args.every((file) => !file.startsWith("tests/scale/")));
  }
});

Deno.test("paths select files", () => {
  const select = (...paths: string[]) => files(fileGroups(ROOT, paths));
  const one = "tests/lib/udp/reply_test.ts";
  assertEquals(select(one), [one]);
  assertEquals(select(`./${one}`, "tests/run/"), [
    one,
    "tests/run/groups_test.ts",
  ]);
  assertEquals(select("tests/lib/u"), []);
});
